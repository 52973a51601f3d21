"""Synthetic schools and trusts: their inspections and needs.

Every synthetic school, stage by stage. Multi-academy trusts as their synthetic members make them: place, phases,
faiths, record, capacity.

Two inspections of each synthetic school: grades, days, how many there were, and what they add up to.

All days lie before the scenario's `as_of`, the previous one before the latest; a school without a grade has
neither. How old an inspection is, and how far apart two are, follows quantiles measured by record.

What each synthetic school needs, when its case was referred, and how many days of support it asks for.

There are no public figures of needs: all of this is assumed, and `need_source` says `assessed` because in the
synthetic England somebody has.

Names of synthetic schools: they read like schools' names, and none can be taken for a real one.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.columns import AREAS, PHASES, REGIONS
from nle_optimizer.sources.synthetic.figures import (
    FAITHS,
    LATEST_GRADE,
    RECORDS,
    TWICE_BELOW_GOOD,
    Figures,
    Stream,
    national,
)
from nle_optimizer.sources.synthetic.kinds import Kinds, Membership, Places, draw_kinds, draw_membership, draw_places

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


TOTAL = np.array([0.25, 0.55, 1.15, 1.6, 1.5, 2.0, 0.8])
"""Assumed sum of the three needs by record, before chance: below Good is worse, twice worse still."""
LEADERSHIP_SHARE = 1.3
"""Assumed tilt towards leadership where its own grade is below Good."""
DAYS = np.array([3, 5, 10])
DAY_WEIGHTS = np.array([[8, 2, 0], [8, 2, 0], [5, 4, 1], [2, 5, 3], [2, 5, 3], [0, 4, 6], [7, 3, 0]], dtype=np.float64)
"""Assumed weights of 3, 5 and 10 days by record: 3 and 5 as offered to 2021-22, 10 as offered since."""
WAIT = 365


@dataclass(frozen=True, eq=False)
class SyntheticNeeds:
    """Needs in hundredths (0 to 100), shape (schools, 3); days of support; day of referral, 0 for no case."""

    shares: Integers
    days: Integers
    arrived: Integers


def draw_needs(record: Integers, inspections: Inspections, as_of: date, stream: Stream) -> SyntheticNeeds:
    """Needs of each school (number of its record in `RECORDS`); only one below Good now has a referral."""
    return SyntheticNeeds(
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


@dataclass(frozen=True, eq=False)
class Schools:
    """All schools, in the order they are numbered: authority by authority."""

    figures: Figures
    places: Places
    kinds: Kinds
    inspections: Inspections
    membership: Membership
    needs: SyntheticNeeds

    def __len__(self) -> int:
        return len(self.places.authority)

    @property
    def region(self) -> Integers:
        """Place in `REGIONS`, shape (schools,)."""
        return self.figures.regions[self.places.authority]

    @property
    def open_now(self) -> Flags:
        """Whether each school is open, and not about to close."""
        is_open: Flags = self.kinds.status == 0
        return is_open

    @property
    def twice_below_good(self) -> Flags:
        """Whether the last two grades of each school are both below Good."""
        twice: Flags = np.isin(self.kinds.record, TWICE_BELOW_GOOD)
        return twice


def draw_schools(
    count: int, figures: Figures, seed: int, as_of: date, twice_below_good: float | None = None
) -> Schools:
    """`count` schools in the authorities of `figures`; at least one is open and Good or better.

    Args:
        count: at least 1.
        figures: the authorities drawn from.
        seed: of every draw.
        as_of: the day by which everything is known.
        twice_below_good: share of schools with both grades below Good, instead of the measured one.
    """
    places = draw_places(count, figures, Stream(seed, "places"))
    kinds = draw_kinds(places.authority, figures, Stream(seed, "schools"), twice_below_good)
    kinds = _with_a_good_one(kinds)
    inspections = draw_inspections(kinds.record, as_of, Stream(seed, "grades"))
    region = figures.regions[places.authority]
    membership = draw_membership(places, kinds, region, inspections.latest_day, as_of, Stream(seed, "trusts"))
    needs = draw_needs(kinds.record, inspections, as_of, Stream(seed, "needs"))
    return Schools(figures, places, kinds, inspections, membership, needs)


def _with_a_good_one(kinds: Kinds) -> Kinds:
    """Where no open school is Good or better, the first is made so: NLEs need a home."""
    good = (kinds.record == RECORDS.index("grade_1")) | (kinds.record == RECORDS.index("grade_2"))
    if (good & (kinds.status == 0)).any():
        return kinds
    record, status = kinds.record.copy(), kinds.status.copy()
    record[0], status[0] = RECORDS.index("grade_2"), 0
    return replace(kinds, record=record, status=status)


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
