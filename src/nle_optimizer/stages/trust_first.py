"""Which schools go to a high-quality trust before any NLE is considered, and to which trusts they could go.

No official score of trust quality exists: a judgement in the trusts table counts, or else a declared proxy.
"""

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.records import MILLION, Flags, Integers, Records, Texts
from nle_optimizer.scenario.settings import Settings, TrustFirst
from nle_optimizer.stages.conditions import holds
from nle_optimizer.stages.fit import match, properties_that
from nle_optimizer.stages.geography import NO_LIMIT, is_placed, metres


@dataclass(frozen=True, eq=False)
class TrustPairs:
    """Schools that qualify and the high-quality trusts each could join, sorted by trust, then school.

    Attributes:
        schools, trusts: the two sides, sorted by identifier.
        trust, school: shapes (pairs,): indices.
        distance: shape (pairs,): whole metres.
        capacity: shape (trusts,): schools each can still take.
    """

    schools: Records
    trusts: Records
    trust: Integers
    school: Integers
    distance: Integers
    capacity: Integers


def mode_of(settings: Settings, schools: Records) -> str:
    """How trusts come first: as asked, else `given` where the table names trusts, else `off`."""
    if settings.trust_first.mode is not None:
        return settings.trust_first.mode
    return "given" if schools.given("matched_trust_id").any() else "off"


def given_matches(schools: Records, rules: TrustFirst) -> Flags:
    """Rows whose match with a trust stands, by the schools table."""
    decision = schools.column("trust_decision").or_else("proposed")
    counts = np.isin(decision.astype(str), rules.counts_as_matched)
    return schools.given("matched_trust_id") & counts


def trust_pairs(schools: Records, trusts: Records | None, taken: Texts, settings: Settings) -> TrustPairs:
    """The pairs of qualifying schools and high-quality trusts.

    Args:
        schools: eligible schools that are not matched yet, as they stood.
        trusts: the trusts table.
        taken: the trust of each school that is matched already; it uses capacity.
        settings: the scenario's settings.

    Raises:
        InputError: there is no trusts table.
    """
    if trusts is None:
        what = "matching with trusts needs the trusts table; name it under data.trusts"
        raise InputError([Fault(Place(), "trust_first.mode", what, "optimise")])
    rules = settings.trust_first
    chosen = schools.take(_qualify(schools, rules) & is_placed(schools))
    places_taken = Counter(taken.tolist())
    used = np.array([places_taken[trust] for trust in trusts.ids], dtype=np.int64)
    capacity = np.maximum(trusts.column("capacity").or_else(rules.capacity_default) - used, 0)
    good = high_quality(trusts, rules) & is_placed(trusts) & (capacity > 0)
    return _pairs(chosen, trusts.take(good), capacity[good], settings)


def high_quality(trusts: Records, rules: TrustFirst) -> Flags:
    """Trusts of high quality: as judged in the table, else by the declared proxy."""
    judged = trusts.column("high_quality")
    inspected, share = trusts.column("inspected"), trusts.column("share_good")
    proxy = inspected.given & (inspected.values >= rules.high_quality.min_inspected)
    proxy &= share.given & (share.values >= int(rules.high_quality.min_share_good * MILLION))
    return np.where(judged.given, judged.values, proxy)


def _qualify(schools: Records, rules: TrustFirst) -> Flags:
    qualify = schools.column("kind").or_else("school") == "school"
    if rules.qualifies is not None:
        qualify &= holds(rules.qualifies.when, schools)
    if rules.already_in_trust == "skip":
        qualify &= ~schools.given("trust_id")
    return qualify


def _pairs(schools: Records, trusts: Records, capacity: Integers, settings: Settings) -> TrustPairs:
    reach = [_within(schools, trusts, n, settings) for n in range(len(trusts))]
    trust_of = np.repeat(np.arange(len(trusts), dtype=np.int64), [len(rows) for rows, _ in reach])
    nothing = [np.zeros(0, np.int64)]
    rows = np.concatenate([rows for rows, _ in reach] or nothing)
    squares = np.concatenate([squares for _, squares in reach] or nothing)
    pairs = TrustPairs(schools, trusts, trust_of, rows, metres(squares, Decimal(1)), capacity)
    musts = [name for name in properties_that(settings.suitability, "must") if name != "diocese"]
    unmet = np.zeros(len(rows), bool)
    for name in musts:
        unmet |= match(trusts, schools, name).unmet(trust_of, rows)
    keep = ~unmet & _may_join(pairs)
    return replace(pairs, trust=trust_of[keep], school=rows[keep], distance=pairs.distance[keep])


def _within(schools: Records, trusts: Records, n: int, settings: Settings) -> tuple[Integers, Integers]:
    limit = settings.trust_first.max_distance_km
    across = schools.values("easting") - trusts.values("easting")[n]
    up = schools.values("northing") - trusts.values("northing")[n]
    square = across * across + up * up
    near = np.flatnonzero(square <= (NO_LIMIT if limit is None else int(limit * 1000) ** 2))
    return near, square[near]


def _may_join(pairs: TrustPairs) -> Flags:
    """Pairs that are neither the school's own trust nor one whose match was declined."""
    declined = pairs.schools.column("trust_decision").or_else("") == "declined"
    barred = np.where(declined, pairs.schools.values("matched_trust_id"), "")[pairs.school]
    own = pairs.schools.values("trust_id")[pairs.school]
    trust = pairs.trusts.ids[pairs.trust]
    return (own != trust) & (barred != trust)
