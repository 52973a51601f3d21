"""Pairs within reach: listed, of known distance, not too far, not too near, not too long a journey."""

import numpy as np

from nle_optimizer.records import MILLION, Flags, Integers, Records, Texts
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.current import GivenPairs, locate
from nle_optimizer.stages.geography import (
    NO_LIMIT,
    greatest_square,
    is_placed,
    least_square,
    metres,
    nle_limits,
    scenario_limits,
    within_reach,
)
from nle_optimizer.stages.ledger import Beyond, Sieve
from nle_optimizer.stages.requirements import Required

Measured = tuple[Integers, Integers, Integers, Integers]
"""NLE, recipient, squared straight line and distance of some pairs."""


def reach(
    recipients: Records,
    nles: Records,
    given: GivenPairs | None,
    required: Required,
    settings: Settings,
    *,
    distance_needed: bool,
) -> Sieve:
    """Pairs left by the filters not-listed, no-place, too-far, too-near and travel-time.

    Raises:
        InputError: a required pair is not among them.
    """
    geography = settings.geography
    pairs, measured = within_reach(recipients, nles, geography, distance_needed=distance_needed)
    nle, recipient, square = pairs.nle, pairs.recipient, pairs.square
    distance = np.where(square >= 0, metres(np.maximum(square, 0), geography.detour_factor), -1)
    last = np.where(measured, "too-far", "no-place").astype(object)
    count = len(recipients)
    if given is not None:
        nle, recipient, square, distance = _with_given_distances(
            (nle, recipient, square, distance), given, settings, recipients, nles, last
        )
        if settings.data.pairs is not None and settings.data.pairs.only:
            listed = locate(nle * count + recipient, given.keys)[1]
            nle, recipient, square, distance = (
                nle[listed],
                recipient[listed],
                square[listed],
                distance[listed],
            )
            last = _last_of_listed(given, recipients, nles)
    exempt, beyond = None, list[Beyond]()
    if len(required.exempt):
        missing = required.exempt[~locate(required.exempt, nle * count + recipient)[1]]
        more, beyond = _beyond_reach(missing, given, settings, recipients, nles, distance_needed=distance_needed)
        nle, recipient, square, distance = _merged((nle, recipient, square, distance), more, count)
        exempt = locate(nle * count + recipient, required.exempt)[1]
    last[np.bincount(recipient, minlength=count) > 0] = ""
    if not len(nles):
        last[:] = "no-nle"
    flags = required.among(nle * count + recipient)
    sieve = Sieve(nle, recipient, square, distance, flags, last, required.refusal, exempt, tuple(beyond))
    sieve = sieve.drop("too-near", _too_near(sieve, settings))
    return sieve.drop("travel-time", _too_long(sieve, given, settings))


def lacks_distance(recipients: Records, nles: Records, given: GivenPairs | None, settings: Settings) -> bool:
    """Whether any pair, candidate or not, has no distance and no limit on distances that takes it out for that."""
    if settings.geography.min_distance_km > 0:
        return False
    sides = (scenario_limits(recipients, settings.geography), nle_limits(nles, settings.geography))
    free, nle_free = (limits == NO_LIMIT for limits in sides)
    placed, nle_placed = is_placed(recipients) & free, is_placed(nles) & nle_free
    count = int(free.sum()) * int(nle_free.sum()) - int(placed.sum()) * int(nle_placed.sum())
    if given is None:
        return count > 0
    lacking = free[given.recipient] & nle_free[given.nle] & ~(placed[given.recipient] & nle_placed[given.nle])
    told = given.given("distance_km")
    if settings.data.pairs is not None and settings.data.pairs.only:
        return bool((lacking & ~told).any())
    return count > int((lacking & told).sum())


def _last_of_listed(given: GivenPairs, recipients: Records, nles: Records) -> Texts:
    """Where only listed pairs count, the filter up to distance that would remove each recipient's last one."""
    known = given.given("distance_km") | (is_placed(recipients)[given.recipient] & is_placed(nles)[given.nle])
    listed = np.bincount(given.recipient, minlength=len(recipients)) > 0
    measured = np.bincount(given.recipient[known], minlength=len(recipients)) > 0
    return np.where(measured, "too-far", np.where(listed, "no-place", "not-listed")).astype(object)


def _too_near(sieve: Sieve, settings: Settings) -> Flags:
    least = int(settings.geography.min_distance_km * 1000)
    if least == 0:
        return np.zeros(len(sieve.nle), bool)
    by_place = sieve.square < least_square(least, settings.geography.detour_factor)
    return np.where(sieve.square >= 0, by_place, (sieve.distance >= 0) & (sieve.distance < least))


def _too_long(sieve: Sieve, given: GivenPairs | None, settings: Settings) -> Flags:
    """Pairs whose travel time is over the limit, or not known under one."""
    limit = settings.geography.max_travel_minutes
    if limit is None:
        return np.zeros(len(sieve.nle), bool)
    if given is None:
        return np.ones(len(sieve.nle), bool)
    minutes = given.spread("travel_minutes", sieve.nle * given.recipients + sieve.recipient)
    return ~minutes.given | (minutes.values > int(limit * MILLION))


def _beyond_reach(
    keys: Integers,
    given: GivenPairs | None,
    settings: Settings,
    recipients: Records,
    nles: Records,
    *,
    distance_needed: bool,
) -> tuple[Measured, list[Beyond]]:
    """Some pairs although a limit on distance, or the list of pairs, is against them; and which of the two is.

    Pairs that need a distance and have none are not among them.
    """
    nle, recipient = np.divmod(keys, len(recipients))
    across, up = (recipients.values(name)[recipient] - nles.values(name)[nle] for name in ("easting", "northing"))
    placed = is_placed(recipients)[recipient] & is_placed(nles)[nle]
    square = np.where(placed, across * across + up * up, -1)
    detour, own = settings.geography.detour_factor, nle_limits(nles, settings.geography)[nle]
    limit = np.minimum(own, scenario_limits(recipients, settings.geography)[recipient])
    distance = np.where(square >= 0, metres(np.maximum(square, 0), detour), -1)
    listed = np.ones(len(keys), bool)
    if given is not None:
        told = given.spread("distance_km", keys)
        square, distance = np.where(told.given, -1, square), np.where(told.given, told.values, distance)
        only = settings.data.pairs is not None and settings.data.pairs.only
        listed = locate(keys, given.keys)[1] | (not only)
    far = np.where(square >= 0, square > greatest_square(limit, detour), distance > limit)
    needed = distance_needed or settings.geography.min_distance_km > 0
    known = (distance >= 0) | ((limit == NO_LIMIT) & (not needed))
    against = (("not-listed", ~listed & known), ("too-far", far & known))
    beyond = [(int(nle[n]), int(recipient[n]), code) for code, rows in against for n in np.flatnonzero(rows)]
    return (nle[known], recipient[known], square[known], distance[known]), beyond


def _merged(pairs: Measured, more: Measured, recipients: int) -> Measured:
    """Pairs and some more, sorted by NLE, then recipient."""
    both = [np.concatenate(columns) for columns in zip(pairs, more, strict=True)]
    order = np.argsort(both[0] * recipients + both[1], kind="stable")
    nle, recipient, square, distance = (column[order] for column in both)
    return nle, recipient, square, distance


def _with_given_distances(
    pairs: Measured,
    given: GivenPairs,
    settings: Settings,
    recipients: Records,
    nles: Records,
    last: Texts,
) -> Measured:
    """The pairs with every distance of the pairs table in place of the computed one."""
    rows = np.flatnonzero(given.given("distance_km"))
    if not len(rows):
        return pairs
    count = len(recipients)
    nle, recipient, square, distance = pairs
    keys, told = nle * count + recipient, given.keys[rows]
    stay = ~locate(keys, told)[1]
    limit = np.minimum(
        scenario_limits(recipients, settings.geography)[given.recipient[rows]],
        nle_limits(nles, settings.geography)[given.nle[rows]],
    )
    metres_given = given.table.values("distance_km")[rows]
    near = (metres_given <= limit) | (limit == NO_LIMIT)
    last[given.recipient[rows]] = "too-far"
    kept = (nle[stay], recipient[stay], square[stay], distance[stay])
    more = (
        given.nle[rows][near],
        given.recipient[rows][near],
        np.full(int(near.sum()), -1, np.int64),
        metres_given[near],
    )
    return _merged(kept, more, count)
