"""Every school that was read, and every recipient formed, stands in exactly one place."""

from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nle_optimizer.errors import InfeasibleError, InputError
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.published_tables import publish
from nle_optimizer.scenario.scenario import load_scenario
from support.random_scenarios import write_random_scenario
from support.solving import solved

SEEDS = range(1000, 1080)


@cache
def results() -> tuple[tuple[Outcome, Claim], ...]:
    """What random scenarios come to; the ones that are refused are left out."""
    found = []
    for seed in SEEDS:
        with TemporaryDirectory() as folder:
            try:
                outcome = solved(load_scenario(write_random_scenario(Path(folder), seed)))
            except (InputError, InfeasibleError):
                continue
        found.append((outcome, publish(outcome)))
    return tuple(found)


def test_many_random_scenarios_are_carried_out() -> None:
    assert len(results()) > len(SEEDS) // 4


def test_the_counts_add_up() -> None:
    for _, claim in results():
        counts = claim.summary["counts"]
        came = counts["schools_read"] + counts["recipients_formed"]
        assert came == counts["excluded"] + counts["supported"] + counts["unmatched"]


def test_every_school_stands_in_exactly_one_table() -> None:
    for outcome, claim in results():
        where = Counter(claim.tables["exclusions"]["school_id"])
        where.update(set(claim.tables["allocation"]["school_id"]))
        where.update(claim.tables["unmatched"]["school_id"])
        read = set(outcome.scenario.schools.ids.tolist())
        assert set(where.values()) <= {1}
        assert read <= set(where)
        assert len(set(where) - read) == outcome.formed


@pytest.mark.parametrize("column", ["reason", "explanation"])
def test_every_recipient_left_out_is_told_why(column: str) -> None:
    for _, claim in results():
        assert all(claim.tables["unmatched"][column])


@pytest.mark.parametrize("column", ["stage", "reason", "evidence"])
def test_every_exclusion_has_its_evidence(column: str) -> None:
    for _, claim in results():
        assert all(claim.tables["exclusions"][column])


def test_every_nle_that_is_out_has_a_reason_and_no_other_has_one() -> None:
    for _, claim in results():
        table = claim.tables["nles"]
        for state, reason in zip(table["state"], table["reason"], strict=True):
            assert bool(reason) == (state == "out")


def test_no_nle_gives_more_than_it_has() -> None:
    for outcome, _ in results():
        assert (outcome.used <= outcome.supply.capacity[:, outcome.supply.available]).all()
