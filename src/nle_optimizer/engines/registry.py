"""Every engine by name, in the order in which they are tried."""

from nle_optimizer.engines.engine import Engine
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.errors import InputError, Place, Problem, UnsupportedError, did_you_mean
from nle_optimizer.model.problem import Problem as Model

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (NetworkEngine(),)}


PLANNED = ("decomposition", "cp-sat", "highs")


def choose_engine(problem: Model, asked: str) -> Engine:
    """The first engine that can solve the problem, or the one asked for.

    Raises:
        InputError: there is no engine of that name.
        UnsupportedError: no engine, or not the one asked for, can solve it; each says why.
    """
    if asked in PLANNED:
        raise UnsupportedError([Problem(Place(), "engine", "this engine is not available yet", asked, "use auto")])
    if asked != "auto" and asked not in ENGINES:
        hint = did_you_mean(asked, ENGINES) or f"one of auto, {', '.join(ENGINES)}"
        raise InputError([Problem(Place(), "engine", "unknown engine", asked, hint)])
    tried = list(ENGINES.values()) if asked == "auto" else [ENGINES[asked]]
    refusals = []
    for engine in tried:
        why = engine.refuses(problem)
        if why is None:
            return engine
        refusals.append(Problem(Place(), "engine", f"the {engine.name} engine cannot solve this: {why}"))
    raise UnsupportedError(refusals)
