"""Who is eligible, by the first rule that holds; a blank cell is `cannot-tell`, never "not eligible"."""

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from nle_optimizer.records import Column, Flags, Kind, Records, Texts, as_text, text_column
from nle_optimizer.scenario.policies import DERIVED_FROM, eligibility_rules
from nle_optimizer.scenario.settings import Rule, Settings
from nle_optimizer.stages.conditions import Verdict, evaluate
from nle_optimizer.stages.current import support_finished
from nle_optimizer.stages.facts import left_at_listing
from nle_optimizer.stages.ledger import Ledger

RULE = "policy_rule"
"""Column that the stage adds: the name of the rule that let the school in; blank under `all`."""


def keep_eligible(facts: Records, settings: Settings, ledger: Ledger, current: Records | None = None) -> Records:
    """The eligible rows of the schools table, with the rule that let each in.

    Args:
        facts: the table as it stood, derived columns included.
        settings: the scenario's settings.
        ledger: takes everyone else, with the cells that decided.
        current: what stands today, if there is such a table.
    """
    listed = leave_as_finished(_leave_at_listing(facts, ledger), current, ledger)
    present = _leave_by_kind_and_day(listed, settings, ledger)
    rules = eligibility_rules(settings)
    if not rules:
        return present.with_columns({RULE: text_column([""] * len(present))})
    verdicts = [evaluate(rule.when, present) for rule in rules]
    first = _first_true(verdicts, [rule.name for rule in rules])
    eligible = first != ""
    undecided = ~eligible & np.any([verdict.undecided for verdict in verdicts], axis=0)
    columns = list(dict.fromkeys(column for rule in rules for column in rule.when))
    _leave(present, undecided, "cannot-tell", _blanks(present.take(undecided), rules), ledger)
    refused = ~eligible & ~undecided
    _leave(present, refused, "not-eligible", _cells(present.take(refused), columns), ledger)
    let_in = present.with_columns({RULE: Column(Kind.TEXT, first, eligible)}).take(eligible)
    return let_in.with_columns({"priority": _priorities(let_in, rules)})


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
