"""What each synthetic school needs, when its case was referred, and how many days of support it asks for.

There are no public figures of needs: all of this is assumed, and `need_source` says `assessed` because in the
synthetic England somebody has.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.sources.synthetic.inspections import Inspections
from nle_optimizer.sources.synthetic.randomness import Stream

TOTAL = np.array([0.25, 0.55, 1.15, 1.6, 1.5, 2.0, 0.8])
"""Assumed sum of the three needs by record, before chance: below Good is worse, twice worse still."""
LEADERSHIP_SHARE = 1.3
"""Assumed tilt towards leadership where its own grade is below Good."""
DAYS = np.array([3, 5, 10])
DAY_WEIGHTS = np.array([[8, 2, 0], [8, 2, 0], [5, 4, 1], [2, 5, 3], [2, 5, 3], [0, 4, 6], [7, 3, 0]], dtype=np.float64)
"""Assumed weights of 3, 5 and 10 days by record: 3 and 5 as offered to 2021-22, 10 as offered since."""
WAIT = 365


@dataclass(frozen=True, eq=False)
class Needs:
    """Needs in hundredths (0 to 100), shape (schools, 3); days of support; day of referral, 0 for no case."""

    shares: Integers
    days: Integers
    arrived: Integers


def draw_needs(record: Integers, inspections: Inspections, as_of: date, stream: Stream) -> Needs:
    """Needs of each school (number of its record in `RECORDS`); only one below Good now has a referral."""
    return Needs(
        _shares(record, inspections.leadership_grade, stream),
        DAYS[stream.pick(DAY_WEIGHTS, record)],
        _arrived(inspections, as_of.toordinal(), stream),
    )


def _shares(record: Integers, leadership_grade: Integers, stream: Stream) -> Integers:
    """The total of a record, a quarter more or less by chance, split at random among the areas."""
    parts = np.stack([0.05 + stream.uniform(len(record)) for _ in AREAS], axis=1)
    parts[:, 0] *= np.where(leadership_grade > 2, LEADERSHIP_SHARE, 1.0)
    total = TOTAL[record] * (0.75 + 0.5 * stream.uniform(len(record)))
    scale = total / (parts[:, 0] + parts[:, 1] + parts[:, 2])
    hundredths: Integers = np.floor(parts * scale[:, None] * 100.0 + 0.5).astype(np.int64)
    return np.minimum(hundredths, 100)


def _arrived(inspections: Inspections, as_of: int, stream: Stream) -> Integers:
    """A day in the year before `as_of`, not before the inspection that showed the need."""
    span = np.minimum(as_of - inspections.latest_day, WAIT)
    day = as_of - 1 - (stream.uniform(len(span)) * span).astype(np.int64)
    return np.where(inspections.latest_grade > 2, day, 0)
