"""NLEs, what they have to give, and what stands today.

Which NLEs are out, and what the others have to give. What stands today: pairs that are kept if they can be, pairs
that must stay, and what others have used up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil

import numpy as np

from nle_optimizer.evidence.verification.findings import RefusedError, half_up
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.records import MILLION, Flags, Integers, Records, Texts
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Capacity

BEFORE_CAPACITY = frozenset(
    {"nlg-programme-closed", "not-an-nle", "paused", "withdrawn", "home-not-good", "governors-not-agreed"}
)

AFTER_PLACE = ("unknown-expertise",)
"""Reasons that count only where an NLE has a place, or needs none."""


@dataclass(frozen=True, eq=False)
class DerivedSupply:
    """The NLEs.

    Attributes:
        reason: why each is out; empty where it is not.
        capacity: by resource and NLE, in millionths, after `multiply`, `reserve` and what is used up.
        known: by resource and NLE, whether there is a capacity.
    """

    reason: Texts
    capacity: Integers
    known: Flags

    @cached_property
    def available(self) -> Flags:
        """The NLEs that are not out."""
        return np.asarray(self.reason == "", dtype=bool)

    @cached_property
    def giving(self) -> Flags:
        """The NLEs that are not out and have something of some resource."""
        return np.asarray(self.available & self.capacity.any(axis=0), dtype=bool)


def supply_of(scenario: Scenario, listed: Listed, is_limited: Callable[[int], bool], taken: Integers) -> DerivedSupply:
    """The state and capacity of every NLE.

    Args:
        scenario: settings and tables.
        listed: the pairs table by NLE.
        is_limited: whether every pair of an NLE needs a distance.
        taken: by resource and NLE, what pairs that are over have used up.
    """
    nles = scenario.nles
    reason: Texts = np.full(len(nles), "", dtype=object)

    def out(rows: Flags, code: str) -> None:
        reason[rows & (reason == "")] = code

    _out_as_people(nles, out)
    counted = np.asarray(reason == "", dtype=bool)
    capacity, known = _capacities(scenario, counted)
    capacity = np.maximum(capacity - taken, 0)
    for resource, given in zip(scenario.resources, known, strict=True):
        if resource in nles:
            out(~given, "unknown-capacity")
    placed = nles.given("easting") & nles.given("northing")
    lost = [not placed[n] and is_limited(n) and not listed.any_with(n, "distance_km") for n in range(len(nles))]
    out(np.array(lost, dtype=bool), "no-place")
    if scenario.settings.fit.unknown in ("exclude", "error"):
        idle = (capacity == 0).all(axis=0) | (scenario.settings.fit.unknown == "exclude")
        out(_unknown_expertise(scenario, listed) & idle, "unknown-expertise")
    return DerivedSupply(reason, capacity, known)


def keeping(supply: DerivedSupply, scenario: Scenario, taken: Integers, agreed: Integers) -> DerivedSupply:
    """The supply with as much of each NLE as agreed pairs take, where the table gives so much.

    Args:
        supply: after `multiply` and `reserve`.
        scenario: settings and tables.
        taken: by resource and NLE, what is used up before.
        agreed: by resource and NLE, what agreed pairs take.
    """
    as_read = np.stack([_as_read(scenario.nles, resource)[0] for resource in scenario.resources])
    left = np.where(supply.known, as_read, 0) - taken
    return DerivedSupply(supply.reason, np.maximum(supply.capacity, np.minimum(left, agreed)), supply.known)


def _out_as_people(nles: Records, out: Callable[[Flags, str], None]) -> None:
    kinds = np.array([kind.casefold() for kind in nles.values("kind").tolist()], dtype=object)
    out(kinds == "nlg", "nlg-programme-closed")
    out((kinds != "") & (kinds != "nle"), "not-an-nle")
    status = nles.values("status")
    out(status == "paused", "paused")
    out(status == "withdrawn", "withdrawn")
    out(nles.given("home_grade") & (nles.values("home_grade") >= 3), "home-not-good")
    out(nles.given("governors_agreed") & ~nles.values("governors_agreed"), "governors-not-agreed")


def _unknown_expertise(scenario: Scenario, listed: Listed) -> Flags:
    nles, weights = scenario.nles, scenario.settings.fit.weights
    weighted = [area for area in AREAS if weights.get(area, 0)]  # type: ignore[call-overload]
    blank = np.logical_or.reduce([~nles.given(f"expertise_{area}") for area in weighted])
    for nle in np.flatnonzero(blank).tolist():
        blank[nle] = not listed.any_with(nle, "fit")
    return np.asarray(blank, dtype=bool)


def _capacities(scenario: Scenario, counted: Flags) -> tuple[Integers, Flags]:
    rows, known = [], []
    for resource in scenario.resources:
        amounts, given = _as_read(scenario.nles, resource)
        counts = counted & given
        amounts = np.where(counts, amounts, 0)
        amounts[counts] = _multiplied(amounts[counts].tolist(), resource, scenario.settings.capacity)
        rows.append(_reserved(amounts, resource, scenario.settings.capacity))
        known.append(counts)
    return np.stack(rows), np.stack(known)


def multiplied_totals(scenario: Scenario, known: Flags, resource: int) -> tuple[Fraction, Fraction] | None:
    """What `capacity.multiply` asks of a resource over all NLEs, and what it gives; None where it asks nothing."""
    name, settings = scenario.resources[resource], scenario.settings.capacity
    if settings.multiply.get(name, 1) == 1:
        return None
    amounts = _as_read(scenario.nles, name)[0][known[resource]].tolist()
    asked = Fraction(sum(amounts)) * Fraction(settings.multiply[name])
    return asked / MILLION, Fraction(sum(_multiplied(amounts, name, settings)), MILLION)


def _as_read(nles: Records, resource: str) -> tuple[Integers, Flags]:
    if resource not in nles and resource == "placements":
        return np.full(len(nles), MILLION, dtype=np.int64), np.ones(len(nles), dtype=bool)
    return nles.values(resource).astype(np.int64), nles.given(resource)


def _multiplied(amounts: list[int], resource: str, settings: Capacity) -> list[int]:
    if resource not in settings.multiply:
        return amounts
    factor = Fraction(settings.multiply[resource])
    whole = all(amount % MILLION == 0 for amount in amounts)
    unit = MILLION if whole else 1
    under = factor.denominator * unit
    products = [amount * factor.numerator for amount in amounts]
    down, over = [product // under for product in products], [product % under for product in products]
    if whole and settings.round == "spread":
        rest = half_up(sum(over), under)
        order = sorted(range(len(down)), key=lambda n: (-over[n], n))
        for n in order[:rest]:
            down[n] += 1
    return [amount * unit for amount in down]


def _reserved(amounts: Integers, resource: str, settings: Capacity) -> Integers:
    reserve = settings.reserve.get(resource)
    if reserve is None:
        return amounts
    if isinstance(reserve, str):
        share = Fraction(reserve.rstrip("%")) / 100
        kept = [ceil(amount * share) for amount in amounts.tolist()]
    else:
        kept = [ceil(Fraction(reserve) * MILLION)] * len(amounts)
    return np.maximum(amounts - np.array(kept, dtype=np.int64), 0)


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
