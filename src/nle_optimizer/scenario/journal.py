"""The journal of decisions: who decided what, when and why, in order, each row chained to the one before by a hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from nle_optimizer.catalogue.summary import JournalFigures
from nle_optimizer.delimited import read_rows, restore
from nle_optimizer.errors import Fault, InputError, Place, RunFolderError
from nle_optimizer.records import MILLION, shortest
from nle_optimizer.scenario.changes import SENTENCES, UNDO, Change

FILE = "decisions.csv"
TOLD = "decisions"
"""What the summary of a run calls it."""
NUMBER, UNDOES, UNDONE_BY, PLAN, HASH = "number", "undoes", "undone_by", "plan", "hash"
TEXTS = ("school_id", "nle_id", "trust_id", "resource", "key", "value", "by", "note")
FIRST = (NUMBER, "action", *TEXTS[:4], "amount", "key", "value", "date", "by", "note", UNDOES, UNDONE_BY)
"""Columns of the file; then come further cells of additions, then `plan` and `hash`."""
ADDITIONS = ("add-school", "add-nle")


@dataclass(frozen=True)
class Decision:
    """One row.

    Attributes:
        number: from 1, in order.
        change: what was decided.
        undoes: the number of the decision that it takes back; None for any other action.
        plan: the SHA-256 of the `allocation.csv` on which it was decided.
    """

    number: int
    change: Change
    undoes: int | None
    plan: str

    @property
    def where(self) -> str:
        """Its number in words."""
        return f"decision {self.number}"

    def cells(self) -> dict[str, str]:
        """The filled cells of its row, as text, but for those that follow from other rows."""
        change = self.change
        told = {
            NUMBER: str(self.number),
            "action": change.action,
            **{name: getattr(change, name) for name in TEXTS},
            "amount": "" if change.amount is None else shortest(change.amount, 6),
            "date": date.fromordinal(change.day).isoformat() if change.day else "",
            UNDOES: "" if self.undoes is None else str(self.undoes),
            PLAN: self.plan,
        }
        return {name: text for name, text in {**(change.further or {}), **told}.items() if text}

    def hash_after(self, before: str) -> str:
        """SHA-256 of the hash of the row before, blank for the first, and of its cells as JSON with sorted keys."""
        text = json.dumps(self.cells(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


@dataclass(frozen=True)
class Journal:
    """Decisions in order; rows are added and never changed."""

    decisions: tuple[Decision, ...] = ()

    def __len__(self) -> int:
        return len(self.decisions)

    @cached_property
    def hashes(self) -> list[str]:
        """The hash of each row."""
        found = [""]
        for decision in self.decisions:
            found.append(decision.hash_after(found[-1]))
        return found[1:]

    @cached_property
    def undone_by(self) -> Mapping[int, int]:
        """The number of each decision that is taken back, and of the one that takes it back.

        Taking back an `undo` lets what it took back count again.
        """
        undone: dict[int, int] = {}
        for decision in reversed(self.decisions):
            if decision.undoes is not None and decision.number not in undone:
                undone.setdefault(decision.undoes, decision.number)
        return undone

    @property
    def standing(self) -> tuple[Decision, ...]:
        """The decisions that count: those that are not taken back, without the `undo` themselves."""
        return tuple(one for one in self.decisions if one.undoes is None and one.number not in self.undone_by)

    @property
    def told(self) -> JournalFigures:
        """What the summary of a run says of it, so that rows cut off at its end are missed."""
        return {"count": len(self), "last_hash": self.hashes[-1] if self.decisions else ""}

    def begins(self, other: "Journal") -> bool:
        """Whether another journal continues this one."""
        return self.hashes == other.hashes[: len(self)]

    def table(self) -> dict[str, list[str]]:
        """The rows as columns of text, for the file."""
        rows = [
            {**decision.cells(), UNDONE_BY: str(self.undone_by.get(decision.number, "")), HASH: digest}
            for decision, digest in zip(self.decisions, self.hashes, strict=True)
        ]
        last = (PLAN, HASH)
        further = sorted({name for row in rows for name in row} - {*FIRST, *last})
        return {name: [row.get(name, "") for row in rows] for name in (*FIRST, *further, *last)}

    def continued(self, changes: Iterable[Change], plan: str) -> "Journal":
        """The journal with some changes after it, in their order.

        Args:
            changes: what was decided.
            plan: the SHA-256 of the `allocation.csv` on which it was decided.

        Raises:
            InputError: each `undo` that finds nothing to take back.
        """
        journal, problems = self, list[Fault]()
        for change in changes:
            found = journal.target(change) if change.action == UNDO else None
            if isinstance(found, Fault):
                problems.append(found)
                continue
            undoes = None if found is None else found.number
            plain = replace(change, number=undoes, further=change.further if change.action in ADDITIONS else None)
            journal = Journal((*journal.decisions, Decision(len(journal) + 1, plain, undoes, plan)))
        if problems:
            raise InputError(problems)
        return journal

    def completed(self, changes: Mapping[int, Change]) -> "Journal":
        """The same with other words for some decisions that were not written yet, by their number."""
        decisions = (replace(one, change=changes.get(one.number, one.change)) for one in self.decisions)
        return Journal(tuple(decisions))

    def target(self, change: Change) -> Decision | Fault:
        """The decision that an `undo` takes back, or what is wrong with it."""
        if change.number is not None:
            return self._numbered(change, change.number)
        named = any(change.subject)
        for decision in reversed(self.standing):
            if named and change.subject in (decision.change.subject, _without_trust(decision.change)):
                return decision
        whom = ", ".join(filter(None, change.subject)) or "nobody"
        hint = "write the same school_id, nle_id, trust_id and key as the decision has, or its number"
        return Fault(change.place, "action", f"there is no earlier decision on {whom} left to take back", hint=hint)

    def _numbered(self, change: Change, number: int) -> Decision | Fault:
        if not 0 < number <= len(self):
            what = f"there are {len(self)} decisions before this one" if len(self) else "nothing was decided before"
            return Fault(change.place, NUMBER, what, str(number), f"see {FILE}")
        if number in self.undone_by:
            what = f"it is taken back already (decision {self.undone_by[number]})"
            return Fault(change.place, NUMBER, what, str(number))
        found = self.decisions[number - 1]
        if any(mine not in ("", theirs) for mine, theirs in zip(change.subject, found.change.subject, strict=True)):
            what = f"{found.where} is another: {found.change.sentence}"
            return Fault(change.place, NUMBER, what, str(number), "clear the other cells, or mend the number")
        return found


def _without_trust(change: Change) -> tuple[str, ...]:
    """Whom an addition concerns: its trust, which may have been filled in, need not be told to take it back."""
    return replace(change, trust_id="").subject if change.action in ADDITIONS else change.subject


def journal_in(folder: Path, summary: Mapping[str, Any]) -> Journal:
    """The journal of a run folder; empty where nothing was decided.

    Args:
        folder: the run folder.
        summary: what its `summary.json` holds.

    Raises:
        RunFolderError: as `read_journal`; or it is not as long as the summary says.
    """
    file = folder / FILE
    journal = read_journal(file) if file.is_file() else Journal()
    told = summary.get(TOLD, Journal().told)
    if told != journal.told:
        count = told.get("count") if isinstance(told, Mapping) else None
        what = f"it has {len(journal)} decisions, and summary.json tells of {count}, or of another last one"
        raise RunFolderError(f"{file}: {what}: rows were cut off or added after it was written")
    return journal


def read_journal(file: Path) -> Journal:
    """A journal as a file holds it, whole or cut off at its end.

    Raises:
        RunFolderError: it cannot be read, or a row was changed, taken out or moved since it was written.
    """
    try:
        header, *body = read_rows(file) or [[]]
    except InputError as error:
        raise RunFolderError(str(error)) from error
    names = [restore(name) for name in header]
    decisions: list[Decision] = []
    before = ""
    for row, texts in enumerate(body, start=2):
        cells = dict(zip(names, map(restore, texts), strict=False))
        try:
            decision = decision_of(cells, file, row)
        except (ValueError, KeyError, ArithmeticError) as error:
            raise RunFolderError(f"{file}:row {row}: this is no row of a journal ({error})") from None
        before = decision.hash_after(before)
        if decision.number != row - 1 or before != cells[HASH]:
            what = "this row or one before it was changed, taken out or moved after it was written"
            raise RunFolderError(f"{file}:row {row}: {what}")
        decisions.append(decision)
    return Journal(tuple(decisions))


def decision_of(cells: Mapping[str, str], file: Path, row: int) -> Decision:
    """A row of the file.

    Raises:
        ValueError, KeyError, ArithmeticError: a cell that no journal has.
    """
    own = (*FIRST, PLAN, HASH)
    if cells["action"] not in SENTENCES:
        raise ValueError(f"the action {cells['action']}")
    undoes = int(cells[UNDOES]) if cells[UNDOES] else None
    change = Change(
        Place(file.name, row=row),
        cells["action"],
        **{name: cells[name] for name in TEXTS},
        amount=int(Decimal(cells["amount"]) * MILLION) if cells["amount"] else None,
        number=undoes,
        day=date.fromisoformat(cells["date"]).toordinal() if cells["date"] else 0,
        further={name: text for name, text in cells.items() if name not in own and text} or None,
    )
    return Decision(int(cells[NUMBER]), change, undoes, cells[PLAN])


def is_journal(header: Sequence[str]) -> bool:
    """Whether a table with these columns is a journal, and not a table of changes."""
    return {NUMBER, UNDOES, HASH} <= set(header)
