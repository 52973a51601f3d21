"""Which pairs lie within reach, on exact squares of whole metres."""

from dataclasses import dataclass
from decimal import Decimal
from math import isqrt

import numpy as np

from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.scenario.settings import Geography

NO_LIMIT = np.iinfo(np.int64).max
LARGEST_DETOUR = 10


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
    placed = is_placed(recipients)
    order = np.flatnonzero(placed)
    order = order[np.argsort(recipients.values("easting")[order], kind="stable")]
    search = _Search(recipients, nles, geography, order, distance_needed)
    found = [search.of(n) for n in range(len(nles))]
    counts = np.array([len(rows) for rows, _ in found], dtype=np.int64)
    nle = np.repeat(np.arange(len(nles), dtype=np.int64), counts)
    rows = np.concatenate([rows for rows, _ in found]) if found else np.zeros(0, np.int64)
    squares = np.concatenate([squares for _, squares in found]) if found else np.zeros(0, np.int64)
    measured = (placed & is_placed(nles).any()) | search.reached_unplaced
    return Reach(nle, rows, squares), measured


def is_placed(table: Records) -> Flags:
    """Rows with both coordinates."""
    return table.given("easting") & table.given("northing")


class _Search:
    """A window over recipients sorted by easting, one NLE after the other."""

    def __init__(
        self, recipients: Records, nles: Records, geography: Geography, order: Integers, distance_needed: bool
    ):
        self.order = order
        self.x = recipients.values("easting")[order]
        self.y = recipients.values("northing")[order]
        detour = geography.detour_factor
        limits = scenario_limits(recipients, geography)
        self.by_region = greatest_square(limits, detour)
        self.uniform = bool(len(limits) == 0 or (limits == limits[0]).all())
        widest = np.minimum(nle_limits(nles, geography), limits.max(initial=0))
        self.by_nle = greatest_square(widest, detour)
        self.own = nle_limits(nles, geography)
        self.sides = np.array([isqrt(int(square)) for square in self.by_nle], dtype=np.int64)
        self.nle_x, self.nle_y = nles.values("easting"), nles.values("northing")
        self.nle_placed = is_placed(nles)
        needs_distance = distance_needed or geography.min_distance_km > 0
        self.lax = np.zeros(len(recipients), bool) if needs_distance else limits == NO_LIMIT
        self.unplaced_lax = np.setdiff1d(np.flatnonzero(self.lax), order)
        self.reached_unplaced = np.zeros(len(recipients), bool)

    def of(self, n: int) -> tuple[Integers, Integers]:
        """The recipients within reach of one NLE, ascending, and the squared distances."""
        rows, squares = self._by_place(n) if self.nle_placed[n] else (self.order[:0], self.order[:0])
        unknown = self._without_distance(n)
        if len(unknown):
            self.reached_unplaced[unknown] = True
            rows = np.concatenate([rows, unknown])
            squares = np.concatenate([squares, np.full(len(unknown), -1, np.int64)])
        ascending = np.argsort(rows)
        return rows[ascending], squares[ascending]

    def _by_place(self, n: int) -> tuple[Integers, Integers]:
        x, y, side = self.nle_x[n], self.nle_y[n], self.sides[n]
        window = slice(int(np.searchsorted(self.x, x - side)), int(np.searchsorted(self.x, x + side, side="right")))
        across, up = self.x[window] - x, self.y[window] - y
        square = across * across + up * up
        near = square <= self.by_nle[n]
        if not self.uniform:
            near &= square <= self.by_region[self.order[window]]
        return self.order[window][near], square[near]

    def _without_distance(self, n: int) -> Integers:
        if self.own[n] != NO_LIMIT:
            return self.order[:0]
        return self.unplaced_lax if self.nle_placed[n] else np.flatnonzero(self.lax)


def settings_problem(geography: Geography) -> str | None:
    """What is wrong with the detour factor, or None."""
    detour = geography.detour_factor
    if detour > LARGEST_DETOUR or detour * 100 != (detour * 100).to_integral_value():
        return f"must be at most {LARGEST_DETOUR} with at most two decimal places"
    return None
