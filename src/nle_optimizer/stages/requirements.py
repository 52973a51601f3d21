"""Pairs that must be matched: required in the pairs table, or agreed or started today."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.current import GivenPairs, elsewhere, locate, pinned, stands
from nle_optimizer.stages.ledger import MOST_SHOWN, Ledger
from nle_optimizer.stages.supply import NleSupply


@dataclass(frozen=True)
class _Asked:
    """Where it is said that a pair must be matched, in which column, and in what word."""

    place: Place
    column: str
    word: str


class Required:
    """The pairs between recipients and available NLEs that must be matched.

    Args:
        given: the rows of the pairs table between the two sides, or None.
        current: the rows of `data.current` between them, or None.
        recipients, nles: the two sides.

    Attributes:
        exempt: the keys of those that no limit removes, ascending: they are agreed or started today, or stand today
            and are required too.
    """

    def __init__(self, given: GivenPairs | None, current: GivenPairs | None, recipients: Records, nles: Records):
        self._recipients, self._nles = recipients, nles
        self._asked: dict[int, _Asked] = {}
        self.exempt = _exempt(given, current)
        if given is not None:
            self._note(given, given.with_relation("require"), "relation")
        if current is not None:
            self._note(current, pinned(current.table), "state")

    def _note(self, pairs: GivenPairs, which: Flags, column: str) -> None:
        keys, rows = pairs.keys[which].tolist(), pairs.table.rows[which].tolist()
        states = ["required"] * len(rows) if column == "relation" else pairs.table.values(column)[which].tolist()
        self._asked |= {
            key: _Asked(Place(pairs.table.source, row=row), column, word)
            for key, row, word in zip(keys, rows, states, strict=True)
        }

    def among(self, keys: Integers) -> Flags | None:
        """Which of the pairs with these keys, ascending, must be matched; None where none must.

        Raises:
            InputError: one of those that must be is not among them.
        """
        if not self._asked:
            return None
        wanted = np.array(sorted(self._asked), dtype=np.int64)
        at, found = locate(wanted, keys)
        if not found.all():
            lost = [divmod(key, len(self._recipients)) for key in wanted[~found].tolist()]
            raise self.refusal(lost, "too-far or no-place")
        flags = np.zeros(len(keys), dtype=bool)
        flags[at] = True
        return flags

    def place(self, nle: int, recipient: int) -> Place:
        """Where it is said that a pair must be matched."""
        return self._asked[nle * len(self._recipients) + recipient].place

    def word(self, nle: int, recipient: int) -> str:
        """Why a pair must be matched: `required`, `agreed` or `started`."""
        return self._asked[nle * len(self._recipients) + recipient].word

    def refusal(self, pairs: list[tuple[int, int]], code: str) -> InputError:
        """The error that pairs that must be matched, each NLE and recipient, are ruled out by a filter."""
        return InputError([self._ruled_out(*pair, code) for pair in pairs[:MOST_SHOWN]])

    def _ruled_out(self, nle: int, recipient: int, code: str) -> Fault:
        asked = self._asked[nle * len(self._recipients) + recipient]
        today, end = ("", "the requirement") if asked.word == "required" else (" today", "the pair")
        what = f"the pair is {asked.word}{today}, and ruled out ({code}); lift the limit, or end {end}"
        return Fault(asked.place, asked.column, what, f"{self._nles.ids[nle]}, {self._recipients.ids[recipient]}")


def _exempt(given: GivenPairs | None, current: GivenPairs | None) -> Integers:
    if current is None:
        return np.zeros(0, np.int64)
    keys = current.keys
    required = np.zeros(0, np.int64) if given is None else given.keys[given.with_relation("require")]
    return keys[pinned(current.table) | (stands(current.table) & np.isin(keys, required))]


def refuse_lost_requirements(scenario: Scenario, recipients: Records, ledger: Ledger, supply: NleSupply) -> None:
    """Refuse required and pinned pairs of which one side is not there to be matched.

    Pinned pairs of schools in no table are none of this run's.

    Raises:
        InputError: each such pair, with its row and why the school or the NLE is out.
    """
    nle_reasons = dict(zip(supply.nles.ids, supply.reason, strict=True))
    served = set(recipients.ids.tolist())
    problems = []
    for table, column, row, word in [*_required_rows(scenario.pairs), *_pinned_rows(scenario)]:
        nle, school = table.values("nle_id")[row], table.values("school_id")[row]
        why = f"NLE {nle} is out ({nle_reasons[nle]})" if nle_reasons.get(nle) else _why_out(school, served, ledger)
        if why is not None:
            remedy = "drop the requirement" if word == "required" else "end the pair"
            what = f"the pair {nle}, {school} is {word}, but {why}; {remedy} or bring it back"
            problems.append(Fault(Place(table.source, row=int(table.rows[row])), column, what))
    if problems:
        raise InputError(problems[:MOST_SHOWN])


def _required_rows(pairs: Records | None) -> Iterator[tuple[Records, str, int, str]]:
    for n, words in enumerate(pairs.values("relation") if pairs is not None else ()):
        if pairs is not None and "require" in words:
            yield pairs, "relation", n, "required"


def _pinned_rows(scenario: Scenario) -> Iterator[tuple[Records, str, int, str]]:
    current = scenario.current
    if current is not None:
        here = ~elsewhere(current, scenario.schools, scenario.settings)
        for n in np.flatnonzero(pinned(current) & here).tolist():
            yield current, "state", n, str(current.values("state")[n])


def _why_out(school: str, served: set[str], ledger: Ledger) -> str | None:
    exclusion = ledger.entries.get(school)
    if exclusion is None:
        return None if school in served else f"no school of trust {school} is left to be supported"
    return f"{school} is out at the stage {exclusion.stage} ({exclusion.reason}; {exclusion.evidence})"
