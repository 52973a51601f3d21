"""Decisions on one side: somebody withdraws, has more or less to give, or is new."""

from nle_optimizer.errors import did_you_mean
from nle_optimizer.records import MILLION, shortest
from nle_optimizer.scenario.changes import Change
from nle_optimizer.stages.trust_first import mode_of
from nle_optimizer.studies.replanning.amendments import Amendments
from nle_optimizer.studies.replanning.pair_actions import resource_of
from nle_optimizer.studies.replanning.refusal import RefusedError

WITHDRAWN = "withdrawn"


def nle_withdraws(desk: Amendments, change: Change) -> None:
    """The NLE is out, and none of its pairs stands."""
    desk.set_cell("nles", "status", change.nle_id, WITHDRAWN)
    _let_go_all(desk, change, side=1, identifier=change.nle_id)


def school_withdraws(desk: Amendments, change: Change) -> None:
    """The school is out, and none of its pairs stands."""
    if change.school_id not in desk.ids["schools"]:
        what = "this trust is formed from its schools: let them withdraw"
        raise RefusedError("school_id", what, change.school_id)
    if not desk.cell("schools", "left_out", change.school_id):
        desk.set_cell("schools", "left_out", change.school_id, WITHDRAWN)
        desk.set_cell("schools", "left_out_evidence", change.school_id, change.sentence)
    _let_go_all(desk, change, side=0, identifier=change.school_id)


def _let_go_all(desk: Amendments, change: Change, side: int, identifier: str) -> None:
    concerned = {pair for pair in (*desk.states, *desk.required()) if pair[side] == identifier}
    for pair in sorted(concerned):
        desk.let_go(pair, change)


def capacity(desk: Amendments, change: Change) -> None:
    """An NLE or a trust has another capacity from now on."""
    if bool(change.nle_id) == bool(change.trust_id):
        raise RefusedError("nle_id", "a capacity is that of an NLE or of a trust: fill one of nle_id, trust_id")
    assert change.amount is not None
    if change.nle_id:
        desk.set_cell("nles", resource_of(desk, change), change.nle_id, shortest(change.amount, 6))
        return
    if desk.scenario.trusts is None:
        raise RefusedError("trust_id", "there is no trusts table that could hold a capacity", change.trust_id)
    if change.resource:
        raise RefusedError("resource", "the capacity of a trust is a number of schools; clear this cell")
    if change.amount % MILLION:
        raise RefusedError("amount", "a trust takes a whole number of schools", shortest(change.amount, 6))
    desk.set_cell("trusts", "capacity", change.trust_id, shortest(change.amount, 6))


def trust_declines(desk: Amendments, change: Change) -> None:
    """The trust that a school is matched with declines: the match ends, and that trust is barred for the school."""
    school = change.school_id
    matched = desk.cell("schools", "matched_trust_id", school)
    decision = desk.cell("schools", "trust_decision", school)
    if matched and decision == "declined":
        what = f"trust {matched} has declined it already, and the schools table has room for one trust that declined"
        raise RefusedError("trust_id", what, hint="keep the school from trusts by trust_first.qualifies")
    if mode_of(desk.scenario.settings, desk.scenario.schools) == "off":
        raise RefusedError("action", "the scenario matches no school with a trust (trust_first.mode: off)")
    if not matched and not change.trust_id:
        raise RefusedError("trust_id", "the school is matched with no trust; name the one that declines")
    if matched and change.trust_id not in ("", matched):
        raise RefusedError("trust_id", f"the school is matched with trust {matched}", change.trust_id)
    desk.set_cell("schools", "matched_trust_id", school, change.trust_id or matched)
    desk.set_cell("schools", "trust_decision", school, "declined")


def add_school(desk: Amendments, change: Change) -> None:
    """A school that the tables do not have yet."""
    _add(desk, change, "schools", "school_id", change.school_id)


def add_nle(desk: Amendments, change: Change) -> None:
    """An NLE that the tables do not have yet."""
    _add(desk, change, "nles", "nle_id", change.nle_id)


def _add(desk: Amendments, change: Change, table: str, key: str, identifier: str) -> None:
    if identifier in desk.ids[table]:
        raise RefusedError(
            key, f"the {table} table has this identifier already; nothing can be added under it", identifier
        )
    records = getattr(desk.scenario, table)
    known = [*records.spec.columns, *records.extra, *desk.scenario.resources]
    for name in change.further or {}:
        if name not in known:
            raise RefusedError(name, f"the {table} table has no such column", name, did_you_mean(name, known))
    desk.add(table, identifier, change)
