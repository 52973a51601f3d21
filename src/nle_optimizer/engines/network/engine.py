"""The network engine: levels in order on the face of optimal circulations, then the lottery."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.network.core import Scores
from nle_optimizer.engines.network.core import solve as solve_on_core
from nle_optimizer.engines.network.graph import Network, build
from nle_optimizer.engines.network.potentials import reduced_values
from nle_optimizer.engines.network.ties import lottery_keys, may_change
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError
from nle_optimizer.model.places import places, uniform
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import LevelOutcome, Prices, Solution, Step
from nle_optimizer.records import Flags, Integers

MOST_DRAWS = 20


@dataclass
class _Run:
    """Where the engine stands between two levels: the face, a circulation on it, and the core of arcs."""

    network: Network
    guide: Scores
    flow: Integers | None = None
    core: Flags | None = None

    def optimise(self, amounts: Integers) -> Integers:
        """Optimise one level on the face, hold it, and return the level's potentials."""
        values = self.network.with_pair_values(amounts)
        self.flow, potential, self.core = solve_on_core(self.network, values, self.guide, self.flow, self.core)
        reduced = reduced_values(self.network, values, potential)
        self.network = self.network.held(reduced, self.flow)
        return potential

    @property
    def matched(self) -> Integers:
        """Indices of the matched pairs."""
        if self.flow is None:
            raise EngineError("no level was optimised")
        return np.flatnonzero(self.flow[: self.network.pairs])


class NetworkEngine:
    """Min-cost flow: exact and proved where every pair of an NLE takes the same of each resource."""

    name = "network"
    summary = "exact min-cost flow where every school takes the same amount of an NLE's capacity"

    def refuses(self, problem: Problem) -> str | None:
        """Why the problem is no network, in words; None if it is."""
        for resource in problem.resources:
            mixed = int((~uniform(problem, resource)).sum())
            if mixed:
                return (
                    f"{mixed} NLEs have candidate schools that take different amounts of {resource.name}; "
                    "set capacity.resources: [placements], or give every school the same with "
                    f"offer: {{{resource.name}: 10, override: true}}"
                )
        counted = any(
            level.name.startswith("schools_supported") or "schools_supported" in level.parts for level in problem.levels
        )
        if counted and (problem.supporters > 1).any():
            return "schools_supported with several supporters for one school is no sum over pairs"
        return None

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:
        """Optimise the levels in order, then break ties; see `Engine.solve`."""
        room = places(problem)
        network = build(problem, room)
        run = _Run(network, _guide(problem))
        potentials, values = [], []
        for level in problem.levels:
            stop.tell(f"matching: {level.name}")
            potentials.append(run.optimise(level.amounts))
            values.append(level.value(problem, run.matched))
        if not problem.levels:
            run.optimise(np.zeros(problem.size, dtype=np.int64))
        firm = ~may_change(run.network, _flow(run))
        for level in problem.tie_break:
            run.optimise(level.amounts)
        _draw_lots(run, problem, seed)
        matched = run.matched
        _assert_held(problem, matched, values)
        prices = _prices(problem, network, _flow(run), matched, potentials)
        bounds = _bounds(problem, matched, prices, room)
        outcomes = tuple(LevelOutcome(value, bound) for value, bound in zip(values, bounds, strict=True))
        steps = tuple(Step(level, n) for n, level in enumerate(problem.levels))
        return Solution(self.name, matched, outcomes, steps, prices, in_every_optimum=firm[matched])


def _guide(problem: Problem) -> Scores:
    """A score that puts the pairs roughly in the order of the levels, to choose the first core by."""
    guide = np.zeros(problem.size)
    weight = 1.0
    for level in problem.levels:
        least, greatest = level.amounts.min(initial=0), level.amounts.max(initial=0)
        guide += level.amounts * (weight / (int(greatest) - int(least) or 1))
        weight /= 1000
    return guide


def _flow(run: _Run) -> Integers:
    if run.flow is None:
        raise EngineError("no level was optimised")
    return run.flow


def _draw_lots(run: _Run, problem: Problem, seed: int) -> None:
    """Leave one optimal allocation, whichever the solver met: draw again if two would still tie."""
    for draw in range(MOST_DRAWS):
        if not may_change(run.network, _flow(run)).any():
            return
        run.optimise(lottery_keys(problem, seed, draw))
    raise EngineError(f"{MOST_DRAWS} lotteries left a tie")


def _assert_held(problem: Problem, matched: Integers, values: list[int]) -> None:
    for level, value in zip(problem.levels, values, strict=True):
        if level.value(problem, matched) != value:
            raise EngineError(f"the level {level.name} fell from {value} while a later one was optimised")


def _prices(
    problem: Problem, network: Network, flow: Integers, matched: Integers, potentials: list[Integers]
) -> Prices:
    """Prices of recipients and NLEs; a limit with room left has none."""
    recipients, nles = network.recipient_arcs, network.nle_arcs
    full = flow == network.upper
    levels = np.array(potentials, dtype=np.int64).reshape(len(potentials), network.nodes)
    recipient = -levels[:, network.head[recipients]] * full[recipients]
    nle = levels[:, network.tail[nles]] * full[nles]
    recipient, nle = _from_nought(recipient), _from_nought(nle)
    _take_up_slack(problem, matched, recipient, nle)
    return Prices(recipient, nle, np.zeros((len(potentials), 0), dtype=np.int64))


def _from_nought(prices: Integers) -> Integers:
    """The prices with nought for every tuple below it; only a limit of nought can have such a one."""
    if not len(prices):
        return prices
    first = (prices != 0).argmax(axis=0)[None, :]
    return np.where(np.take_along_axis(prices, first, axis=0) < 0, 0, prices)


def _take_up_slack(problem: Problem, matched: Integers, recipient: Integers, nle: Integers) -> None:
    """Raise the price of each recipient of a single supporter to what its pair is worth beyond the NLE's price."""
    single = problem.supporters[problem.recipient[matched]] == 1
    required = np.zeros(len(matched), bool) if problem.required is None else problem.required[matched]
    pairs = matched[single & ~required]
    at = problem.recipient[pairs]
    for number, level in enumerate(problem.levels):
        recipient[number, at] = level.amounts[pairs] - nle[number, problem.nle[pairs]]


def _bounds(problem: Problem, matched: Integers, prices: Prices, room: Integers) -> list[int]:
    """Each level's dual value; see docs/reference/decisions.md, The certificate."""
    several = problem.supporters[problem.recipient[matched]] > 1
    required = several if problem.required is None else several | problem.required[matched]
    bound = matched[required]
    bounds = []
    for level, recipient, nle in zip(problem.levels, prices.recipient, prices.nle, strict=True):
        beyond = level.amounts[bound] - recipient[problem.recipient[bound]] - nle[problem.nle[bound]]
        bounds.append(int(problem.supporters @ recipient) + int(room @ nle) + int(beyond.sum()))
    return bounds
