"""The files of an import read, the summary of what they hold, and its text.

All files of an import, read once, with every fault of all of them told together. What an import did, as counts. The
summary of an import for a reader at a terminal.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from nle_optimizer.errors import InputError
from nle_optimizer.files import noted_reads
from nle_optimizer.scenario.extracts import Extract, Notes
from nle_optimizer.scenario.gias import Establishment, read_gias
from nle_optimizer.sources.england.inspections import (
    Inspection,
    UrnLinks,
    no_links,
    read_finance,
    read_inspections,
    read_urn_links,
    with_history,
)
from nle_optimizer.sources.england.people import People, UserTable, read_people
from nle_optimizer.sources.england.scenario_text import NLE_COLUMNS
from nle_optimizer.sources.england.schools import REASONS, Cells, Facts, known_cases, rating_inspections, read_cases
from nle_optimizer.sources.england.trusts import (
    NO_LINKS,
    TrustLinks,
    disagreeing,
    is_high_quality,
    memberships,
    read_trust_links,
)

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


T = TypeVar("T")


@dataclass(frozen=True)
class EnglandFiles:
    """The files of an import; only GIAS is required.

    Attributes:
        gias: establishments, at any width.
        ofsted: grades and dates of full inspections.
        trust_links: GIAS groups, which school belongs to which trust.
        finance: income and in-year balance in pounds.
        cases: school ids, and whatever else is known of them.
        nles: the list of NLEs.
        urn_links: GIAS links, predecessors and successors.
    """

    gias: Path
    ofsted: Path | None = None
    trust_links: Path | None = None
    finance: Path | None = None
    cases: Path | None = None
    nles: Path | None = None
    urn_links: Path | None = None


@dataclass(frozen=True)
class Material:
    """What the files hold."""

    facts: Facts
    links: UrnLinks
    cases: dict[str, Cells] | None
    case_columns: list[str]
    nles: UserTable | None
    sources: dict[str, SourceFile]


class _Reader:
    """Reads one file after the other; a file that cannot be read does not hide the faults of the next."""

    def __init__(self, notes: Notes):
        self.notes = notes
        self.sources: dict[str, SourceFile] = {}

    def official(self, role: str, path: Path | None, read: Callable[[Path, Notes], tuple[Extract, T]], nothing: T) -> T:
        if path is None:
            return nothing
        try:
            with noted_reads() as reads:
                extract, content = read(path, self.notes)
        except InputError as error:
            self.notes.refuse(error)
            return nothing
        self.sources[role] = SourceFile(path.name, reads[str(path)], len(extract))
        return content

    def own(self, role: str, path: Path | None, read: Callable[[Path, Notes], UserTable]) -> UserTable | None:
        if path is None:
            return None
        try:
            with noted_reads() as reads:
                table = read(path, self.notes)
        except InputError as error:
            self.notes.refuse(error)
            return None
        self.sources[role] = SourceFile(path.name, reads[str(path)], len(table))
        return table


def read_material(files: EnglandFiles, as_of: date | None, notes: Notes) -> Material:
    """Read everything; `as_of` is the day up to which trust records and proxies count.

    Raises:
        InputError: every fault of every file.
    """
    reader = _Reader(notes)
    establishments: dict[str, Establishment] = reader.official("gias", files.gias, read_gias, {})
    no_inspections: dict[str, Inspection] = {}
    known = reader.official("ofsted", files.ofsted, read_inspections, no_inspections)
    trust_links: TrustLinks = reader.official("trust_links", files.trust_links, read_trust_links, NO_LINKS)
    no_balances: dict[str, Fraction] = {}
    balances = reader.official("finance", files.finance, read_finance, no_balances)
    links = reader.official("urn_links", files.urn_links, read_urn_links, no_links())
    cases = reader.own("cases", files.cases, read_cases)
    nles = reader.own("nles", files.nles, read_people)
    if notes.refused:
        notes.stop_if_wrong()
    case_cells = None if cases is None else known_cases(cases, establishments, links, notes)
    notes.stop_if_wrong()
    if files.ofsted is None:
        known = rating_inspections(establishments)
    inspections, inspected_as = with_history(list(establishments), known, links)
    members = memberships(establishments, trust_links)
    facts = Facts(establishments, inspections, inspected_as, members, balances, as_of)
    _note_strangers(facts, known, trust_links, notes)
    return Material(facts, links, case_cells, list(cases.columns) if cases else [], nles, reader.sources)


def _note_strangers(facts: Facts, known: dict[str, Inspection], trust_links: TrustLinks, notes: Notes) -> None:
    schools = facts.establishments.keys()
    notes.find(len(known.keys() - schools), "Schools of the inspections file that GIAS does not have: {n}.")
    notes.find(len(facts.balances.keys() - schools), "Schools of the finance file that GIAS does not have: {n}.")
    text = "Schools of the trust links (open trusts) that GIAS does not have: {n} (closed or renumbered)."
    notes.find(len(trust_links.members.keys() - schools), text)
    differing = disagreeing(facts.establishments, facts.memberships)
    notes.find(len(list(differing)), "Schools with another trust in GIAS than in the trust links, which decide: {n}.")


ROLES = {
    "gias": "GIAS",
    "ofsted": "Ofsted",
    "trust_links": "trust links",
    "finance": "finance",
    "urn_links": "URN links",
    "cases": "cases",
    "nles": "NLEs",
}
WIDTH = 34


def summary_text(summary: ImportSummary, out: Path, next_command: str) -> str:
    """Counts, findings and what to type next, one thing a line."""
    lines = [
        f"Imported England to {out} (as of {summary.as_of or 'no day'}: {summary.as_of_source})",
        "",
        *(_line(f"{ROLES[role]} rows read", source.rows) for role, source in summary.sources.items()),
        _line("history from a single predecessor", summary.history_followed),
        "",
        *_schools(summary),
        *_trusts_and_nles(summary),
        *_codes("Suppression codes, read as blank", summary.suppressed),
        *_codes("Unknown codes, read as blank", summary.unexpected),
        *(["", "Findings", *(f"  - {text}" for text in summary.findings)] if summary.findings else []),
        "",
        f"Written: {', '.join(summary.files)}",
    ]
    if summary.nles is None:
        lines.append(f"First put nles.csv beside them, with {', '.join(NLE_COLUMNS)}.")
    return "\n".join([*lines, f"Next: {next_command}"])


def _schools(summary: ImportSummary) -> list[str]:
    grades, needs, basis = summary.grades, summary.needs, summary.finance_basis
    return [
        _line("schools written", summary.schools),
        *([_line("outside the area or the cases", summary.not_written)] if summary.not_written else []),
        _line("in scope", summary.in_scope),
        _line("left out", sum(summary.left_out.values())),
        *(_line(f"  {reason}", n, REASONS.get(reason, "")) for reason, n in summary.left_out.items()),
        _line(
            "graded 3 / 4 / not known",
            f"{grades['requires_improvement']:,} / {grades['inadequate']:,} / {grades['unknown']:,}",
        ),
        _line("twice below Good", grades["twice_below_good"]),
        _line("needs assessed / proxy / unknown", " / ".join(f"{n:,}" for n in needs.values())),
        *(_line(f"  finance proxy from {name}", n) for name, n in basis.items()),
        *(_line(f"  phase {name}", n) for name, n in summary.phases.items()),
    ]


def _trusts_and_nles(summary: ImportSummary) -> list[str]:
    trusts = summary.trusts
    lines = [
        _line("multi-academy trusts", trusts["rows"]),
        _line("  of high quality by the proxy", trusts["high_quality_by_proxy"], "declared, not official"),
    ]
    if summary.nles is not None:
        counts = dict(summary.nles)
        lines += [_line("NLEs", counts.pop("rows")), _line("  home school found", counts.pop("homes_found"))]
        lines += [_line(f"  {name} filled", count) for name, count in counts.items()]
    return lines


def _codes(title: str, codes: Sequence[Mapping[str, str | int]]) -> list[str]:
    if not codes:
        return []
    return ["", title, *(f"  {c['count']} x '{c['code']}' in {c['file']}, {c['column']}" for c in codes)]


def _line(name: str, value: int | str, note: str = "") -> str:
    shown = f"{value:,}" if isinstance(value, int) else value
    return f"{name:<{WIDTH}} {shown:>8}" + (f"  {note}" if note else "")
