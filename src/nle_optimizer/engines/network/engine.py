"""The engine `network`.

The network engine: levels in order on the face of optimal circulations, then the lottery. A bound that needs no
solving: every recipient has its best NLEs, or every NLE its best recipients.
"""

import time
from dataclasses import replace

import numpy as np

from nle_optimizer.engines.engine import KnownPrices, Stopping
from nle_optimizer.engines.network.clash import clash_of
from nle_optimizer.engines.network.flow import Scores, attempt
from nle_optimizer.engines.network.graph import Nesting, Network, build, nesting_of, refusal_of
from nle_optimizer.engines.network.prices import Face, PriceStep, dual_values, lottery_keys, may_change, prices_of
from nle_optimizer.engines.network.thresholds import steps_of
from nle_optimizer.errors import EngineError, InfeasibleError
from nle_optimizer.model.levels import AnyLevel, Level, Leximin, Spread
from nle_optimizer.model.limits_left import places
from nle_optimizer.model.problem import LevelOutcome, Problem, Solution
from nle_optimizer.records import Flags, Integers


def trivial_bound(problem: Problem, level: AnyLevel) -> int:
    """A value that no allocation exceeds, in the maximising orientation.

    Of a leximin one more than the greatest fit: its value, the least fit, may be that and others still do better.
    """
    if isinstance(level, Level):
        return min(
            _best(problem.recipient, problem.supporters, level.amounts),
            _best(problem.nle, places(problem), level.amounts),
        )
    assert not isinstance(level, Spread)
    return int(level.amounts[level.counted].max(initial=0)) + isinstance(level, Leximin)


def _best(nodes: Integers, most: Integers, amounts: Integers) -> int:
    """The sum over nodes of their greatest amounts above 0, at most so many of each."""
    gain = np.flatnonzero(amounts > 0)
    order = gain[np.lexsort((-amounts[gain], nodes[gain]))]
    of = nodes[order]
    rank = np.arange(len(of)) - np.searchsorted(of, of)
    return int(amounts[order][rank < most[of]].sum())


MOST_DRAWS = 20


class NetworkEngine:
    """Min-cost flow: exact and proved where every pair of an NLE takes the same of each resource."""

    name = "network"
    summary = "exact min-cost flow where every school takes the same amount of an NLE's capacity, and quotas nest"

    def refuses(self, problem: Problem) -> str | None:
        """Why the problem is no network, in words; None if it is."""
        return refusal_of(problem)

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:
        """Optimise the levels in order, then break ties; see `Engine.solve`."""
        return self.solve_near(problem, seed, stop, KnownPrices())

    def solve_near(self, problem: Problem, seed: int, stop: Stopping, known: KnownPrices) -> Solution:
        """The same from prices of a similar problem; see `FromPrices`."""
        nesting = nesting_of(problem)
        if isinstance(nesting, str):
            raise EngineError(nesting)
        network = build(problem, places(problem), nesting)
        face = _first_face(problem, network, nesting)
        lines, seconds = _optimised(face, problem, stop, known)
        if len(seconds) < len(problem.levels):
            return replace(_solution(problem, network, nesting, face, lines, seconds), stopped=stop.reason())
        tied = may_change(face.network, face.flow)
        if tied.any():
            _break_ties(face, problem, seed, tied)
        solution = _solution(problem, network, nesting, face, lines, seconds)
        return replace(solution, in_every_optimum=~tied[solution.matched])


def _optimised(face: Face, problem: Problem, stop: Stopping, known: KnownPrices) -> tuple[list[PriceStep], list[float]]:
    """The steps of the levels that were optimised before it was time to stop, and the seconds each level took.

    The first level, where it is a sum over pairs, is optimised in any case.
    """
    lines: list[PriceStep] = []
    seconds: list[float] = []
    for number, level in enumerate(problem.levels):
        began = time.perf_counter()
        stop.tell(f"matching: {level.name}")
        steps = None if number and stop.reason() else steps_of(face, problem, number, stop, known)
        if steps is None:
            break
        lines += steps
        seconds.append(time.perf_counter() - began)
    return lines, seconds


def _first_face(problem: Problem, network: Network, nesting: Nesting) -> Face:
    """The circulations within the bounds, and one of them.

    Raises:
        InfeasibleError: there is none.
    """
    guide = _guide(problem)
    if (nesting.lower <= nesting.upper).all():
        first = attempt(network, nesting, guide)
        if not first.short:
            return Face(network, guide, first.flow, first.core)
    clash = clash_of(problem, network, nesting, guide)
    raise InfeasibleError(clash.sentences, clash)


def _guide(problem: Problem) -> Scores:
    """A score that puts the pairs roughly in the order of the levels, to choose the first core by."""
    guide = np.zeros(problem.size)
    weight = 1.0
    for level in problem.levels:
        if not isinstance(level, Spread):
            least, greatest = level.amounts.min(initial=0), level.amounts.max(initial=0)
            guide += level.amounts * (weight / (int(greatest) - int(least) or 1))
            weight /= 1000
    return guide


def _break_ties(face: Face, problem: Problem, seed: int, tied: Flags) -> None:
    """Leave one optimal allocation, whichever the solver met: draw again if two would still tie."""
    for level in problem.tie_break:
        face.hold(face.best(level.amounts))
        tied = may_change(face.network, face.flow)
    for draw in range(MOST_DRAWS):
        if not tied.any():
            return
        face.hold(face.best(lottery_keys(problem, tied, seed, draw)))
        tied = may_change(face.network, face.flow)
    raise EngineError(f"{MOST_DRAWS} lotteries left a tie")


def _solution(
    problem: Problem, network: Network, nesting: Nesting, face: Face, lines: list[PriceStep], seconds: list[float]
) -> Solution:
    """The allocation at hand, with what proves the levels that have `seconds`; the others have trivial bounds.

    Raises:
        EngineError: the prices do not prove what they should.
    """
    matched = face.matched
    prices = prices_of(problem, network, nesting, matched, lines)
    bounds = dual_values(problem, network, nesting, matched, lines, prices)
    for line, bound in zip(lines, bounds, strict=True):
        step = line.step
        if step.held and not line.value == bound == step.level.value(problem, matched):
            value = step.level.value(problem, matched)
            raise EngineError(f"{step.level.name} fell from {line.value} to {value}, and its prices say {bound}")
    levels = []
    for number, level in enumerate(problem.levels):
        value = level.value(problem, matched)
        if number < len(seconds):
            levels.append(LevelOutcome(value, value, seconds=seconds[number]))
        else:
            levels.append(LevelOutcome(value, trivial_bound(problem, level), "trivial"))
    return Solution(NetworkEngine.name, matched, tuple(levels), tuple(line.step for line in lines), prices)
