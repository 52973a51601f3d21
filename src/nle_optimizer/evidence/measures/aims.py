"""What the scenario itself asks for: the value of each of its objectives."""

from collections.abc import Mapping
from fractions import Fraction

from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure, Metric


def _objectives(measured: Measured) -> Mapping[str, Figure]:
    problem = measured.case.problem
    return {
        f"objective[{n}={level.name}]": Fraction(level.sense * level.value(problem, measured.matched), level.scale)
        for n, level in enumerate(problem.levels, 1)
    }


AIMS = (
    Metric(
        "objective",
        "neither",
        "that of the objective",
        "the value of each objective of the scenario, numbered in their order; under the optimal rule the first is the "
        "best there is, and each further one the best that those before it leave",
        _objectives,
    ),
)
