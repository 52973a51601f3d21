"""Names of synthetic schools: they read like schools' names, and none can be taken for a real one."""

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import PHASES

_FIRST = (
    "Ald",
    "Bram",
    "Cald",
    "Dun",
    "Elm",
    "Fern",
    "Gor",
    "Hazel",
    "Kel",
    "Lark",
    "Mer",
    "Oak",
    "Quar",
    "Row",
    "Thorn",
    "Wy",
)
_LAST = ("brook", "combe", "dene", "field", "hurst", "mere", "stow", "wick")
_KINDS = {
    "nursery": "Nursery",
    "primary": "Primary",
    "secondary": "High",
    "all-through": "All-through",
    "special": "Special",
    "alternative-provision": "Centre",
    "post-16": "College",
}
_STEP = 53
"""Coprime to the 128 invented places, so that neighbours in the table have different ones."""


def school_names(numbers: Integers, phase: Integers) -> list[str]:
    """`Synthetic Larkmere Primary 123` and the like: an invented place, what the school is, its number."""
    places = [first + last for first in _FIRST for last in _LAST]
    heads = [[f"Synthetic {place} {_KINDS[name]} " for name in PHASES] for place in places]
    chosen = np.array(heads, dtype=object)[numbers * _STEP % len(places), phase]
    return [head + str(number) for head, number in zip(chosen.tolist(), numbers.tolist(), strict=True)]
