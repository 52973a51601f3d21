"""The schools table as it stood on a day, with the columns that are derived from it."""

from datetime import date

import numpy as np

from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records, Texts
from nle_optimizer.scenario.columns import STATUSES

LONG_HELD_YEARS = 3
OF_THE_LATEST = ("leadership_grade", "education_grade", "best_grade_since_2005")


def as_it_stood(schools: Records, as_of: date | None) -> Records:
    """The table without the inspections and joins after `as_of`, and with every derived column.

    An inspection after the day has not happened yet, so the one before becomes the latest.
    """
    if as_of is not None:
        schools = _without_later(schools, as_of.toordinal())
    return schools.with_columns(_derived(schools, as_of))


def _without_later(schools: Records, day: int) -> Records:
    latest, previous = schools.column("latest_inspected"), schools.column("previous_inspected")
    late = latest.given & (latest.values > day)
    both = late & previous.given & (previous.values > day)
    columns: dict[str, Column] = {}
    if late.any():
        for what in ("grade", "inspected"):
            then, before = schools.column(f"latest_{what}"), schools.column(f"previous_{what}")
            columns[f"latest_{what}"] = _where(both, _blanked(then, both), _where(late, before, then))
            columns[f"previous_{what}"] = _blanked(before, late)
        for name in OF_THE_LATEST:
            columns[name] = _blanked(schools.column(name), late)
        count = schools.column("inspections")
        fewer = np.maximum(count.values - late - both, 0)
        columns["inspections"] = Column(count.kind, fewer, count.given)
    joined = schools.column("trust_joined")
    later = joined.given & (joined.values > day)
    columns |= {name: _blanked(schools.column(name), later) for name in ("trust_id", "trust_joined")}
    return schools.with_columns(columns)


def _where(rows: Flags, new: Column, old: Column) -> Column:
    return Column(old.kind, np.where(rows, new.values, old.values), np.where(rows, new.given, old.given))


def _blanked(column: Column, rows: Flags) -> Column:
    values = column.values.copy()
    values[rows] = "" if values.dtype == object else 0
    return Column(column.kind, values, column.given & ~rows)


def _derived(schools: Records, as_of: date | None) -> dict[str, Column]:
    trust, joined = schools.column("trust_id"), schools.column("trust_joined")
    before = schools.column("previous_inspected")
    known = ~trust.given | (joined.given & before.given)
    same = Column(Kind.YES_NO, ~trust.given | (joined.values <= before.values), known)
    if as_of is None:
        return {"same_structure": same}
    return {
        "same_structure": same,
        "days_since_inspection": _days_since(schools.column("latest_inspected"), as_of),
        "days_waiting": _days_since(schools.column("arrived"), as_of),
        **_trust_record(schools, as_of),
    }


def _days_since(column: Column, as_of: date) -> Column:
    return Column(Kind.COUNT, as_of.toordinal() - column.values, column.given)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _trust_record(schools: Records, as_of: date) -> dict[str, Column]:
    """What each school's trust has on record: schools held long and inspected since they joined."""
    trust, joined = schools.column("trust_id"), schools.column("trust_joined")
    inspected = schools.column("latest_inspected")
    latest, previous = schools.column("latest_grade"), schools.column("previous_grade")
    listed = (left_at_listing(schools) == "") & (schools.column("kind").or_else("school") != "trust")
    held = trust.given & joined.given & (joined.values <= _years_before(as_of, LONG_HELD_YEARS).toordinal())
    counts = listed & held & inspected.given & (inspected.values >= joined.values)
    names, trust_of = np.unique(trust.values.astype(str), return_inverse=True)

    def per_trust(rows: Flags) -> Integers:
        return np.bincount(trust_of[rows], minlength=len(names)).astype(np.int64)[trust_of]

    number = per_trust(counts)
    below = per_trust(counts & latest.given & (latest.values >= 3))
    both = counts & latest.given & previous.given
    fell = per_trust(both & (latest.values > previous.values))
    rose = per_trust(both & (latest.values < previous.values))
    known = trust.given & (number > 0)
    share = Column(Kind.SHARE, below * MILLION // np.maximum(number, 1), known)
    return {
        "trust_long_held": Column(Kind.COUNT, number, trust.given),
        "trust_share_below_good": share,
        "trust_declining": Column(Kind.YES_NO, fell > rose, known),
    }


def left_at_listing(schools: Records) -> Texts:
    """Why the table itself takes each row out: `left_out`, else the establishment status; "" where neither does."""
    status = schools.values("establishment_status")
    reason = {text: _reason(text.casefold()) for text in set(status.tolist())}
    by_status = np.array([reason[text] for text in status], dtype=object)
    return np.where(schools.given("left_out"), schools.values("left_out"), by_status)


def _reason(status: str) -> str:
    return STATUSES.get(status, "closed" if status.startswith("closed") else "")
