"""Schools that qualify for a high-quality trust, trusts that may take them, and which pairs are possible."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from nle_optimizer.evidence.verification.exact import metres_from_squares
from nle_optimizer.evidence.verification.pairs.character import TRAITS, offered
from nle_optimizer.evidence.verification.pairs.suitability import Trait
from nle_optimizer.evidence.verification.stages.conditions import TRUE, decide
from nle_optimizer.evidence.verification.stages.eligibility import Entry
from nle_optimizer.records import MILLION, Flags, Integers, Records
from nle_optimizer.scenario.scenario import Scenario


class Market:
    """Both sides of matching with trusts.

    Attributes:
        rows: the schools that qualify, as rows of the schools table.
        schools: those rows, as they stood.
        trusts: the trusts of high quality.
        capacity: how many schools each may still take.
    """

    def __init__(self, scenario: Scenario, trusts: Records, entry: Entry, given: Sequence[str]):
        self.rows: Integers = np.flatnonzero(_qualify(scenario, entry))
        self.schools = entry.stood.take(self.rows)
        good = _high_quality(scenario, trusts)
        self.trusts, self.capacity = trusts.take(good), _capacity(scenario, trusts, given)[good]
        suitability = scenario.settings.suitability
        must = [name for name in TRAITS if getattr(suitability, name) == "must" and name != "diocese"]
        self._traits = [(Trait(name, self.schools.values(name).tolist()), offered(self.trusts, name)) for name in must]
        limit = scenario.settings.trust_first.max_distance_km
        self._farthest = None if limit is None else int((Fraction(limit) * 1000) ** 2)
        declined = self.schools.values("trust_decision") == "declined"
        self._barred = np.where(declined, self.schools.values("matched_trust_id"), "")

    def candidates(self, trust: int) -> tuple[Integers, Integers]:
        """The schools that a trust may be matched with, and how far they are in metres."""
        schools, trusts = self.schools, self.trusts
        identifier = trusts.ids[trust]
        may = schools.given("easting") & schools.given("northing")
        may &= trusts.given("easting")[trust] & trusts.given("northing")[trust]
        may &= (schools.values("trust_id") != identifier) & (self._barred != identifier)
        across = schools.values("easting") - trusts.values("easting")[trust]
        along = schools.values("northing") - trusts.values("northing")[trust]
        squares = across**2 + along**2
        if self._farthest is not None:
            may &= squares <= self._farthest
        everyone = np.arange(len(schools))
        for trait, offers in self._traits:
            may &= trait.met(everyone, offers[trust])
        rows = np.flatnonzero(may)
        return rows, metres_from_squares(squares[rows].astype(np.float64), Fraction(1))


def _qualify(scenario: Scenario, entry: Entry) -> Flags:
    settings = scenario.settings.trust_first
    qualifies = entry.exits.inside & (entry.stood.values("kind") != "trust")
    if settings.already_in_trust == "skip":
        qualifies &= ~entry.stood.given("trust_id")
    if settings.qualifies is not None:
        qualifies &= decide(settings.qualifies.when, entry.stood) == TRUE
    return np.asarray(qualifies, dtype=bool)


def _high_quality(scenario: Scenario, trusts: Records) -> Flags:
    least = scenario.settings.trust_first.high_quality
    judged = trusts.given("high_quality")
    proxy = trusts.given("inspected") & trusts.given("share_good")
    proxy &= trusts.values("inspected") >= least.min_inspected
    share = [
        Fraction(share, MILLION) >= Fraction(least.min_share_good) for share in trusts.values("share_good").tolist()
    ]
    return np.where(judged, trusts.values("high_quality"), proxy & np.array(share, dtype=bool)).astype(bool)


def _capacity(scenario: Scenario, trusts: Records, given: Sequence[str]) -> Integers:
    default = scenario.settings.trust_first.capacity_default
    taken = Counter(given)
    used = np.array([taken[trust] for trust in trusts.ids.tolist()], dtype=np.int64)
    return np.maximum(trusts.column("capacity").or_else(default) - used, 0)
