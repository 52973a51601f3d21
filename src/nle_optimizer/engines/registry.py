"""Every engine by name, in the order in which they are tried; none is imported before it is asked."""

from collections.abc import Iterator
from importlib import import_module

from nle_optimizer.engines.engine import Engine, TakesOver
from nle_optimizer.engines.relay import Leg, Relay, stretches_of, up_to
from nle_optimizer.errors import InputError, Place, Problem, UnsupportedError, did_you_mean
from nle_optimizer.model.levels import AUTO, EngineAsked
from nle_optimizer.model.places import uniform
from nle_optimizer.model.problem import Problem as Model

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
        raise InputError([Problem(Place(), path, "unknown engine", name, hint)])
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
            refusals.append(Problem(Place(), asked.path, what, hint=hint))
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
