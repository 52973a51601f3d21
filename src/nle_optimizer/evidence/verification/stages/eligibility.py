"""The schools as they stood on the day, and which are eligible.

Which rows of the schools table leave before any matching, and by which rule the others are in. The schools table as
it stood on the scenario's day, with the columns that follow from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.stages.conditions import TRUE, UNDECIDED, decide
from nle_optimizer.evidence.verification.stages.supply import done_with
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records, Texts, blank_column
from nle_optimizer.scenario.columns import STATUSES
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.scenario import Scenario

YEARS_HELD = 3
LATEST = ("latest_grade", "latest_inspected")
PREVIOUS = ("previous_grade", "previous_inspected")
SUPERSEDED = ("leadership_grade", "education_grade", "best_grade_since_2005")


def as_it_stood(schools: Records, as_of: date | None, left_at_listing: Flags) -> Records:
    """The schools table without what happened after `as_of`, and with the derived columns."""
    stood = schools
    if as_of is not None:
        stood = _without_later_inspections(schools, as_of.toordinal())
        stood = _without_later_joins(stood, as_of.toordinal())
    return stood.with_columns({**_since(stood, as_of), **_trust_record(stood, as_of, left_at_listing)})


def _without_later_inspections(schools: Records, day: int) -> Records:
    later = schools.given("latest_inspected") & (schools.values("latest_inspected") > day)
    if not later.any():
        return schools
    both = later & schools.given("previous_inspected") & (schools.values("previous_inspected") > day)
    columns = {}
    for latest, previous in zip(LATEST, PREVIOUS, strict=True):
        new, old = schools.column(latest), schools.column(previous)
        values, given = np.where(later, old.values, new.values), np.where(later, old.given & ~both, new.given)
        columns[latest] = Column(new.kind, values, given)
        columns[previous] = Column(old.kind, old.values, old.given & ~later)
    count = schools.column("inspections")
    fewer = np.maximum(count.values - later - both, 0)
    columns["inspections"] = Column(count.kind, np.where(later, fewer, count.values), count.given)
    for name in SUPERSEDED:
        cells = schools.column(name)
        columns[name] = Column(cells.kind, cells.values, cells.given & ~later)
    return schools.with_columns(columns)


def _without_later_joins(schools: Records, day: int) -> Records:
    joined, trust = schools.column("trust_joined"), schools.column("trust_id")
    later = joined.given & (joined.values > day)
    if not later.any():
        return schools
    in_none = Column(trust.kind, np.where(later, "", trust.values), trust.given & ~later)
    return schools.with_columns(
        {"trust_id": in_none, "trust_joined": Column(joined.kind, joined.values, joined.given & ~later)}
    )


def days_since(column: Column, as_of: date | None) -> Column:
    """Days from each date to `as_of`; blank without it."""
    if as_of is None:
        return blank_column(Kind.COUNT, len(column))
    return Column(Kind.COUNT, as_of.toordinal() - column.values, column.given)


def _since(stood: Records, as_of: date | None) -> dict[str, Column]:
    joined, previous = stood.column("trust_joined"), stood.column("previous_inspected")
    alone = ~stood.given("trust_id")
    same = alone | (joined.values <= previous.values)
    return {
        "days_since_inspection": days_since(stood.column("latest_inspected"), as_of),
        "days_waiting": days_since(stood.column("arrived"), as_of),
        "same_structure": Column(Kind.YES_NO, same, alone | (joined.given & previous.given)),
    }


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; the 28th for a 29 February that did not exist."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _trust_record(stood: Records, as_of: date | None, left: Flags) -> dict[str, Column]:
    rows = len(stood)
    names = ("trust_long_held", "trust_share_below_good", "trust_declining")
    kinds = (Kind.COUNT, Kind.SHARE, Kind.YES_NO)
    trusts, in_trust = stood.values("trust_id").tolist(), stood.given("trust_id")
    if as_of is None or not in_trust.any():
        return {name: blank_column(kind, rows) for name, kind in zip(names, kinds, strict=True)}
    counts = _tally(stood, as_of, left)
    held = np.array([counts.get(trust, _NONE)[0] for trust in trusts], dtype=np.int64)
    falls = np.array([counts.get(trust, _NONE)[2] > 0 for trust in trusts], dtype=bool)
    share = np.array([_share(counts.get(trust, _NONE)) for trust in trusts], dtype=np.int64)
    some = in_trust & (held > 0)
    return {
        "trust_long_held": Column(Kind.COUNT, held, in_trust),
        "trust_share_below_good": Column(Kind.SHARE, share, some),
        "trust_declining": Column(Kind.YES_NO, falls, some),
    }


_NONE = (0, 0, 0)


def _share(count: tuple[int, int, int]) -> int:
    return count[1] * MILLION // count[0] if count[0] else 0


def _tally(stood: Records, as_of: date, left: Flags) -> dict[str, tuple[int, int, int]]:
    """For each trust: schools long held and inspected since, those below Good, and fallen less risen."""
    value, given = _readers(stood)
    joined, inspected = value("trust_joined"), value("latest_inspected")
    counts = given("trust_id") & given("trust_joined") & given("latest_inspected") & ~left
    counts &= (stood.values("kind") != "trust") & (inspected >= joined)
    counts &= joined <= years_before(as_of, YEARS_HELD).toordinal()
    latest, previous = value("latest_grade"), value("previous_grade")
    below = given("latest_grade") & (latest >= 3)
    change = np.where(given("latest_grade") & given("previous_grade"), np.sign(latest - previous), 0)
    result: dict[str, tuple[int, int, int]] = {}
    for row in np.flatnonzero(counts).tolist():
        trust = stood.values("trust_id")[row]
        number, poor, fallen = result.get(trust, _NONE)
        result[trust] = (number + 1, poor + int(below[row]), fallen + int(change[row]))
    return result


def _readers(table: Records) -> tuple[Callable[[str], Integers], Callable[[str], Flags]]:
    return table.values, table.given


NO_RULE = -1


class Exits:
    """Where each row of the schools table left: stage and reason, both empty while it is in."""

    def __init__(self, rows: int):
        self.stage: Texts = np.full(rows, "", dtype=object)
        self.reason: Texts = np.full(rows, "", dtype=object)

    @property
    def inside(self) -> Flags:
        """The rows that are still in."""
        return np.asarray(self.stage == "", dtype=bool)

    def leave(self, rows: Flags, stage: str, reason: Any) -> None:
        """Take out the given rows, those of them that are still in; `reason` is one or one a row."""
        going = rows & self.inside
        self.stage[going] = stage
        self.reason[going] = reason if isinstance(reason, str) else reason[going]


@dataclass(frozen=True, eq=False)
class Entry:
    """The schools after listing and eligibility.

    Attributes:
        stood: the table as it stood, with derived columns.
        exits: who left, and why.
        rule: the index of the rule that let each row in, or NO_RULE.
    """

    stood: Records
    exits: Exits
    rule: Integers


def enter(scenario: Scenario) -> Entry:
    """Listing and eligibility, from the tables."""
    schools, settings = scenario.schools, scenario.settings
    exits = Exits(len(schools))
    left_out = schools.column("left_out")
    exits.leave(left_out.given, "listing", left_out.values)
    by_status = np.array([_left_by(status) for status in schools.values("establishment_status").tolist()], dtype=object)
    exits.leave(np.asarray(by_status != "", dtype=bool), "listing", by_status)
    stood = as_it_stood(schools, settings.as_of, ~exits.inside)
    exits.leave(done_with(scenario.current, schools.ids), "listing", "support-finished")
    if settings.eligibility.recipients == "school":
        is_trust = np.asarray(schools.values("kind") == "trust", dtype=bool)
        exits.leave(is_trust, "eligibility", "trust-not-a-recipient")
    if settings.as_of is not None:
        later = schools.given("arrived") & (schools.values("arrived") > settings.as_of.toordinal())
        exits.leave(later, "eligibility", "not-yet-arrived")
    rule, undecided = _rules(scenario, stood)
    if eligibility_rules(settings):
        exits.leave((rule == NO_RULE) & undecided, "eligibility", "cannot-tell")
        exits.leave(rule == NO_RULE, "eligibility", "not-eligible")
    return Entry(stood, exits, rule)


def _left_by(status: str) -> str:
    """Why a school of this establishment status leaves; a status that GIAS does not have is that of an open school."""
    word = status.casefold()
    return "closed" if word.startswith("closed") else STATUSES.get(word, "")


def _rules(scenario: Scenario, stood: Records) -> tuple[Integers, Flags]:
    """The first rule that is true for each row, and whether any is undecided."""
    rule = np.full(len(stood), NO_RULE, dtype=np.int64)
    undecided = np.zeros(len(stood), dtype=bool)
    for n, candidate in enumerate(eligibility_rules(scenario.settings)):
        truth = decide(candidate.when, stood)
        rule[(rule == NO_RULE) & (truth == TRUE)] = n
        undecided |= truth == UNDECIDED
    return rule, undecided
