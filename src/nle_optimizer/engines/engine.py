"""Engines: what one is, which there are, which is chosen, and how they take turns.

What an engine is: something that solves problems of a certain structure, and says of which. Every engine by name, in
the order in which they are tried; none is imported before it is asked. Several engines in turn: each optimises its
stretch of the levels, and the next takes over with those levels held. When an engine stops before everything is
proved: a gap that will do, so much work, so many seconds, an interrupt. Prices of similar problems, from which a
search may begin; what it finds does not depend on them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from importlib import import_module
from itertools import groupby
from typing import Protocol, runtime_checkable

import numpy as np

from nle_optimizer.catalogue.limits import MOST_SECONDS
from nle_optimizer.errors import Fault, InputError, Place, UnsupportedError, did_you_mean
from nle_optimizer.model.levels import AUTO, EngineAsked
from nle_optimizer.model.limits_left import uniform
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.model.problem import Problem as Model
from nle_optimizer.records import Flags, Integers, Texts


@dataclass(frozen=True)
class Stopping:
    """Asked by engines between two pieces of work.

    Attributes:
        gap: a gap that will do, as a share of the bound.
        work: so many units of the engine's own work; None for the engine's own measure.
        deadline: in seconds of the monotonic clock; None for none.
        interrupted: whether the planner has asked to stop.
        tell: told what is being done.
    """

    gap: Fraction = Fraction(0)
    work: int | None = None
    deadline: float | None = None
    interrupted: Callable[[], bool] = field(default=lambda: False)
    tell: Callable[[str], None] = field(default=lambda _: None)

    @classmethod
    def within(cls, seconds: float | None) -> "Stopping":
        """That a search that begins now ends after so many seconds; None: when it is done.

        Raises:
            InputError: no time at all, or more than thirty days.
        """
        if seconds is not None and not 0 < seconds <= MOST_SECONDS:
            what = f"it must be above 0 and at most {MOST_SECONDS:,} (thirty days)"
            raise InputError([Fault(Place(), "--time-limit", what, str(seconds))])
        return cls(deadline=None if seconds is None else time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the deadline, from 0 up; None where there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def reason(self) -> str | None:
        """`interrupt` or `time` where it is time to stop."""
        if self.interrupted():
            return "interrupt"
        return "time" if self.deadline is not None and time.monotonic() >= self.deadline else None

    def good_enough(self, value: int, bound: int) -> bool:
        """Whether the gap left is at most the one that will do."""
        return (bound - value) <= self.gap * max(1, abs(bound))


@dataclass(frozen=True, eq=False)
class SidePrices:
    """Prices of the recipients or of the NLEs of a problem.

    Attributes:
        price: in units of the level's amounts; 0 where it is not known. Of a recipient that stays without an NLE it
            may lie below 0: by how much it misses one.
        known: whether there is a price.
    """

    price: Integers
    known: Flags


class KnownPrices:
    """What recipients and NLEs were worth when a level was last optimised; similar cases share one of these."""

    def __init__(self) -> None:
        self._of_level: dict[str, tuple[_Priced, _Priced]] = {}

    def of(self, level: str, recipients: Texts, nles: Texts) -> tuple[SidePrices, SidePrices] | None:
        """The prices of recipients and NLEs by their identifiers; None where the level was not optimised yet."""
        if level not in self._of_level:
            return None
        of_recipient, of_nle = self._of_level[level]
        return of_recipient.among(recipients), of_nle.among(nles)

    def keep(self, level: str, recipients: Texts, of_recipient: Integers, nles: Texts, of_nle: Integers) -> None:
        """Keep the price of each."""
        self._of_level[level] = _Priced(recipients, of_recipient), _Priced(nles, of_nle)


@dataclass(frozen=True, eq=False)
class _Priced:
    ids: Texts
    price: Integers

    def among(self, ids: Texts) -> SidePrices:
        if ids is self.ids:
            return SidePrices(self.price, np.ones(len(ids), dtype=bool))
        prices = dict(zip(self.ids.tolist(), self.price.tolist(), strict=True))
        found = [prices.get(identifier) for identifier in ids.tolist()]
        known = np.array([price is not None for price in found], dtype=bool)
        return SidePrices(np.array([price or 0 for price in found], dtype=np.int64), known)


class Engine(Protocol):
    """A way to solve a problem; `ENGINES` names every one."""

    name: str
    summary: str

    def refuses(self, problem: Problem) -> str | None:
        """Why this engine cannot solve the problem, in words; None if it can."""

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:
        """The solution, checked against the problem's limits.

        Raises:
            InfeasibleError: no allocation meets the hard limits.
            EngineError: the solver failed or contradicted itself.
        """


@runtime_checkable
class FromAStart(Protocol):
    """An engine that gains from an allocation of a similar problem."""

    def solve_from(self, problem: Problem, seed: int, stop: Stopping, start: Integers) -> Solution:
        """The solution, as by `Engine.solve`; what is proved optimal is worth the same from any start.

        Args:
            problem: what is solved.
            seed: of the lottery that settles ties.
            stop: when to stop before everything is proved.
            start: indices of pairs, such as the allocation of a similar problem. It is not believed: pairs that the
                limits have no room for are left out.

        Raises:
            InfeasibleError, EngineError: as `Engine.solve`.
        """


@runtime_checkable
class FromPrices(Protocol):
    """An engine that is sooner done where it knows the prices of a similar problem."""

    def solve_near(self, problem: Problem, seed: int, stop: Stopping, known: KnownPrices) -> Solution:
        """The very solution of `Engine.solve`, whatever is known; the prices found are kept there.

        Raises:
            InfeasibleError, EngineError: as `Engine.solve`.
        """


@runtime_checkable
class TakesOver(Engine, Protocol):
    """An engine that can go on where another has optimised the first levels."""

    def solve_after(self, problem: Problem, seed: int, stop: Stopping, before: Solution) -> Solution:
        """The solution after the levels that were optimised before, each held as far as its `within` allows.

        Args:
            problem: what is solved, with all its levels.
            seed: of the lottery that settles ties.
            stop: when to stop before everything is proved.
            before: an allocation with the outcomes of the first levels, and what proves them. Where it was stopped,
                the other levels are taken as they stand.

        Returns:
            The solution of all levels, with the proofs of those before.

        Raises:
            EngineError: as `Engine.solve`.
        """


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


ENGINES = {
    "network": "nle_optimizer.engines.network.engine:NetworkEngine",
    "decomposition": "nle_optimizer.engines.decomposition.engine:DecompositionEngine",
    "cp-sat": "nle_optimizer.engines.general.engine:CpSatEngine",
    "highs": "nle_optimizer.engines.general.engine:HighsEngine",
}
"""Where each engine's class stands."""

_REMEDY = "cp-sat and highs solve levels of every kind, after any other engine"

LARGE = 20_000
"""Problems of more pairs go to the decomposition engine even where all pairs take the same, or rows hold them."""


def engine_named(name: str, path: str = "engine") -> Engine:
    """The engine of that name.

    Args:
        name: of the engine.
        path: the setting that asks for it.

    Raises:
        InputError: there is none.
    """
    if name not in ENGINES:
        hint = did_you_mean(name, ENGINES) or f"one of {AUTO}, {', '.join(ENGINES)}"
        raise InputError([Fault(Place(), path, "unknown engine", name, hint)])
    module, _, cls = ENGINES[name].partition(":")
    engine: Engine = getattr(import_module(module), cls)()
    return engine


def engines_for(problem: Model, asked: str) -> Iterator[Engine]:
    """The engines that can solve the problem, the fittest first, or the one asked for; none imported before its turn.

    Where levels ask for different engines, relays of them that differ in the first.

    Raises:
        InputError: there is no engine of that name.
        UnsupportedError: no engine, or not the one asked for, can solve it; each says why.
    """
    first, *others = stretches_of(problem, asked)
    for engine in _able(up_to(problem, first.end), first.asked):
        legs = [Leg(engine, first.end)]
        for stretch in others:
            before = legs[-1].engine
            following = next(_able(up_to(problem, stretch.end), stretch.asked, before))
            if following is before:
                legs.pop()
            legs.append(Leg(following, stretch.end))
        yield engine if len(legs) == 1 else Relay(legs)


def _able(problem: Model, asked: EngineAsked, before: Engine | None = None) -> Iterator[Engine]:
    """The engines that can solve the last levels of a problem after another has solved the first, if any has.

    Where it is left open who does, that other goes on if it can.
    """
    names = _in_order(problem) if asked.name == AUTO else (asked.name,)
    if before is not None and asked.name == AUTO:
        names = (before.name, *names)
    refusals, found = [], False
    for name in dict.fromkeys(names):
        engine = before if before is not None and name == before.name else engine_named(name, asked.path)
        why = _refusal(engine, problem, before)
        if why is None:
            found = True
            yield engine
        else:
            what = f"the {name} engine cannot solve this: {why}"
            hint = None if asked.name == AUTO or isinstance(engine, TakesOver) else _REMEDY
            refusals.append(Fault(Place(), asked.path, what, hint=hint))
    if not found:
        raise UnsupportedError(refusals)


def _refusal(engine: Engine, problem: Model, before: Engine | None) -> str | None:
    """Why an engine cannot solve a problem, or go on where another has begun, in words; None if it can."""
    if before is None or engine is before or isinstance(engine, TakesOver):
        return engine.refuses(problem)
    return f"it can only begin, and {before.name} solves the levels before"


def _in_order(problem: Model) -> tuple[str, ...]:
    """The engines as the structure of the problem suggests them."""
    mixed = any(not uniform(problem, resource).all() for resource in problem.resources)
    if (mixed and not problem.rows) or problem.size > LARGE:
        return ("network", "decomposition", "cp-sat", "highs")
    return ("network", "highs", "cp-sat", "decomposition")
