"""Matching with high-quality trusts: who leaves because of it, and the proof that it is the best matching."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.character import TRAITS, offered
from nle_optimizer.evidence.verification.conditions import TRUE, decide
from nle_optimizer.evidence.verification.eligibility import Entry
from nle_optimizer.evidence.verification.exact import metres_from_squares
from nle_optimizer.evidence.verification.findings import Findings, Refused
from nle_optimizer.evidence.verification.prices import (
    FILE,
    MATCHED,
    UNMATCHED,
    check_signs,
    faults,
    is_whole,
    read_prices,
)
from nle_optimizer.evidence.verification.suitability import Trait
from nle_optimizer.records import MILLION, Flags, Integers, Records, Texts
from nle_optimizer.scenario.scenario import Scenario

STAGE, REASON = "trust-first", "matched-to-trust"
EXCLUSIONS = "exclusions.csv"


def mode_of(scenario: Scenario) -> str:
    """given, optimise or off."""
    mode = scenario.settings.trust_first.mode
    if mode is not None:
        return mode
    return "given" if scenario.schools.given("matched_trust_id").any() else "off"


def match_trusts(
    scenario: Scenario,
    entry: Entry,
    claimed: Mapping[str, str],
    certificate: Any,
    findings: Findings,
) -> None:
    """Let the schools matched with a trust leave `entry`, after checking what the claim says of it.

    Args:
        scenario: settings and tables.
        entry: the schools after eligibility.
        claimed: evidence of each school that the claim says is matched with a trust.
        certificate: `trust_first` of the certificate.
        findings: what is wrong.
    """
    mode = mode_of(scenario)
    if mode == "off":
        return
    given = _given(scenario, entry)
    trusts = scenario.schools.values("matched_trust_id")
    for row in np.flatnonzero(given).tolist():
        _check_named(scenario.schools.ids[row], trusts[row], claimed, findings)
    entry.exits.leave(given, STAGE, REASON)
    if mode == "given":
        return
    if scenario.trusts is None:
        raise Refused("trust_first.mode is optimise, and there is no trusts table")
    market = _Market(scenario, scenario.trusts, entry, trusts[given].tolist())
    market.read(claimed, findings)
    market.check(certificate, findings)
    matched = np.zeros(len(scenario.schools), dtype=bool)
    matched[market.rows[list(market.chosen)]] = True
    entry.exits.leave(matched, STAGE, REASON)


def _given(scenario: Scenario, entry: Entry) -> Flags:
    schools = scenario.schools
    decision = schools.column("trust_decision").or_else("proposed")
    counts = np.isin(decision.astype(str), scenario.settings.trust_first.counts_as_matched)
    return np.asarray(entry.exits.inside & schools.given("matched_trust_id") & counts, dtype=bool)


def is_word_in(word: str, text: str) -> bool:
    """Whether an identifier stands in a text as a word of its own."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _check_named(school: str, trust: str, claimed: Mapping[str, str], findings: Findings) -> None:
    if school in claimed and not is_word_in(trust, claimed[school]):
        findings.differs(EXCLUSIONS, f"school {school}", "evidence", f"trust {trust}", claimed[school])


@dataclass(frozen=True, eq=False)
class _Spot:
    """Places of one side."""

    east: Integers
    north: Integers
    known: Flags

    @classmethod
    def of(cls, table: Records) -> "_Spot":
        known = table.given("easting") & table.given("northing")
        return cls(table.values("easting"), table.values("northing"), known)


class _Market:
    """Schools that qualify, trusts that may take them, and who is said to go where.

    Attributes:
        rows: the schools, as rows of the schools table.
        chosen: the index of each matched school's trust, by the school's index in `rows`.
    """

    def __init__(self, scenario: Scenario, trusts: Records, entry: Entry, given: Sequence[str]):
        self._settings = scenario.settings.trust_first
        self._suitability = scenario.settings.suitability
        self.rows = np.flatnonzero(_qualify(scenario, entry))
        self._schools = entry.stood.take(self.rows)
        able, capacity = _able(scenario, trusts, given)
        self._trusts, self._capacity = trusts.take(able), capacity[able]
        self._school_spot, self._trust_spot = _Spot.of(self._schools), _Spot.of(self._trusts)
        self._trait = {name: Trait(name, self._schools.values(name).tolist()) for name in TRAITS}
        self._offered = {name: offered(self._trusts, name) for name in TRAITS}
        decision = self._schools.values("trust_decision")
        self._barred: Texts = np.where(decision == "declined", self._schools.values("matched_trust_id"), "")
        self.chosen: dict[int, int] = {}

    def candidates(self, trust: int) -> tuple[Integers, Integers]:
        """The schools that a trust may take, and how far they are in metres."""
        schools, spot, here = self._schools, self._school_spot, self._trust_spot
        if not here.known[trust]:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        identifier = self._trusts.ids[trust]
        may = spot.known & (schools.values("trust_id") != identifier) & (self._barred != identifier)
        squares = (spot.east - here.east[trust]) ** 2 + (spot.north - here.north[trust]) ** 2
        limit = self._settings.max_distance_km
        if limit is not None:
            may &= squares <= int((Fraction(limit) * 1000) ** 2)
        everyone = np.arange(len(schools))
        for name in TRAITS:
            if getattr(self._suitability, name) == "must":
                may &= self._trait[name].met(everyone, self._offered[name][trust])
        rows = np.flatnonzero(may)
        return rows, metres_from_squares(squares[rows].astype(np.float64), Fraction(1))

    def read(self, claimed: Mapping[str, str], findings: Findings) -> None:
        """Find the trust that the evidence of each matched school names."""
        names = {identifier: n for n, identifier in enumerate(self._trusts.ids.tolist())}
        for at, school in enumerate(self._schools.ids.tolist()):
            if school not in claimed:
                continue
            found = [name for name in names if is_word_in(name, claimed[school])]
            if not found:
                text = claimed[school] or "nothing"
                findings.add(
                    f"{EXCLUSIONS}: trust",
                    f"{EXCLUSIONS}: school {school}: evidence: no trust of high quality is named in: {text}",
                )
            self.chosen[at] = names[_first(found, claimed[school])] if found else -1

    def check(self, certificate: Any, findings: Findings) -> None:
        """Check the claimed matches, and the certificate that none are better."""
        taken = np.bincount([trust for trust in self.chosen.values() if trust >= 0], minlength=len(self._trusts))
        for trust in np.flatnonzero(taken > self._capacity).tolist():
            findings.differs(
                EXCLUSIONS,
                f"trust {self._trusts.ids[trust]}",
                "schools it takes",
                f"at most {self._capacity[trust]}",
                int(taken[trust]),
            )
        schools = {name: n for n, name in enumerate(self._schools.ids.tolist())}
        trusts = {name: n for n, name in enumerate(self._trusts.ids.tolist())}
        levels = certificate.get("levels") if isinstance(certificate, dict) else None
        prices = None
        if certificate is not None:
            prices = read_prices(levels, schools, trusts, "trusts", findings)
        depth = 0 if prices is None else len(prices.levels)
        if prices is not None and depth != 2:
            findings.differs(FILE, "trust_first", "levels", 2, depth)
            prices = None
        total, possible = 0, 0
        for trust in range(len(self._trusts)):
            rows, metres = self.candidates(trust)
            possible += len(rows)
            mine = np.array([at for at, chosen in self.chosen.items() if chosen == trust], dtype=np.int64)
            self._check_pairs(trust, rows, mine, findings)
            matched = np.isin(rows, mine)
            total += int(metres[matched].sum())
            if prices is None or not self._capacity[trust]:
                continue
            amounts = (np.ones(len(rows), dtype=np.int64), -metres)
            less = [amounts[n] - prices.takers[n][rows] - prices.givers[n][trust] for n in range(2)]
            signs = np.where(matched, MATCHED, UNMATCHED)
            for at in faults(lambda n, left, less=less: less[n] if left is None else less[n][left], signs, 2).tolist():
                findings.add(
                    f"{FILE}: trust_first pairs",
                    f"{FILE}: trust_first: school {self._schools.ids[rows[at]]}, trust "
                    f"{self._trusts.ids[trust]}: the prices do not fit what the pair adds",
                )
        if prices is None:
            if possible and certificate is None:
                findings.add(FILE, f"{FILE}: trust_first: there is no proof that the matching with trusts is best")
            return
        self._check_levels(prices, taken, (len(self.chosen), total), findings)
