"""What is said to clash, against every allocation of tiny problems."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.clash import clash_of
from nle_optimizer.engines.general.engine import CpSatEngine
from nle_optimizer.engines.general.program_from_problem import RequiredPart, requirements_of, restricted
from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.problem import Clash, Presences, Problem, Resource, Row
from nle_optimizer.records import MILLION
from support.general_problems import every_allocation, random_problem


def clashing(seed: str, count: int) -> list[Problem]:
    rng, found = Random(seed), []
    while len(found) < count:
        problem = random_problem(rng, tight=True, depth=1, rows=4)
        if not every_allocation(problem):
            found.append(problem)
    return found


def named(problem: Problem, clash: Clash) -> dict[str, list[RequiredPart]]:
    """The requirements that a clash names, by label."""
    every = requirements_of(problem)
    return {label: [one for one in every if one.label(problem) == label] for label in clash.requirements}


@pytest.mark.parametrize("seed", ["one", "two"])
def test_the_requirements_named_clash_and_none_of_them_is_spare(seed: str) -> None:
    for problem in clashing(seed, 40):
        by_label = named(problem, clash_of(problem, Stopping()))
        assert all(by_label.values())
        every = [one for group in by_label.values() for one in group]
        assert not every_allocation(restricted(problem, every))
        for group in by_label.values():
            assert every_allocation(restricted(problem, [one for one in every if one not in group]))


def test_multipliers_that_prove_a_clash_price_only_what_is_named() -> None:
    proved = 0
    for problem in clashing("proofs", 60):
        clash = clash_of(problem, Stopping())
        assert (clash.proof == "multipliers") == (clash.tree is not None)
        if clash.tree is not None:
            proved += 1
            assert clash.tree.bound < 0
            priced = {problem.rows[n].label for n in np.flatnonzero(clash.tree.multipliers.row)}
            assert priced <= set(clash.requirements)
    assert proved > 10


def two_schools(rows: tuple[Row, ...], *, places: int = 1, presences: Presences | None = None) -> Problem:
    """Two schools and one NLE."""
    return Problem(
        np.array(["A", "B"], object),
        np.array(["N"], object),
        np.arange(2),
        np.zeros(2, np.int64),
        np.ones(2, np.int64),
        (Resource("placements", np.full(2, MILLION), np.array([places * MILLION])),),
        None,
        (),
        (),
        rows,
        presences or Presences(),
    )


def both(lower: int | None, upper: int | None, **kept: object) -> Row:
    return Row("all", "all", np.arange(2), np.ones(2, np.int64), lower, upper, unit="schools", **kept)


def test_a_minimum_beyond_the_places_is_told_with_both_cures() -> None:
    with pytest.raises(InfeasibleError) as caught:
        CpSatEngine().solve(two_schools((both(2, None),)), 0, Stopping())
    clash = caught.value.clash
    assert clash.sentences == ("the minimum of all (2 schools) cannot be met",)
    assert clash.repairs == (
        "lower the minimum of all from 2 schools to 1 school",
        "give NLE N 1 more placement",
    )
    assert clash.proof == "multipliers"


def test_two_limits_that_clash_are_both_named_and_either_may_give_way() -> None:
    money = Row("cost", "cost", np.arange(2), np.full(2, 3 * MILLION), None, 5 * MILLION, unit="pounds", scale=MILLION)
    clash = clash_of(two_schools((both(2, None), money), places=2), Stopping())
    assert clash.requirements == ("all", "cost")
    assert clash.sentences == ("the minimum of all (2 schools) and the maximum of cost (5 pounds) cannot all be met",)
    assert set(clash.repairs) == {
        "lower the minimum of all from 2 schools to 1 school",
        "raise the maximum of cost from 5 pounds to 6 pounds",
    }


def test_a_share_that_clashes_is_told_as_a_share() -> None:
    share = Row("A", "A", np.arange(2), np.array([1, -1]), None, 0, unit="schools", share=Fraction(1, 2))
    only = Row("only", "only", np.array([0]), np.array([1]), 1, None, unit="schools")
    none = Row("none", "none", np.array([1]), np.array([1]), None, 0, unit="schools")
    clash = clash_of(two_schools((share, only, none), places=2), Stopping())
    assert set(clash.requirements) == {"A", "only", "none"}
    assert "the maximum share of A (0.5)" in clash.sentences[0]
    assert set(clash.repairs) == {
        "lower the minimum of only from 1 school to 0 schools",
        "raise the maximum of none from 0 schools to 1 school",
        "let A be 1 school above its greatest share of 0.5",
    }
