"""What must hold between two runs of the network engine, whatever the numbers."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.network import engine, flow
from nle_optimizer.engines.network import flow as core
from nle_optimizer.engines.network import prices as ties
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.errors import EngineError
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION, Flags, Integers
from support.prices import price_faults
from support.problems import firm_pairs, matched_pairs, problem_of, random_problem, solve, values_of

MEDIUM = {"nles": 6, "recipients": 12, "most_pairs": 45, "depth": 3, "low": -1, "high": 3, "most_supporters": 2}


def medium(name: str, count: int = 120) -> list[Problem]:
    rng = Random(name)
    return [random_problem(rng, **MEDIUM) for _ in range(count)]


def test_every_level_keeps_its_value_when_later_ones_are_added() -> None:
    for problem in medium("prefixes"):
        whole = values_of(solve(problem))
        for depth in range(1, len(problem.levels)):
            assert values_of(solve(replace(problem, levels=problem.levels[:depth]))) == whole[:depth]


def test_a_pair_in_every_optimum_stays_when_later_levels_are_added() -> None:
    for problem in medium("firm prefixes"):
        first = replace(problem, levels=problem.levels[:1])
        assert firm_pairs(first, solve(first)) <= firm_pairs(problem, solve(problem))


def test_a_level_that_counts_nothing_changes_no_value() -> None:
    for problem in medium("nothing", 60):
        nothing = Level("nothing", 1, 1, np.zeros(problem.size, dtype=np.int64))
        after = solve(replace(problem, levels=(*problem.levels, nothing)))
        assert values_of(after)[:-1] == values_of(solve(problem))


def test_one_more_place_never_hurts_the_first_objective() -> None:
    for n, problem in enumerate(medium("one more")):
        resource = problem.resources[0]
        capacity = resource.capacity.copy()
        capacity[n % len(capacity)] += MILLION
        more = replace(problem, resources=(Resource(resource.name, resource.use, capacity),))
        assert values_of(solve(more))[0] >= values_of(solve(problem))[0]


def test_one_more_supporter_never_hurts_the_first_objective() -> None:
    for n, problem in enumerate(medium("one more supporter")):
        supporters = problem.supporters.copy()
        supporters[n % len(supporters)] += 1
        assert values_of(solve(replace(problem, supporters=supporters)))[0] >= values_of(solve(problem))[0]


def test_one_more_candidate_pair_never_hurts_the_first_objective() -> None:
    for problem in medium("fewer pairs"):
        if problem.size < 2:
            continue
        keep = np.arange(problem.size) != problem.size // 2
        assert values_of(solve(_with_pairs(problem, keep)))[0] <= values_of(solve(problem))[0]


def _with_pairs(problem: Problem, rows: Integers) -> Problem:
    """The problem with the given pairs (a mask, or indices) only."""
    return replace(
        problem,
        recipient=problem.recipient[rows],
        nle=problem.nle[rows],
        resources=tuple(replace(resource, use=resource.use[rows]) for resource in problem.resources),
        levels=tuple(replace(level, amounts=level.amounts[rows]) for level in problem.levels),
    )


def _relabelled(problem: Problem, rng: Random) -> tuple[Problem, dict[str, str]]:
    """The same problem with identifiers dealt out anew, sorted again; and the old name of each new one."""
    nle, recipient = list(range(len(problem.nle_ids))), list(range(len(problem.recipient_ids)))
    rng.shuffle(nle)
    rng.shuffle(recipient)
    new_nle, new_recipient = np.array(nle)[problem.nle], np.array(recipient)[problem.recipient]
    order = np.lexsort((new_recipient, new_nle))
    moved = _with_pairs(replace(problem, nle=new_nle, recipient=new_recipient), order)
    resource = moved.resources[0]
    capacity = np.empty_like(resource.capacity)
    capacity[nle] = resource.capacity
    supporters = np.empty_like(problem.supporters)
    supporters[recipient] = problem.supporters
    old = {f"N{new:03d}": problem.nle_ids[n] for n, new in enumerate(nle)}
    old |= {f"R{new:03d}": problem.recipient_ids[n] for n, new in enumerate(recipient)}
    return replace(moved, supporters=supporters, resources=(replace(resource, capacity=capacity),)), old


def test_relabelling_changes_no_value_and_no_pair_that_stands_in_every_optimum() -> None:
    rng = Random("relabelling")
    for problem in medium("relabelled"):
        before = solve(problem)
        other, old = _relabelled(problem, rng)
        after = solve(other)
        assert values_of(after) == values_of(before)
        assert {(old[i], old[j]) for i, j in firm_pairs(other, after)} == firm_pairs(problem, before)


def test_the_answer_does_not_depend_on_which_optimum_the_solver_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = medium("which optimum", 80)
    before = [solve(problem) for problem in problems]
    shuffles = np.random.default_rng(5)
    straight = flow.best_circulation

    def shuffled(network: Network, values: Integers, arcs: Integers, start: Integers | None) -> Integers:
        return straight(network, values, shuffles.permutation(arcs), start)

    monkeypatch.setattr(core, "best_circulation", shuffled)
    for problem, first in zip(problems, before, strict=True):
        second = solve(problem)
        assert second.matched.tolist() == first.matched.tolist()
        assert second.in_every_optimum.tolist() == first.in_every_optimum.tolist()
        assert (second.prices.recipient == first.prices.recipient).all()  # type: ignore[union-attr]
        assert (second.prices.nle == first.prices.nle).all()  # type: ignore[union-attr]


def test_the_same_seed_gives_the_same_allocation_twice() -> None:
    for problem in medium("twice", 40):
        assert solve(problem, 7).matched.tolist() == solve(problem, 7).matched.tolist()


def test_different_seeds_reach_every_optimum_of_a_symmetric_case_about_equally_often() -> None:
    problem = problem_of({(i, j): [1] for i in range(3) for j in range(3)}, [1] * 3, [1] * 3)
    draws = 600
    counts: dict[tuple[int, ...], int] = {}
    for seed in range(draws):
        found = tuple(solve(problem, seed).matched.tolist())
        counts[found] = counts.get(found, 0) + 1
    assert len(counts) == 6
    spread = sum((count - draws / 6) ** 2 / (draws / 6) for count in counts.values())
    assert spread < 20.5  # chi-squared with five degrees of freedom exceeds this once in a thousand times


def test_a_lottery_between_two_equal_schools_is_about_even() -> None:
    problem = problem_of({(0, 0): [1], (0, 1): [1]}, [1], [1, 1])
    first = sum(solve(problem, seed).matched.tolist() == [0] for seed in range(400))
    assert 150 < first < 250


def test_lottery_keys_that_still_tie_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = []
    keys = engine.lottery_keys

    def flat_first(problem: Problem, pairs: Flags, seed: int, draw: int) -> Integers:
        draws.append(draw)
        return np.zeros(problem.size, dtype=np.int64) if draw == 0 else keys(problem, pairs, seed, draw)

    monkeypatch.setattr(engine, "lottery_keys", flat_first)
    problem = problem_of({(0, 0): [1], (0, 1): [1]}, [1], [1, 1])
    assert len(solve(problem).matched) == 1
    assert draws == [0, 1]


def test_where_many_pairs_tie_the_same_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    for problem in medium("ties", 100):
        few = solve(problem)
        with monkeypatch.context() as patch:
            patch.setattr(ties, "MANY", 0)
            many = solve(problem)
        assert (few.matched == many.matched).all()
        assert few.in_every_optimum is not None and many.in_every_optimum is not None
        assert (few.in_every_optimum == many.in_every_optimum).all()


def test_a_level_that_falls_later_is_a_fault_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "held", lambda network, reduced, found: network)  # noqa: ARG005
    monkeypatch.setattr(engine, "_break_ties", lambda *rest: None)  # noqa: ARG005
    problem = problem_of({(0, 0): [2, 0], (1, 0): [1, 9]}, [1, 1], [1])
    with pytest.raises(EngineError, match="fell"):
        solve(problem)


@pytest.fixture
def tiny_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first core of hardly any arcs, so that most must be found by their prices."""
    monkeypatch.setattr(core, "SMALL", 0)
    monkeypatch.setattr(core, "BEST_OF_RECIPIENT", 1)
    monkeypatch.setattr(core, "BEST_OF_NLE", 0)


def test_solving_on_a_core_gives_the_same_as_solving_whole(request: pytest.FixtureRequest) -> None:
    problems = [problem for problem in medium("core", 150) if problem.size]
    whole = [solve(problem) for problem in problems]
    request.getfixturevalue("tiny_core")
    for problem, before in zip(problems, whole, strict=True):
        after = solve(problem)
        assert values_of(after) == values_of(before)
        assert matched_pairs(problem, after) == matched_pairs(problem, before)
        assert firm_pairs(problem, after) == firm_pairs(problem, before)
        assert price_faults(problem, after) == []


@pytest.mark.usefixtures("tiny_core")
def test_a_core_finds_required_pairs_too() -> None:
    rng = Random("required core")
    for _ in range(60):
        problem = random_problem(rng, **{**MEDIUM, "required": 1, "most_places": 3})
        room = problem.resources[0].capacity // MILLION
        needed = np.bincount(problem.nle[problem.required_pairs()], minlength=len(room))
        if problem.size and (needed <= room).all():
            assert price_faults(problem, solve(problem)) == []


@pytest.mark.usefixtures("tiny_core")
def test_a_core_of_a_problem_without_pairs_is_solved() -> None:
    assert values_of(solve(problem_of({}, [1], [1, 1]))) == [0]


def test_many_recipients_without_a_single_candidate_are_no_fault() -> None:
    schools = core.SMALL + 1
    assert values_of(solve(problem_of({}, [1], [1] * schools))) == [0]


def test_amounts_that_leave_63_bits_with_many_schools_are_refused() -> None:
    schools = 70_000
    problem = problem_of({(0, j): [2**47] for j in range(schools)}, [schools], [1] * schools)
    with pytest.raises(EngineError):
        solve(problem)
