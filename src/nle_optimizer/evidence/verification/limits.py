"""Limits that every allocation keeps, who stands against whom, and agreed pairs beyond them.

The hard limits: what an allocation may not do, and what a rule that proves nothing must own up to. Every row of the
constraints, counted over the claimed allocation and held against its limits. Which pairs could be matched beside
those that are without breaking a constraint, told from its counts anew. Agreed pairs, which no limit takes away: what
they hold of NLEs, and whether the claim tells what they exceed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, inf
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.constraints import BY_NLE, BY_PAIR, Family, RowLimits
from nle_optimizer.evidence.verification.findings import Findings, shortest
from nle_optimizer.evidence.verification.levels import SUMMARY, near
from nle_optimizer.evidence.verification.pairs.candidates import PairFilters
from nle_optimizer.evidence.verification.pairs.listed import Pairs, join
from nle_optimizer.evidence.verification.pairs.usage import Usage
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass
from nle_optimizer.evidence.verification.stages.supply import DerivedSupply, keeping
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.policies import RULE_OBJECTIVES, STATUS_QUO
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import Constraint

FIELDS = ("name", "label", "type", "unit", "value", "minimum", "maximum", "binding")


@dataclass(frozen=True)
class Counted:
    """One row: what it counts and its limits, in what people read."""

    constraint: Constraint
    label: str
    unit: str
    value: Fraction
    minimum: Fraction | None
    maximum: Fraction | None

    @property
    def binding(self) -> bool:
        """Whether the value stands at a limit."""
        return self.value in (self.minimum, self.maximum)

    def entry(self) -> dict[str, Any]:
        """What the summary says of it."""
        numbers = {"value": self.value, "minimum": self.minimum, "maximum": self.maximum}
        return {
            "name": self.constraint.name,
            "label": self.label,
            "type": self.constraint.type,
            "unit": self.unit,
            **{word: None if number is None else float(number) for word, number in numbers.items()},
            "binding": self.binding,
        }


def counted_rows(families: Sequence[Family], matched: Pairs) -> Iterator[Counted]:
    """Every row, counted over the matched pairs."""
    for family in families:
        counts, everything = family.counts(matched), family.everything(matched)
        for row in family.rows():
            low, high = _in_force(family.limits(row), everything, family.scale)
            value = Fraction(counts[row], family.scale)
            yield Counted(family.constraint, family.label(row), family.unit, value, low, high)


def _in_force(limits: RowLimits, everything: int, scale: int) -> tuple[Fraction | None, Fraction | None]:
    lows = [] if limits.lower is None else [Fraction(limits.lower)]
    highs = [] if limits.upper is None else [Fraction(limits.upper)]
    lows += [] if limits.lower_share is None else [limits.lower_share * everything]
    if limits.upper_share is not None:
        highs.append(limits.upper_share * everything + Fraction(limits.excess, limits.upper_share.denominator))
    return max(lows) / scale if lows else None, min(highs) / scale if highs else None


def check_constraints(rows: Sequence[Counted], summary: Mapping[str, Any], findings: Findings) -> None:
    """Check what the summary says of every row."""
    said_rows = summary.get("constraints", [] if not rows else None)
    if not isinstance(said_rows, list) or not all(isinstance(entry, dict) for entry in said_rows):
        findings.differs(SUMMARY, "", "constraints", "a list of rows", said_rows)
        return
    _compare([row.entry() for row in rows], said_rows, findings)


def _compare(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    labels = [entry["label"] for entry in ours]
    said = [entry.get("label") for entry in theirs]
    if sorted(labels) != sorted(map(str, said)):
        findings.differs(SUMMARY, "constraints", "labels", ", ".join(labels) or "none", ", ".join(map(str, said)))
        return
    by_label = {entry["label"]: entry for entry in theirs}
    for entry in ours:
        for word in FIELDS:
            if not _agrees(entry[word], by_label[entry["label"]].get(word)):
                label = f"constraints: {entry['label']}"
                findings.differs(SUMMARY, label, word, entry[word], by_label[entry["label"]].get(word))


def _agrees(ours: Any, theirs: Any) -> bool:
    return (
        near(ours, theirs)
        if isinstance(ours, float)
        else ours is theirs or (type(ours), ours) == (type(theirs), theirs)
    )


PROVING = frozenset({"optimal", *RULE_OBJECTIVES})
"""The rules that give an optimum, or how far they may be from one."""


@dataclass(frozen=True)
class Breach:
    """A limit that is broken.

    Attributes:
        topic: of the finding.
        sentence: what is wrong.
        is_lower: whether a lower limit of a constraint is missed.
    """

    topic: str
    sentence: str
    is_lower: bool = False


def breaches(
    sweep: CandidatePass, supporters: Sequence[int], resources: Sequence[str], rows: Sequence[Counted]
) -> list[Breach]:
    """Every limit that the claimed pairs break: supporters, capacities, constraints."""
    return [*_crowded(sweep, supporters), *_overused(sweep, resources), *_beyond(rows)]


def _crowded(sweep: CandidatePass, supporters: Sequence[int]) -> Iterator[Breach]:
    degree = np.bincount(sweep.matching.pairs.rows, minlength=len(sweep.ids))
    for row in np.flatnonzero(degree > np.asarray(supporters)).tolist():
        what = f"the inputs give at most {supporters[row]}, the claim says {degree[row]}"
        yield Breach("allocation.csv: NLEs", f"allocation.csv: school {sweep.ids[row]}: NLEs: {what}")


def _overused(sweep: CandidatePass, resources: Sequence[str]) -> Iterator[Breach]:
    used, supply = sweep.used, sweep.supply
    for n, resource in enumerate(resources):
        for nle in np.flatnonzero(supply.available & (used[n] > supply.capacity[n])).tolist():
            most, said = shortest(int(supply.capacity[n, nle])), shortest(int(used[n, nle]))
            what = f"the inputs give at most {most}, the claim says {said}"
            yield Breach(f"allocation.csv: {resource}", f"allocation.csv: NLE {sweep.nle_ids[nle]}: {resource}: {what}")


def _beyond(rows: Sequence[Counted]) -> Iterator[Breach]:
    for row in rows:
        said = f"constraint {row.label}: {_plain(row.value)} {row.unit}"
        if row.minimum is not None and row.value < row.minimum:
            yield Breach("constraints", f"{said}, and at least {_plain(row.minimum)} are asked for", is_lower=True)
        if row.maximum is not None and row.value > row.maximum:
            yield Breach("constraints", f"{said}, and at most {_plain(row.maximum)} are allowed")


def check_limits(found: Sequence[Breach], rule: str, missed: Any, findings: Findings) -> None:
    """Note the limits that are broken, but for those that the rule may break and the claim owns up to.

    Args:
        found: what is broken.
        rule: the scenario's rule.
        missed: `missed` of the summary.
        findings: what is wrong.
    """
    if rule in PROVING:
        owned: list[Breach] = []
    else:
        owned = [breach for breach in found if breach.is_lower or rule == STATUS_QUO]
        missed = [] if missed is None else missed
        if not isinstance(missed, list) or len(missed) != len(owned):
            said = f"{len(missed)} entries" if isinstance(missed, list) else missed
            findings.differs(SUMMARY, "", "missed", f"{len(owned)} entries", said)
    for breach in found:
        if breach not in owned:
            findings.add(breach.topic, breach.sentence)


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.6g}"


def unhindered(families: Sequence[Family], matched: Pairs, pairs: Pairs) -> Flags:
    """Which of some pairs break no limit if they are matched beside those that are.

    Args:
        families: the constraints.
        matched: the matched pairs.
        pairs: pairs of recipients that have no NLE.
    """
    free = np.ones(len(pairs), dtype=bool)
    for family in families:
        if len(pairs):
            free &= ~_Counts(family, matched).breaks(pairs)
    return free


@dataclass(frozen=True, eq=False)
class _Counts:
    """What a family counts of the matched pairs."""

    family: Family
    matched: Pairs

    def breaks(self, pairs: Pairs) -> Flags:
        """Which pairs would push a row beyond a limit, or farther beyond it."""
        codes = self.family.codes(pairs)
        own, all_in = self._added(pairs, codes)
        cases, case = np.unique(np.column_stack([codes, own, all_in]), axis=0, return_inverse=True)
        counts, everything = self.family.counts(self.matched), self.family.everything(self.matched)
        rows = self.family.rows()
        limits = {row: self.family.limits(row) for row in {*rows, *np.unique(codes[codes >= 0]).tolist()}}
        spare = sorted((_spare(limits[row], counts[row], everything), row) for row in rows)[:2]
        broken = [
            (code >= 0 and _breaks(limits[code], counts[code], everything, more, whole))
            or (whole > 0 and any(left < whole for left, row in spare if row != code))
            for code, more, whole in cases.tolist()
        ]
        return np.array(broken, dtype=bool)[case.reshape(-1)]

    def _added(self, pairs: Pairs, codes: Integers) -> tuple[Integers, Integers]:
        """What each pair would add to its row, and to the count of everything."""
        one, family = np.ones(len(pairs), dtype=np.int64), self.family
        if family.once == BY_PAIR:
            amounts = np.asarray(family.amounts(pairs), dtype=np.int64)
            return np.where(codes >= 0, amounts, 0), amounts
        if family.once == BY_NLE:
            theirs = family.codes(self.matched)
            there = set(zip(theirs.tolist(), np.asarray(self.matched.nle).tolist(), strict=True))
            ours = zip(codes.tolist(), np.broadcast_to(pairs.nle, len(pairs)).tolist(), strict=True)
            own = np.array([each not in there for each in ours], dtype=np.int64)
            return np.where(codes >= 0, own, 0), (~np.isin(pairs.nle, self.matched.nle)).astype(np.int64)
        return np.where(codes >= 0, one, 0), one


def _spare(limits: RowLimits, count: int, everything: int) -> float:
    """How much more may be matched elsewhere until a row has less than its share."""
    share = limits.lower_share
    return inf if not share else max(floor(Fraction(count) / share) - everything, 0)


def _breaks(limits: RowLimits, count: int, everything: int, more: int, whole: int) -> bool:
    """Whether a row that counts `more`, of `whole` more in all, is beyond a limit, and farther than before."""
    if more > 0 and limits.upper is not None and count + more > limits.upper:
        return True
    for share, sign, excess in ((limits.upper_share, 1, limits.excess), (limits.lower_share, -1, 0)):
        if share is not None:
            worse = sign * (more - share * whole)
            if worse > 0 and sign * (count - share * everything) + worse > Fraction(excess, share.denominator):
                return True
    return False


CODE = "agreed-beyond-limit"


@dataclass(frozen=True, eq=False)
class Agreed:
    """The agreed pairs of NLEs that are not out.

    Attributes:
        pairs: them, as candidates; None where there are none.
        candidates: the filters.
        supply: what NLEs have, agreed pairs keeping what they take.
        busier: NLEs that have more by that than the settings leave them.
    """

    pairs: Pairs | None
    candidates: PairFilters
    supply: DerivedSupply
    busier: Sequence[int]

    def beside(self, families: Sequence[Family]) -> list[Family]:
        """Limits over many pairs, none of them below what agreed pairs alone count."""
        return [family if self.pairs is None else family.beside(self.pairs) for family in families]

    def check_told(self, summary: Any, scenario: Scenario, ids: Any, families: Sequence[Family], to: Findings) -> None:
        """Check that the summary tells of every limit that agreed pairs are beyond.

        Args:
            summary: of the claim.
            scenario: settings and tables.
            ids: of the recipients.
            families: the constraints as they are asked for.
            to: what is wrong.
        """
        entries = summary.get("findings")
        if self.pairs is None or not isinstance(entries, list):
            return
        told = [str(each.get("text")) for each in entries if isinstance(each, dict) and each.get("code") == CODE]
        nles, wanted = scenario.nles.ids, list[str]()
        for nle, row in zip(np.asarray(self.pairs.nle).tolist(), self.pairs.rows.tolist(), strict=True):
            wanted += [f"{nles[nle]}, {ids[row]}"] if self.candidates.exceeding(nle, row) else []
        wanted += [family.label(row) for family in families for row in family.exceeds(self.pairs)]
        wanted += [str(nles[nle]) for nle in self.busier]
        for name in wanted:
            if not any(name in text for text in told):
                to.add(f"{SUMMARY}: findings", f"{SUMMARY}: findings: nothing says that {name} is beyond a limit")


def agreed_of(
    scenario: Scenario, candidates: PairFilters, supply: DerivedSupply, usage: Usage, taken: Integers
) -> Agreed:
    """The agreed pairs; `taken` is what is used up before anybody is matched, by resource and NLE."""
    found = [
        candidates.geography.pairs(nle, np.array(rows, dtype=np.int64))
        for nle, rows in sorted(candidates.agreed.items())
        if supply.available[nle]
    ]
    if not found:
        return Agreed(None, candidates, supply, ())
    pairs = candidates.among(join(found))
    amounts = np.zeros_like(supply.capacity)
    for n, used in enumerate(usage.of(pairs)):
        np.add.at(amounts[n], pairs.nle, used)
    kept = keeping(supply, scenario, taken, amounts)
    busier = np.flatnonzero((kept.capacity > supply.capacity).any(axis=0)).tolist()
    return Agreed(pairs, candidates, kept, busier)
