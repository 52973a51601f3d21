"""Multi-academy trusts as their synthetic members make them: place, phases, faiths, record, capacity."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.columns import PHASES, REGIONS
from nle_optimizer.sources.synthetic.randomness import Stream
from nle_optimizer.sources.synthetic.schools import Schools
from nle_optimizer.sources.synthetic.vocabulary import FAITHS

JUDGED = 0.03
"""Assumed share of trusts that people judged to be of high quality, and as many judged not to be."""
LARGE = 12
"""Assumed: a trust can take up to a third of its size more schools; beyond this size no more than that."""


@dataclass(frozen=True, eq=False)
class Trusts:
    """Shape (trusts,) each, or (trusts, kinds); the first row is trust number 1.

    `judged` is 1 for high quality, -1 for not, 0 for no judgement; `good` of `inspected` schools were Good or
    better when inspected as members.
    """

    easting: Integers
    northing: Integers
    region: Integers
    phases: Flags
    faiths: Flags
    inspected: Integers
    good: Integers
    judged: Integers
    capacity: Integers

    def __len__(self) -> int:
        return len(self.easting)


def draw_trusts(schools: Schools, stream: Stream) -> Trusts:
    """Every trust, from its members; its capacity and any judgement are drawn.

    A trust belongs to the region of most of its members, and stands at the mean place of those.
    Only open members count towards the record, and only those inspected on or after the day they joined.
    """
    rows = np.flatnonzero(schools.membership.trust)
    trust, count = schools.membership.trust[rows] - 1, schools.membership.count
    size = np.bincount(trust, minlength=count)
    region = _table(trust, schools.region[rows], count, len(REGIONS)).argmax(axis=1)
    at_home = schools.region[rows] == region[trust]
    counted, good = _records(schools, rows)
    draw = stream.uniform(count)
    return Trusts(
        _whole_mean(trust[at_home], schools.places.easting[rows[at_home]], count),
        _whole_mean(trust[at_home], schools.places.northing[rows[at_home]], count),
        region,
        _table(trust, schools.kinds.phase[rows], count, len(PHASES)) > 0,
        _table(trust, schools.kinds.faith[rows], count, len(FAITHS)) > 0,
        np.bincount(trust[counted], minlength=count),
        np.bincount(trust[good], minlength=count),
        (draw < JUDGED).astype(np.int64) - (draw >= 1.0 - JUDGED),
        (stream.uniform(count) * (1.0 + np.minimum(size, LARGE) / 3)).astype(np.int64),
    )


def _records(schools: Schools, rows: Integers) -> tuple[Flags, Flags]:
    """Which members count towards their trust's record, and which of those are Good or better."""
    inspected = schools.inspections.latest_day[rows]
    since = (inspected >= schools.membership.joined[rows]) & (inspected > 0)
    counted = since & schools.open_now[rows]
    return counted, counted & (schools.inspections.latest_grade[rows] <= 2)


def _whole_mean(trust: Integers, values: Integers, trusts: int) -> Integers:
    size = np.bincount(trust, minlength=trusts)
    total = np.zeros(trusts, dtype=np.int64)
    np.add.at(total, trust, values)
    mean: Integers = (2 * total + size) // (2 * size)
    return mean


def _table(trust: Integers, kind: Integers, trusts: int, kinds: int) -> Integers:
    """How many members of each kind each trust has, shape (trusts, kinds)."""
    counts: Integers = np.bincount(trust * kinds + kind, minlength=trusts * kinds).reshape(trusts, kinds)
    return counts
