"""What a rule of one's own is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Aim:
    """One of the scenario's objectives.

    Attributes:
        name: the objective; `blend` for a blend.
        sense: `maximise` or `minimise`.
        kind: `sum` of the weights of the matched pairs; `least` of them; `leximin`; `other` where no weight a pair
            says it.
        weights: shape (pairs,): whole units of 1/scale, -1 where a pair does not count for `least` or `leximin`;
            None for `other`.
        scale: how many units make 1 of what people read.
    """

    name: str
    sense: str
    kind: str
    weights: Integers | None
    scale: int


@dataclass(frozen=True, eq=False)
class RuleView:
    """What a rule of one's own is given. Arrays cannot be written to; changing a mapping changes nothing elsewhere.

    Attributes:
        recipient_ids, nle_ids: identifiers, ascending.
        recipient, nle: shape (pairs,): the two sides of each candidate pair, as places in the identifiers.
        fit: shape (pairs,): millionths.
        distance: shape (pairs,): metres; -1 where not known.
        school_rank, nle_rank: shape (pairs,): the ranks of the pairs table, 1 first; 0 where it gives none.
        needs, expertise: by area, shape (recipients,) and (nles,): millionths; -1 where not known.
        use: by resource, shape (pairs,): what a pair takes, in millionths.
        capacity: by resource, shape (nles,): what an NLE has, in millionths.
        supporters: shape (recipients,): how many NLEs each may have.
        priority: shape (recipients,): 1 first; the greatest whole number where blank.
        waiting: shape (recipients,): days; -1 where not known.
        recipient_region, recipient_local_authority, recipient_phase: of each recipient; blank where not known.
        nle_region, nle_local_authority: of each NLE; blank where not known.
        required: places of the pairs that must be matched.
        objectives: the scenario's, in order.
        seed, draw: for rules that draw lots.
    """

    recipient_ids: tuple[str, ...]
    nle_ids: tuple[str, ...]
    recipient: Integers
    nle: Integers
    fit: Integers
    distance: Integers
    school_rank: Integers
    nle_rank: Integers
    needs: Mapping[str, Integers]
    expertise: Mapping[str, Integers]
    use: Mapping[str, Integers]
    capacity: Mapping[str, Integers]
    supporters: Integers
    priority: Integers
    waiting: Integers
    recipient_region: tuple[str, ...]
    recipient_local_authority: tuple[str, ...]
    recipient_phase: tuple[str, ...]
    nle_region: tuple[str, ...]
    nle_local_authority: tuple[str, ...]
    required: Integers
    objectives: tuple[Aim, ...]
    seed: int
    draw: int

    def sealed(self) -> "RuleView":
        """The same; its arrays cannot be written to."""
        for array in _arrays([*vars(self).values(), *(aim.weights for aim in self.objectives)]):
            array.flags.writeable = False
        return self


def _arrays(values: list[Any]) -> list[NDArray[Any]]:
    inside = [part for value in values if isinstance(value, Mapping) for part in value.values()]
    return [value for value in [*values, *inside] if isinstance(value, np.ndarray)]
