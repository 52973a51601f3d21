"""A claim against its inputs, read a second time by code that shares nothing with what made it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification import allocation, figures, matching, particulars, rest
from nle_optimizer.evidence.verification.candidates import Candidates
from nle_optimizer.evidence.verification.clash import check_clash
from nle_optimizer.evidence.verification.eligibility import enter
from nle_optimizer.evidence.verification.findings import Findings, RefusedError, check_sorted, claimed_table
from nle_optimizer.evidence.verification.firmness import check_firmness
from nle_optimizer.evidence.verification.geography import Geography, by_easting
from nle_optimizer.evidence.verification.levels import Level, Measures, levels_of
from nle_optimizer.evidence.verification.listed import Listed
from nle_optimizer.evidence.verification.nearest import Nearest
from nle_optimizer.evidence.verification.prices import FILE as CERTIFICATE
from nle_optimizer.evidence.verification.prices import Prices, read_prices
from nle_optimizer.evidence.verification.proof import (
    check_objectives,
    check_totals,
    claims_proof,
    level_values,
)
from nle_optimizer.evidence.verification.recipients import Recipients, after_needs, gather
from nle_optimizer.evidence.verification.supply import supply_of
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.evidence.verification.trust_first import REASON, STAGE, match_trusts
from nle_optimizer.evidence.verification.usage import Usage
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.scenario import Scenario

EXCLUSIONS = "exclusions.csv"
Exit = tuple[str, str]
"""Stage and reason."""


def check_claim(scenario: Scenario, claim: Claim) -> list[str]:
    """Everything that is wrong with a claim about a scenario, in sentences; empty if it stands.

    The inputs are read a second time: who is eligible, every candidate pair, its fit and distance, every
    limit and every figure; and the certificate's prices are held against all candidate pairs.
    """
    findings = Findings()
    try:
        _Check(scenario, claim, findings).run()
    except RefusedError as refusal:
        findings.add("inputs", f"the claim cannot be checked: {refusal}")
    return findings.sentences()


class _Check:
    def __init__(self, scenario: Scenario, claim: Claim, findings: Findings):
        self.scenario, self.claim, self.findings = scenario, claim, findings
        self.infeasible = claim.summary.get("status") == "infeasible"
        self.exclusions = self._table("exclusions", ("school_id", "stage", "reason", "evidence"))
        self.allocation = self._table("allocation", allocation.columns_of(scenario))
        self.unmatched = self._table("unmatched", rest.UNMATCHED_COLUMNS)
        self.nles = self._table("nles", rest.nle_columns(scenario))
        self.breakdown = self._table("breakdown", figures.BREAKDOWN_COLUMNS)

    def _table(self, name: str, columns: Sequence[str]) -> dict[str, Sequence[str]]:
        return claimed_table(self.claim, name, columns, self.findings)

    def run(self) -> None:
        """Every check, in the order of the stages."""
        self._check_scope()
        expected = self._stages()
        self._check_exclusions(expected)
        self._check_once_each(expected)
        sweep, levels = self._sweep()
        supported = allocation.measure(self.scenario, self.recipients, sweep)
        self._check_allocation(sweep, supported)
        self._check_unmatched(sweep)
        rest.check_nles(self.scenario, self.supply, sweep.used, self.nles, self.findings)
        self._check_figures(expected, sweep, supported)
        if self.infeasible:
            check_clash(sweep, self.required_rows, self.supporters, self.claim.summary, self.findings)
            return
        values = level_values(sweep, levels)
        check_objectives(self.claim.summary, levels, values, self.findings)
        if sweep.prices is not None:
            check_totals(sweep.prices, levels, values, sweep, self.supporters, self.findings)
        if not self.findings.sentences():
            check_firmness(sweep, sweep.prices, self.supporters, self.allocation["firmness"], self.findings)

    def _check_scope(self) -> None:
        """Note what the scenario asks for and nothing here checks."""
        settings = self.scenario.settings
        if settings.supply.add:
            raise RefusedError("supply.add is not checked here")
        for constraint in settings.constraints:
            self.findings.add("constraints", f"constraint {constraint.name} is not checked here")
        particulars.check_heading(settings, self.claim.summary, self.claim.certificate.get("method"), self.findings)
        if self.claim.certificate.get("schema_version") != 1:
            said = self.claim.certificate.get("schema_version")
            self.findings.differs(CERTIFICATE, "", "schema_version", 1, said)

    def _stages(self) -> dict[str, Exit]:
        """Gather the recipients; where everybody else left, by identifier."""
        entry = enter(self.scenario)
        columns = [self.exclusions[name] for name in ("school_id", "stage", "evidence")]
        claimed = {school: text for school, stage, text in zip(*columns, strict=True) if stage == STAGE}
        match_trusts(self.scenario, entry, claimed, self.claim.certificate.get("trust_first"), self.findings)
        everyone = gather(self.scenario, entry)
        remaining, exits = after_needs(self.scenario, everyone)
        self.formed = everyone.ids[everyone.formed].tolist()
        order, self.placed = by_easting(remaining.table)
        self.recipients: Recipients = remaining.take(order)
        left: dict[str, Exit] = {}
        for ids, stages in ((self.scenario.schools.ids, entry.exits), (everyone.ids, exits)):
            rows = np.flatnonzero(~stages.inside)
            columns = [array[rows].tolist() for array in (ids, stages.stage, stages.reason)]
            left |= {school: (stage, reason) for school, stage, reason in zip(*columns, strict=True)}
        return left

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each recipient stands in the order from west to east."""
        return {identifier: n for n, identifier in enumerate(self.recipients.ids.tolist())}

    @cached_property
    def supporters(self) -> Integers:
        """How many NLEs each recipient may have."""
        return self.recipients.table.column("supporters").or_else(1).astype(np.int64)

    def _check_exclusions(self, expected: Mapping[str, Exit]) -> None:
        check_sorted(EXCLUSIONS, self.exclusions["school_id"], self.findings)
        claimed = zip(*(self.exclusions[name] for name in ("school_id", "stage", "reason")), strict=True)
        for school, stage, reason in claimed:
            ours = expected.get(school)
            if ours == (stage, reason):
                continue
            given = "that it stays in" if ours is None else " ".join(ours)
            self.findings.differs(EXCLUSIONS, f"school {school}", "reason", given, f"{stage} {reason}")

    def _check_once_each(self, expected: Mapping[str, Exit]) -> None:
        """Check that no school is lost and none stands twice."""
        out, without = self.exclusions["school_id"], self.unmatched["school_id"]
        served = sorted(set(self.allocation["school_id"]))
        counts = Counter(out) + Counter(without) + Counter(served)
        everyone = {*self.scenario.schools.ids.tolist(), *self.formed}
        for school in sorted(everyone - set(counts)):
            where = EXCLUSIONS if school in expected else "allocation.csv or unmatched.csv"
            self.findings.add("lost", f"school {school} is lost: it should stand in {where}")
        for school, count in counts.items():
            if school not in everyone:
                self.findings.add("unknown", f"school {school} stands in a result, and in no input")
            elif count > 1:
                files = {EXCLUSIONS: out, "allocation.csv": served, "unmatched.csv": without}
                named = [file for file, ids in files.items() if school in ids]
                self.findings.add("twice", f"school {school} stands {count} times: in {', '.join(named)}")

    def _sweep(self) -> tuple[Sweep, list[Level]]:
        scenario, recipients, nles = self.scenario, self.recipients, self.scenario.nles
        listed = Listed(scenario.pairs, nles.ids, self.position)
        geography = Geography(scenario, recipients.table, self.placed, listed)
        self.supply = supply_of(scenario, listed, geography.is_limited)
        self.nearest = Nearest(geography, listed, self.supply.available, self.placed)
        usage = Usage(scenario, recipients, listed)
        candidates = Candidates(scenario, recipients, geography, listed)
        candidates.start(self.supply.available, self.placed)
        measures = Measures(geography, candidates.fitness, usage, listed)
        position = {identifier: n for n, identifier in enumerate(nles.ids.tolist())}
        found = matching.read_matching(self.allocation, self.position, position, self.supply, self.findings)
        claimed = matching.build_matching(found, len(nles), geography, listed)
        levels = self._levels(self._every_distance(candidates, geography))
        self.required_rows = self._required(listed)
        sweep = Sweep(
            candidates,
            measures,
            self.supply,
            claimed,
            recipients.ids,
            nles.ids,
            self.findings,
            required={} if self.infeasible else self.required_rows,
            levels=levels,
            prices=self._prices(levels, position),
            next_best=self._next_best(position),
        )
        sweep.run()
        return sweep, levels

    def _levels(self, every_distance: bool) -> list[Level]:
        """The levels, those weighted by a column on the scale that the claim states."""
        levels = levels_of(self.scenario, self.recipients, every_distance)
        entries = self.claim.summary.get("objectives")
        if not isinstance(entries, list) or len(entries) != len(levels):
            return levels
        exact = [entry.get("exact") if isinstance(entry, dict) else None for entry in entries]
        scales = [each.get("scale") if isinstance(each, dict) else None for each in exact]
        return [level.on_scale(scale) for level, scale in zip(levels, scales, strict=True)]

    def _every_distance(self, candidates: Candidates, geography: Geography) -> bool:
        """Whether every candidate pair has a distance; only asked where objectives are left to us."""
        available = np.flatnonzero(self.supply.available)
        if self.scenario.settings.objectives is not None:
            return False
        if self.placed == len(self.recipients) and geography.nle_placed[available].all():
            return True
        return all(bool((geography.metres(candidates.of(nle)) >= 0).all()) for nle in available.tolist())

    def _required(self, listed: Listed) -> dict[int, list[int]]:
        required: dict[int, list[int]] = {}
        pairs, nles = self.scenario.pairs, self.scenario.nles.ids
        for row, nle, school in listed.with_relation("require", len(nles)):
            label = f"allocation.csv: school {pairs.values('school_id')[row] if pairs else ''}, NLE {nles[nle]}"
            if school < 0:
                self.findings.add("required", f"{label}: the pair is required, and the school is no recipient")
            elif not self.supply.available[nle]:
                reason = self.supply.reason[nle]
                self.findings.add("required", f"{label}: the pair is required, and the NLE is out ({reason})")
            else:
                required.setdefault(nle, []).append(school)
        return {nle: sorted(rows) for nle, rows in required.items()}

    def _prices(self, levels: Sequence[Level], nles: Mapping[str, int]) -> Prices | None:
        """The prices, where the claim says that they prove something."""
        certificate = self.claim.certificate
        if not claims_proof(self.claim.summary):
            return None
        method = certificate.get("method")
        if method != "prices" or self.scenario.settings.rule != "optimal":
            what = f"of the rule {self.scenario.settings.rule}, by the method {method}"
            self.findings.add(CERTIFICATE, f"{CERTIFICATE}: the proof {what}, is not checked")
            return None
        prices = read_prices(certificate.get("levels"), self.position, nles, "nles", self.findings)
        if prices is not None and len(prices.levels) == len(levels):
            return prices
        said = certificate.get("levels")
        count = len(said) if isinstance(said, list) else said
        if count != len(levels):
            self.findings.differs(CERTIFICATE, "", "levels", len(levels), count)
        return None

    def _next_best(self, nles: Mapping[str, int]) -> dict[int, list[int]]:
        """The recipients for which each NLE is named as the next best; impossible names are noted."""
        result: dict[int, set[int]] = {}
        columns = [self.allocation[name] for name in ("school_id", "nle_id", "next_best_nle_id")]
        pairs = set(zip(columns[0], columns[1], strict=True))
        for school, _, following in zip(*columns, strict=True):
            if not following or school not in self.position:
                continue
            if following not in nles or not self.supply.available[nles[following]] or (school, following) in pairs:
                given = "an NLE that is available and not its own"
                self.findings.differs("allocation.csv", f"school {school}", "next_best_nle_id", given, following)
            else:
                result.setdefault(nles[following], set()).add(self.position[school])
        return {nle: sorted(rows) for nle, rows in result.items()}

    def _check_allocation(self, sweep: Sweep, supported: allocation.Supported) -> None:
        table = self.allocation
        check_sorted("allocation.csv", list(zip(table["school_id"], table["nle_id"], strict=True)), self.findings)
        allocation.check_cells(self.scenario, self.recipients, sweep, supported, table, self.findings)
        degree = np.bincount(sweep.matching.pairs.rows, minlength=len(self.recipients))
        for row in np.flatnonzero(degree > self.supporters).tolist():
            label, most = f"school {self.recipients.ids[row]}", f"at most {self.supporters[row]}"
            self.findings.differs("allocation.csv", label, "NLEs", most, degree[row])

    def _check_unmatched(self, sweep: Sweep) -> None:
        ids = self.unmatched["school_id"]
        found = [(self.position[school], line) for line, school in enumerate(ids) if school in self.position]
        rows = np.array([row for row, _ in found], dtype=np.int64)
        lines = [line for _, line in found]
        rest.check_unmatched(
            self.recipients, sweep, self.nearest, rows, lines, self.unmatched, self.findings, infeasible=self.infeasible
        )

    def _check_figures(self, expected: Mapping[str, Exit], sweep: Sweep, supported: allocation.Supported) -> None:
        recipients, summary = self.recipients, self.claim.summary
        everyone: Flags = np.ones(len(recipients), dtype=bool)
        tally = figures.Tally(recipients, everyone, supported)
        figures.check_breakdown(self.scenario, recipients, everyone, tally, self.breakdown, self.findings)
        ours = figures.metrics(sweep.candidates.fitness, everyone, tally)
        figures.check_metrics(summary, ours, bool((supported.metres >= 0).any()), self.findings)
        figures.check_counts(summary, "needs", figures.need_counts(recipients, everyone), self.findings)
        served = int(tally.served.sum())
        counts = {
            "schools_read": len(self.scenario.schools),
            "recipients_formed": len(self.formed),
            "excluded": len(expected),
            "matched_to_trust": sum(reason == (STAGE, REASON) for reason in expected.values()),
            "eligible": len(recipients),
            "supported": served,
            "unmatched": len(recipients) - served,
            "nles": len(self.scenario.nles),
            "pairs": sweep.pairs,
        }
        counts |= particulars.further_counts(list(expected.values()), sweep, summary.get("counts"))
        figures.check_counts(summary, "counts", counts, self.findings)
        particulars.check_particulars(self.scenario, summary, sweep, self.allocation["firmness"], self.findings)
