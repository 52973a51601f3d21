"""Identifiers that name rows of another table: those that lead nowhere, and those that nearly meet.

Case and leading zeros count. Where an identifier leads nowhere and would meet another but for them, both spellings are
told: as an error where a conflict of interest or an agreed pair hangs on it, else as a finding.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from nle_optimizer.errors import Fault, Finding, Place, did_you_mean
from nle_optimizer.records import Records
from nle_optimizer.scenario.columns import ENDED, PINNED
from nle_optimizer.scenario.condition_checks import MOST_COMPARED, Tables
from nle_optimizer.scenario.identifiers import nearly
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.tables import MOST_SHOWN, Reading

NEARLY = "the {} table has no such identifier, but one that differs in case or leading zeros"
NOWHERE = "the {} table has no such identifier"
HELD = f"{NOWHERE}; what the pair takes or took is held against its NLE"
NEAR, NOBODY, ELSEWHERE, LOST = "identifier-nearly-meets", "pair-of-nobody", "pair-of-school-elsewhere", "lost"
"""What becomes of a row of the current table that leads nowhere: three findings, and an error."""
KEEP = "put it into its table, or end the pair: in its row, or by a decision such as nle-withdraws"
NOT_COUNTED, ENDED_WELL = ", so the pair is not counted", ", and the support of the school has finished all the same"
SETTLED = ("agreed", "declined")
"""Decisions on a match with a trust that must not be lost."""


def check_references(settings: Settings, tables: Tables, reading: Reading) -> None:
    """Add to `reading` every identifier of one table that another should have and does not."""
    schools, nles = tables["schools"], tables["nles"]
    if schools is None or nles is None:
        return
    ids = schools.ids.tolist()
    formed = schools.values("trust_id").tolist() if settings.eligibility.recipients == "trust" else []
    checks = _References(settings, tables, reading, schools, nles, Known(ids), Known([*ids, *formed]))
    checks.pairs()
    checks.current()
    checks.homes()
    checks.trusts()


def _kind(state: str, gone: Collection[str], close: Collection[str]) -> str:
    """What becomes of a row that has identifiers in some columns that are gone, near ones in some of those."""
    if state in PINNED and (close or set(gone) == {"nle_id"}):
        return LOST
    if close:
        return NEAR
    return ELSEWHERE if set(gone) == {"school_id"} and state in (*PINNED, *ENDED) else NOBODY


class Known:
    """Identifiers that there are, and the nearest spelling of one that there is not."""

    def __init__(self, identifiers: Iterable[str]):
        self.ids = set(identifiers) - {""}

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.ids

    @cached_property
    def _spellings(self) -> Mapping[str, str]:
        return {nearly(identifier): identifier for identifier in sorted(self.ids, reverse=True)}

    def near(self, identifier: str) -> str | None:
        """The identifier that differs from one that there is not in nothing but case and leading zeros."""
        return self._spellings.get(nearly(identifier))

    def lacking(self, identifier: str, table: str) -> tuple[str, str | None]:
        """What is said of an identifier that there is not, and what may be meant."""
        return (NEARLY if self.near(identifier) else NOWHERE).format(table), self.hint(identifier)

    def hint(self, identifier: str) -> str | None:
        """What may be meant by one that there is not."""
        if near := self.near(identifier):
            return f"did you mean {near}?"
        return did_you_mean(identifier, self.ids) if len(self.ids) < MOST_COMPARED else None


@dataclass(frozen=True)
class _References:
    settings: Settings
    tables: Tables
    reading: Reading
    schools: Records
    nles: Records
    school_ids: Known
    recipients: Known

    @cached_property
    def _known(self) -> Mapping[str, Known]:
        return {"school_id": self.recipients, "nle_id": Known(self.nles.ids.tolist())}

    def pairs(self) -> None:
        """Every row of the pairs table must lead somewhere."""
        pairs = self.tables["pairs"]
        for column, known in self._known.items() if pairs is not None else ():
            assert pairs is not None
            cells = pairs.column(column)
            wrong = [n for n in np.flatnonzero(cells.given).tolist() if cells.values[n] not in known]
            for n in wrong[:MOST_SHOWN]:
                self._wrong(pairs, n, column, known)
            if len(wrong) > MOST_SHOWN:
                what = f"{len(wrong) - MOST_SHOWN} more rows lead nowhere"
                self.reading.problems.append(Fault(Place(pairs.source), column, what))

    def _wrong(
        self, table: Records, row: int, column: str, known: Known, so: str = "", remedy: str | None = None
    ) -> None:
        got, other = table.values(column)[row], table.spec.columns[column].refers_to
        what, hint = known.lacking(got, other)
        place = Place(table.source, row=int(table.rows[row]))
        self.reading.problems.append(Fault(place, column, what + so, got, hint or remedy))

    def _found(self, table: Records, column: str, code: str, what: str, rows: Mapping[int, str | None]) -> None:
        """A finding of each row, with what may be meant; those beyond the first are counted."""
        found = self.reading.findings
        for n, hint in list(rows.items())[:MOST_SHOWN]:
            place = Place(table.source, row=int(table.rows[n]))
            found.append(Finding(place, column, what, table.values(column)[n], hint, code=code))
        if len(rows) > MOST_SHOWN:
            more = f"the same holds of {len(rows) - MOST_SHOWN} more rows"
            found.append(Finding(Place(table.source), column, more, code=code))

    def current(self) -> None:
        """Rows of what stands today that lead nowhere: pinned pairs must not be lost, and what others took counts."""
        table = self.tables["current"]
        if table is None:
            return
        told: dict[tuple[str, str, str], dict[int, str | None]] = defaultdict(dict)
        for n, state in enumerate(table.values("state").tolist()):
            gone = {
                column: table.values(column)[n]
                for column, known in self._known.items()
                if table.values(column)[n] not in known
            }
            close = {column: near for column, name in gone.items() if (near := self._known[column].near(name))}
            kind = _kind(state, gone, close)
            for column in close or list(gone)[:1]:
                if kind == LOST:
                    self._wrong(table, n, column, self._known[column], f", and the pair is {state}", KEEP)
                else:
                    so = ENDED_WELL if state == "finished" and "school_id" not in gone else NOT_COUNTED
                    told[kind, column, so][n] = self._known[column].hint(gone[column])
        ways = product(self._known, {NEAR: NEARLY, NOBODY: NOWHERE, ELSEWHERE: HELD}.items(), (NOT_COUNTED, ENDED_WELL))
        for column, (kind, what), so in ways:
            words = what.format(table.spec.columns[column].refers_to) + ("" if kind == ELSEWHERE else so)
            self._found(table, column, kind, words, told[kind, column, so])

    def homes(self) -> None:
        """Home schools: a near one is an error where the NLE must not support it."""
        homes = self.nles.column("home_school_id")
        gone = [n for n in np.flatnonzero(homes.given).tolist() if homes.values[n] not in self.school_ids]
        near = {n: spelling for n in gone if (spelling := self.school_ids.near(homes.values[n]))}
        if self.settings.conflicts.home_school:
            so = ", so that the NLE could support its own school"
            for n in near:
                self._wrong(self.nles, n, "home_school_id", self.school_ids, so)
        else:
            hints = {n: self.school_ids.hint(homes.values[n]) for n in near}
            self._found(self.nles, "home_school_id", NEAR, NEARLY.format("schools"), hints)
        rest = list(dict.fromkeys(homes.values[n] for n in gone if n not in near))
        if rest:
            what = "home schools that the schools table does not have; only the NLEs' own cells count"
            shown_ids = ", ".join(rest[:3]) + (f" and {len(rest) - 3} more" if len(rest) > 3 else "")
            found = Finding(Place(self.nles.source), "home_school_id", what, shown_ids, code="home-school-unknown")
            self.reading.findings.append(found)

    def trusts(self) -> None:
        """Trusts that stand in several spellings, whichever tables name them."""
        listed = self.tables["trusts"]
        keys = set() if listed is None else set(listed.ids.tolist())
        is_trust = self.schools.values("kind") == "trust"
        of_schools = {*self.schools.values("trust_id").tolist(), *self.schools.ids[is_trust].tolist()}
        named = (self.schools.values("matched_trust_id").tolist(), self.nles.values("trust_id").tolist())
        spellings: dict[str, set[str]] = defaultdict(set)
        for name in {*keys, *of_schools, *named[0], *named[1]} - {""}:
            spellings[nearly(name)].add(name)
        odd: dict[str, str] = {}
        for names in spellings.values():
            first, *others = sorted(names, key=lambda name: (name not in keys, name))
            odd |= {name: first for name in others if name not in keys}
            if len(names) > 1 and first not in keys:
                odd[first] = others[0]
        if odd:
            self._own_trusts(odd, spellings, of_schools, keys)
            self._matched_trusts(odd, keys)
            self._odd(self.schools, "trust_id", odd)

    def _own_trusts(
        self, odd: Mapping[str, str], spellings: Mapping[str, set[str]], of_schools: set[str], keys: set[str]
    ) -> None:
        """An NLE's trust that schools have in another spelling only: their conflict of interest would be missed."""
        missed: dict[str, str] = {}
        for name in set(self.nles.values("trust_id").tolist()) - of_schools:
            others = sorted(spellings[nearly(name)] & of_schools - ({name} | (keys if name in keys else set())))
            missed |= {name: others[0]} if name and others else {}
        if not self.settings.conflicts.own_trust:
            self._odd(self.nles, "trust_id", {**odd, **missed})
            return
        self._odd(self.nles, "trust_id", {name: other for name, other in odd.items() if name not in missed})
        for n, name in enumerate(self.nles.values("trust_id").tolist()):
            if name in missed:
                what = f"schools have this trust as {missed[name]}, so that the NLE could support its own trust"
                place, hint = Place(self.nles.source, row=int(self.nles.rows[n])), "write both alike"
                self.reading.problems.append(Fault(place, "trust_id", what, name, hint))

    def _matched_trusts(self, odd: Mapping[str, str], keys: set[str]) -> None:
        """Matches with a trust that the trusts table has in another spelling; what was decided must not be lost."""
        names, decisions = (self.schools.values(name).tolist() for name in ("matched_trust_id", "trust_decision"))
        settled = [odd.get(name) in keys and said in SETTLED for name, said in zip(names, decisions, strict=True)]
        for n in np.flatnonzero(settled).tolist():
            so = f", and the match is {decisions[n]}"
            self._wrong(self.schools, n, "matched_trust_id", Known(keys), so)
        self._odd(self.schools, "matched_trust_id", odd, ~np.array(settled, dtype=bool))

    def _odd(self, table: Records, column: str, odd: Mapping[str, str], among: np.ndarray | None = None) -> None:
        rows = np.flatnonzero(table.column(column).given if among is None else table.column(column).given & among)
        names = table.values(column)
        what = "another trust differs only in case or leading zeros, which count"
        self._found(
            table, column, NEAR, what, {n: f"did you mean {odd[names[n]]}?" for n in rows.tolist() if names[n] in odd}
        )
