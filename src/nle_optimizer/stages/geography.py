"""Which pairs lie within reach, on exact squares of whole metres."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.scenario.settings import Geography

NO_LIMIT = np.iinfo(np.int64).max
LARGEST_DETOUR = 10
AT_ONCE = 100_000
"""Pairs that are measured in one go."""


@dataclass(frozen=True, eq=False)
class Reach:
    """Pairs within reach by their places, sorted by NLE, then recipient.

    Attributes:
        nle, recipient: shapes (pairs,): indices.
        square: shape (pairs,): squared straight-line metres; -1 where a place is not known.
    """

    nle: Integers
    recipient: Integers
    square: Integers


def metres(square: Integers, detour: Decimal) -> Integers:
    """Straight-line distance times the detour factor, rounded half up to a metre, exactly."""
    if detour == 1 and square.size and square.max() < 2**50:
        return np.rint(np.sqrt(square)).astype(np.int64)
    p, q = detour.as_integer_ratio()
    scaled = square * (p * p)
    guess = np.rint(np.sqrt(scaled.astype(np.float64)) / q).astype(np.int64)
    guess += (2 * guess + 1) ** 2 * (q * q) <= 4 * scaled
    guess -= (guess > 0) & ((2 * guess - 1) ** 2 * (q * q) > 4 * scaled)
    return guess


def greatest_square(limit: Integers, detour: Decimal) -> Integers:
    """The greatest squared straight-line distance within each limit in metres."""
    p, q = detour.as_integer_ratio()
    distinct, place = np.unique(limit, return_inverse=True)
    squares = [NO_LIMIT if m == NO_LIMIT else min(int(m) ** 2 * q * q // (p * p), NO_LIMIT) for m in distinct]
    return np.array(squares, dtype=np.int64)[place].reshape(limit.shape)


def least_square(limit: int, detour: Decimal) -> int:
    """The least squared straight-line distance that is not under a limit in metres."""
    p, q = detour.as_integer_ratio()
    return -(-(limit * limit * q * q) // (p * p))


def scenario_limits(recipients: Records, geography: Geography) -> Integers:
    """The scenario's distance limit for each recipient, by its region, in metres."""
    limits = {name.casefold(): int(km * 1000) for name, km in geography.max_distance_km.items()}
    default = limits.pop("default", NO_LIMIT)
    regions = [str(name).casefold() for name in recipients.values("region")]
    return np.array([limits.get(region, default) for region in regions], dtype=np.int64)


def nle_limits(nles: Records, geography: Geography) -> Integers:
    """Each NLE's own distance limit as the scenario wants it counted, in metres."""
    own = nles.column("max_distance_km")
    none = np.full(len(nles), NO_LIMIT, dtype=np.int64)
    if geography.nle_limit == "ignore":
        return none
    limits = own.values
    if isinstance(geography.nle_limit, dict):
        p, q = geography.nle_limit["multiply"].as_integer_ratio()
        limits = limits * p // q
    return np.where(own.given, limits, none)


def within_reach(
    recipients: Records, nles: Records, geography: Geography, *, distance_needed: bool
) -> tuple[Reach, Flags]:
    """Every pair that no distance limit removes, and for each recipient whether any distance was known or unneeded.

    Args:
        recipients, nles: the two sides.
        geography: the limits.
        distance_needed: whether a pair without a distance is out even where no limit applies to it.
    """
    search = _Search(recipients, nles, geography, distance_needed)
    at_once = max(AT_ONCE // max(len(recipients), 1), 1)
    found = [search.of(slice(n, n + at_once)) for n in range(0, len(nles), at_once)]
    nothing = np.zeros(0, np.int64)
    parts = zip((nothing, nothing, nothing), *found, strict=True)
    measured = (search.placed & search.nle_placed.any()) | search.reached_unplaced
    return Reach(*map(np.concatenate, parts)), measured


def is_placed(table: Records) -> Flags:
    """Rows with both coordinates."""
    return table.given("easting") & table.given("northing")


class _Search:
    """All pairs of some NLEs at a time: squares of whole metres are exact in floats below 2^53, and faster there."""

    def __init__(self, recipients: Records, nles: Records, geography: Geography, distance_needed: bool):
        self.placed, self.nle_placed = is_placed(recipients), is_placed(nles)
        self._x = np.where(self.placed, recipients.values("easting"), np.inf)
        self._y = recipients.values("northing").astype(np.float64)
        self._nle_x = np.where(self.nle_placed, nles.values("easting"), -np.inf)
        self._nle_y = nles.values("northing").astype(np.float64)
        limits, own = scenario_limits(recipients, geography), nle_limits(nles, geography)
        detour = geography.detour_factor
        self._of_recipient = greatest_square(limits, detour).astype(np.float64)
        self._is_uniform = len(limits) == 0 or bool((limits == limits[0]).all())
        self._of_nle = greatest_square(np.minimum(own, limits.max(initial=0)), detour).astype(np.float64)
        needs_distance = distance_needed or geography.min_distance_km > 0
        self._lax = np.zeros(len(recipients), bool) if needs_distance else limits == NO_LIMIT
        self._lax_nles = own == NO_LIMIT
        self.reached_unplaced = np.zeros(len(recipients), bool)

    def of(self, some: slice) -> tuple[Integers, Integers, Integers]:
        """NLE, recipient and squared distance of every pair of some NLEs within reach."""
        square, up = self._x - self._nle_x[some, None], self._y - self._nle_y[some, None]
        square *= square
        up *= up
        square += up
        near = square <= self._of_nle[some, None]
        if not self._is_uniform:
            near &= square <= self._of_recipient
        if self._lax.any():
            unknown = np.isinf(square) & self._lax & self._lax_nles[some, None]
            self.reached_unplaced |= unknown.any(axis=0)
            near |= unknown
        at = np.flatnonzero(near)
        nle, recipient = np.divmod(at, len(self.placed))
        found = square.ravel()[at]
        return nle + some.start, recipient, np.where(np.isinf(found), -1, found).astype(np.int64)


def settings_problem(geography: Geography) -> str | None:
    """What is wrong with the detour factor, or None."""
    detour = geography.detour_factor
    if detour > LARGEST_DETOUR or detour * 100 != (detour * 100).to_integral_value():
        return f"must be at most {LARGEST_DETOUR} with at most two decimal places"
    return None
