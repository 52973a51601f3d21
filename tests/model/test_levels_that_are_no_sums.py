"""Least fit, leximin, balance and gap; recipients that count once; pairs that stay; what a level may give up."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.levels import Allowance, LeastFit, Level, Leximin, Spread
from nle_optimizer.preparation import prepare
from support.memory import Row, scenario_of

AREAS = ("leadership", "governance", "finance")
LISTED = [
    {"nle_id": f"N{i}", "school_id": f"S{j}", "fit": fit}
    for i, row in enumerate([["0.9", "0.2", "0.5"], ["0.4", "", "1"]])
    for j, fit in enumerate(row)
    if fit
]
"""Pairs in order: N0 with S0, S1, S2, then N1 with S0, S2."""


def case(
    objectives: Sequence[Any],
    *,
    supporters: Sequence[Any] = ("", "", ""),
    current: Sequence[Row] | None = None,
    **settings: Any,
) -> Case:
    schools = [
        {
            "school_id": f"S{n}",
            **{f"need_{area}": "1" for area in AREAS},
            "region": ["London", "London", "North"][n],
            "theme": ["a", "b", ""][n],
            "pupils": [100, 200, ""][n],
            "supporters": supporters[n],
        }
        for n in range(3)
    ]
    nles = [
        {"nle_id": f"N{n}", **{f"expertise_{area}": "1" for area in AREAS}, "placements": [3, 2][n]} for n in range(2)
    ]
    only = {"pairs": {"file": "pairs.csv", "only": True}, **({"current": "current.csv"} if current else {})}
    return prepare(
        scenario_of(schools, nles, pairs=LISTED, current=current, data=only, objectives=objectives, **settings),
        lambda _: None,
    )


def value(found: Case, matched: Sequence[int], level: int = 0) -> int:
    return found.problem.levels[level].value(found.problem, np.array(matched, dtype=np.int64))


def test_the_least_fit_is_that_of_the_worst_matched_pair_and_of_nobody_nought() -> None:
    found = case(["fit", "min_fit"])
    assert isinstance(found.problem.levels[1], LeastFit)
    assert [value(found, pairs, 1) for pairs in ([0, 4], [0, 1], [])] == [900_000, 200_000, 0]


def test_where_chooses_whose_least_fit_counts() -> None:
    found = case(["fit", {"min_fit": {"where": {"region": "London"}}}])
    assert [value(found, pairs, 1) for pairs in ([0, 1], [0, 2], [2])] == [200_000, 900_000, 0]


def test_by_makes_a_least_fit_of_each_value() -> None:
    levels = case(["fit", {"min_fit": {"by": "region"}}]).problem.levels
    assert [level.name for level in levels] == ["fit", "min_fit[region=London]", "min_fit[region=North]"]


def test_leximin_counts_the_fit_of_the_pairs() -> None:
    (level,) = case(["leximin_fit"]).problem.levels
    assert isinstance(level, Leximin)
    assert level.amounts.tolist() == [900_000, 200_000, 500_000, 400_000, 1_000_000]
    assert level.counted.all()


@pytest.mark.parametrize("name", ["min_fit", "leximin_fit"])
def test_the_worst_off_need_recipients_of_one_supporter(name: str) -> None:
    with pytest.raises(InputError, match=rf"objectives\.1\.{name}: .*S1 may have more; leave the column supporters"):
        case(["fit", name], supporters=["", 2, ""])


def test_the_load_is_compared_over_nles_by_their_share_of_capacity() -> None:
    found = case(["fit", "load_balance"])
    for matched in _allocations(found):
        loads = [Fraction(int((found.problem.nle[matched] == n).sum()), [3, 2][n]) for n in range(2)]
        assert value(found, matched, 1) == _least_less_greatest(loads)


def test_an_nle_without_a_candidate_has_no_load() -> None:
    level = case(["fit", "load_balance"], fit={"minimum": 0.95}).problem.levels[1]
    assert isinstance(level, Spread)
    assert [share.label for share in level.shares] == ["N1"]


@pytest.mark.parametrize("name", ["load_balance", "region_gap"])
def test_where_nothing_is_to_be_compared_a_level_is_nought(name: str) -> None:
    where = {"where": {"region": "York"}} if name == "region_gap" else {}
    found = case(["fit", {name: where}], fit={"minimum": 3})
    assert value(found, [], 1) == 0


def test_within_of_a_distance_is_in_kilometres_rounded_down_to_a_metre() -> None:
    pairs = [{"nle_id": "N", "school_id": "S", "fit": 1, "distance_km": 3}]
    scenario = scenario_of(
        [{"school_id": "S"}], [{"nle_id": "N"}], pairs=pairs, objectives=["fit", {"distance": {"within": 0.0015}}]
    )
    level = prepare(scenario, lambda _: None).problem.levels[1]
    assert isinstance(level, Level)
    assert level.within == Allowance(units=1)


@pytest.mark.parametrize("supporters", [("", "", ""), (2, "", 2)])
def test_the_gap_between_regions_is_that_of_the_shares_supported(supporters: Sequence[Any]) -> None:
    found = case(["fit", "region_gap"], supporters=supporters)
    for matched in _allocations(found):
        served = set(found.problem.recipient[matched].tolist())
        assert value(found, matched, 1) == _least_less_greatest([Fraction(len(served & {0, 1}), 2), len(served & {2})])


def test_where_chooses_whose_regions_are_compared() -> None:
    found = case(["fit", {"region_gap": {"where": {"theme": ["a", "b"]}}}])
    assert {value(found, matched, 1) for matched in _allocations(found)} == {0}


def _least_less_greatest(shares: Sequence[Fraction | int]) -> int:
    millionths = [Fraction(share) * 1_000_000 for share in shares]
    return int(min(millionths) // 1) + int(-max(millionths) // 1)


def _allocations(found: Case) -> list[list[int]]:
    """All sets of pairs that give no recipient more NLEs than it may have."""
    size = found.problem.size
    every = [list(pairs) for n in range(size + 1) for pairs in combinations(range(size), n)]
    most = found.problem.supporters
    return [
        pairs
        for pairs in every
        if (np.bincount(found.problem.recipient[pairs].astype(np.int64), minlength=3) <= most).all()
    ]


@pytest.mark.parametrize(
    "objective",
    [
        "schools_supported",
        {"schools_supported": {"where": {"region": "London"}}},
        {"schools_supported": {"weight": "pupils"}},
        {"blend": {"schools_supported": 0.5, "fit": 2}},
        {"blend": {"schools_supported": 3, "where": {"theme": "a"}}},
    ],
)
@pytest.mark.parametrize("supporters", [("", "", ""), (2, "", 2), (2, 2, 2)])
def test_a_school_counts_once_however_many_nles_it_has(objective: Any, supporters: Sequence[Any]) -> None:
    found = case([objective], supporters=supporters)
    fits = [900_000, 200_000, 500_000, 400_000, 1_000_000]
    for matched in _allocations(found):
        served = set(found.problem.recipient[matched].tolist())
        worth = {
            "schools_supported": len(served),
            "London": len(served & {0, 1}),
            "pupils": 100 * (0 in served) + 200 * (1 in served),
            "fit": Fraction(len(served), 2) + Fraction(2 * sum(fits[pair] for pair in matched), 1_000_000),
            "theme": 3 * (0 in served),
        }
        expected = worth[next(word for word in reversed(worth) if word in str(objective))]
        assert Fraction(value(found, matched), found.problem.levels[0].scale) == expected


def test_by_counts_each_school_once_in_its_own_level() -> None:
    found = case([{"schools_supported": {"by": "region"}}], supporters=[2, 2, 2])
    assert [value(found, [0, 3, 4], level) for level in range(2)] == [1, 1]


def test_levels_that_count_different_schools_share_their_presences() -> None:
    asked = ["schools_supported", {"schools_supported": {"where": {"region": "London"}}}, "region_gap"]
    assert case(asked, supporters=[2, 2, 2]).problem.presences.count == 3


def test_where_nobody_may_have_several_nles_nothing_counts_once() -> None:
    found = case(["schools_supported", "region_gap"])
    assert found.problem.presences.count == 0


STANDING = [
    {"school_id": "S0", "nle_id": "N0", "state": ""},
    {"school_id": "S2", "nle_id": "N0", "state": "offered"},
    {"school_id": "S0", "nle_id": "N1", "state": "finished"},
    {"school_id": "S1", "nle_id": "N1", "state": "proposed"},
]
"""The last is no candidate."""


def test_a_kept_pair_is_one_that_stands_today() -> None:
    found = case(["kept_pairs"], current=STANDING)
    (level,) = found.problem.levels
    assert isinstance(level, Level)
    assert level.amounts.tolist() == [1, 0, 1, 0, 0]


def test_a_blend_may_weigh_kept_pairs() -> None:
    (level,) = case([{"blend": {"fit": 1, "kept_pairs": 0.1}}], current=STANDING).problem.levels
    assert isinstance(level, Level)
    assert level.amounts.tolist() == [1_000_000, 200_000, 600_000, 400_000, 1_000_000]


@pytest.mark.parametrize(
    ("within", "allowance", "least"),
    [
        (0.5, Allowance(units=500_000), 1_500_000),
        ("1%", Allowance(share=Fraction(1, 100)), 1_980_000),
        ("12.5%", Allowance(share=Fraction(1, 8)), 1_750_000),
        (0, Allowance(), 2_000_000),
    ],
)
def test_within_is_a_number_in_what_people_read_or_a_share_of_the_value(
    within: Any, allowance: Allowance, least: int
) -> None:
    level = case([{"fit": {"within": within}}]).problem.levels[0]
    assert isinstance(level, Level)
    assert level.within == allowance
    assert level.within is not None
    assert level.within.least(2_000_000) == least
