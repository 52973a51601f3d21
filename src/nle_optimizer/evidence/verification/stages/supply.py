"""Which NLEs are out, and what the others have to give."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil

import numpy as np

from nle_optimizer.evidence.verification.exact import half_up
from nle_optimizer.evidence.verification.pairs.listed import Listed
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
class Supply:
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


def supply_of(scenario: Scenario, listed: Listed, is_limited: Callable[[int], bool], taken: Integers) -> Supply:
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
    return Supply(reason, capacity, known)


def keeping(supply: Supply, scenario: Scenario, taken: Integers, agreed: Integers) -> Supply:
    """The supply with as much of each NLE as agreed pairs take, where the table gives so much.

    Args:
        supply: after `multiply` and `reserve`.
        scenario: settings and tables.
        taken: by resource and NLE, what is used up before.
        agreed: by resource and NLE, what agreed pairs take.
    """
    as_read = np.stack([_as_read(scenario.nles, resource)[0] for resource in scenario.resources])
    left = np.where(supply.known, as_read, 0) - taken
    return Supply(supply.reason, np.maximum(supply.capacity, np.minimum(left, agreed)), supply.known)


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
