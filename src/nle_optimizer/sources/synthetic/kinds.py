"""Kinds of synthetic schools, where they stand and the trusts they are in.

What each synthetic school is: phase, faith, Ofsted record, whether in a trust, type, status, size. Which authority
each synthetic school belongs to, and where it stands.

Which synthetic schools multi-academy trusts hold, and since when.

Schools in trusts are put in order along a Morton curve (Morton 1966, "A computer oriented geodetic data
base") over places moved at random, mostly a little and a few of them far, and the order is cut into runs as
long as real trusts are large. Most schools are ordered region by region. So trusts are mostly regional and
overlap as real ones do. Roman Catholic schools, and half of the Church of England's, form their own trusts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum

import numpy as np

from nle_optimizer.records import Flags, Integers, Texts
from nle_optimizer.scenario.columns import PHASES
from nle_optimizer.sources.synthetic.figures import (
    FAITHS,
    RECORDS,
    TWICE_BELOW_GOOD,
    Figures,
    Floats,
    Stream,
    Towns,
    between,
    national,
    reached,
)

STATUSES = np.array(["Open", "Closed", "Open, but proposed to close"], dtype=object)
STATUS_WEIGHTS = np.array([[9_960.0, 36.0, 4.0]])
"""Assumed: closed schools as planners' lists still carry them; the rest as in GIAS."""
PUPILS = np.array(
    [
        [30, 45, 60, 75, 90, 110, 150],
        [20, 85, 140, 205, 300, 415, 800],
        [250, 600, 800, 980, 1150, 1350, 2000],
        [300, 700, 950, 1150, 1350, 1550, 2200],
        [25, 65, 95, 125, 160, 205, 380],
        [10, 25, 40, 55, 75, 100, 180],
        [150, 500, 1000, 1600, 2100, 2700, 4500],
    ],
    dtype=np.float64,
)
"""Assumed quantiles (every sixth) of the number of pupils by phase: the extract has no pupil numbers."""
_SMOOTHING = 0.01
NURSERY_TYPE = "Local authority nursery school"
"""The extract names no type for nurseries; this is GIAS's."""
MOST_IN_TRUSTS = 0.97
MOST_TWICE = 0.98
"""No chance is made greater than these, so that every kind of school stays possible."""
CORRECTIONS = 10
"""How often chances that were cut so are scaled again towards the total aimed at."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """Shape (schools,) each; codes count in the order of `PHASES`, `FAITHS`, `RECORDS` and `STATUSES`."""

    phase: Integers
    faith: Integers
    record: Integers
    in_trust: Flags
    establishment_type: Texts
    status: Integers
    pupils: Integers


def draw_kinds(authority: Integers, figures: Figures, stream: Stream, twice_below_good: float | None = None) -> Kinds:
    """What each school is, given its authority (row of `figures`).

    Args:
        authority: shape (schools,).
        figures: the authorities drawn from.
        stream: the draws.
        twice_below_good: share of schools with both grades below Good, instead of the measured one.
    """
    phase = stream.pick(figures.phases.astype(np.float64), authority)
    row = authority * len(PHASES) + phase
    faith = stream.pick(_by_phase(figures.faiths, "faith", FAITHS), row)
    records = _by_phase(figures.records, "record", RECORDS)
    if twice_below_good is not None:
        records = _with_share(records, figures.phases.ravel(), twice_below_good)
    record = stream.pick(records, row)
    in_trust = stream.uniform(len(row)) < _trust_share(figures, records)[row, record]
    return Kinds(
        phase,
        faith,
        record,
        in_trust,
        _types(phase, faith, in_trust, stream),
        stream.pick(STATUS_WEIGHTS, np.zeros(len(row), dtype=np.int64)),
        stream.quantile(PUPILS, phase),
    )


def _by_phase(counts: Integers, figure: str, values: Sequence[str]) -> Floats:
    """Weights of values for each authority and phase: the authority's counts as the phase tilts them."""
    phases = national().counts(figure, PHASES, values)
    mix = np.array([[fsum(column) for column in phases.T]])
    tilt = phases / mix / np.array([[fsum(row)] for row in phases])
    weights = (counts + _SMOOTHING * mix / fsum(mix[0]))[:, None, :] * tilt[None, :, :]
    rows: Floats = weights.reshape(-1, len(values))
    return rows


def _with_share(weights: Floats, schools: Integers, share: float) -> Floats:
    """The same weights, tilted until `share` of schools so many a row is expected to be twice below Good."""
    twice = np.isin(np.arange(weights.shape[1]), TWICE_BELOW_GOOD)
    total = _totals(weights)
    chance = _totals(weights[:, twice]) / total
    aimed = chance
    for _ in range(CORRECTIONS):
        expected = fsum((aimed * schools).tolist()) / int(schools.sum())
        aimed = np.minimum(aimed * (share / expected if expected else 0.0), MOST_TWICE)
    others = (1.0 - aimed) / np.maximum(1.0 - chance, 1e-9)
    ratio = aimed / np.where(chance > 0, chance, 1.0)
    return weights / total[:, None] * np.where(twice[None, :], ratio[:, None], others[:, None])


def _trust_share(figures: Figures, records: Floats) -> Floats:
    """Chance of being in a multi-academy trust, a row for each authority and phase, a column for each record.

    An authority's share as phase and record tilt it, scaled until as many are expected as were measured.
    """
    by_phase, by_record = (national().counts("in_trust", names, ("yes", "no")) for names in (PHASES, RECORDS))
    phase_tilt, record_tilt = (table[:, 0] / (table[:, 0] + table[:, 1]) for table in (by_phase, by_record))
    tilt = phase_tilt[:, None] * record_tilt[None, :]
    expected = figures.phases.reshape(-1, 1) * records / _totals(records)[:, None]
    expected = expected.reshape(len(figures.schools), -1)
    chance = np.minimum(np.tile(tilt.reshape(1, -1), (len(expected), 1)), MOST_IN_TRUSTS)
    for _ in range(CORRECTIONS):
        scale = figures.in_trust / np.maximum(_totals(expected * chance), 1e-9)
        chance = np.minimum(chance * scale[:, None], MOST_IN_TRUSTS)
    return chance.reshape(records.shape)


def _totals(rows: Floats) -> Floats:
    """The sum of each row, added from left to right on every machine."""
    totals: Floats = np.cumsum(rows, axis=1)[:, -1]
    return totals


def _types(phase: Integers, faith: Integers, in_trust: Flags, stream: Stream) -> Texts:
    """A type of establishment as schools of that phase, standing and character have."""
    kinds = [*national().values("type"), NURSERY_TYPE]
    given = [f"{name}|{trust}|{which}" for name in PHASES for trust in ("alone", "trust") for which in ("", "faith")]
    weights = national().counts("type", given, kinds)
    weights[: len(given) // len(PHASES), -1] = 1.0
    for row in np.flatnonzero(weights.max(axis=1) == 0):
        weights[row] = weights[row - 1]
    rows = 4 * phase + 2 * in_trust + (faith > 0)
    names: Texts = np.array(kinds, dtype=object)[stream.pick(weights, rows)]
    return names


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
