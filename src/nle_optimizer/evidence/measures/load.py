"""What is used of the NLEs, and how evenly."""

from collections.abc import Mapping

import numpy as np

from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure, Metric, one, ratio


def _use(measured: Measured) -> Mapping[str, Figure]:
    return {
        f"capacity_used[{part.name}]": ratio(part.use[measured.matched].sum(), part.capacity.sum())
        for part in measured.case.problem.resources
    }


def _load(measured: Measured) -> Figure:
    problem = measured.case.problem
    able = np.any([part.capacity > 0 for part in problem.resources], axis=0)
    pairs = np.bincount(problem.nle[measured.matched], minlength=len(problem.nle_ids))[able]
    return ratio(pairs.max() - pairs.min(), 1) if len(pairs) else None


LOAD = (
    Metric("capacity_used", "neither", "share", "what matched pairs use / what available NLEs have, by resource", _use),
    Metric(
        "load_spread",
        "less",
        "pairs",
        "most pairs of an available NLE that has any capacity less the fewest",
        one("load_spread", _load),
    ),
)
