"""A claim against its inputs, read a second time by code that shares nothing with what made it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.draws import KEY, check_robustness
from nle_optimizer.evidence.verification.findings import Findings, RefusedError, RunVerdict, check_sorted, whole_table
from nle_optimizer.evidence.verification.levels import (
    AnyLevel,
    DerivedLevel,
    check_objectives,
    claims_proof,
    entries_of,
)
from nle_optimizer.evidence.verification.limits import (
    PROVING,
    Counted,
    breaches,
    check_constraints,
    check_limits,
    counted_rows,
)
from nle_optimizer.evidence.verification.objective_levels import levels_of
from nle_optimizer.evidence.verification.pairs.candidates import PairSources, every_candidate
from nle_optimizer.evidence.verification.pairs.geography import Nearest
from nle_optimizer.evidence.verification.pairs.listed import NOT_LISTED, Listed, Pairs
from nle_optimizer.evidence.verification.pairs.usage import build_matching, read_matching
from nle_optimizer.evidence.verification.proofs.bounds import Certificate, certificate_of
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass, Instance
from nle_optimizer.evidence.verification.proofs.price_certificate import PriceCertificate
from nle_optimizer.evidence.verification.proofs.prices import FILE as CERTIFICATE
from nle_optimizer.evidence.verification.random_draws import Left, left_of
from nle_optimizer.evidence.verification.reading import reading_of
from nle_optimizer.evidence.verification.stages.entrance import REASON, STAGE, Exit, entrance
from nle_optimizer.evidence.verification.stages.supply import Current
from nle_optimizer.evidence.verification.tables.allocation import (
    COLUMNS,
    MOST,
    AlternateCheck,
    Supported,
    check_cells,
    columns_of,
    measure,
)
from nle_optimizer.evidence.verification.tables.figures import (
    BREAKDOWN_COLUMNS,
    GroupTally,
    check_breakdown,
    check_counts,
    check_heading,
    check_keys,
    check_metrics,
    check_particulars,
    further_counts,
    metrics,
    need_counts,
)
from nle_optimizer.evidence.verification.tables.journal import check_journal
from nle_optimizer.evidence.verification.tables.one_more_or_fewer import DirectMoves, OnePlace
from nle_optimizer.evidence.verification.tables.unmatched import (
    UNMATCHED_COLUMNS,
    Cures,
    OpenPairs,
    check_nles,
    check_unmatched,
    nle_columns,
)
from nle_optimizer.memory import Memory, through
from nle_optimizer.records import Flags, Texts
from nle_optimizer.scenario.columns import SHARE_COLUMNS
from nle_optimizer.scenario.policies import STATUS_QUO
from nle_optimizer.scenario.scenario import Scenario

EXCLUSIONS = "exclusions.csv"
BRIEFLY = ("school_id", "nle_id", "firmness")
"""The columns of the allocation that a brief claim has."""


def check_claim(scenario: Scenario, claim: Claim, memory: Memory | None = None, *, search: bool = False) -> RunVerdict:
    """Everything that is wrong with a claim about a scenario, in sentences, as a verdict; empty if it stands.

    The inputs are read a second time: who is eligible, every candidate pair, its fit and distance, every
    limit and every figure; and the certificate's prices are held against all candidate pairs.

    Args:
        scenario: settings and tables.
        claim: what a run says of them.
        memory: what stages of the reading gave before, as a sweep keeps it.
        search: whether what is claimed on a solver's word is searched here, as far as that is within reach.
    """
    findings = Findings()
    try:
        _Check(scenario, claim, findings, memory, search=search).run()
    except RefusedError as refusal:
        findings.add("inputs", f"the claim cannot be checked: {refusal}")
    claims = claims_proof(claim.summary) or claim.summary.get("status") == "infeasible"
    return RunVerdict(findings.sentences(), claims=claims, believed=findings.believed)


class _Check:
    def __init__(self, scenario: Scenario, claim: Claim, findings: Findings, memory: Memory | None, *, search: bool):
        self.scenario, self.claim, self.findings, self.memory = scenario, claim, findings, memory
        self.search = search
        status = claim.summary.get("status")
        self.unanswered = {"infeasible": "infeasible", "unknown": "stopped"}.get(str(status), "")
        self.is_answered = not self.unanswered
        by_prices = claim.certificate.get("method") == "prices" and claim.summary.get("stopped") is None
        self.is_firm = status == "optimal" and by_prices
        self.exclusions = self._table("exclusions", ("school_id", "stage", "reason", "evidence"))
        brief = claim.is_brief
        self.drawn = SHARE_COLUMNS if KEY in claim.summary else ()
        self.allocation = self._table("allocation", BRIEFLY if brief else columns_of(scenario, self.drawn))
        self.unmatched = self._table("unmatched", ("school_id",) if brief else UNMATCHED_COLUMNS)
        self.nles = {} if brief else self._table("nles", nle_columns(scenario))

    def _table(self, name: str, columns: Sequence[str]) -> dict[str, Sequence[str]]:
        return whole_table(self.claim, name, columns, self.findings)

    def run(self) -> None:
        """Every check, in the order of the stages."""
        self._check_scope()
        check_journal(self.scenario, self.claim, self.findings)
        expected = self._stages()
        self._check_exclusions(expected)
        self._check_once_each(expected)
        sweep, instance, proof = self._sweep()
        supported = measure(self.scenario, self.recipients, sweep)
        matched = sweep.matching.pairs.with_fit(np.maximum(sweep.fit, 0))
        rows = list(counted_rows(instance.families, matched))
        self._check_limits(sweep, rows)
        tally = GroupTally(self.recipients, np.ones(len(self.recipients), dtype=bool), supported)
        self._check_figures(expected, sweep, supported, tally)
        if not self.claim.is_brief:
            roomy = OpenPairs(instance, matched, sweep)
            self._check_texts(sweep, supported, tally, roomy.check(self.claim.summary))
            prices = proof.first_prices if isinstance(proof, PriceCertificate) else None
            self._check_alternates(sweep, instance, roomy)
            self.one_place.check(self.nles, sweep, prices, self.findings)
        check_constraints(rows, self.claim.summary, self.findings)
        values = instance.values(sweep)
        if self.is_answered:
            proves = self.scenario.settings.rule in PROVING
            check_objectives(self.claim.summary, instance.levels, values, self.findings, proves=proves)
        if proof is not None:
            proof.check(self.claim.summary, sweep, values)
        reread, always = self._rereading(), self._always(sweep)
        check_robustness(self.scenario, self.claim, self.allocation, always, reread, self.findings)
        if isinstance(proof, PriceCertificate) and self.is_firm and not self.findings.sentences():
            proof.check_firmness(sweep, self.allocation["firmness"])

    def _check_scope(self) -> None:
        """Note what the scenario asks for and nothing here checks."""
        settings = self.scenario.settings
        check_keys(self.claim.summary, self.claim.certificate, self.findings)
        check_heading(settings, self.claim.summary, self.claim.certificate.get("method"), self.findings)
        if self.claim.certificate.get("schema_version") != 1:
            said = self.claim.certificate.get("schema_version")
            self.findings.differs(CERTIFICATE, "", "schema_version", 1, said)

    def _stages(self) -> dict[str, Exit]:
        """Gather the recipients; where everybody else left, by identifier."""
        columns = [self.exclusions[name] for name in ("school_id", "stage", "evidence")]
        claimed = tuple((school, text) for school, stage, text in zip(*columns, strict=True) if stage == STAGE)
        proof = json.dumps(self.claim.certificate.get("trust_first"))
        self.enter = partial(entrance, matched_with_trusts=claimed, proof=proof)
        come = through(self.memory, entrance, self.scenario, claimed, proof)
        self.findings.take(come.findings)
        self.formed, self.placed, self.recipients = come.formed, come.placed, come.recipients
        self.position = come.recipients.position
        return come.left

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
        counts = Counter([*out, *without, *served])
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

    def _sweep(self) -> tuple[CandidatePass, Instance, Certificate | None]:
        """The instance, the certificate as far as it can be read, and one pass over the candidate pairs."""
        scenario, recipients, nles = self.scenario, self.recipients, self.scenario.nles
        self.reading = reading = reading_of(scenario, recipients, self.placed, self.memory)
        self.supply, ground = reading.supply, reading.ground
        self.nearest = Nearest(ground.geography, ground.listed, self.supply.available, self.placed)
        kept = self._kept(ground)
        position = reading.nle_position
        found = read_matching(self.allocation, self.position, position, self.supply, self.findings)
        claimed = build_matching(found, len(nles), ground.geography, ground.listed)
        reading.agreed.check_told(self.claim.summary, scenario, recipients.ids, reading.asked, self.findings)
        instance = reading.instance(self._levels(), claimed.pairs, self.findings)
        proof = certificate_of(instance, self.claim, scenario.settings.rule, search=self.search)
        required = self._required(ground.listed, reading.current)
        self.one_place = OnePlace(instance, required)
        brief = self.claim.is_brief
        self.alternates = None if brief else AlternateCheck(instance, self._table("alternates", COLUMNS))
        sweep = CandidatePass(
            ground.candidates,
            reading.measures,
            self.supply,
            claimed,
            recipients.ids,
            nles.ids,
            self.findings,
            required=required,
            is_answered=self.is_answered and scenario.settings.rule != STATUS_QUO,
            next_best={} if self.claim.is_brief else self._next_best(position),
            seers=[*(family.look_at for family in instance.families), *self._readers()],
            provers=[] if proof is None else proof.provers,
            kept=kept,
            waiting=None if self.claim.is_brief else self._waiting(),
        )
        sweep.run()
        return sweep, instance, proof

    def _readers(self) -> list[Callable[[Pairs], object]]:
        """Those who must see the candidate pairs to judge the tables."""
        return [] if self.alternates is None else [self.one_place.look_at, self.alternates.look_at]

    def _waiting(self) -> Flags:
        """By recipient, whether the claim leaves it without an NLE."""
        waiting = np.zeros(len(self.recipients), dtype=bool)
        waiting[[self.position[school] for school in self.unmatched["school_id"] if school in self.position]] = True
        return waiting

    def _kept(self, ground: PairSources) -> Sequence[Pairs] | None:
        """The candidate pairs, where there is a memory to keep them; else they are found some NLEs at a time."""
        available, candidates = self.supply.available, ground.candidates
        if self.memory is None:
            candidates.start(available, self.placed)
            return None
        reached = self.memory.result(every_candidate, ground, available, self.placed)
        candidates.last = reached.last.copy()
        return reached.blocks

    def _levels(self) -> list[AnyLevel]:
        """The levels, those weighted by a column on the scale that the claim states."""
        levels = levels_of(self.reading.objectives, self.scenario.settings, self.recipients)
        entries = entries_of(self.claim.summary)
        if len(entries) != len(levels):
            return levels
        exact = [entry.get("exact") for entry in entries]
        scales = [each.get("scale") if isinstance(each, dict) else None for each in exact]
        both = zip(levels, scales, strict=True)
        return [level.on_scale(scale) if isinstance(level, DerivedLevel) else level for level, scale in both]

    def _required(self, listed: Listed, current: Current) -> dict[int, list[int]]:
        """By NLE, the recipients that it must have: as the pairs table asks, or as was agreed."""
        required: dict[int, set[int]] = {}
        pairs, nles = self.scenario.pairs, self.scenario.nles.ids
        asked = [
            (nle, str(pairs.values("school_id")[row]) if pairs else "", school)
            for row, nle, school in listed.with_relation("require", len(nles))
        ]
        asked += [(nle, school, self.position.get(school, NOT_LISTED)) for nle, school in current.pinned]
        for nle, name, school in asked:
            label = f"allocation.csv: school {name}, NLE {nles[nle]}"
            if school < 0:
                self.findings.add("required", f"{label}: the pair is required, and the school is no recipient")
            elif not self.supply.available[nle]:
                reason = self.supply.reason[nle]
                self.findings.add("required", f"{label}: the pair is required, and the NLE is out ({reason})")
            else:
                required.setdefault(nle, set()).add(school)
        return {nle: sorted(rows) for nle, rows in required.items()}

    def _always(self, sweep: CandidatePass) -> set[tuple[str, str]]:
        """School and NLE of the pairs that any allocation must have."""
        if not sweep.is_answered:
            return set()
        return {(sweep.ids[row], sweep.nle_ids[nle]) for nle, rows in sweep.required.items() for row in rows}

    def _rereading(self) -> Callable[[Callable[[], Scenario]], Left | None]:
        """Works out what is left of the claimed pairs under other inputs."""
        plan = list(zip(self.allocation["school_id"], self.allocation["nle_id"], strict=True))
        return partial(left_of, enter=self.enter, objectives=self.reading.objectives, plan=plan)

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

    def _check_limits(self, sweep: CandidatePass, rows: Sequence[Counted]) -> None:
        table, scenario = self.allocation, self.scenario
        check_sorted("allocation.csv", list(zip(table["school_id"], table["nle_id"], strict=True)), self.findings)
        broken = breaches(sweep, self.recipients.supporters.tolist(), scenario.resources, rows)
        if self.is_answered:
            check_limits(broken, scenario.settings.rule, self.claim.summary.get("missed"), self.findings)
        elif self.unanswered == "infeasible" and not (broken or sweep.required):
            given = "another status, as matching nobody keeps every limit"
            self.findings.differs("summary.json", "", "status", given, self.unanswered)

    def _check_alternates(self, sweep: CandidatePass, instance: Instance, roomy: OpenPairs) -> None:
        first: Mapping[str, Any] = next(iter(entries_of(self.claim.summary)), {})
        exact = first.get("exact") or {}
        is_best = bool(first.get("proved")) and exact.get("value") == exact.get("bound")
        if self.alternates is not None and not (sweep.fit < 0).any():
            self.alternates.check(sweep, is_best=is_best)
            if self.is_answered:
                moves = DirectMoves(instance, self.alternates.table, roomy.pairs, sweep.required)
                moves.check(MOST)
                if self.is_firm and self.one_place.is_exact:
                    moves.check_count(sweep, MOST)
            Cures(instance, self.unmatched).check(sweep, is_answered=self.is_answered)

    def _check_texts(self, sweep: CandidatePass, supported: Supported, tally: GroupTally, is_open: Flags) -> None:
        """Check every cell of the tables that a run folder holds."""
        scenario, recipients, findings = self.scenario, self.recipients, self.findings
        breakdown = self._table("breakdown", BREAKDOWN_COLUMNS)
        check_cells(scenario, recipients, sweep, supported, self.allocation, self.drawn, self.is_firm, findings)
        self._check_unmatched(sweep, is_open)
        check_nles(scenario, self.supply, sweep.used, self.nles, findings)
        everyone: Flags = np.ones(len(recipients), dtype=bool)
        check_breakdown(scenario, recipients, everyone, tally, breakdown, findings)

    def _check_unmatched(self, sweep: CandidatePass, is_open: Flags) -> None:
        ids = self.unmatched["school_id"]
        found = [(self.position[school], line) for line, school in enumerate(ids) if school in self.position]
        rows = np.array([row for row, _ in found], dtype=np.int64)
        lines = [line for _, line in found]
        reasons = self._reasons(sweep, is_open)[rows].tolist()
        check_unmatched(self.recipients, sweep, self.nearest, rows, lines, self.unmatched, reasons, self.findings)

    def _reasons(self, sweep: CandidatePass, is_open: Flags) -> Texts:
        """Why each recipient is left out, if it is."""
        left_open = "not-worth-it" if self.claim.summary.get("status") == "optimal" else "not-placed"
        with_room = np.where(is_open, left_open, "constraint")
        reasons = np.where(sweep.has_room, with_room, np.where(sweep.holdable, "all-in-use", "no-room"))
        reasons = np.full(len(reasons), self.unanswered) if self.unanswered else reasons
        return np.where(sweep.has_candidate, reasons, sweep.candidates.reasons())

    def _check_figures(
        self, expected: Mapping[str, Exit], sweep: CandidatePass, supported: Supported, tally: GroupTally
    ) -> None:
        recipients, summary = self.recipients, self.claim.summary
        everyone: Flags = np.ones(len(recipients), dtype=bool)
        ours = metrics(sweep.candidates.fitness, everyone, tally)
        check_metrics(summary, ours, bool((supported.metres >= 0).any()), self.findings)
        check_counts(summary, "needs", need_counts(recipients, everyone), self.findings)
        served = int(tally.served.sum())
        degree = np.bincount(sweep.matching.pairs.rows, minlength=len(recipients))
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
        if "part_supported" in summary.get("counts", {}) or (recipients.supporters > 1).any():
            counts["part_supported"] = int(((degree > 0) & (degree < recipients.supporters)).sum())
        counts |= further_counts(list(expected.values()), sweep, summary.get("counts"))
        check_counts(summary, "counts", counts, self.findings)
        check_particulars(self.scenario, summary, sweep, self.allocation["firmness"], self.findings)
