"""Every engine by name, in the order in which they are tried; none is imported before it is asked."""

from collections.abc import Iterator
from importlib import import_module

from nle_optimizer.engines.engine import Engine
from nle_optimizer.errors import InputError, Place, Problem, UnsupportedError, did_you_mean
from nle_optimizer.model.places import uniform
from nle_optimizer.model.problem import Problem as Model

ENGINES = {
    "network": "nle_optimizer.engines.network.engine:NetworkEngine",
    "decomposition": "nle_optimizer.engines.decomposition.engine:DecompositionEngine",
    "cp-sat": "nle_optimizer.engines.general.engine:CpSatEngine",
    "highs": "nle_optimizer.engines.general.engine:HighsEngine",
}
"""Where each engine's class stands."""

LARGE = 20_000
"""Problems of more pairs go to the decomposition engine even where all pairs take the same, or rows hold them."""


def engine_named(name: str) -> Engine:
    """The engine of that name.

    Raises:
        InputError: there is none.
    """
    if name not in ENGINES:
        hint = did_you_mean(name, ENGINES) or f"one of auto, {', '.join(ENGINES)}"
        raise InputError([Problem(Place(), "engine", "unknown engine", name, hint)])
    module, _, cls = ENGINES[name].partition(":")
    engine: Engine = getattr(import_module(module), cls)()
    return engine


def engines_for(problem: Model, asked: str) -> Iterator[Engine]:
    """The engines that can solve the problem, the fittest first, or the one asked for; none imported before its turn.

    Raises:
        InputError: there is no engine of that name.
        UnsupportedError: no engine, or not the one asked for, can solve it; each says why.
    """
    refusals, found = [], False
    for name in _in_order(problem) if asked == "auto" else [asked]:
        engine = engine_named(name)
        why = engine.refuses(problem)
        if why is None:
            found = True
            yield engine
        else:
            refusals.append(Problem(Place(), "engine", f"the {name} engine cannot solve this: {why}"))
    if not found:
        raise UnsupportedError(refusals)


def _in_order(problem: Model) -> tuple[str, ...]:
    """The engines as the structure of the problem suggests them."""
    mixed = any(not uniform(problem, resource).all() for resource in problem.resources)
    if (mixed and not problem.rows) or problem.size > LARGE:
        return ("network", "decomposition", "cp-sat", "highs")
    return ("network", "highs", "cp-sat", "decomposition")
