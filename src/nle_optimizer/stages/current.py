"""What stands today, and pairs that tables give.

What stands today: pairs that are free to move, pairs that are pinned, and what is gone from an NLE's capacity. The
pairs table, seen from the recipients and NLEs that are still in.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.records import Column, Flags, Integers, Records, blank_column
from nle_optimizer.scenario.columns import ENDED, PINNED
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

UNLIMITED_BY_TIME = "placements"
"""The resource that an ended pair gives back; what was used of any other is gone."""


def stands(current: Records) -> Flags:
    """Rows of pairs that stand: proposed, offered, agreed or started."""
    return _in_state(current, "proposed", "offered", *PINNED)


def pinned(current: Records) -> Flags:
    """Rows of pairs that must be matched again: agreed or started."""
    return _in_state(current, *PINNED)


def support_finished(current: Records | None) -> dict[str, str]:
    """The schools and trusts whose support has finished and of whom no pair stands, with what shows it."""
    if current is None:
        return {}
    standing = set(current.values("school_id")[stands(current)].tolist())
    over = current.take(_in_state(current, "finished"))
    nles: dict[str, list[str]] = {}
    for school, nle in zip(over.values("school_id"), over.values("nle_id"), strict=True):
        if school not in standing:
            nles.setdefault(school, []).append(nle)
    return {school: f"support by {', '.join(names)} finished" for school, names in nles.items()}


def _in_state(current: Records, *states: str) -> Flags:
    words = current.column("state").or_else("proposed")
    return np.fromiter((word in states for word in words), dtype=bool, count=len(current))


def elsewhere(current: Records, schools: Records, settings: Settings) -> Flags:
    """Rows of schools and trusts that no table has: a run for one region on what stands in all of them."""
    known = set(schools.ids.tolist())
    if settings.eligibility.recipients == "trust":
        known |= set(schools.values("trust_id").tolist())
    return np.fromiter((name not in known for name in current.values("school_id")), dtype=bool, count=len(current))


@dataclass(frozen=True, eq=False)
class Gone:
    """What is gone from the capacity of NLEs before anybody is matched.

    Attributes:
        amounts: shape (resources, nles), in millionths.
        unknown: what nothing gives, each with the index of the NLE.
    """

    amounts: Integers
    unknown: tuple[tuple[int, Fault], ...] = ()

    def refuse_unknown(self, available: Flags) -> None:
        """Refuse amounts that are not known of NLEs that are available.

        Raises:
            InputError: each of them, with its row.
        """
        if problems := [problem for nle, problem in self.unknown if available[nle]]:
            raise InputError(problems)


def used_up(scenario: Scenario) -> Gone:
    """What pairs that ended took of each NLE, and what pinned pairs of schools in no table take.

    An ended pair gives its placement back; a pinned one holds it. Pairs of NLEs in no table take nothing here.
    """
    current, nles = scenario.current, scenario.nles
    amounts = np.zeros((len(scenario.resources), len(nles)), dtype=np.int64)
    if current is None:
        return Gone(amounts)
    place = {nle_id: n for n, nle_id in enumerate(nles.ids)}
    held = pinned(current) & elsewhere(current, scenario.schools, scenario.settings)
    known = np.fromiter((nle in place for nle in current.values("nle_id")), dtype=bool, count=len(current))
    counted = np.flatnonzero(known & (held | _in_state(current, *ENDED))).tolist()
    keys = list(zip(current.values("school_id"), current.values("nle_id"), strict=True))
    unknown = []
    for r, name in enumerate(scenario.resources):
        given = (_cells(current, name), _cells(scenario.pairs, name), _cells(scenario.schools, name))
        for n in counted if name != UNLIMITED_BY_TIME else np.flatnonzero(known & held).tolist():
            school, nle = keys[n]
            taken = given[0].get((school, nle), given[1].get((school, nle), given[2].get((school,))))
            if taken is None:
                unknown.append((place[nle], _unknown(current, n, name, "takes" if held[n] else "took")))
            else:
                amounts[r, place[nle]] += taken
    return Gone(amounts, tuple(unknown))


def _unknown(current: Records, row: int, resource: str, takes: str) -> Fault:
    nle, school = (current.values(name)[row] for name in ("nle_id", "school_id"))
    what = f"how much {resource} the pair {nle}, {school} {takes} is not known; fill the cell"
    hint = "no table has the school; the allocation.csv of its run tells" if takes == "takes" else None
    return Fault(Place(current.source, row=int(current.rows[row])), resource, what, hint=hint)


def _cells(table: Records | None, name: str) -> dict[tuple[str, ...], int]:
    """The filled cells of a column, by school and NLE, or by school."""
    if table is None or name not in table:
        return {}
    keys = [table.values(key).tolist() for key in ("school_id", "nle_id") if key in table.spec.key]
    column = table.column(name)
    return {
        key: value
        for *key_parts, value, given in zip(*keys, column.values.tolist(), column.given.tolist(), strict=True)
        if given
        for key in [tuple(key_parts)]
    }


@dataclass(frozen=True, eq=False)
class GivenPairs:
    """Rows of the pairs table whose two sides are live, sorted by NLE, then recipient.

    Attributes:
        table: those rows.
        nle, recipient: shapes (rows,): indices of the two sides.
        recipients: how many recipients there are; a pair's key is nle * recipients + recipient.
    """

    table: Records
    nle: Integers
    recipient: Integers
    recipients: int

    @property
    def keys(self) -> Integers:
        """One number a row, ascending."""
        return self.nle * self.recipients + self.recipient

    def given(self, name: str) -> Flags:
        """Rows that fill the named column."""
        return self.table.given(name)

    def with_relation(self, *words: str) -> Flags:
        """Rows whose relation names any of the words."""
        if "relation" not in self.table:
            return np.zeros(len(self.table), dtype=bool)
        wanted = set(words)
        return np.fromiter((bool(wanted & set(names)) for names in self.table.values("relation")), bool)

    def spread(self, name: str, keys: Integers) -> Column:
        """The named column for candidate pairs with these keys (ascending); blank where no row gives it."""
        column = self.table.column(name)
        spread = blank_column(column.kind, len(keys))
        rows = np.flatnonzero(column.given)
        at, found = locate(self.keys[rows], keys)
        spread.values[at[found]] = column.values[rows[found]]
        spread.given[at[found]] = True
        return spread


def locate(wanted: Integers, keys: Integers) -> tuple[Integers, Flags]:
    """Where each wanted key stands among ascending keys, and whether it stands there at all."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted


def given_pairs(pairs: Records | None, recipients: Records, nles: Records) -> GivenPairs | None:
    """The rows of the pairs table between live recipients and available NLEs; None without a table."""
    if pairs is None:
        return None
    nle_at, nle_found = _index_of(pairs.values("nle_id").tolist(), nles)
    recipient_at, recipient_found = _index_of(pairs.values("school_id").tolist(), recipients)
    live = np.flatnonzero(nle_found & recipient_found)
    order = live[np.lexsort((recipient_at[live], nle_at[live]))]
    return GivenPairs(pairs.take(order), nle_at[order], recipient_at[order], len(recipients))


def _index_of(ids: list[str], table: Records) -> tuple[Integers, Flags]:
    index = {identifier: n for n, identifier in enumerate(table.ids)}
    at = np.array([index.get(identifier, -1) for identifier in ids], dtype=np.int64)
    return at, at >= 0
