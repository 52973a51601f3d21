"""Every row of the constraints, counted over the claimed allocation and held against its limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.objectives import SUMMARY, near
from nle_optimizer.evidence.verification.limits.family import Family, Limits
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.scenario.constraint_setting import Constraint

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


def _in_force(limits: Limits, everything: int, scale: int) -> tuple[Fraction | None, Fraction | None]:
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
