"""The summary of an import for a reader at a terminal."""

from collections.abc import Mapping, Sequence

from nle_optimizer.sources.england.scenario_text import NLE_COLUMNS
from nle_optimizer.sources.england.scope import REASONS
from nle_optimizer.sources.england.summary import ImportSummary

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


def summary_text(summary: ImportSummary, next_command: str) -> str:
    """Counts, findings and what to type next, one thing a line."""
    lines = [
        f"Imported England to {summary.out} (as of {summary.as_of or 'no day'}: {summary.as_of_source})",
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
