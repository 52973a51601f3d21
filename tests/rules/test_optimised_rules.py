"""Nash, rank-minimal, regional and dual price against every matching of small cases."""

from math import log
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer.rules.registry import procedure_named
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.scenario.scenario import load_scenario
from support.markets import agenda_of, by_rule, every_matching, random_market
from support.scenarios import nle, school, write_scenario

AREAS = ("leadership", "governance", "finance")


def matched(rule: str, agenda: Agenda) -> Any:
    procedure = procedure_named(rule)
    assert procedure is not None
    return procedure.match(agenda, 0)


def random_case(folder: Path, rng: Random, **settings: Any) -> Agenda:
    def cells(prefix: str) -> dict[str, Any]:
        return {f"{prefix}_{area}": rng.choice([0, 0.3, 0.6, 1]) for area in AREAS}

    schools = [school(n, **cells("need"), region=rng.choice(["North", "South"])) for n in range(rng.randint(2, 4))]
    nles = [nle(n, **cells("expertise"), region=rng.choice(["North", "South"])) for n in range(rng.randint(2, 3))]
    return agenda_of(load_scenario(write_scenario(folder, settings, schools, nles)))


@pytest.mark.parametrize("seed", range(30))
def test_nash_serves_as_many_as_possible_and_then_has_the_greatest_product_of_fits(seed: int, tmp_path: Path) -> None:
    agenda = random_case(tmp_path, Random(seed))
    fit = agenda.candidates.fit

    def worth(pairs: np.ndarray) -> tuple[int, float]:
        own = [value for value in fit[pairs].tolist() if value > 0]
        return len(own), sum(log(value / 1e6) for value in own)

    best = max(worth(pairs) for pairs in every_matching(agenda.problem))
    mine = worth(matched("nash", agenda).pairs)
    assert mine[0] == best[0]
    assert mine[1] == pytest.approx(best[1], abs=1e-5)


@pytest.mark.parametrize("seed", range(30))
def test_rank_minimal_has_the_least_sum_of_ranks_among_the_most_pairs(seed: int, tmp_path: Path) -> None:
    agenda = random_market(tmp_path, Random(seed))
    order = agenda.preferences.recipients

    def worth(pairs: np.ndarray) -> tuple[int, int]:
        return len(pairs), -int((order.level[pairs] + 1).sum())

    acceptable = [pairs for pairs in every_matching(agenda.problem) if (order.place[pairs] >= 0).all()]
    assert worth(matched("rank-minimal", agenda).pairs) == max(worth(pairs) for pairs in acceptable)


def test_regional_leaves_a_floor_aside_that_it_cannot_keep_and_says_so(tmp_path: Path) -> None:
    floor = {"name": "all", "type": "quota", "of": "schools", "minimum": 2}
    schools = [school(1, region="North"), school(2, region="South")]
    file = write_scenario(tmp_path, {"constraints": [floor]}, schools, [nle(1, region="North", placements=2)])
    found = matched("regional", agenda_of(load_scenario(file)))
    assert len(found.pairs) == 1
    assert "lower limits cannot be kept here" in found.remarks[0]


def test_where_places_abound_dual_prices_are_nought_and_everybody_has_its_best(tmp_path: Path) -> None:
    rng = Random(4)
    schools = [school(n, **{f"need_{area}": rng.random() for area in AREAS}) for n in range(8)]
    nles = [nle(n, placements=20, **{f"expertise_{area}": rng.random() for area in AREAS}) for n in range(3)]
    agenda = agenda_of(load_scenario(write_scenario(tmp_path, {}, schools, nles)))
    pairs = matched("dual-price", agenda).pairs
    best = [agenda.candidates.fit[agenda.problem.recipient == n].max() for n in range(8)]
    pairs = pairs[np.argsort(agenda.problem.recipient[pairs])]
    assert agenda.candidates.fit[pairs].tolist() == best


@pytest.mark.parametrize("settings", [{}, {"capacity": {"resources": ["days"]}}])
def test_dual_price_comes_near_the_optimum_where_cases_are_alike(tmp_path: Path, settings: dict[str, Any]) -> None:
    rng = Random(9)
    schools = [
        school(
            n,
            days=rng.choice([3, 5]),
            arrived=f"2026-01-{1 + n % 28:02d}",
            **{f"need_{a}": rng.random() for a in AREAS},
        )
        for n in range(120)
    ]
    nles = [nle(n, placements=8, days=32, **{f"expertise_{a}": rng.random() for a in AREAS}) for n in range(6)]
    agenda = agenda_of(load_scenario(write_scenario(tmp_path, {"objectives": ["fit"], **settings}, schools, nles)))
    fits = {
        rule: int(agenda.candidates.fit[matched(rule, agenda).pairs].sum()) for rule in ("dual-price", "first-come")
    }
    assert fits["dual-price"] > fits["first-come"]


def test_every_rule_of_the_table_is_there() -> None:
    names = ["immediate-acceptance", "top-trading-cycles", "probabilistic-serial", "nash", "rank-minimal", "dual-price"]
    assert all(procedure_named(name) is not None for name in names)


def test_a_required_pair_stands_under_every_rule(tmp_path: Path) -> None:
    pairs = [{"nle_id": "N1", "school_id": "S2", "relation": "require"}]
    agenda = agenda_of(load_scenario(write_scenario(tmp_path, {}, [school(1), school(2)], [nle(1)], pairs=pairs)))
    for rule in (
        "immediate-acceptance",
        "top-trading-cycles",
        "probabilistic-serial",
        "nash",
        "rank-minimal",
        "dual-price",
    ):
        assert by_rule(agenda, rule) == {("S2", "N1")}, rule
