"""Several engines in turn: each optimises its stretch of the levels, and the next takes over with those levels held."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from nle_optimizer.engines.engine import Engine, TakesOver
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.levels import EngineAsked
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Solution


@dataclass(frozen=True)
class Stretch:
    """Levels next to each other that ask for the same engine; `end` counts the levels up to the last of them."""

    asked: EngineAsked
    end: int


def stretches_of(problem: Problem, asked: str) -> Iterator[Stretch]:
    """The stretches of a problem, where levels that ask for none are solved by the engine asked for, or `auto`."""
    wishes = [level.engine.or_else(asked) for level in problem.levels]
    end = 0
    for _, same in groupby(wishes, key=lambda wish: wish.name):
        first, *others = same
        end += 1 + len(others)
        yield Stretch(first, end)
    if not wishes:
        yield Stretch(EngineAsked(asked), end)


def up_to(problem: Problem, end: int) -> Problem:
    """The problem with so many of its levels; ties are broken after the last."""
    if end == len(problem.levels):
        return problem
    return replace(problem, levels=problem.levels[:end], tie_break=())


@dataclass(frozen=True)
class Leg:
    """An engine of a relay, and the number of levels after which its part ends."""

    engine: Engine
    end: int


class Relay:
    """An engine made of others; the work that may be done is so much for each, in its own measure.

    Args:
        legs: at least two; every engine but the first can take over.
    """

    summary = "several engines, each for some of the levels"

    def __init__(self, legs: Sequence[Leg]) -> None:
        self._legs = legs
        self.name = ", ".join(dict.fromkeys(leg.engine.name for leg in legs))

    def refuses(self, problem: Problem) -> str | None:
        """Why one of them cannot solve its part, in words; None if all can."""
        reasons = (leg.engine.refuses(up_to(problem, leg.end)) for leg in self._legs)
        return next((reason for reason in reasons if reason is not None), None)

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:
        """Optimise the levels in order; see `Engine.solve`. The last engine breaks the ties."""
        first, *others = self._legs
        found = first.engine.solve(up_to(problem, first.end), seed, stop)
        for leg in others if found.levels else ():
            assert isinstance(leg.engine, TakesOver)
            found = leg.engine.solve_after(up_to(problem, leg.end), seed, stop, found)
        return replace(found, engine=self.name, engines=self._of_each(found))

    def _of_each(self, found: Solution) -> tuple[str, ...]:
        """The engine of each level that has an outcome."""
        names: list[str] = []
        for leg in self._legs:
            names += [leg.engine.name] * (leg.end - len(names))
        return tuple(names[: len(found.levels)])
