"""Who may be matched with an NLE, and where everybody else left; schools that trusts take first.

Who may be matched with an NLE, and where everybody else left: every stage before the candidate pairs. Matching with
high-quality trusts: who leaves because of it, and the proof that it is the best matching. Schools that qualify for a
high-quality trust, trusts that may take them, and which pairs are possible.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings, RefusedError, metres_from_squares
from nle_optimizer.evidence.verification.pairs.character import TRAITS, Trait, offered
from nle_optimizer.evidence.verification.pairs.geography import by_easting
from nle_optimizer.evidence.verification.proofs.prices import (
    FILE,
    MATCHED,
    UNMATCHED,
    ClaimedPrices,
    check_signs,
    faults,
    read_prices,
)
from nle_optimizer.evidence.verification.stages.conditions import TRUE, decide
from nle_optimizer.evidence.verification.stages.eligibility import Entry, enter
from nle_optimizer.evidence.verification.stages.recipients import Recipients, after_needs, gather
from nle_optimizer.memory import stage
from nle_optimizer.records import MILLION, Flags, Integers, Records
from nle_optimizer.scenario.scenario import Scenario


class TrustMarket:
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


STAGE, REASON = "trust-first", "matched-to-trust"
EXCLUSIONS = "exclusions.csv"
LEVELS = (("matched", "maximise", 1, 1), ("distance", "minimise", 1000, -1))
"""Of each level: its name, sense and scale, and the sign its value has in the maximising orientation."""


def mode_of(scenario: Scenario) -> str:
    """How schools are matched with trusts: given, optimise or off."""
    mode = scenario.settings.trust_first.mode
    if mode is not None:
        return mode
    return "given" if scenario.schools.given("matched_trust_id").any() else "off"


def match_trusts(
    scenario: Scenario, entry: Entry, claimed: Mapping[str, str], certificate: Any, findings: Findings
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
    if mode != "optimise" and certificate is not None:
        findings.add(FILE, f"{FILE}: trust_first: there is a proof, and nothing was to be matched with trusts here")
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
        raise RefusedError("trust_first.mode is optimise, and there is no trusts table")
    market = TrustMarket(scenario, scenario.trusts, entry, trusts[given].tolist())
    chosen = _chosen(market, claimed, findings)
    _Matches(market, chosen, findings).check(certificate)
    matched = np.zeros(len(scenario.schools), dtype=bool)
    matched[market.rows[list(chosen)]] = True
    entry.exits.leave(matched, STAGE, REASON)


def _given(scenario: Scenario, entry: Entry) -> Flags:
    schools = scenario.schools
    decision = schools.column("trust_decision").or_else("proposed").astype(str)
    counts = np.isin(decision, scenario.settings.trust_first.counts_as_matched)
    return np.asarray(entry.exits.inside & schools.given("matched_trust_id") & counts, dtype=bool)


def _position(word: str, text: str) -> int:
    """Where an identifier stands in a text as a word of its own; -1 where it does not."""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
    return found.start() if found else -1


def _check_named(school: str, trust: str, claimed: Mapping[str, str], findings: Findings) -> None:
    if school in claimed and _position(trust, claimed[school]) < 0:
        findings.differs(EXCLUSIONS, f"school {school}", "evidence", f"trust {trust}", claimed[school])


def _chosen(market: TrustMarket, claimed: Mapping[str, str], findings: Findings) -> dict[int, int]:
    """The trust that the evidence of each matched school names first; -1 where it names none."""
    result = {}
    trusts = {identifier: n for n, identifier in enumerate(market.trusts.ids.tolist())}
    for at, school in enumerate(market.schools.ids.tolist()):
        if school not in claimed:
            continue
        text = claimed[school]
        whole = {word.strip(".,;:()'\"") for word in text.split()}
        found = [name for name in trusts if name in whole or (" " in name and _position(name, text) >= 0)]
        if not found:
            findings.differs(EXCLUSIONS, f"school {school}", "evidence", "a trust of high quality", text)
        first = min(found, key=lambda name: (_position(name, text), -len(name)), default="")
        result[at] = trusts.get(first, -1)
    return result


class _Matches:
    """The claimed matches with trusts, and their proof."""

    def __init__(self, market: TrustMarket, chosen: Mapping[int, int], findings: Findings):
        self._market, self._findings = market, findings
        self._schools, self._trusts = market.schools.ids.tolist(), market.trusts.ids.tolist()
        self._of_trust: dict[int, list[int]] = {}
        for at, trust in chosen.items():
            self._of_trust.setdefault(trust, []).append(at)
        self._taken = np.array([len(self._of_trust.get(n, ())) for n in range(len(self._trusts))], np.int64)
        self._matched = np.isin(np.arange(len(self._schools)), list(chosen))

    def check(self, certificate: Any) -> None:
        """Check that each match is possible, that no trust takes too many, and that nothing is better."""
        for trust in np.flatnonzero(self._taken > self._market.capacity).tolist():
            label, most = f"trust {self._trusts[trust]}", f"at most {self._market.capacity[trust]}"
            self._findings.differs(EXCLUSIONS, label, "schools it takes", most, self._taken[trust])
        prices = self._read(certificate)
        possible, metres = 0, 0
        for trust in range(len(self._trusts)):
            rows, distances = self._market.candidates(trust)
            possible += len(rows)
            mine = np.isin(rows, self._of_trust.get(trust, []))
            metres += int(distances[mine].sum())
            self._check_possible(trust, rows[mine])
            if prices is not None and self._market.capacity[trust]:
                self._check_pairs(prices, trust, rows, distances, mine)
        if prices is not None:
            self._check_levels(prices, (int(self._matched.sum()), metres))
        elif possible and certificate is None:
            self._findings.add(FILE, f"{FILE}: trust_first: no proof that the matching with trusts is best")

    def _read(self, certificate: Any) -> ClaimedPrices | None:
        if certificate is None:
            return None
        levels = certificate.get("levels") if isinstance(certificate, dict) else None
        if not isinstance(levels, list) or len(levels) != len(LEVELS):
            self._findings.add(FILE, f"{FILE}: trust_first: levels is not a list of {len(LEVELS)} levels")
            return None
        schools = {name: n for n, name in enumerate(self._schools)}
        trusts = {name: n for n, name in enumerate(self._trusts)}
        return read_prices(levels, schools, trusts, "trusts", self._findings)

    def _check_possible(self, trust: int, rows: Integers) -> None:
        for at in sorted(set(self._of_trust.get(trust, [])) - set(rows.tolist())):
            what = f"it cannot be matched with trust {self._trusts[trust]}"
            self._findings.add(f"{EXCLUSIONS}: {STAGE}", f"{EXCLUSIONS}: school {self._schools[at]}: {what}")

    def _check_pairs(self, prices: ClaimedPrices, trust: int, rows: Integers, metres: Integers, mine: Flags) -> None:
        amounts = np.stack([np.ones_like(metres), -metres])
        less = amounts - prices.takers[:, rows] - prices.givers[:, [trust]]
        signs = np.where(mine, MATCHED, UNMATCHED)
        for at in faults(lambda n, left: less[n] if left is None else less[n][left], signs, 2)[0].tolist():
            label = f"school {self._schools[rows[at]]}, trust {self._trusts[trust]}"
            self._findings.add(
                f"{FILE}: trust_first: pairs",
                f"{FILE}: trust_first: {label}: the prices do not fit what the pair adds",
            )

    def _check_levels(self, prices: ClaimedPrices, values: tuple[int, int]) -> None:
        capacity = self._market.capacity
        check_signs(prices.takers, ~self._matched, self._schools, "school", self._findings)
        check_signs(prices.givers, self._taken < capacity, self._trusts, "trust", self._findings)
        for n, (name, sense, scale, sign) in enumerate(LEVELS):
            level, where = prices.levels[n], f"trust_first: level {n + 1}"
            bound = sum(prices.takers[n].tolist())
            bound += sum(a * b for a, b in zip(capacity.tolist(), prices.givers[n].tolist(), strict=True))
            ours = {"name": name, "sense": sense, "scale": scale, "value": values[n], "bound": values[n]}
            plain: dict[str, object] = {"of": n, "threshold": None, "held": True, "constraints": {}}
            for word, given in {**ours, **{word: plain[word] for word in plain if word in level}}.items():
                said = level.get(word)
                if said != given or type(said) is not type(given):
                    self._findings.differs(FILE, where, word, given, said)
            if sign * bound != values[n]:
                what = f"the prices prove a bound of {sign * bound}, and the value is {values[n]}"
                self._findings.add(f"{FILE}: {where}", f"{FILE}: {where}: {what}")


Exit = tuple[str, str]
"""Stage and reason."""


@dataclass(frozen=True, eq=False)
class Entrance:
    """What comes out of the stages before the candidate pairs.

    Attributes:
        recipients: who may be matched, from west to east, those without a place last.
        placed: how many of them have a place.
        formed: identifiers of the trusts formed from their schools.
        left: by identifier, where everybody else left.
        findings: what is wrong with the claim about schools matched with trusts.
    """

    recipients: Recipients
    placed: int
    formed: Sequence[str]
    left: dict[str, Exit]
    findings: Findings


@stage(
    "schools",
    "trusts",
    "pairs",
    "current",
    "settings.as_of",
    "settings.eligibility",
    "settings.trust_first",
    "settings.suitability",
    "settings.fit",
)
def entrance(scenario: Scenario, matched_with_trusts: tuple[tuple[str, str], ...], proof: str) -> Entrance:
    """Go through the stages before the candidate pairs.

    Args:
        scenario: settings and tables.
        matched_with_trusts: school and evidence of each one that the claim says is matched with a trust.
        proof: `trust_first` of the certificate, as JSON.
    """
    findings = Findings()
    entry = enter(scenario)
    match_trusts(scenario, entry, dict(matched_with_trusts), json.loads(proof), findings)
    everyone = gather(scenario, entry)
    remaining, exits = after_needs(scenario, everyone)
    order, placed = by_easting(remaining.table)
    left: dict[str, Exit] = {}
    for ids, stages in ((scenario.schools.ids, entry.exits), (everyone.ids, exits)):
        rows = np.flatnonzero(~stages.inside)
        columns = [array[rows].tolist() for array in (ids, stages.stage, stages.reason)]
        left |= {school: (stage, reason) for school, stage, reason in zip(*columns, strict=True)}
    return Entrance(remaining.take(order), placed, everyone.ids[everyone.formed].tolist(), left, findings)
