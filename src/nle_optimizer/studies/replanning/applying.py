"""Decisions carried out one after the other, with every fault of every row told at once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nle_optimizer.errors import InputError, Problem
from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.references import Known
from nle_optimizer.studies.replanning import pair_actions, party_actions
from nle_optimizer.studies.replanning.amendments import Amendments
from nle_optimizer.studies.replanning.refusal import RefusedError

PAIR = ("school_id", "nle_id")
WHAT = ("school_id", "nle_id", "trust_id", "resource", "amount")
"""The cells of a row that an action may need; those that it has no use for must be blank."""
TABLES = {"school_id": "schools", "nle_id": "nles", "trust_id": "trusts"}


@dataclass(frozen=True)
class Action:
    """The cells that an action needs, those that it may have too, and what it does."""

    needs: tuple[str, ...]
    may: tuple[str, ...]
    effect: Callable[[Amendments, Change], None]


ACTIONS = {
    "agree": Action(PAIR, (), pair_actions.agree),
    "start": Action(PAIR, (), pair_actions.start),
    "finish": Action(PAIR, ("resource", "amount"), pair_actions.finish),
    "pin": Action(PAIR, (), pair_actions.pin),
    "forbid": Action(PAIR, (), pair_actions.forbid),
    "school-objects": Action(PAIR, (), pair_actions.school_objects),
    "nle-declines": Action(PAIR, (), pair_actions.nle_declines),
    "nle-withdraws": Action(("nle_id",), (), party_actions.nle_withdraws),
    "school-withdraws": Action(("school_id",), (), party_actions.school_withdraws),
    "trust-declines": Action(("school_id",), ("trust_id",), party_actions.trust_declines),
    "capacity": Action(("amount",), ("nle_id", "trust_id", "resource"), party_actions.capacity),
    "add-school": Action(("school_id",), ("trust_id",), party_actions.add_school),
    "add-nle": Action(("nle_id",), ("trust_id",), party_actions.add_nle),
}
"""What every action needs and does; `undo` is over before."""


def apply(desk: Amendments, changes: Iterable[Change]) -> None:
    """Carry out decisions in their order.

    Raises:
        InputError: every row that is incomplete, names nobody, or contradicts what stands before it.
    """
    problems: list[Problem] = []
    for change in changes:
        faults = [*_incomplete(change), *_strangers(desk, change)]
        if not faults:
            try:
                ACTIONS[change.action].effect(desk, change)
            except RefusedError as refused:
                faults = [refused]
        problems += [Problem(change.place, fault.column, fault.what, fault.got, fault.hint) for fault in faults]
    if problems:
        raise InputError(problems)


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


def _strangers(desk: Amendments, change: Change) -> Iterator[RefusedError]:
    """Identifiers that no table has; additions bring their own."""
    for column, table in TABLES.items():
        identifier = getattr(change, column)
        known = desk.recipients if table == "schools" else desk.ids[table]
        if not identifier or identifier in known or change.action.startswith("add-"):
            continue
        what, hint = Known(known).lacking(identifier, table)
        yield RefusedError(column, what, identifier, hint)
