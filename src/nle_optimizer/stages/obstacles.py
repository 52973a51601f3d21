"""Everything that stands between some NLEs and some recipients: not the first filter alone, but each one."""

from collections.abc import Mapping
from functools import cached_property
from math import ceil

import numpy as np

from nle_optimizer.records import MILLION, Flags, Integers, Records
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.candidates import side_filters
from nle_optimizer.stages.current import given_pairs, locate
from nle_optimizer.stages.fit import fit_of, match, needs_of, properties_that
from nle_optimizer.stages.geography import (
    NO_LIMIT,
    greatest_square,
    is_placed,
    least_square,
    metres,
    nle_limits,
    scenario_limits,
)


class Between:
    """Two sides and what every filter asks of them, made out once for however many pairs."""

    def __init__(
        self,
        recipients: Records,
        nles: Records,
        schools: Records,
        pairs: Records | None,
        settings: Settings,
        *,
        distance_needed: bool,
    ):
        """Make it out.

        Args:
            recipients, nles: the two sides, sorted by identifier.
            schools, pairs, settings, distance_needed: as `find_candidates` has them.
        """
        self.recipients, self.nles, self.settings = recipients, nles, settings
        self.given = given_pairs(pairs, recipients, nles)
        self.filters = side_filters(recipients, nles, schools, settings)
        self.needs = needs_of(recipients, nles, settings)
        self.liked = [match(nles, recipients, name) for name in properties_that(settings.suitability, "prefer")]
        self.own_limit, self.limit = (
            nle_limits(nles, settings.geography),
            scenario_limits(recipients, settings.geography),
        )
        self.distance_needed = distance_needed or settings.geography.min_distance_km > 0

    def of(self, recipients: Integers, nles: Integers | None = None) -> "Obstacles":
        """What stands between some NLEs and some recipients, by index, both ascending; None for every NLE."""
        return Obstacles(self, recipients, np.arange(len(self.nles)) if nles is None else nles)


class Obstacles:
    """The pairs of some NLEs with some recipients; every array has the shape (nles, recipients)."""

    def __init__(self, between: Between, recipients: Integers, nles: Integers):
        self._between, self._settings = between, between.settings
        self._nle, self._recipient = np.ix_(nles, recipients)
        self.shape = len(nles), len(recipients)

    @cached_property
    def codes(self) -> Mapping[str, Flags]:
        """For each filter the pairs that it removes, in the order of the filters."""
        codes = {**self._by_distance(), **self._by_sides(), **self._by_relation(), **self._by_fit()}
        return {code: np.broadcast_to(removed, self.shape) for code, removed in codes.items()}

    @property
    def count(self) -> Integers:
        """How many filters remove each pair."""
        count = np.zeros(self.shape, dtype=np.int64)
        for removed in self.codes.values():
            count += removed
        return count

    @cached_property
    def distance(self) -> Integers:
        """Metres; -1 where not known."""
        computed = metres(np.maximum(self._square, 0), self._settings.geography.detour_factor)
        values, told = self._told("distance_km")
        return np.where(told, values, np.where(self._square >= 0, computed, -1))

    @property
    def limit(self) -> Integers:
        """Metres that each pair may be apart; `NO_LIMIT` where it may be any."""
        return np.minimum(self._between.own_limit[self._nle], self._between.limit[self._recipient])

    @property
    def reach(self) -> Integers:
        """The least limit in whole metres under which each pair is not too far; -1 where its distance is not known.

        Limits are compared on squares, not on metres.
        """
        p, q = self._settings.geography.detour_factor.as_integer_ratio()
        short = self._square * (p * p) > self.distance * self.distance * (q * q)
        return self.distance + ((self.distance >= 0) & ~self._told("distance_km")[1] & short)

    @cached_property
    def fit(self) -> Integers:
        """Millionths, preferences included."""
        settings = self._settings
        fit = fit_of(self._between.needs, settings.fit.measure, self._nle, self._recipient)
        for liked in self._between.liked:
            fit += int(settings.suitability.prefer_bonus * MILLION) * liked.agreed(self._nle, self._recipient)
        values, told = self._told("fit")
        return np.where(told, values, fit)

    @cached_property
    def _square(self) -> Integers:
        """The square of the metres between the two places; -1 where one is not known."""
        recipients, nles = self._between.recipients, self._between.nles
        across, up = (
            recipients.values(name)[self._recipient] - nles.values(name)[self._nle] for name in ("easting", "northing")
        )
        placed = is_placed(recipients)[self._recipient] & is_placed(nles)[self._nle]
        return np.where(placed, across * across + up * up, -1)

    @cached_property
    def _keys(self) -> Integers:
        """The pairs as the pairs table numbers them, in one row."""
        return (self._nle * len(self._between.recipients) + self._recipient).ravel()

    def _told(self, name: str) -> tuple[Integers, Flags]:
        """What the pairs table says of the pairs, and where it does."""
        if self._between.given is None:
            return np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1), dtype=bool)
        column = self._between.given.spread(name, self._keys)
        return column.values.reshape(self.shape), column.given.reshape(self.shape)

    def _among(self, keys: Integers) -> Flags:
        return locate(self._keys, keys)[1].reshape(self.shape)

    def _by_distance(self) -> dict[str, Flags]:
        """not-listed, no-place, too-far, too-near and travel-time."""
        geography, between = self._settings.geography, self._between
        detour, least = geography.detour_factor, int(geography.min_distance_km * 1000)
        own, theirs = (greatest_square(limit, detour) for limit in (between.own_limit, between.limit))
        values, told = self._told("distance_km")
        computed = (self._square >= 0) & ~told
        far = computed & (self._square > np.minimum(own[self._nle], theirs[self._recipient]))
        near = computed & (self._square < least_square(least, detour))
        return {
            "not-listed": self._unlisted(),
            "no-place": ~(computed | told) & (between.distance_needed | (self.limit != NO_LIMIT)),
            "too-far": far | (told & (values > self.limit)),
            "too-near": near | (told & (values < least)),
            "travel-time": self._too_long(),
        }

    def _unlisted(self) -> Flags:
        data, given = self._settings.data.pairs, self._between.given
        if data is None or not data.only:
            return np.zeros((1, 1), dtype=bool)
        return ~self._among(np.zeros(0, np.int64) if given is None else given.keys)

    def _too_long(self) -> Flags:
        limit = self._settings.geography.max_travel_minutes
        if limit is None:
            return np.zeros((1, 1), dtype=bool)
        minutes, told = self._told("travel_minutes")
        return ~told | (minutes > int(limit * MILLION))

    def _by_sides(self) -> dict[str, Flags]:
        """The filters that look at the two sides alone; two of one code are one."""
        found: dict[str, Flags] = {}
        for code, removes in self._between.filters:
            removed = removes(self._nle, self._recipient)
            found[code] = found[code] | removed if code in found else removed
        return found

    def _by_relation(self) -> dict[str, Flags]:
        """declared and forbidden."""
        declared = ("conflict", "objects") if self._settings.conflicts.declared else ()
        given = self._between.given
        if given is None:
            return dict.fromkeys(("declared", "forbidden"), np.zeros((1, 1), dtype=bool))
        return {
            code: self._among(given.keys[given.with_relation(*words)])
            for code, words in (("declared", declared), ("forbidden", ("forbid",)))
        }

    def _by_fit(self) -> dict[str, Flags]:
        """unknown-fit, no-need-met and fit-below-minimum."""
        needs, (_, told) = self._between.needs, self._told("fit")
        unknown = ~told & ~needs.known(self._nle, self._recipient)
        needless = ~told & ~unknown & ~needs.any_need()[self._recipient]
        least = ceil(self._settings.fit.minimum * MILLION)
        poor = ~unknown & ~needless & (self.fit < least) if least else np.zeros((1, 1), dtype=bool)
        return {"unknown-fit": unknown, "no-need-met": needless, "fit-below-minimum": poor}
