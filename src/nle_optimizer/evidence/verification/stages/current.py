"""What stands today: pairs that are kept if they can be, pairs that must stay, and what others have used up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.scenario.scenario import Scenario

PINNED = ("agreed", "started")
OVER = ("finished", "stopped", "reopened")
FREE = "proposed"


@dataclass(frozen=True, eq=False)
class Current:
    """The pairs of `data.current`, by NLE and recipient.

    Attributes:
        states: state of every pair between an NLE and a recipient.
        pinned: NLE (by index) and school of the pairs that must stay, recipients or not.
        taken: by resource and NLE, in millionths: what pairs that are over have used up, and what pinned pairs
            of schools in no table hold.
        recipients: how many there are.
        unknown: each NLE of which nothing says how much of a resource such a pair took, with the resource.
    """

    states: Mapping[tuple[int, int], str]
    pinned: tuple[tuple[int, str], ...]
    taken: Integers
    recipients: int
    unknown: tuple[tuple[int, str], ...] = ()

    def refuse_unknown(self, available: Flags) -> None:
        """Refuse to judge where an amount is not known of an NLE that is available."""
        for nle, resource in self.unknown:
            if available[nle]:
                raise RefusedError(f"nothing says how much of {resource} a pair that is over or elsewhere took")

    def state(self, nle: int, row: int) -> str:
        """What `allocation.csv` calls a matched pair."""
        state = self.states.get((nle, row), FREE)
        return FREE if state in OVER else state

    @cached_property
    def _kept(self) -> Integers:
        return self._keys(pair for pair, state in self.states.items() if state not in OVER)

    @cached_property
    def _every(self) -> Integers:
        return self._keys(self.states)

    def _keys(self, pairs: Iterable[tuple[int, int]]) -> Integers:
        return np.sort(np.array([nle * self.recipients + row for nle, row in pairs], dtype=np.int64))

    def kept(self, pairs: Pairs) -> Flags:
        """Which pairs stand today and are not over."""
        return self._among(pairs, self._kept)

    def any(self, pairs: Pairs) -> Flags:
        """Which pairs stand in the table, in any state."""
        return self._among(pairs, self._every)

    def _among(self, pairs: Pairs, keys: Integers) -> Flags:
        if not len(keys):
            return np.zeros(len(pairs), dtype=bool)
        wanted = pairs.nle * self.recipients + pairs.rows
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.asarray(keys[at] == wanted)


def standing_for_good(scenario: Scenario, position: Mapping[str, int]) -> dict[int, list[int]]:
    """By NLE, the recipients whose pair no limit takes away: agreed or started, or standing and required too."""
    found: dict[int, set[int]] = {}
    table, pairs = scenario.current, scenario.pairs
    if table is None:
        return {}
    names = ("nle_id", "school_id")
    asked: set[tuple[str, str]] = set()
    if pairs is not None:
        rows = zip(*(pairs.values(name).tolist() for name in (*names, "relation")), strict=True)
        asked = {(nle, school) for nle, school, words in rows if "require" in words}
    nles = {identifier: n for n, identifier in enumerate(scenario.nles.ids.tolist())}
    for nle, school, state in zip(*(table.values(name).tolist() for name in (*names, "state")), strict=True):
        stays = state in PINNED or (state not in OVER and (nle, school) in asked)
        if stays and nle in nles and school in position:
            found.setdefault(nles[nle], set()).add(position[school])
    return {nle: sorted(rows) for nle, rows in found.items()}


def done_with(table: Records | None, ids: Iterable[str]) -> Flags:
    """Which schools or trusts leave: one of their pairs is finished, and all their pairs are over."""
    states: dict[str, set[str]] = {}
    if table is not None:
        for school, state in zip(table.values("school_id"), table.values("state"), strict=True):
            states.setdefault(school, set()).add(state or FREE)
    over = {school for school, found in states.items() if "finished" in found and found <= set(OVER)}
    return np.array([identifier in over for identifier in ids], dtype=bool)


def read_current(scenario: Scenario, position: Mapping[str, int]) -> Current:
    """The current table, with recipients by their position; pairs of NLEs in no table are left aside."""
    nles = {identifier: n for n, identifier in enumerate(scenario.nles.ids.tolist())}
    taken = np.zeros((len(scenario.resources), len(nles)), dtype=np.int64)
    table, schools = scenario.current, scenario.schools
    if table is None or not len(table):
        return Current({}, (), taken, len(position))
    formed = schools.values("trust_id").tolist() if scenario.settings.eligibility.recipients == "trust" else []
    here = {*schools.ids.tolist(), *formed}
    states: dict[tuple[int, int], str] = {}
    pinned: list[tuple[int, str]] = []
    unknown: list[tuple[int, str]] = []
    columns = (table.values(name).tolist() for name in ("nle_id", "school_id", "state"))
    for line, (nle, school, state) in enumerate(zip(*columns, strict=True)):
        if nle not in nles:
            continue
        if school in position:
            states[nles[nle], position[school]] = state or FREE
        if state in PINNED and school in here:
            pinned.append((nles[nle], school))
        elif state in PINNED or state in OVER:
            for n, resource in enumerate(scenario.resources):
                if resource != "placements" or state in PINNED:
                    amount = _taken(scenario, line, resource)
                    taken[n, nles[nle]] += amount or 0
                    unknown += [(nles[nle], resource)] if amount is None else []
    return Current(states, tuple(pinned), taken, len(position), tuple(unknown))


def _taken(scenario: Scenario, line: int, resource: str) -> int | None:
    """How much a pair of the current table took: as that, the pairs or the schools table says; None: none does."""
    assert scenario.current is not None
    found: list[tuple[Records, int]] = [(scenario.current, line)]
    key = {name: str(scenario.current.values(name)[line]) for name in ("nle_id", "school_id")}
    if scenario.pairs is not None:
        found += [(scenario.pairs, row) for row in _lines(scenario.pairs, key)]
    found += [(scenario.schools, row) for row in _lines(scenario.schools, {"school_id": key["school_id"]})]
    return next((int(table.values(resource)[row]) for table, row in found if table.given(resource)[row]), None)


def _lines(table: Records, key: Mapping[str, str]) -> list[int]:
    same = [table.values(name) == value for name, value in key.items()]
    return np.flatnonzero(np.logical_and.reduce(same)).tolist()
