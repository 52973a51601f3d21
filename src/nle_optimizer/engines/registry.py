"""Every engine by name, in the order in which they are tried; none is imported before it is asked."""

from importlib import import_module

from nle_optimizer.engines.engine import Engine
from nle_optimizer.errors import InputError, Place, Problem, UnsupportedError, did_you_mean
from nle_optimizer.model.problem import Problem as Model

ENGINES = {
    "network": "nle_optimizer.engines.network.engine:NetworkEngine",
    "decomposition": "nle_optimizer.engines.decomposition.engine:DecompositionEngine",
    "cp-sat": "nle_optimizer.engines.general.engine:CpSatEngine",
    "highs": "nle_optimizer.engines.general.engine:HighsEngine",
}
"""Where each engine's class stands."""


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


def choose_engine(problem: Model, asked: str) -> Engine:
    """The first engine that can solve the problem, or the one asked for.

    Raises:
        InputError: there is no engine of that name.
        UnsupportedError: no engine, or not the one asked for, can solve it; each says why.
    """
    refusals = []
    for name in ENGINES if asked == "auto" else [asked]:
        engine = engine_named(name)
        why = engine.refuses(problem)
        if why is None:
            return engine
        refusals.append(Problem(Place(), "engine", f"the {name} engine cannot solve this: {why}"))
    raise UnsupportedError(refusals)
