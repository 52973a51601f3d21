"""Who is eligible, by facts on the scenario's day.

Who is eligible, by the first rule that holds; a blank cell is `cannot-tell`, never "not eligible". The schools table
as it stood on a day, with the columns that are derived from it.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from nle_optimizer.memory import stage
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records, Texts, as_text, text_column
from nle_optimizer.scenario.columns import STATUSES
from nle_optimizer.scenario.policies import DERIVED_FROM, eligibility_rules
from nle_optimizer.scenario.settings import Rule, Settings
from nle_optimizer.stages.conditions import Verdict, evaluate
from nle_optimizer.stages.current import support_finished
from nle_optimizer.stages.ledger import Exclusions, Ledger

LONG_HELD_YEARS = 3
OF_THE_LATEST = ("leadership_grade", "education_grade", "best_grade_since_2005")


@stage()
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


RULE = "policy_rule"
"""Column that the stage adds: the name of the rule that let the school in; blank under `all`."""


@stage("eligibility", "as_of")
def keep_eligible(facts: Records, settings: Settings, current: Records | None = None) -> tuple[Records, Exclusions]:
    """The eligible rows of the schools table, with the rule that let each in; and everybody else, with what decided.

    Args:
        facts: the table as it stood, derived columns included.
        settings: the scenario's settings.
        current: what stands today, if there is such a table.
    """
    ledger = Ledger()
    listed = leave_as_finished(_leave_at_listing(facts, ledger), current, ledger)
    present = _leave_by_kind_and_day(listed, settings, ledger)
    rules = eligibility_rules(settings)
    if not rules:
        return present.with_columns({RULE: text_column([""] * len(present))}), ledger.entries
    verdicts = [evaluate(rule.when, present) for rule in rules]
    first = _first_true(verdicts, [rule.name for rule in rules])
    eligible = first != ""
    undecided = ~eligible & np.any([verdict.undecided for verdict in verdicts], axis=0)
    columns = list(dict.fromkeys(column for rule in rules for column in rule.when))
    _leave(present, undecided, "cannot-tell", _blanks(present.take(undecided), rules), ledger)
    refused = ~eligible & ~undecided
    _leave(present, refused, "not-eligible", _cells(present.take(refused), columns), ledger)
    let_in = present.with_columns({RULE: Column(Kind.TEXT, first, eligible)}).take(eligible)
    return let_in.with_columns({"priority": _priorities(let_in, rules)}), ledger.entries


def _priorities(table: Records, rules: Sequence[Rule]) -> Column:
    """Each school's own priority, else that of the rule that let it in."""
    own = table.column("priority")
    by_rule = {rule.name: rule.priority for rule in rules}
    ruled = [by_rule[name] for name in table.values(RULE)]
    values = [cell if given else rank or 0 for cell, given, rank in zip(own.values, own.given, ruled, strict=True)]
    given = own.given | np.array([rank is not None for rank in ruled], dtype=bool)
    return Column(own.kind, np.array(values, dtype=np.int64), given)


def _first_true(verdicts: Sequence[Verdict], names: Sequence[str]) -> Texts:
    first = np.full(len(verdicts[0].true), "", dtype=object)
    for verdict, name in reversed(list(zip(verdicts, names, strict=True))):
        first[verdict.true] = name
    return first


def _leave(table: Records, rows: Flags, reason: str, evidence: Iterable[str], ledger: Ledger) -> None:
    ledger.take_out(table.ids[rows].tolist(), "eligibility", reason, list(evidence))


def _leave_at_listing(facts: Records, ledger: Ledger) -> Records:
    reason = left_at_listing(facts)
    out = np.asarray(reason != "", dtype=bool)
    leaving, reasons = facts.take(out), reason[out].tolist()
    code, shown = leaving.column("left_out"), leaving.column("left_out_evidence")
    status = leaving.values("establishment_status")
    evidence = [
        (shown.values[n] or f"left_out: {code.values[n]}") if code.given[n] else f"establishment_status: {status[n]}"
        for n in range(len(leaving))
    ]
    ledger.take_out(leaving.ids.tolist(), "listing", reasons, evidence)
    return facts.take(~out)


def leave_as_finished(table: Records, current: Records | None, ledger: Ledger) -> Records:
    """The rows of schools and trusts whose support has not finished; the others leave at the listing."""
    over = support_finished(current)
    rows = np.fromiter((identifier in over for identifier in table.ids), bool, len(table))
    if not rows.any():
        return table
    leaving = table.ids[rows].tolist()
    ledger.take_out(leaving, "listing", "support-finished", [over[identifier] for identifier in leaving])
    return table.take(~rows)


def _leave_by_kind_and_day(table: Records, settings: Settings, ledger: Ledger) -> Records:
    trusts = table.column("kind").or_else("school") == "trust"
    barred = trusts if settings.eligibility.recipients == "school" else np.zeros(len(table), bool)
    _leave(table, barred, "trust-not-a-recipient", ["kind: trust"] * int(barred.sum()), ledger)
    arrived = table.column("arrived")
    late = np.zeros(len(table), bool)
    if settings.as_of is not None:
        late = ~barred & arrived.given & (arrived.values > settings.as_of.toordinal())
    days = [f"arrived: {date.fromordinal(int(day))}" for day in arrived.values[late]]
    _leave(table, late, "not-yet-arrived", days, ledger)
    return table.take(~barred & ~late)


def _blanks(table: Records, rules: Sequence[Rule]) -> list[str]:
    """For each row, the columns whose blank cells leave a rule undecided, as they stand in the schools table."""
    undecided: dict[str, Flags] = {}
    for rule in rules:
        open_rule = evaluate(rule.when, table).undecided
        for name, condition in rule.when.items():
            rows = open_rule & evaluate({name: condition}, table).undecided
            for column in DERIVED_FROM.get(name, (name,)):
                blank = rows & ~table.given(column) if column in table.spec.columns else rows
                undecided[column] = undecided.get(column, np.zeros(len(table), bool)) | blank
    return ["blank: " + ", ".join(name for name, rows in undecided.items() if rows[n]) for n in range(len(table))]


def _cells(table: Records, columns: Sequence[str]) -> list[str]:
    shown = {name: as_text(table.column(name)) for name in columns}
    return [", ".join(f"{name}: {shown[name][n] or 'blank'}" for name in columns) for n in range(len(table))]
