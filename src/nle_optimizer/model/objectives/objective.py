"""What every objective states of itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.settings import Costs
from nle_optimizer.stages.candidates import Candidates

Sense = Literal["maximise", "minimise"]


@dataclass(frozen=True, eq=False)
class Stakes:
    """What an objective may look at.

    Attributes:
        candidates: the candidate pairs.
        use: what each pair takes of each resource, in millionths, in the order of the resources.
        costs: the costs.
        capacity: what each available NLE has of each resource, in millionths.
    """

    candidates: Candidates
    use: Mapping[str, Integers]
    costs: Costs
    capacity: Mapping[str, Integers] = field(default_factory=dict)

    @property
    def several(self) -> Flags:
        """Recipients that may have several NLEs, shape (recipients,)."""
        return np.asarray(self.candidates.recipients.column("supporters").or_else(1) > 1, dtype=bool)


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
        once: whether a recipient counts once, however many NLEs it has.
        source: where it comes from.
    """

    name: str
    sense: Sense
    unit: str
    scale: int
    formula: str
    amounts: Callable[[Stakes], Integers]
    once: bool = False
    source: str = "defined here"


@dataclass(frozen=True)
class NotAdditive:
    """An objective that is no sum over pairs."""

    name: str
    sense: Sense
    unit: str
    formula: str
    source: str = "defined here"


def ones(stakes: Stakes) -> Integers:
    """1 for every pair."""
    return np.ones(len(stakes.candidates), dtype=np.int64)
