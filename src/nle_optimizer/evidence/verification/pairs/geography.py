"""Places, distances, reach and the nearest NLE, in whole metres.

Places and limits: which pairs are near enough, and how far apart a pair is. The nearest NLE of each recipient, by
distance as decided.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from math import ceil, isqrt

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import Floats, metres_from_squares
from nle_optimizer.evidence.verification.pairs.listed import UNKNOWN, Listed, Pairs
from nle_optimizer.records import MILLION, Flags, Integers, Records
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

AT_ONCE = 100_000
"""Pairs that are measured in one go."""

NO_LIMIT = 2**52
"""Metres, or squares of them, beyond anything on the grid: no limit."""

Filter = Callable[[Pairs], Flags | None]


def by_easting(table: Records) -> tuple[Integers, int]:
    """The order of rows from west to east, those without a place last, and the number that have one."""
    placed = table.given("easting") & table.given("northing")
    easting = np.where(placed, table.values("easting"), NO_LIMIT)
    return np.argsort(easting, kind="stable"), int(placed.sum())


def uses_distance(settings: Settings) -> bool:
    """Whether an objective of the scenario is about distance."""
    return any(
        "distance" in (objective.name, *objective.parts) or "distance_km" in objective.parts
        for objective in settings.objectives or []
    )


class DistanceLimits:
    """The scenario's limits in whole metres, as exact bounds on squares and on given distances."""

    def __init__(self, settings: Settings):
        geography = settings.geography
        self.factor = Fraction(geography.detour_factor)
        self._regions = {name.casefold(): Fraction(km) * 1000 for name, km in geography.max_distance_km.items()}
        self.least = Fraction(geography.min_distance_km) * 1000
        self._nle_limit = geography.nle_limit
        minutes = geography.max_travel_minutes
        self.minutes = NO_LIMIT if minutes is None else int(Fraction(minutes) * MILLION)
        self.always_needed = self.least > 0 or uses_distance(settings)

    def of_region(self, region: str) -> Fraction | None:
        """The limit for schools of a region."""
        return self._regions.get(region.casefold(), self._regions.get("default"))

    @property
    def for_everyone(self) -> bool:
        """Whether there is a limit whatever the region."""
        return "default" in self._regions

    def of_nle(self, metres: int) -> int | None:
        """What an NLE's own limit comes to."""
        if self._nle_limit == "ignore":
            return None
        if isinstance(self._nle_limit, dict):
            return int(metres * Fraction(self._nle_limit["multiply"]))
        return metres

    def greatest_square(self, metres: Fraction | int | None) -> int:
        """The greatest squared straight line that is within a limit."""
        return NO_LIMIT if metres is None else min(int((metres / self.factor) ** 2), NO_LIMIT)


class Distances:
    """Distances between recipients, in order of easting, and NLEs."""

    def __init__(
        self,
        scenario: Scenario,
        table: Records,
        placed: int,
        listed: Listed,
        agreed: Mapping[int, Sequence[int]] | None = None,
    ):
        self.limits, self._listed, self._placed = DistanceLimits(scenario.settings), listed, placed
        self._agreed = {nle: np.array(rows, dtype=np.int64) for nle, rows in (agreed or {}).items()}
        self.rows = len(table)
        self.only = scenario.settings.data.pairs is not None and scenario.settings.data.pairs.only
        self.east = _coordinates(table, "easting", placed)
        self.north = _coordinates(table, "northing", placed)
        self._school_limits(table)
        nles = scenario.nles
        self.nle_placed = nles.given("easting") & nles.given("northing")
        self.nle_east, self.nle_north = nles.values("easting"), nles.values("northing")
        own = nles.column("max_distance_km")
        limits = zip(own.values.tolist(), own.given.tolist(), strict=True)
        found = [self.limits.of_nle(metres) if given else None for metres, given in limits]
        square = {limit: self.limits.greatest_square(limit) for limit in set(found)}
        self._own = np.array([NO_LIMIT if limit is None else limit for limit in found], dtype=np.int64)
        self._own_square = np.array([square[limit] for limit in found], dtype=np.float64)
        self._radius_square = np.minimum(self._own_square, self._widest)

    def _school_limits(self, table: Records) -> None:
        regions = table.values("region").tolist()
        limit = {region: self.limits.of_region(region) for region in set(regions)}
        metres = {region: NO_LIMIT if m is None else int(m) for region, m in limit.items()}
        square = {region: self.limits.greatest_square(m) for region, m in limit.items()}
        self._limit = np.array([metres[region] for region in regions], dtype=np.int64)
        self._limit_square = np.array([square[region] for region in regions], dtype=np.float64)
        self._widest = float(self._limit_square.max(initial=0.0))
        self._one_limit = len(set(square.values())) <= 1

    def is_limited(self, nle: int) -> bool:
        """Whether every pair of an NLE needs a distance."""
        return self.limits.always_needed or self.limits.for_everyone or bool(self._own[nle] < NO_LIMIT)

    def tells_every_distance(self, nle: int, listed: Listed) -> bool:
        """Whether each pair of an NLE that no limit on distance touches has a distance."""
        if self.limits.least > 0 or self._own[nle] < NO_LIMIT:
            return True
        first = self._placed if self.nle_placed[nle] else 0
        rows = listed.rows(nle) if self.only else np.arange(first, self.rows)
        rows = rows[(rows >= first) & (self._limit[rows] >= NO_LIMIT)]
        return bool(np.isin(rows, listed.rows_with(nle, "distance_km")).all())

    def windowed(self, nle: int) -> bool:
        """Whether recipients far from an NLE can be told by their place alone."""
        return not self.only and bool(self.nle_placed[nle]) and bool(self._radius_square[nle] < NO_LIMIT)

    def reach(self, nles: Integers) -> Iterator[Pairs]:
        """The pairs of some NLEs, but for those beyond a limit by their places; several NLEs at a time.

        Agreed pairs are among them wherever they are.
        """
        known = [not self.windowed(nle) or self._listed.has_rows(nle) or nle in self._agreed for nle in nles.tolist()]
        at_once = max(AT_ONCE // max(self._placed, 1), 1)
        for alone, some in groupby(zip(known, nles.tolist(), strict=True), lambda each: each[0]):
            waiting = [nle for _, nle in some]
            if alone:
                yield from map(self._reach_of_one, waiting)
            else:
                yield from (self._near(np.array(waiting[n : n + at_once])) for n in range(0, len(waiting), at_once))

    def _near(self, nles: Integers) -> Pairs:
        """The pairs of NLEs that have a place, with recipients within their radius."""
        across = self.east[: self._placed] - self.nle_east[nles][:, None]
        along = self.north[: self._placed] - self.nle_north[nles][:, None]
        squares = across * across + along * along
        nle, rows = np.nonzero(squares <= self._radius_square[nles][:, None])
        return Pairs(nles[nle], rows, squares[nle, rows], None)

    def _reach_of_one(self, nle: int) -> Pairs:
        agreed = self._agreed.get(nle, np.zeros(0, np.int64))
        if self.only:
            return self.pairs(nle, np.union1d(self._listed.rows(nle), agreed))
        if not self.windowed(nle):
            return self.pairs(nle, np.arange(self.rows))
        rows = self._near(np.array([nle])).rows
        told = self._listed.rows_with(nle, "distance_km")
        return self.pairs(nle, np.union1d(np.union1d(rows, told), agreed))

    def pairs(self, nle: int, rows: Integers) -> Pairs:
        """The pairs of an NLE with these recipients."""
        return Pairs(nle, rows, self.squares(nle, rows), self._listed.entries(nle, rows))

    def squares(self, nle: int | Integers, rows: Integers) -> Floats:
        """Squared straight lines in metres; UNKNOWN where a place is."""
        across = self.east[rows] - self.nle_east[nle]
        along = self.north[rows] - self.nle_north[nle]
        known = (rows < self._placed) & self.nle_placed[nle]
        return np.where(known, across * across + along * along, UNKNOWN)

    def metres(self, pairs: Pairs) -> Integers:
        """Distances as decided, in metres; -1 where they are not known."""
        if pairs.metres is not None:
            return pairs.metres
        result = np.where(pairs.squares < 0, -1, metres_from_squares(np.maximum(pairs.squares, 0), self.limits.factor))
        told = self._listed.cells(pairs, "distance_km")
        if told is not None:
            result[told[1]] = told[0][told[1]]
        return result

    def more_metres(self, pairs: Pairs) -> list[int]:
        """How many metres farther the limit of each pair, whose distance is known, must reach to admit it."""
        p, q = self.limits.factor.as_integer_ratio()
        least = [isqrt(max(-(-int(square) * p * p // (q * q)) - 1, 0)) + (square > 0) for square in pairs.squares]
        told = self._listed.cells(pairs, "distance_km")
        if told is not None:
            least = np.where(told[1], told[0], least).tolist()
        limit = np.minimum(self._limit[pairs.rows], self._own[pairs.nle])
        return [int(reach) - int(now) for reach, now in zip(least, limit, strict=True)]

    def filters(self) -> list[tuple[str, Filter]]:
        """The filters on distance and time, by reason code, in order."""
        result: list[tuple[str, Filter]] = [("no-place", self._no_place), ("too-far", self._too_far)]
        if self.limits.least > 0:
            result.append(("too-near", self._too_near))
        if self.limits.minutes < NO_LIMIT:
            result.append(("travel-time", self._travel_time))
        return result

    def _no_place(self, pairs: Pairs) -> Flags | None:
        unknown = pairs.squares < 0
        if not unknown.any():
            return None
        if not self.limits.always_needed:
            unknown &= (self._limit[pairs.rows] < NO_LIMIT) | (self._own[pairs.nle] < NO_LIMIT)
        told = self._listed.cells(pairs, "distance_km")
        return unknown if told is None else unknown & ~told[1]

    def _too_far(self, pairs: Pairs) -> Flags | None:
        beyond = pairs.squares > self._own_square[pairs.nle]
        beyond |= pairs.squares > (self._widest if self._one_limit else self._limit_square[pairs.rows])
        told = self._listed.cells(pairs, "distance_km")
        if told is not None:
            limit = np.minimum(self._limit[pairs.rows], self._own[pairs.nle])
            beyond = np.where(told[1], told[0] > limit, beyond)
        return beyond

    def _too_near(self, pairs: Pairs) -> Flags:
        least = self.limits.least
        square = ceil((least / self.limits.factor) ** 2)
        near = (pairs.squares >= 0) & (pairs.squares < square)
        told = self._listed.cells(pairs, "distance_km")
        return near if told is None else np.where(told[1], told[0] < ceil(least), near)

    def _travel_time(self, pairs: Pairs) -> Flags:
        told = self._listed.cells(pairs, "travel_minutes")
        if told is None:
            return np.ones(len(pairs), dtype=bool)
        return ~told[1] | (told[0] > self.limits.minutes)


def _coordinates(table: Records, name: str, placed: int) -> Floats:
    values = table.values(name).astype(np.float64)
    values[placed:] = 0
    return values


FAR = 2**60
NEAREST_AT_ONCE = 200_000
"""Pairs that are measured in one go."""
CELL = 32
"""Recipients that share a cell of the grid, about."""


class Nearest:
    """Finds the nearest available NLE; ties go to the lower identifier."""

    def __init__(self, geography: Distances, listed: Listed, available: Flags, placed: int):
        self._geography, self._placed = geography, placed
        self._nles = np.flatnonzero(available)
        self._spots = np.flatnonzero(available & geography.nle_placed)
        rows, nles, metres = listed.distances()
        real = available[nles] if len(nles) else np.zeros(0, dtype=bool)
        rows, nles, metres = rows[real], nles[real], metres[real]
        order = np.argsort(rows, kind="stable")
        self._told = rows[order], nles[order], metres[order]

    def of(self, rows: Integers) -> tuple[Integers, Integers]:
        """The NLE and the metres for each recipient; -1 where neither is known."""
        nle, metres = np.full(len(rows), -1, dtype=np.int64), np.full(len(rows), -1, dtype=np.int64)
        if not len(self._nles) or not len(rows):
            return nle, metres
        simple = (rows < self._placed) & ~np.isin(rows, self._told[0])
        if len(rows) * len(self._nles) <= NEAREST_AT_ONCE:
            simple[:] = False
        for at in self._cells(rows, np.flatnonzero(simple)):
            nle[at], metres[at] = self._among(rows[at], self._near(rows[at]))
        others = np.flatnonzero(~simple)
        size = max(NEAREST_AT_ONCE // len(self._nles), 1)
        for start in range(0, len(others), size):
            at = others[start : start + size]
            nle[at], metres[at] = self._among_all(rows[at])
        return nle, metres

    def _cells(self, rows: Integers, at: Integers) -> list[NDArray[np.int64]]:
        """Groups of neighbouring recipients, as indices into `rows`."""
        if not len(at) or not len(self._spots):
            return []
        east, north = self._geography.east[rows[at]], self._geography.north[rows[at]]
        across = max(int((len(at) / CELL) ** 0.5), 1)
        side = max(float(np.ptp(east)), float(np.ptp(north)), 1.0) / across
        column, line = (np.floor((spot - spot.min()) / side).astype(np.int64) for spot in (east, north))
        key = column * (across + 2) + line
        order = np.argsort(key, kind="stable")
        return np.split(at[order], np.flatnonzero(np.diff(key[order])) + 1)

    def _near(self, rows: Integers) -> Integers:
        """The NLEs among which the nearest of every one of these recipients is."""
        geography, spots = self._geography, self._spots
        greatest, least = np.zeros(len(spots)), np.zeros(len(spots))
        for theirs, ours in ((geography.east, geography.nle_east), (geography.north, geography.nle_north)):
            low, high, at = theirs[rows].min(), theirs[rows].max(), ours[spots]
            least += np.maximum(np.maximum(low - at, at - high), 0) ** 2
            greatest += np.maximum(at - low, high - at) ** 2
        # Distances round to the metre: what is a little farther may count as far, with a lower identifier.
        slack = 2 + 2 / float(geography.limits.factor)
        return np.asarray(spots[least <= (greatest.min() ** 0.5 + slack) ** 2])

    def _among(self, rows: Integers, nles: Integers) -> tuple[Integers, Integers]:
        metres = self._measure(rows, nles)
        first = metres.argmin(axis=1)
        return nles[first], metres[np.arange(len(rows)), first]

    def _measure(self, rows: Integers, nles: Integers) -> Integers:
        geography = self._geography
        across = geography.east[rows][:, None] - geography.nle_east[nles][None, :]
        along = geography.north[rows][:, None] - geography.nle_north[nles][None, :]
        return metres_from_squares(across * across + along * along, geography.limits.factor)

    def _among_all(self, rows: Integers) -> tuple[Integers, Integers]:
        metres = self._measure(rows, self._nles)
        metres[rows >= self._placed, :] = FAR
        metres[:, ~self._geography.nle_placed[self._nles]] = FAR
        theirs, nles, told = self._told
        at = np.flatnonzero(np.isin(theirs, rows))
        line = np.empty(self._geography.rows, dtype=np.int64)
        line[rows] = np.arange(len(rows))
        metres[line[theirs[at]], np.searchsorted(self._nles, nles[at])] = told[at]
        first = metres.argmin(axis=1)
        best = metres[np.arange(len(rows)), first]
        return np.where(best < FAR, self._nles[first], -1), np.where(best < FAR, best, -1)
