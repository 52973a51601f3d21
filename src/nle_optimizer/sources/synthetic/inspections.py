"""Two inspections of each synthetic school: grades, days, how many there were, and what they add up to.

All days lie before the scenario's `as_of`, the previous one before the latest; a school without a grade has
neither. How old an inspection is, and how far apart two are, follows quantiles measured by record.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from nle_optimizer.records import Flags, Integers
from nle_optimizer.sources.synthetic.figures import national
from nle_optimizer.sources.synthetic.randomness import Stream
from nle_optimizer.sources.synthetic.vocabulary import LATEST_GRADE, RECORDS

FIRST_DAY = date(2005, 9, 1).toordinal()
"""Inspections of the present kind began in September 2005; no day drawn is earlier."""
EARLIER_WAS_BETTER = 0.15
"""Assumed chance, for each inspection before the last two, that it was one grade better than both."""
LEADERSHIP_IS_BETTER = 0.25
EDUCATION_IS_BETTER = 0.1
"""Assumed chances that leadership and management, or quality of education, is a grade above the overall."""


@dataclass(frozen=True, eq=False)
class Inspections:
    """Shape (schools,) each. A grade or a day of 0 stands for none; days are proleptic ordinals."""

    latest_grade: Integers
    latest_day: Integers
    previous_grade: Integers
    previous_day: Integers
    count: Integers
    best_grade: Integers
    leadership_grade: Integers
    education_grade: Integers


def draw_inspections(record: Integers, as_of: date, stream: Stream) -> Inspections:
    """The inspections behind each school's record (its number in `RECORDS`), as known at `as_of`."""
    latest = np.array(LATEST_GRADE)[record]
    previous = _previous_grade(record, stream)
    latest_day, previous_day = _days(record, previous > 0, as_of.toordinal(), stream)
    count = np.where(previous > 0, _counts(len(record), stream), (latest > 0).astype(np.int64))
    best = np.where(previous > 0, np.minimum(latest, previous), latest)
    slips = stream.uniform(len(record)) < EARLIER_WAS_BETTER * np.maximum(count - 2, 0)
    return Inspections(
        latest,
        latest_day,
        previous,
        previous_day,
        count,
        _better(best, slips),
        _better(latest, stream.chance(len(record), LEADERSHIP_IS_BETTER)),
        _better(latest, stream.chance(len(record), EDUCATION_IS_BETTER)),
    )


def _better(grade: Integers, where: Flags) -> Integers:
    """One grade better where asked; Outstanding stays so, and none stays none."""
    return np.where(where & (grade > 1), grade - 1, grade)


def _previous_grade(record: Integers, stream: Stream) -> Integers:
    weights = national().counts("previous_grade", RECORDS, ("none", "1", "2", "3", "4"))
    weights[RECORDS.index("ungraded"), 0] = 1.0
    return stream.pick(weights, record)


def _days(record: Integers, twice: Flags, as_of: int, stream: Stream) -> tuple[Integers, Integers]:
    """Days of the latest and of the previous inspection, 0 where there is none."""
    age = np.maximum(stream.quantile(national().quantiles("latest_age", RECORDS), record), 1)
    gap = np.maximum(stream.quantile(national().quantiles("gap", RECORDS), record), 1)
    latest = np.maximum(as_of - age, FIRST_DAY + 1)
    previous = np.maximum(latest - gap, FIRST_DAY)
    inspected = record != RECORDS.index("ungraded")
    return np.where(inspected, latest, 0), np.where(twice, previous, 0)


def _counts(schools: int, stream: Stream) -> Integers:
    """Numbers of inspections of schools that had two or more."""
    values = national().values("inspections")
    weights = national().counts("inspections", ("",), values)
    choice = stream.pick(weights, np.zeros(schools, dtype=np.int64))
    numbers: Integers = np.array([int(value) for value in values])[choice]
    return numbers
