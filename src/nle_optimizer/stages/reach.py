"""Pairs within reach: listed, of known distance, and not too far; found by place, without trying every pair."""

import numpy as np

from nle_optimizer.records import Flags, Integers, Records, Texts
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.current import GivenPairs, locate
from nle_optimizer.stages.filters import FilterContext, PairFacts
from nle_optimizer.stages.geography import NO_LIMIT, is_placed, metres, nle_limits, scenario_limits, within_reach
from nle_optimizer.stages.ledger import Beyond, Sieve
from nle_optimizer.stages.requirements import Required

BY_REACH = ("not-listed", "no-place", "too-far")
"""The filters that pairs within reach have passed."""
Measured = tuple[Integers, Integers, Integers, Integers]
"""NLE, recipient, squared straight line and distance of some pairs."""


def reach(context: FilterContext, required: Required) -> Sieve:
    """Pairs left by the filters of `BY_REACH`, and those agreed that are beyond them.

    Raises:
        InputError: a required pair is not among them.
    """
    recipients, nles, given, settings = context.recipients, context.nles, context.given, context.settings
    geography = settings.geography
    pairs, measured = within_reach(recipients, nles, geography, distance_needed=context.distance_needed)
    distance = np.where(pairs.square >= 0, metres(np.maximum(pairs.square, 0), geography.detour_factor), -1)
    found: Measured = pairs.nle, pairs.recipient, pairs.square, distance
    last = np.where(measured, "too-far", "no-place").astype(object)
    count = len(recipients)
    if given is not None:
        found = _with_given_distances(found, context, given, last)
        if settings.data.pairs is not None and settings.data.pairs.only:
            found = _rows(found, locate(found[0] * count + found[1], given.keys)[1])
            last = _last_of_listed(given, recipients, nles)
    exempt, beyond = None, list[Beyond]()
    if len(required.exempt):
        missing = required.exempt[~locate(required.exempt, found[0] * count + found[1])[1]]
        more, beyond = _beyond_reach(context, missing)
        found = _merged(found, more, count)
        exempt = locate(found[0] * count + found[1], required.exempt)[1]
    last[np.bincount(found[1], minlength=count) > 0] = ""
    if not len(nles):
        last[:] = "no-nle"
    flags = required.among(found[0] * count + found[1])
    return Sieve(*found, flags, last, required.refusal, exempt, tuple(beyond))


def _rows(pairs: Measured, rows: Flags) -> Measured:
    nle, recipient, square, distance = (column[rows] for column in pairs)
    return nle, recipient, square, distance


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


def _beyond_reach(context: FilterContext, keys: Integers) -> tuple[Measured, list[Beyond]]:
    """Some pairs although a limit on distance, or the list of pairs, is against them; and which of the two is.

    Pairs that need a distance and have none are not among them.
    """
    pairs = PairFacts(context, *np.divmod(keys, len(context.recipients)))
    known = ~pairs.removed_by("no-place")
    beyond = [
        (int(pairs.nle[n]), int(pairs.recipient[n]), code)
        for code in ("not-listed", "too-far")
        for n in np.flatnonzero(pairs.removed_by(code) & known)
    ]
    return _rows((pairs.nle, pairs.recipient, pairs.square, pairs.distance), known), beyond


def _merged(pairs: Measured, more: Measured, recipients: int) -> Measured:
    """Pairs and some more, sorted by NLE, then recipient."""
    both = [np.concatenate(columns) for columns in zip(pairs, more, strict=True)]
    order = np.argsort(both[0] * recipients + both[1], kind="stable")
    nle, recipient, square, distance = (column[order] for column in both)
    return nle, recipient, square, distance


def _with_given_distances(pairs: Measured, context: FilterContext, given: GivenPairs, last: Texts) -> Measured:
    """The pairs with every distance of the pairs table in place of the computed one."""
    rows = np.flatnonzero(given.given("distance_km"))
    if not len(rows):
        return pairs
    count = len(context.recipients)
    stay = ~locate(pairs[0] * count + pairs[1], given.keys[rows])[1]
    last[given.recipient[rows]] = "too-far"
    told = context.of(given.nle[rows], given.recipient[rows])
    within = (told.nle, told.recipient, told.square, told.distance)
    return _merged(_rows(pairs, stay), _rows(within, ~told.removed_by("too-far")), count)
