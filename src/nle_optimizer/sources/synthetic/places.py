"""Which authority each synthetic school belongs to, and where it stands."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.sources.synthetic.figures import Figures, Towns
from nle_optimizer.sources.synthetic.randomness import Stream

ENGLAND = np.array([[80_000, 5_000], [656_000, 657_600]])
"""South-west and north-east corner of England, metres of the British National Grid."""


@dataclass(frozen=True, eq=False)
class Places:
    """Shape (schools,) each: row of the authority, easting and northing in whole metres."""

    authority: Integers
    easting: Integers
    northing: Integers


def apportion(count: int, weights: Integers) -> Integers:
    """`count` shared out in proportion to `weights` by largest remainder, ties to the earlier.

    Shape (weights,); sums to `count`. Integers throughout.
    """
    total = int(weights.sum())
    shares = count * weights // total
    remainders = count * weights % total
    order = np.argsort(-remainders, kind="stable")
    shares[order[: count - int(shares.sum())]] += 1
    return shares


def draw_places(count: int, figures: Figures, stream: Stream) -> Places:
    """Places for `count` schools, authority by authority, each about the centre of a town."""
    authority = np.repeat(np.arange(len(figures.schools)), apportion(count, figures.schools))
    town = _towns(authority, figures.towns, stream)
    east, other = stream.bell(count), stream.bell(count)
    slant = figures.towns.correlation[town]
    north = slant * east + np.sqrt(1.0 - slant * slant) * other
    offset = np.stack([east, north], axis=1) * figures.towns.spread[town]
    metres = np.floor(figures.towns.centre[town] + offset + 0.5).astype(np.int64)
    clipped = np.clip(metres, ENGLAND[0], ENGLAND[1])
    return Places(authority, clipped[:, 0], clipped[:, 1])


def _towns(authority: Integers, towns: Towns, stream: Stream) -> Integers:
    """A town of its authority for each school, in proportion to the schools that towns really hold."""
    reach = np.cumsum(towns.schools)
    first = np.searchsorted(towns.authority, authority, side="left")
    last = np.searchsorted(towns.authority, authority, side="right") - 1
    before = reach[first] - towns.schools[first]
    mark = before + (stream.uniform(len(authority)) * (reach[last] - before)).astype(np.int64)
    town: Integers = np.searchsorted(reach, mark, side="right")
    return town
