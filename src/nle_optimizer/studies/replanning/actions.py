"""What a changes file asks for, applied one by one.

What each decision does to the tables: to a pair, to one side, to the rows there are. Decisions carried out one after
the other, with every fault of every row told at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from nle_optimizer.errors import Fault, Finding, InputError, did_you_mean
from nle_optimizer.records import MILLION, shortest
from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.columns import ENDED, PINNED
from nle_optimizer.scenario.journal import Decision
from nle_optimizer.scenario.references import Known
from nle_optimizer.stages.trust_first import mode_of
from nle_optimizer.studies.replanning.amendments import BARRED, Amendments, DecisionRefusedError, NewRow, filled

WITHDRAWN, PAUSED, AVAILABLE = "withdrawn", "paused", "available"
GONE = (WITHDRAWN, PAUSED)


def offer(tables: Amendments, decision: Decision) -> None:
    """The pair was offered to both sides."""
    _stand(tables, decision, "offered", before=("proposed", "offered"))


def agree(tables: Amendments, decision: Decision) -> None:
    """Both sides agreed: the pair is pinned."""
    _stand(tables, decision, "agreed", before=("proposed", "offered", "agreed"))


def start(tables: Amendments, decision: Decision) -> None:
    """The support began: the pair is pinned."""
    _stand(tables, decision, "started", before=("proposed", "offered", *PINNED))


def _stand(tables: Amendments, decision: Decision, state: str, before: tuple[str, ...]) -> None:
    """The pair has another state, which it may not have passed already."""
    pair = decision.change.pair
    if not tables.recalls:
        _must_stand(tables, decision)
    held = tables.states.get(pair)
    if held is None or held in before:
        tables.stand(pair, state, decision)
    elif not tables.recalls:
        raise DecisionRefusedError("action", f"the pair has {held} already; take this row out")


def finish(tables: Amendments, decision: Decision) -> None:
    """The support ended well: the school leaves, what was used of the NLE is gone."""
    change, used = decision.change, dict(decision.change.further or {})
    if not tables.recalls:
        _must_stand(tables, decision)
    if change.amount is not None:
        used[resource_of(tables, decision)] = shortest(change.amount, 6)
    elif change.resource:
        raise DecisionRefusedError(
            "amount", f"how much {change.resource} was used is missing", hint="fill it, or neither"
        )
    tables.end(change.pair, decision, used)
    told = {name: text for name, text in tables.taken[change.pair].items() if name != "placements" and text}
    tables.complete(decision, replace(change, further={**told, **used} or None))


def pin(tables: Amendments, decision: Decision) -> None:
    """The pair must be matched, whether it stands or not."""
    school, nle = pair = decision.change.pair
    words = sorted(set(BARRED) & set(tables.relation(pair)))
    if words:
        raise DecisionRefusedError("action", f"the pair {nle}, {school} is barred ({words[0]}), so it cannot be pinned")
    if tables.states.get(pair) in ENDED:
        raise DecisionRefusedError("action", f"the pair {nle}, {school} has ended, and an ended pair is not made again")
    status = tables.cell("nles", "status", nle)
    if status in GONE:
        raise DecisionRefusedError("nle_id", f"the NLE is {status}, so nothing can be pinned to it", nle)
    if tables.cell("schools", "left_out", school):
        raise DecisionRefusedError("school_id", "the school is out, so it cannot be pinned", school)
    if _has_finished(tables, school):
        raise DecisionRefusedError("school_id", "its support has finished", school, "put it back with reopen first")
    tables.require(pair, decision)


def forbid(tables: Amendments, decision: Decision) -> None:
    """Somebody rules the pair out."""
    tables.bar(decision.change.pair, decision, "forbid")


def school_objects(tables: Amendments, decision: Decision) -> None:
    """The school objects: on record as such, and ruled out whatever `conflicts.declared` says."""
    tables.bar(decision.change.pair, decision, "objects", "forbid")


def nle_declines(tables: Amendments, decision: Decision) -> None:
    """The NLE declines the school."""
    tables.bar(decision.change.pair, decision, "forbid")


def nle_withdraws(tables: Amendments, decision: Decision) -> None:
    """The NLE is out, and none of its pairs stands."""
    tables.set_cell("nles", "status", decision.change.nle_id, WITHDRAWN)
    _let_go_all(tables, decision, side=1, identifier=decision.change.nle_id)


def pause(tables: Amendments, decision: Decision) -> None:
    """The NLE takes part in nothing until resumed; what is agreed with it has to be settled first."""
    nle = decision.change.nle_id
    held = sorted(school for (school, own), state in tables.states.items() if own == nle and state in PINNED)
    if held and not tables.recalls:
        what = f"{', '.join(held)} is agreed or has started with it, and a paused NLE supports nobody"
        raise DecisionRefusedError(
            "nle_id", what, nle, "end each pair first (finish, nle-declines), or let the NLE withdraw"
        )
    tables.set_cell("nles", "status", nle, PAUSED)
    _let_go_all(tables, decision, side=1, identifier=nle)


def resume(tables: Amendments, decision: Decision) -> None:
    """The NLE that paused or withdrew is available again; its pairs are not made again by that."""
    nle = decision.change.nle_id
    if tables.cell("nles", "status", nle) not in GONE and not tables.recalls:
        raise DecisionRefusedError("nle_id", "the NLE neither pauses nor has withdrawn", nle)
    tables.set_cell("nles", "status", nle, AVAILABLE)


def school_withdraws(tables: Amendments, decision: Decision) -> None:
    """The school is out, and none of its pairs stands."""
    school = decision.change.school_id
    if school not in tables.ids["schools"] and tables.is_recipient(school):
        what = "this trust is formed from its schools: let them withdraw"
        raise DecisionRefusedError("school_id", what, school)
    if not tables.cell("schools", "left_out", school):
        tables.set_cell("schools", "left_out", school, WITHDRAWN)
        tables.set_cell("schools", "left_out_evidence", school, decision.change.words)
    _let_go_all(tables, decision, side=0, identifier=school)


def reopen(tables: Amendments, decision: Decision) -> None:
    """A school that withdrew or whose support has finished is there again; what was used stays used."""
    school = decision.change.school_id
    left_out = tables.cell("schools", "left_out", school)
    if not tables.recalls and not _has_finished(tables, school) and left_out != WITHDRAWN:
        why = f"the schools table leaves it out ({left_out})" if left_out else "it neither withdrew nor has it finished"
        raise DecisionRefusedError("school_id", f"{why}, so it cannot be put back", school)
    for pair, state in tables.states.items():
        if pair[0] == school and state == "finished":
            tables.states[pair] = "reopened"
    if left_out == WITHDRAWN:
        tables.set_cell("schools", "left_out", school, "")
        tables.set_cell("schools", "left_out_evidence", school, "")


def _has_finished(tables: Amendments, school: str) -> bool:
    return any(whose == school and state == "finished" for (whose, _), state in tables.states.items())


def _let_go_all(tables: Amendments, decision: Decision, *, side: int, identifier: str) -> None:
    concerned = {pair for pair in {*tables.states, *tables.required()} if pair[side] == identifier}
    for pair in sorted(concerned):
        tables.let_go(pair, decision)


def capacity(tables: Amendments, decision: Decision) -> None:
    """An NLE or a trust has another capacity from now on."""
    change = decision.change
    if bool(change.nle_id) == bool(change.trust_id):
        raise DecisionRefusedError("nle_id", "a capacity is that of an NLE or of a trust: fill one of nle_id, trust_id")
    assert change.amount is not None
    if change.nle_id:
        resource = resource_of(tables, decision)
        tables.complete(decision, replace(change, resource=resource))
        tables.set_cell("nles", resource, change.nle_id, shortest(change.amount, 6))
        return
    if tables.scenario.trusts is None:
        raise DecisionRefusedError("trust_id", "there is no trusts table that could hold a capacity", change.trust_id)
    if change.resource:
        raise DecisionRefusedError("resource", "the capacity of a trust is a number of schools; clear this cell")
    if change.amount % MILLION:
        raise DecisionRefusedError("amount", "a trust takes a whole number of schools", shortest(change.amount, 6))
    tables.set_cell("trusts", "capacity", change.trust_id, shortest(change.amount, 6))


def trust_declines(tables: Amendments, decision: Decision) -> None:
    """The trust that a school is matched with declines: the match ends, and that trust is barred for the school."""
    change, school = decision.change, decision.change.school_id
    matched = tables.cell("schools", "matched_trust_id", school)
    declined = tables.cell("schools", "trust_decision", school) == "declined"
    if matched and declined and not tables.recalls:
        what = f"trust {matched} has declined it already, and the schools table has room for one trust that declined"
        raise DecisionRefusedError("trust_id", what, hint="keep the school from trusts by trust_first.qualifies")
    if mode_of(tables.scenario.settings, tables.scenario.schools) == "off" and not tables.recalls:
        raise DecisionRefusedError("action", "the scenario matches no school with a trust (trust_first.mode: off)")
    if not matched and not change.trust_id:
        raise DecisionRefusedError("trust_id", "the school is matched with no trust; name the one that declines")
    if matched and change.trust_id not in ("", matched) and not tables.recalls:
        raise DecisionRefusedError("trust_id", f"the school is matched with trust {matched}", change.trust_id)
    trust = change.trust_id or matched
    tables.complete(decision, replace(change, trust_id=trust))
    tables.set_cell("schools", "matched_trust_id", school, trust)
    tables.set_cell("schools", "trust_decision", school, "declined")


def add_school(tables: Amendments, decision: Decision) -> None:
    """A school that the tables do not have yet."""
    _add(tables, decision, "schools", "school_id", decision.change.school_id)


def add_nle(tables: Amendments, decision: Decision) -> None:
    """An NLE that the tables do not have yet."""
    _add(tables, decision, "nles", "nle_id", decision.change.nle_id)


def _add(tables: Amendments, decision: Decision, table: str, key: str, identifier: str) -> None:
    if identifier in tables.ids[table]:
        what = f"the {table} table has this identifier already; nothing can be added under it"
        raise DecisionRefusedError(key, what, identifier)
    cells = filled(tables, decision.change, table)
    trust = cells.pop("trust_id", decision.change.trust_id)
    tables.complete(decision, replace(decision.change, trust_id=trust, further=cells))
    own = {"trust_id": trust} if trust else {}
    tables.add(table, identifier, NewRow(decision, {key: identifier, **own, **cells}))


def setting(tables: Amendments, decision: Decision) -> None:
    """A setting is another from now on; settings are in force before the tables are amended."""


def resource_of(tables: Amendments, decision: Decision) -> str:
    """The resource that a decision means: the one it names, or the only one there is."""
    known, named = tables.scenario.resources, decision.change.resource
    if not named and len(known) == 1:
        return known[0]
    if named not in known:
        what = "this is no resource of the scenario" if named else "there are several resources; name one"
        hint = did_you_mean(named, known) or f"one of {', '.join(known)}"
        raise DecisionRefusedError("resource", what, named or None, hint)
    return named


def _must_stand(tables: Amendments, decision: Decision) -> None:
    pair = school, nle = decision.change.pair
    if tables.stands(pair):
        return
    others = sorted(other for whose, other in tables.states if whose == school and tables.stands((whose, other)))
    has = f"{school} has {', '.join(others)}" if others else f"{school} has no NLE"
    state = tables.states.get(pair)
    why = f"it is {state}" if state else has
    broken = tables.broken.get(pair)
    if broken is not None:
        why = f"{broken.change.sentence} ({broken.where})"
    raise DecisionRefusedError("action", f"the pair {nle}, {school} does not stand: {why}")


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
    "offer": Action(PAIR, (), offer),
    "agree": Action(PAIR, (), agree),
    "start": Action(PAIR, (), start),
    "finish": Action(PAIR, ("resource", "amount"), finish),
    "pin": Action(PAIR, (), pin),
    "forbid": Action(PAIR, (), forbid),
    "school-objects": Action(PAIR, (), school_objects),
    "nle-declines": Action(PAIR, (), nle_declines),
    "nle-withdraws": Action(("nle_id",), (), nle_withdraws),
    "pause": Action(("nle_id",), (), pause),
    "resume": Action(("nle_id",), (), resume),
    "school-withdraws": Action(("school_id",), (), school_withdraws),
    "reopen": Action(("school_id",), (), reopen),
    "trust-declines": Action(("school_id",), ("trust_id",), trust_declines),
    "capacity": Action(("amount",), ("nle_id", "trust_id", "resource"), capacity),
    "add-school": Action(("school_id",), ("trust_id",), add_school),
    "add-nle": Action(("nle_id",), ("trust_id",), add_nle),
    "set": Action(("key", "value"), (), setting),
}
"""What every action needs and does; `undo` is over before."""


HELD = ("agree", "start", "finish")
"""Decisions on pairs that the current table tells on, whoever the tables of now have; what is wrong there is said."""
CARRIED_THROUGH = (*HELD, "forbid", "school-objects", "nle-declines", "nle-withdraws", "school-withdraws", "reopen")
"""Decisions of earlier plans that pin a pair, or let one go, though the tables of now do not have both sides."""


def carry_out(tables: Amendments, decisions: Iterable[Decision]) -> None:
    """Carry out new decisions in their order.

    Raises:
        InputError: every row that is incomplete, names nobody, or contradicts what stands before it.
    """
    problems: list[Fault] = []
    for decision in decisions:
        change = decision.change
        strangers = (fault for fault in _strangers(tables, change) if not _ends_what_stood(tables, change))
        faults = [*_incomplete(change), *strangers] or _refusals(tables, decision)
        problems += [Fault(change.place, fault.column, fault.what, fault.got, fault.hint) for fault in faults]
    if problems:
        raise InputError(problems)


def recall(tables: Amendments, decisions: Iterable[Decision]) -> list[Finding]:
    """Carry out decisions of earlier plans once more; findings on those that the tables leave without effect.

    Raises:
        InputError: every one that contradicts the tables, or what stands without those that were taken back.
    """
    problems: list[Fault] = []
    findings: list[Finding] = []
    tables.recalls = True
    for decision in decisions:
        change = decision.change
        told = f"{decision.where}: {change.sentence}"
        strangers = list(_strangers(tables, change))
        if strangers and change.action in CARRIED_THROUGH:
            ACTIONS[change.action].effect(tables, decision)
        idle = [] if change.action in HELD else [*strangers, *_added_already(tables, change)]
        findings += [
            Finding(change.place, fault.column, f"{told}: {fault.what}", fault.got, code="decision-without-effect")
            for fault in idle
        ]
        hint = f"take it back (undo {decision.number}), or mend the tables"
        faults = [] if strangers or idle else _refusals(tables, decision)
        problems += [Fault(change.place, fault.column, f"{told}: {fault.what}", fault.got, hint) for fault in faults]
    tables.recalls = False
    if problems:
        raise InputError(problems)
    return findings


def _ends_what_stood(tables: Amendments, change: Change) -> bool:
    """Whether a decision lets go of pairs that stood, of somebody whom newer tables may not have any more."""
    return change.action in CARRIED_THROUGH and all(
        getattr(change, column) in tables.ids[table] or tables.stood(getattr(change, column))
        for column, table in TABLES.items()
        if getattr(change, column)
    )


def _added_already(tables: Amendments, change: Change) -> Iterator[DecisionRefusedError]:
    """An addition that newer tables have as a row of their own, which counts."""
    column = {"add-school": "school_id", "add-nle": "nle_id"}.get(change.action)
    if column is not None and getattr(change, column) in tables.ids[TABLES[column]]:
        yield DecisionRefusedError(column, f"the {TABLES[column]} table has it by now, and its row counts")


def _refusals(tables: Amendments, decision: Decision) -> list[DecisionRefusedError]:
    """Carry out a decision, or say why it cannot be."""
    try:
        ACTIONS[decision.change.action].effect(tables, decision)
    except DecisionRefusedError as refused:
        return [refused]
    return []


def _incomplete(change: Change) -> Iterator[DecisionRefusedError]:
    action = ACTIONS[change.action]
    for name in WHAT:
        filled = getattr(change, name) not in ("", None)
        if name in action.needs and not filled:
            yield DecisionRefusedError(name, f"{change.action} needs this cell")
        elif filled and name not in (*action.needs, *action.may):
            whom = " and ".join(action.needs)
            got = None if name == "amount" else str(getattr(change, name))
            yield DecisionRefusedError(name, f"{change.action} looks at {whom} alone; clear this cell", got)


def _strangers(tables: Amendments, change: Change) -> Iterator[DecisionRefusedError]:
    """Identifiers that no table has; additions bring their own."""
    for column, table in TABLES.items():
        identifier = getattr(change, column)
        if not identifier or change.action.startswith("add-"):
            continue
        if identifier in tables.ids[table] or (table == "schools" and tables.is_recipient(identifier)):
            continue
        what, hint = Known(tables.ids[table]).lacking(identifier, table)
        yield DecisionRefusedError(column, what, identifier, hint)
