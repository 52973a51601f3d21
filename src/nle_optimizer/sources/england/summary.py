"""What an import did, as counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from nle_optimizer.sources.england.cases import Cells
from nle_optimizer.sources.england.notes import Notes
from nle_optimizer.sources.england.people import People
from nle_optimizer.sources.england.scope import REASONS
from nle_optimizer.sources.england.trusts import is_high_quality

SCHEMA_VERSION = 1
BELOW_GOOD = ("3", "4")


@dataclass(frozen=True)
class SourceFile:
    """A file that was read: its name without folder, its SHA-256, its rows below the header."""

    file: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class ImportSummary:
    """Counts of an import.

    Attributes:
        out: the folder that was written.
        sources: the files read, by role (`gias`, `ofsted`, ...).
        as_of: the day up to which facts count; None where no file has a date.
        as_of_source: where that day comes from, in words.
        schools: rows of schools.csv.
        not_written: rows of GIAS outside the area or the cases.
        in_scope: rows of schools.csv that are not left out.
        left_out: rows left out, by reason code.
        grades: of those in scope: graded 3, graded 4, twice below Good, and without a grade.
        needs: of those in scope: `assessed`, `proxy`, `unknown`.
        finance_basis: of those in scope: finance proxies by `balance` or `grades`.
        phases: of those in scope: where the phase comes from.
        trusts: rows of trusts.csv, and how many meet the proxy for high quality.
        history_followed: schools whose grades are a single predecessor's.
        nles: rows of nles.csv, homes found, cells filled; None without a list.
        suppressed: cells with a suppression code, read as blank: file, column, code, count.
        unexpected: cells with an unknown code, read as blank: the same.
        findings: what deserves a look, in sentences.
        files: names of the files written.
    """

    out: Path
    sources: Mapping[str, SourceFile]
    as_of: date | None
    as_of_source: str
    schools: int
    not_written: int
    in_scope: int
    left_out: Mapping[str, int]
    grades: Mapping[str, int]
    needs: Mapping[str, int]
    finance_basis: Mapping[str, int]
    phases: Mapping[str, int]
    trusts: Mapping[str, int]
    history_followed: int
    nles: Mapping[str, int] | None
    suppressed: Sequence[Mapping[str, str | int]] = field(default=())
    unexpected: Sequence[Mapping[str, str | int]] = field(default=())
    findings: Sequence[str] = field(default=())
    files: Sequence[str] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain values: the content of `import.json`, without folders or times."""
        return {
            "schema_version": SCHEMA_VERSION,
            "as_of": str(self.as_of) if self.as_of else None,
            "as_of_source": self.as_of_source,
            "sources": {role: vars(source) for role, source in self.sources.items()},
            "counts": {
                "schools": self.schools,
                "not_written": self.not_written,
                "in_scope": self.in_scope,
                "left_out": dict(self.left_out),
                "history_followed": self.history_followed,
            },
            "grades": dict(self.grades),
            "needs": dict(self.needs),
            "finance_basis": dict(self.finance_basis),
            "phases": dict(self.phases),
            "trusts": dict(self.trusts),
            "nles": None if self.nles is None else dict(self.nles),
            "suppressed": list(self.suppressed),
            "unexpected": list(self.unexpected),
            "findings": list(self.findings),
            "files": list(self.files),
        }


def table_counts(schools: Sequence[Cells], trusts: Sequence[Cells], people: People | None) -> dict[str, Any]:
    """The counts of `ImportSummary` that the written tables give."""
    return {
        **_school_counts(schools),
        "history_followed": sum(bool(row["inspected_as"]) for row in schools),
        "trusts": {
            "rows": len(trusts),
            "high_quality_by_proxy": sum(is_high_quality(row) for row in trusts),
            "in_several_regions": sum(int(row["regions_spanned"]) > 1 for row in trusts),
        },
        "nles": None if people is None else _people_counts(people),
    }


def _people_counts(people: People) -> dict[str, int]:
    return {"rows": len(people), "homes_found": people.homes, **people.filled}


def _school_counts(rows: Sequence[Cells]) -> dict[str, Any]:
    reasons = Counter(row["left_out"] for row in rows)
    kept = [row for row in rows if not row["left_out"]]
    grades = Counter(row["latest_grade"] for row in kept)
    needs = Counter(row["need_source"] for row in kept)
    order = [*REASONS, *sorted(set(reasons) - set(REASONS) - {""})]
    return {
        "schools": len(rows),
        "in_scope": len(kept),
        "left_out": {reason: reasons[reason] for reason in order if reasons[reason]},
        "grades": {
            "requires_improvement": grades["3"],
            "inadequate": grades["4"],
            "twice_below_good": sum(is_twice_below_good(row) for row in kept),
            "unknown": grades[""],
        },
        "needs": {source: needs[source] for source in ("assessed", "proxy", "unknown")},
        "finance_basis": _counted(row["need_finance_basis"] for row in kept if row["need_finance_basis"]),
        "phases": _counted(row["phase_source"] for row in kept),
    }


def is_twice_below_good(row: Mapping[str, str]) -> bool:
    """Whether the latest grade and the one before are both 3 or 4."""
    return row["latest_grade"] in BELOW_GOOD and row["previous_grade"] in BELOW_GOOD


def _counted(words: Any) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def noted(notes: Notes) -> dict[str, Any]:
    """Findings, and the suppressed and unexpected codes that reading met."""
    return {
        "findings": list(notes.findings),
        "suppressed": _code_rows(notes.suppressed),
        "unexpected": _code_rows(notes.unexpected),
    }


def _code_rows(codes: Mapping[tuple[str, str, str], int]) -> list[dict[str, str | int]]:
    return [
        {"file": file, "column": column, "code": code, "count": count}
        for (file, column, code), count in sorted(codes.items())
    ]
