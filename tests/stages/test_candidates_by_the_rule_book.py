"""Candidate pairs, their distances and fits, and every reason, against the rule book read one pair at a time."""

from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nle_optimizer.allocate import solve
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.publication import publish
from nle_optimizer.scenario.scenario import load_scenario
from support.random_scenarios import write_random_scenario
from support.rule_book import ORDER, RuleBook

SEEDS = range(1000, 1300)


@cache
def outcomes() -> tuple[Outcome, ...]:
    """What random scenarios come to; the ones that are refused are left out."""
    found = []
    for seed in SEEDS:
        with TemporaryDirectory() as folder:
            try:
                found.append(solve(load_scenario(write_random_scenario(Path(folder), seed)), lambda _: None))
            except InputError:
                continue
    return tuple(found)


def test_most_random_scenarios_are_carried_out() -> None:
    assert len(outcomes()) > 0.6 * len(SEEDS)


def test_the_candidates_and_their_distances_and_fits_are_those_of_the_rule_book() -> None:
    for outcome in outcomes():
        found = outcome.candidates
        ours = {
            (found.nles.ids[i], found.recipients.ids[j]): (int(metres), int(fit))
            for i, j, metres, fit in zip(found.nle, found.recipient, found.distance, found.fit, strict=True)
        }
        kept, _ = RuleBook(outcome.scenario, found.recipients, found.nles).sift()
        assert ours == kept, outcome.scenario.file


def test_the_filter_that_removed_the_last_pair_is_that_of_the_rule_book() -> None:
    for outcome in outcomes():
        found = outcome.candidates
        _, last = RuleBook(outcome.scenario, found.recipients, found.nles).sift()
        assert dict(zip(found.recipients.ids, found.last_filter, strict=True)) == last, outcome.scenario.file


def test_nearly_every_filter_is_some_recipients_last() -> None:
    seen = Counter(code for outcome in outcomes() for code in outcome.candidates.last_filter)
    assert set(ORDER) - set(seen) <= {"declared", "forbidden", "home-school", "diocese", "same-authority"}


def test_pairs_are_sorted_by_nle_then_recipient() -> None:
    for outcome in outcomes():
        keys = outcome.candidates.keys
        assert (keys[1:] > keys[:-1]).all()


def test_no_school_is_lost() -> None:
    for outcome in outcomes():
        counts = publish(outcome).summary["counts"]
        came = counts["schools_read"] + counts["recipients_formed"]
        assert came == counts["excluded"] + counts["supported"] + counts["unmatched"]


def test_every_school_stands_in_exactly_one_table() -> None:
    for outcome in outcomes():
        tables = publish(outcome).tables
        where = Counter(tables["exclusions"]["school_id"])
        where.update(set(tables["allocation"]["school_id"]))
        where.update(tables["unmatched"]["school_id"])
        formed = outcome.recipients.ids.tolist()
        assert set(where) == {*outcome.scenario.schools.ids.tolist(), *formed}
        assert set(where.values()) <= {1}


@pytest.mark.parametrize("column", ["reason", "explanation"])
def test_every_recipient_left_out_is_told_why(column: str) -> None:
    for outcome in outcomes():
        assert all(publish(outcome).tables["unmatched"][column])
