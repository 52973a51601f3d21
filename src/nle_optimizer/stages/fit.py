"""How well each NLE's expertise meets each recipient's needs: exact, in millionths.

Needs n, expertise e and area weights W are whole numbers, so every fit is a ratio of whole numbers, rounded
half up once. With weights of at most six digits nothing leaves 63 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nle_optimizer.records import MILLION, Flags, Integers, Records
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.needs import area_weights, with_stand_in


@dataclass(frozen=True, eq=False)
class Needs:
    """Needs and expertise, shapes (3, recipients) and (3, nles), with what is known of them."""

    need: Integers
    need_known: Flags
    expertise: Integers
    expertise_known: Flags
    weights: tuple[int, ...]

    def known(self, nle: Integers, recipient: Integers) -> Flags:
        """Pairs in which every area with a weight is known on both sides."""
        weighted = np.array(self.weights) > 0
        recipients: Flags = np.asarray(self.need_known[weighted].all(axis=0))
        nles: Flags = np.asarray(self.expertise_known[weighted].all(axis=0))
        return recipients[recipient] & nles[nle]

    def any_need(self) -> Flags:
        """Recipients with a need above 0 in an area with a weight."""
        return np.asarray((self.need[np.array(self.weights) > 0] > 0).any(axis=0))


def needs_of(recipients: Records, nles: Records, settings: Settings) -> Needs:
    """Needs and expertise of the two sides."""
    need, need_known = with_stand_in(recipients, "need", settings)
    expertise, expertise_known = with_stand_in(nles, "expertise", settings)
    return Needs(need, need_known, expertise, expertise_known, area_weights(settings))


def fit_of(needs: Needs, measure: str, nle: Integers, recipient: Integers) -> Integers:
    """The fit of each pair in millionths; 0 where the recipient has no need in an area with a weight.

    Args:
        needs: of the two sides.
        measure: a name in `MEASURES`.
        nle, recipient: indices, of any shapes that broadcast together.
    """
    return MEASURES[measure](needs, nle, recipient)


def half_up(numerator: Integers, denominator: Integers | int) -> Integers:
    """A ratio of whole numbers rounded half up; 0 where the denominator is 0."""
    positive = np.maximum(denominator, 1)
    return (2 * numerator + positive) // (2 * positive)


def _weighted_need(needs: Needs) -> Integers:
    return np.array(needs.weights, dtype=np.int64) @ needs.need


def _covered(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    total = np.zeros(np.broadcast(nle, recipient).shape, dtype=np.int64)
    for weight, need, expertise in zip(needs.weights, needs.need, needs.expertise, strict=True):
        if weight:
            total += np.minimum((weight * need)[recipient], (weight * expertise)[nle])
    return total


def _need_met(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    return half_up(_covered(needs, nle, recipient) * MILLION, _weighted_need(needs)[recipient])


def _need_covered(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    return half_up(_covered(needs, nle, recipient), sum(needs.weights))


def _weighted_expertise(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    total = np.zeros(np.broadcast(nle, recipient).shape, dtype=np.int64)
    for weight, need, expertise in zip(needs.weights, needs.need, needs.expertise, strict=True):
        if weight:
            total += (weight * need)[recipient] * expertise[nle]
    return half_up(total, _weighted_need(needs)[recipient])


def _weakest_area(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    weakest = np.full(np.broadcast(nle, recipient).shape, MILLION, dtype=np.int64)
    for area, weight in enumerate(needs.weights):
        if weight:
            met = area_fit(needs, area, nle, recipient)
            weakest = np.minimum(weakest, np.where(needs.need[area][recipient] > 0, met, MILLION))
    return np.where(needs.any_need()[recipient], weakest, 0)


def area_fit(needs: Needs, area: int, nle: Integers, recipient: Integers) -> Integers:
    """The share of one area's need that is met, in millionths; 0 where there is no need."""
    need = needs.need[area][recipient]
    return half_up(np.minimum(need, needs.expertise[area][nle]) * MILLION, need)


MEASURES: dict[str, Callable[[Needs, Integers, Integers], Integers]] = {
    "need-met": _need_met,
    "need-covered": _need_covered,
    "weighted-expertise": _weighted_expertise,
    "weakest-area": _weakest_area,
}
SHARES_OF_NEED = ("need-met", "weakest-area")
"""Measures that tell a share of one school's need: of two supporters they do not add up."""
