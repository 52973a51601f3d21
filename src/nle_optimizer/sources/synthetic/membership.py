"""Which synthetic schools multi-academy trusts hold, and since when.

Schools in trusts are put in order along a Morton curve (Morton 1966, "A computer oriented geodetic data
base") over places moved at random, mostly a little and a few of them far, and the order is cut into runs as
long as real trusts are large. Most schools are ordered region by region. So trusts are mostly regional and
overlap as real ones do. Roman Catholic schools, and half of the Church of England's, form their own trusts.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.sources.synthetic.figures import national
from nle_optimizer.sources.synthetic.kinds import Kinds
from nle_optimizer.sources.synthetic.places import Places, apportion
from nle_optimizer.sources.synthetic.randomness import Floats, Stream, between, reached
from nle_optimizer.sources.synthetic.vocabulary import FAITHS, RECORDS

REACH = 1_500.0
"""Metres by which places are moved before the order is taken, times the cube of a draw about 0; tuned until
trusts spread as real ones do."""
REGIONAL = 0.6
"""Share of schools ordered within their region; tuned until as many trusts span regions as really do."""
CHURCH_TRUSTS = 0.5
"""Assumed share of Church of England schools in trusts that hold only such schools."""


@dataclass(frozen=True, eq=False)
class Membership:
    """The trust each school is in.

    Attributes:
        trust: shape (schools,): number of the trust, from 1; 0 for none.
        joined: shape (schools,): day of joining, a proleptic ordinal; 0 for none.
        count: how many trusts there are.
    """

    trust: Integers
    joined: Integers
    count: int


def draw_membership(
    places: Places, kinds: Kinds, region: Integers, inspected: Integers, as_of: date, stream: Stream
) -> Membership:
    """The trust of each school that is in one, and since when; all joined before `as_of`.

    Args:
        places, kinds: of the schools.
        region: place in `REGIONS` of each school.
        inspected: day of each school's latest inspection, 0 for none.
        as_of: the day by which everything is known.
        stream: the draws.
    """
    members = np.flatnonzero(kinds.in_trust)
    sizes = _sizes(len(members), stream)
    order = _order(places, region, kinds.faith, members, stream)
    trust = np.zeros(len(region), dtype=np.int64)
    trust[order] = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    joined = np.zeros(len(region), dtype=np.int64)
    joined[members] = _joined(kinds.record[members], inspected[members], as_of.toordinal(), stream)
    return Membership(trust, joined, len(sizes))


def _order(places: Places, region: Integers, faith: Integers, members: Integers, stream: Stream) -> Integers:
    """The members in the order that is cut into trusts."""
    curve = _morton(*(_moved(metres[members], stream) for metres in (places.easting, places.northing)))
    within = np.where(stream.chance(len(members), REGIONAL), 1 + region[members], 0)
    order: Integers = members[np.lexsort((curve, within, _pool(faith[members], stream)))]
    return order


def _moved(metres: Integers, stream: Stream) -> Floats:
    draw = stream.bell(len(metres))
    return metres + REACH * draw * draw * draw


def _pool(faith: Integers, stream: Stream) -> Integers:
    """0: trusts of any school; 1: Church of England; 2: Roman Catholic."""
    church = (faith == FAITHS.index("Church of England")) & stream.chance(len(faith), CHURCH_TRUSTS)
    return np.where(faith == FAITHS.index("Roman Catholic"), 2, church.astype(np.int64))


def _morton(easting: Floats, northing: Floats) -> Integers:
    """Place on the curve: bits of the two coordinates, in steps of 16 m, by turns."""
    return _spread(easting) | (_spread(northing) << 1)


def _spread(metres: Floats) -> Integers:
    bits: Integers = np.maximum(metres + 100_000.0, 0.0).astype(np.int64) >> 4
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        bits = (bits | (bits << shift)) & mask
    return bits


def _sizes(schools: int, stream: Stream) -> Integers:
    """Numbers of schools, as skewed as in real trusts and in random order, that add up to `schools`."""
    known = np.array([int(value) for value in national().values("trust_size")])
    counts = national().counts("trust_size", ("",), national().values("trust_size"))[0].astype(np.int64)
    trusts = 1 + schools * int(counts.sum()) // int((counts * known).sum())
    sizes = np.repeat(known, apportion(trusts, counts))
    ends = np.cumsum(sizes[np.argsort(stream.uniform(trusts), kind="stable")])
    ends = np.append(ends[ends < schools], schools)
    cut: Integers = np.diff(ends[ends > 0], prepend=0)
    return cut


def _joined(record: Integers, inspected: Integers, as_of: int, stream: Stream) -> Integers:
    """Days of joining: before or after the latest inspection as often as measured for such records."""
    quantiles = national().quantiles("joined_age")
    before = national().counts("joined_before_inspection", RECORDS, ("yes", "no"))
    before[RECORDS.index("ungraded")] = 1.0
    first = stream.pick(before, record) == 0
    share = reached(quantiles[0], as_of - inspected)
    draw = stream.uniform(len(record))
    age_share = np.where(first, share + (1.0 - share) * draw, share * draw)
    age_share = np.where(inspected > 0, age_share, draw)
    age = between(quantiles, np.zeros(len(record), dtype=np.int64), age_share)
    return as_of - np.maximum(age, 1)
