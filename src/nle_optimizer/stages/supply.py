"""Which NLEs can be matched, and how much of each resource they have."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

import numpy as np

from nle_optimizer.records import MILLION, Flags, Integers, Records, Texts
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.fit import area_weights, with_stand_in
from nle_optimizer.stages.geography import NO_LIMIT, is_placed, nle_limits


@dataclass(frozen=True, eq=False)
class NleSupply:
    """Every NLE of the table, in or out.

    Attributes:
        nles: the table, sorted by identifier.
        reason: shape (nles,): why an NLE is out; blank where it is available.
        capacity: shape (resources, nles), in millionths, after `multiply`, `reserve` and what pairs that ended took.
        capacity_known: shape (resources, nles): whether a capacity was reckoned at all.
    """

    nles: Records
    reason: Texts
    capacity: Integers
    capacity_known: Flags

    @property
    def available(self) -> Flags:
        """NLEs that can be matched."""
        return self.reason == ""

    @property
    def without_capacity(self) -> Flags:
        """Available NLEs that have nothing of any resource: they support nobody, and more of them has a worth."""
        return self.available & (self.capacity == 0).all(axis=0)


def supply_of(
    nles: Records,
    pairs: Records | None,
    settings: Settings,
    resources: tuple[str, ...],
    *,
    distance_asked: bool,
    used_up: Integers | int = 0,
) -> NleSupply:
    """The state and capacity of every NLE.

    Args:
        nles: the NLE table.
        pairs: the pairs table, which may give what a row of the NLE table does not.
        settings: the scenario's settings.
        resources: names of the resources, in order.
        distance_asked: whether an objective uses distance.
        used_up: shape (resources, nles): what pairs that ended took, in millionths; taken off last.
    """
    reason = np.full(len(nles), "", dtype=object)

    def out(rows: Flags, code: str) -> None:
        reason[rows & (reason == "")] = code

    kind = np.array([text.casefold() for text in nles.column("kind").or_else("nle")], dtype=object)
    out(kind == "nlg", "nlg-programme-closed")
    out(kind != "nle", "not-an-nle")
    status = nles.column("status").or_else("available")
    out(status == "paused", "paused")
    out(status == "withdrawn", "withdrawn")
    out(nles.given("home_grade") & (nles.values("home_grade") >= 3), "home-not-good")
    out(nles.given("governors_agreed") & ~nles.values("governors_agreed"), "governors-not-agreed")
    held = [_held(nles, name) for name in resources]
    counted = np.array([known & (reason == "") for _, known in held], dtype=bool)
    out(~np.all([known for _, known in held], axis=0), "unknown-capacity")
    capacity = np.array([_effective(name, held[n][0], counted[n], settings) for n, name in enumerate(resources)])
    capacity = np.maximum(capacity - used_up, 0)
    needy = _need_distance(nles, settings, distance_asked=distance_asked)
    out(needy & ~is_placed(nles) & ~_given_in_pairs(nles, pairs, "distance_km"), "no-place")
    known = with_stand_in(nles, "expertise", settings)[1][np.array(area_weights(settings)) > 0].all(axis=0)
    may_be_asked = (capacity > 0).any(axis=0) & (settings.fit.unknown != "exclude")
    out(~known & ~may_be_asked & ~_given_in_pairs(nles, pairs, "fit"), "unknown-expertise")
    return NleSupply(nles, reason, capacity, counted)


def holding(supply: NleSupply, used_up: Integers, taken: Integers, resources: tuple[str, ...]) -> NleSupply:
    """The supply in which agreed pairs keep what they take, as far as the table gives it.

    Args:
        supply: after `capacity.multiply` and `capacity.reserve`.
        used_up: shape (resources, nles): what is gone before anybody is matched, in millionths.
        taken: shape (resources, nles): what agreed pairs take.
        resources: names of the resources, in order.
    """
    given = np.array([np.where(supply.capacity_known[n], _held(supply.nles, r)[0], 0) for n, r in enumerate(resources)])
    return replace(supply, capacity=np.maximum(supply.capacity, np.minimum(given - used_up, taken)))


def _need_distance(nles: Records, settings: Settings, *, distance_asked: bool) -> Flags:
    """NLEs of whom every pair needs a distance."""
    geography = settings.geography
    if distance_asked or geography.min_distance_km > 0 or "default" in geography.max_distance_km:
        return np.ones(len(nles), bool)
    return nle_limits(nles, geography) != NO_LIMIT


def _given_in_pairs(nles: Records, pairs: Records | None, column: str) -> Flags:
    if pairs is None:
        return np.zeros(len(nles), bool)
    named = set(pairs.values("nle_id")[pairs.given(column)].tolist())
    return np.fromiter((nle in named for nle in nles.ids), bool, len(nles))


def _held(nles: Records, resource: str) -> tuple[Integers, Flags]:
    if resource == "placements" and resource not in nles:
        return np.full(len(nles), MILLION, np.int64), np.ones(len(nles), bool)
    return nles.values(resource), nles.given(resource)


def _effective(name: str, amounts: Integers, counted: Flags, settings: Settings) -> Integers:
    """Capacities in millionths after `capacity.multiply` and `capacity.reserve`."""
    capacity = _after_multiply(name, np.where(counted, amounts, 0), settings)
    reserve = settings.capacity.reserve.get(name)
    if reserve is None:
        return capacity
    return np.maximum(capacity - _per_amount(capacity, lambda amount: _kept_back(amount, reserve)), 0)


def _after_multiply(name: str, amounts: Integers, settings: Settings) -> Integers:
    factor = settings.capacity.multiply.get(name, Decimal(1))
    return amounts if factor == 1 else _multiplied(amounts, factor, spread=settings.capacity.round == "spread")


def asked_and_given(supply: NleSupply, resource: int, name: str, settings: Settings) -> tuple[Decimal, Decimal] | None:
    """What `capacity.multiply` asks of a resource in all, and what whole places gave; None where it asks nothing."""
    factor = settings.capacity.multiply.get(name, Decimal(1))
    if factor == 1:
        return None
    amounts = np.where(supply.capacity_known[resource], _held(supply.nles, name)[0], 0)
    given = _after_multiply(name, amounts, settings)
    return int(amounts.sum()) * factor / MILLION, Decimal(int(given.sum())) / MILLION


def _per_amount(amounts: Integers, work_out: Callable[[int], int]) -> Integers:
    """The result of an exact reckoning for each amount, done once for each distinct one."""
    distinct, place = np.unique(amounts, return_inverse=True)
    return np.array([work_out(int(amount)) for amount in distinct], dtype=np.int64)[place]


def _kept_back(amount: int, reserve: Decimal | str) -> int:
    if isinstance(reserve, str):
        kept = amount * Decimal(reserve.rstrip("%")) / 100
    else:
        kept = reserve * MILLION
    return int(kept.to_integral_value(ROUND_CEILING))


def _multiplied(amounts: Integers, factor: Decimal, *, spread: bool) -> Integers:
    """Amounts times a factor, whole again where all were: by largest remainder, or each rounded down."""
    if (amounts % MILLION).any():
        return _per_amount(amounts, lambda amount: int(amount * factor))
    numerator, denominator = factor.as_integer_ratio()
    units = amounts // MILLION
    down = _per_amount(units, lambda unit: unit * numerator // denominator)
    if spread:
        total = (2 * int(units.sum()) * numerator + denominator) // (2 * denominator)
        rest = _per_amount(units, lambda unit: -(unit * numerator % denominator))
        down[np.argsort(rest, kind="stable")[: total - int(down.sum())]] += 1
    return down * MILLION
