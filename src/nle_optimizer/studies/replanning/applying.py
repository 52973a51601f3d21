"""Decisions carried out one after the other, with every fault of every row told at once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nle_optimizer.errors import Finding, InputError, Problem
from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.journal import Decision
from nle_optimizer.scenario.references import Known
from nle_optimizer.studies.replanning import actions
from nle_optimizer.studies.replanning.amendments import Amendments, RefusedError

PAIR = ("school_id", "nle_id")
WHAT = ("school_id", "nle_id", "trust_id", "resource", "amount", "key", "value", "number")
"""The cells of a row that an action may need; those that it has no use for must be blank."""
TABLES = {"school_id": "schools", "nle_id": "nles", "trust_id": "trusts"}


@dataclass(frozen=True)
class Action:
    """The cells that an action needs, those that it may have too, and what it does."""

    needs: tuple[str, ...]
    may: tuple[str, ...]
    effect: Callable[[Amendments, Decision], None]


ACTIONS = {
    "offer": Action(PAIR, (), actions.offer),
    "agree": Action(PAIR, (), actions.agree),
    "start": Action(PAIR, (), actions.start),
    "finish": Action(PAIR, ("resource", "amount"), actions.finish),
    "pin": Action(PAIR, (), actions.pin),
    "forbid": Action(PAIR, (), actions.forbid),
    "school-objects": Action(PAIR, (), actions.school_objects),
    "nle-declines": Action(PAIR, (), actions.nle_declines),
    "nle-withdraws": Action(("nle_id",), (), actions.nle_withdraws),
    "pause": Action(("nle_id",), (), actions.pause),
    "resume": Action(("nle_id",), (), actions.resume),
    "school-withdraws": Action(("school_id",), (), actions.school_withdraws),
    "reopen": Action(("school_id",), (), actions.reopen),
    "trust-declines": Action(("school_id",), ("trust_id",), actions.trust_declines),
    "capacity": Action(("amount",), ("nle_id", "trust_id", "resource"), actions.capacity),
    "add-school": Action(("school_id",), ("trust_id",), actions.add_school),
    "add-nle": Action(("nle_id",), ("trust_id",), actions.add_nle),
    "set": Action(("key", "value"), (), actions.setting),
}
"""What every action needs and does; `undo` is over before."""


def carry_out(tables: Amendments, decisions: Iterable[Decision]) -> None:
    """Carry out new decisions in their order.

    Raises:
        InputError: every row that is incomplete, names nobody, or contradicts what stands before it.
    """
    problems: list[Problem] = []
    for decision in decisions:
        change = decision.change
        faults = [*_incomplete(change), *_strangers(tables, change)] or _refusals(tables, decision)
        problems += [Problem(change.place, fault.column, fault.what, fault.got, fault.hint) for fault in faults]
    if problems:
        raise InputError(problems)


def recall(tables: Amendments, decisions: Iterable[Decision]) -> list[Finding]:
    """Carry out decisions of earlier plans once more; findings on those that the tables leave without effect.

    Raises:
        InputError: every one that contradicts the tables, or what stands without those that were taken back.
    """
    problems: list[Problem] = []
    findings: list[Finding] = []
    tables.recalls = True
    for decision in decisions:
        change = decision.change
        told = f"{decision.where}: {change.sentence}"
        idle = [*_strangers(tables, change), *_added_already(tables, change)]
        findings += [
            Finding(change.place, fault.column, f"{told}: {fault.what}", fault.got, code="decision-without-effect")
            for fault in idle
        ]
        hint = f"take it back (undo {decision.number}), or mend the tables"
        faults = [] if idle else _refusals(tables, decision)
        problems += [Problem(change.place, fault.column, f"{told}: {fault.what}", fault.got, hint) for fault in faults]
    tables.recalls = False
    if problems:
        raise InputError(problems)
    return findings


def _added_already(tables: Amendments, change: Change) -> Iterator[RefusedError]:
    """An addition that newer tables have as a row of their own, which counts."""
    column = {"add-school": "school_id", "add-nle": "nle_id"}.get(change.action)
    if column is not None and getattr(change, column) in tables.ids[TABLES[column]]:
        yield RefusedError(column, f"the {TABLES[column]} table has it by now, and its row counts")


def _refusals(tables: Amendments, decision: Decision) -> list[RefusedError]:
    """Carry out a decision, or say why it cannot be."""
    try:
        ACTIONS[decision.change.action].effect(tables, decision)
    except RefusedError as refused:
        return [refused]
    return []


def _incomplete(change: Change) -> Iterator[RefusedError]:
    action = ACTIONS[change.action]
    for name in WHAT:
        filled = getattr(change, name) not in ("", None)
        if name in action.needs and not filled:
            yield RefusedError(name, f"{change.action} needs this cell")
        elif filled and name not in (*action.needs, *action.may):
            whom = " and ".join(action.needs)
            got = None if name == "amount" else str(getattr(change, name))
            yield RefusedError(name, f"{change.action} looks at {whom} alone; clear this cell", got)


def _strangers(tables: Amendments, change: Change) -> Iterator[RefusedError]:
    """Identifiers that no table has; additions bring their own."""
    for column, table in TABLES.items():
        identifier = getattr(change, column)
        if not identifier or change.action.startswith("add-"):
            continue
        if identifier in tables.ids[table] or (table == "schools" and tables.is_recipient(identifier)):
            continue
        what, hint = Known(tables.ids[table]).lacking(identifier, table)
        yield RefusedError(column, what, identifier, hint)
