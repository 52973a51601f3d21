"""Every fit measure against fractions rounded half up."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nle_optimizer.stages.fit import area_fit, area_weights, fit_of, half_up, needs_of
from support import rule_book
from support.memory import settings_of, table

AREAS = ("leadership", "governance", "finance")
MEASURES = ("need-met", "need-covered", "weighted-expertise", "weakest-area")
LEVEL = st.sampled_from([0, 1, 2, 3, 333_333, 499_999, 500_000, 999_999, 1_000_000]) | st.integers(0, 1_000_000)
TRIPLE = st.tuples(LEVEL, LEVEL, LEVEL)
WEIGHT = st.sampled_from(["0", "1", "2.5", "0.3", "0.01", "7"])
MANY = settings(max_examples=250, deadline=None, derandomize=True)


def cells(prefix: str, levels: tuple[int, ...]) -> dict[str, str]:
    return {
        f"{prefix}_{area}": f"{level // 1_000_000}.{level % 1_000_000:06d}"
        for area, level in zip(AREAS, levels, strict=True)
    }


def computed(need: tuple[int, ...], expertise: tuple[int, ...], weights: dict[str, Any], measure: str) -> int:
    chosen = settings_of(fit={"measure": measure, "weights": weights})
    schools = table("schools", [{"school_id": "S", **cells("need", need)}])
    nles = table("nles", [{"nle_id": "N", **cells("expertise", expertise)}])
    one = np.zeros(1, dtype=np.int64)
    return int(fit_of(needs_of(schools, nles, chosen), measure, one, one)[0])


@MANY
@given(
    TRIPLE, TRIPLE, st.tuples(WEIGHT, WEIGHT, WEIGHT).filter(lambda w: any(map(float, w))), st.sampled_from(MEASURES)
)
def test_every_measure_is_its_formula_rounded_half_up(
    need: tuple[int, ...], expertise: tuple[int, ...], weights: tuple[str, ...], measure: str
) -> None:
    named = {area: float(weight) for area, weight in zip(AREAS, weights, strict=True)}
    expected = rule_book.fit_of(list(need), list(expertise), [Fraction(weight) for weight in weights], measure)
    assert computed(need, expertise, named, measure) == expected


@MANY
@given(TRIPLE, TRIPLE, st.sampled_from(["need-met", "weighted-expertise", "weakest-area", "need-covered"]))
def test_a_fit_lies_between_nought_and_one(need: tuple[int, ...], expertise: tuple[int, ...], measure: str) -> None:
    assert 0 <= computed(need, expertise, dict.fromkeys(AREAS, 1), measure) <= 1_000_000


@MANY
@given(TRIPLE, TRIPLE, LEVEL, st.sampled_from(MEASURES))
def test_more_expertise_never_fits_worse(
    need: tuple[int, ...], expertise: tuple[int, ...], more: int, measure: str
) -> None:
    better = (max(expertise[0], more), *expertise[1:])
    weights = dict.fromkeys(AREAS, 1)
    assert computed(need, better, weights, measure) >= computed(need, expertise, weights, measure)


@MANY
@given(LEVEL.filter(bool), LEVEL)
def test_the_fit_in_one_area_is_the_share_of_its_need_that_is_met(need: int, expertise: int) -> None:
    schools = table("schools", [{"school_id": "S", **cells("need", (need, 0, 0))}])
    nles = table("nles", [{"nle_id": "N", **cells("expertise", (expertise, 0, 0))}])
    one = np.zeros(1, dtype=np.int64)
    found = area_fit(needs_of(schools, nles, settings_of()), 0, one, one)
    assert int(found[0]) == rule_book.half_up(Fraction(min(need, expertise), need) * 1_000_000)


@MANY
@given(st.integers(0, 2**40), st.integers(1, 2**21))
def test_halves_are_rounded_up(numerator: int, denominator: int) -> None:
    found = half_up(np.array([numerator]), np.array([denominator]))
    assert int(found[0]) == rule_book.half_up(Fraction(numerator, denominator))


def test_a_ratio_to_nought_is_nought() -> None:
    assert half_up(np.array([0]), np.array([0])).tolist() == [0]


@pytest.mark.parametrize(
    ("weights", "whole"),
    [
        ({"leadership": 1, "governance": 1, "finance": 1}, (1, 1, 1)),
        ({"leadership": 0.5, "governance": 0.25}, (2, 1, 0)),
        ({"leadership": 2.5, "finance": 1}, (5, 0, 2)),
        ({"governance": 0.000003}, (0, 1, 0)),
    ],
)
def test_weights_are_whole_without_a_common_divisor(weights: dict[str, float], whole: tuple[int, ...]) -> None:
    assert area_weights(settings_of(fit={"weights": weights})) == whole


@pytest.mark.parametrize("measure", MEASURES)
def test_the_greatest_weights_stay_exact(measure: str) -> None:
    weights = {"leadership": 999_999, "governance": 999_998, "finance": 1}
    need, expertise = (999_999, 1_000_000, 333_333), (1_000_000, 999_999, 1)
    expected = rule_book.fit_of(list(need), list(expertise), [Fraction(w) for w in weights.values()], measure)
    assert computed(need, expertise, weights, measure) == expected
