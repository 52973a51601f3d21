"""What every objective states of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.scenario.settings import Costs
from nle_optimizer.stages.candidates import Candidates

Sense = Literal["maximise", "minimise"]


@dataclass(frozen=True, eq=False)
class Stakes:
    """What an objective may look at: the candidate pairs, the use of resources, and the costs."""

    candidates: Candidates
    use: dict[str, Integers]
    costs: Costs


@dataclass(frozen=True)
class Objective:
    """A sum over matched pairs.

    Attributes:
        name: the name a scenario uses.
        sense: whether more or less is better.
        unit: what people read.
        scale: units of `amounts` in one of those.
        formula: the formula in words.
        amounts: whole amount of each candidate pair, in units of 1/scale, in the objective's own sense.
    """

    name: str
    sense: Sense
    unit: str
    scale: int
    formula: str
    amounts: Callable[[Stakes], Integers]
    source: str = ""


@dataclass(frozen=True)
class NotAdditive:
    """An objective that is no sum over pairs, with what it needs."""

    name: str
    sense: Sense
    unit: str
    formula: str
    needs: str


def ones(stakes: Stakes) -> Integers:
    """1 for every pair."""
    return np.ones(len(stakes.candidates), dtype=np.int64)
