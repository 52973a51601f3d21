"""Probabilistic serial: the paper's example, ordinal efficiency, and draws that give the shares back."""

from fractions import Fraction
from graphlib import TopologicalSorter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from nle_optimizer.rules.probabilistic_serial import PROBABILISTIC_SERIAL as RULE
from nle_optimizer.rules.probabilistic_serial import rounded
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.scenario.scenario import load_scenario
from support.markets import agenda_of, market, random_market
from support.scenarios import nle, school, write_scenario

HALF = Fraction(1, 2)


def named_shares(agenda: Agenda) -> dict[tuple[str, str], Fraction]:
    problem = agenda.problem
    return {
        (problem.recipient_ids[problem.recipient[pair]], problem.nle_ids[problem.nle[pair]]): share
        for pair, share in RULE.shares(agenda).items()
    }


def test_the_example_of_bogomolnaia_and_moulin_comes_out_as_published(tmp_path: Path) -> None:
    wishes = {"S1": "abcd", "S2": "abcd", "S3": "badc", "S4": "badc"}
    agenda = market(tmp_path, {s: list(own) for s, own in wishes.items()}, {n: list(wishes) for n in "abcd"})
    assert named_shares(agenda) == {
        **{(s, n): HALF for s in ("S1", "S2") for n in "ac"},
        **{(s, n): HALF for s in ("S3", "S4") for n in "bd"},
    }


@pytest.mark.parametrize("seed", range(40))
def test_shares_are_ordinally_efficient_and_waste_nothing(seed: int, tmp_path: Path) -> None:
    agenda = random_market(tmp_path, Random(seed), schools=6, nles=4)
    problem, order, shares = agenda.problem, agenda.preferences.recipients, RULE.shares(agenda)
    wished: dict[int, set[int]] = {}
    for pair in shares:
        for one in order.lists()[problem.recipient[pair]]:
            if order.place[one] < order.place[pair]:
                wished.setdefault(int(problem.nle[pair]), set()).add(int(problem.nle[one]))
    TopologicalSorter(wished).prepare()  # raises where shares could be traded in a circle
    eaten = np.zeros(len(problem.nle_ids))
    for pair, share in shares.items():
        eaten[problem.nle[pair]] += float(share)
    full = eaten >= problem.resources[0].capacity / 1_000_000 - 1e-12
    for recipient, own in enumerate(order.lists()):
        got = sum(shares.get(pair, Fraction(0)) for pair in own)
        assert got <= 1
        assert got == 1 or all(full[problem.nle[pair]] for pair in own), recipient


def test_draws_keep_to_the_places_and_give_every_pair_its_share_on_average(tmp_path: Path) -> None:
    agenda = random_market(tmp_path, Random(11), schools=6, nles=4)
    problem, shares = agenda.problem, RULE.shares(agenda)
    assert any(0 < share < 1 for share in shares.values())
    counts, draws = dict.fromkeys(shares, 0), 3000
    for draw in range(draws):
        pairs = rounded(shares, problem.recipient.tolist(), problem.nle.tolist(), Random(draw))
        chosen = np.array(pairs, dtype=np.int64)
        assert len(np.unique(problem.recipient[chosen])) == len(chosen)
        taken = np.bincount(problem.nle[chosen], minlength=len(problem.nle_ids)) * 1_000_000
        assert (taken <= problem.resources[0].capacity).all()
        for pair in pairs:
            counts[pair] += 1
    for pair, share in shares.items():
        assert counts[pair] / draws == pytest.approx(float(share), abs=0.04)  # over four standard deviations


def test_different_amounts_and_several_supporters_are_refused(tmp_path: Path) -> None:
    days = write_scenario(
        tmp_path / "days",
        {"capacity": {"resources": ["days"]}},
        [school(1, days=2), school(2, days=3)],
        [nle(1, days=4)],
    )
    several = write_scenario(
        tmp_path / "several", {"fit": {"measure": "need-covered"}}, [school(1, supporters=2)], [nle(1), nle(2)]
    )
    assert "one place each" in (RULE.refuses(agenda_of(load_scenario(days))) or "")
    assert "one NLE each" in (RULE.refuses(agenda_of(load_scenario(several))) or "")
