"""What the summary says of each level, and the status that follows from it."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.fairness import LEXIMIN
from nle_optimizer.evidence.verification.levels.levels import AnyLevel, Level
from nle_optimizer.evidence.verification.proofs.prices import is_whole

SUMMARY = "summary.json"
TOLERANCE = 1e-9
OF_BOUNDS = ("multipliers", "leaves", "solver", "trivial")
"""How a bound may be proved where no prices prove it."""
PROOFS_OF = {
    "network": ("prices", "trivial"),
    "decomposition": OF_BOUNDS,
    "cp-sat": OF_BOUNDS,
    "highs": OF_BOUNDS,
}
"""The engines, and how each may prove a level."""


def near(ours: float, theirs: Any) -> bool:
    """Whether a number of a document is ours, but for the last digits of a float."""
    if isinstance(theirs, bool) or not isinstance(theirs, int | float):
        return False
    return abs(theirs - ours) <= TOLERANCE * max(abs(ours), abs(theirs))


def claims_proof(summary: Mapping[str, Any]) -> bool:
    """Whether a summary says that anything is bounded or proved."""
    return summary.get("status") in ("optimal", "feasible") or any(
        entry.get("proved") is True for entry in entries_of(summary)
    )


def entries_of(summary: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The entries of `objectives`; none where they are no such thing."""
    entries = summary.get("objectives")
    return entries if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries) else []


def bound_of(entry: Mapping[str, Any]) -> Any:
    """The exact bound that a summary gives a level; None where there is none."""
    exact = entry.get("exact")
    return exact.get("bound") if isinstance(exact, dict) else None


def reaches(level: AnyLevel, value: int, bound: int) -> bool:
    """Whether a value is as good as a bound, but for what later levels may give up."""
    sign = -1 if level.minimised else 1
    least = level.least(sign * bound) if isinstance(level, Level) else sign * bound
    return sign * value >= least


def check_objectives(
    summary: Mapping[str, Any], levels: Sequence[AnyLevel], values: Sequence[int], findings: Findings, *, proves: bool
) -> None:
    """Check `objectives` of the summary: names, senses, values, bounds and gaps; and the status.

    Args:
        summary: the claim's summary.
        levels, values: the levels, and what they come to.
        findings: what is wrong.
        proves: whether the rule is one that gives an optimum, or a bound.
    """
    entries = summary.get("objectives")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        findings.differs(SUMMARY, "", "objectives", "a list", entries)
        return
    if len(entries) != len(levels):
        findings.differs(SUMMARY, "", "objectives", f"{len(levels)} levels", f"{len(entries)} levels")
        return
    completed = summary.get("status") == "completed"
    for n, (entry, level, value) in enumerate(zip(entries, levels, values, strict=True), start=1):
        where = f"objectives: level {n}"
        check_heading(SUMMARY, where, entry, level, findings)
        exact = entry.get("exact")
        exact = exact if isinstance(exact, dict) else {}
        _same(findings, where, "exact value", value, exact.get("value"))
        _same(findings, where, "exact scale", level.scale, exact.get("scale"))
        _float(findings, where, "value", value / level.scale, entry.get("value"))
        if not completed or entry.get("proved") is True:
            _check_bound(where, entry, level, value, exact.get("bound"), findings)
            _check_engine(where, entry, level, findings)
    _check_status(summary, entries, findings, proves=proves)


def _check_engine(where: str, entry: Mapping[str, Any], level: AnyLevel, findings: Findings) -> None:
    """Check, where it is said who solved a level, that it was asked for and gives such proofs."""
    able = [name for name, proofs in PROOFS_OF.items() if level.engine in ("auto", name)]
    able = [name for name in able if entry.get("proof") in PROOFS_OF[name]]
    if "engine" in entry and entry["engine"] not in able:
        findings.differs(SUMMARY, where, "engine", " or ".join(able) or "none with this proof", entry["engine"])


def _check_bound(
    where: str, entry: Mapping[str, Any], level: AnyLevel, value: int, bound: Any, findings: Findings
) -> None:
    if not is_whole(bound):
        findings.differs(SUMMARY, where, "exact bound", "a whole number", bound)
        return
    if (bound - value) * (-1 if level.minimised else 1) < 0:
        findings.differs(SUMMARY, where, "exact bound", f"one that {value} does not exceed", bound)
    _float(findings, where, "bound", bound / level.scale, entry.get("bound"))
    _float(findings, where, "gap", abs(bound - value) / max(1, abs(bound)), entry.get("gap"))
    proved = reaches(level, value, bound)
    may_doubt = level.name == LEXIMIN or bound != value
    if entry.get("proved") is not proved and not (may_doubt and entry.get("proved") is False):
        findings.differs(SUMMARY, where, "proved", str(proved).lower(), entry.get("proved"))


def _check_status(
    summary: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], findings: Findings, *, proves: bool
) -> None:
    if not proves:
        if summary.get("status") != "completed":
            findings.differs(SUMMARY, "", "status", "completed, as the rule proves nothing", summary.get("status"))
        return
    if not entries:
        return
    status = "optimal" if all(entry.get("proved") is True for entry in entries) else "feasible"
    if summary.get("status") != status:
        given = "optimal, as every level is proved" if status == "optimal" else "feasible, as not all levels are proved"
        findings.differs(SUMMARY, "", "status", given, summary.get("status"))


def check_heading(file: str, where: str, entry: Mapping[str, Any], level: AnyLevel, findings: Findings) -> None:
    """Check name and sense of a level."""
    name = str(entry.get("name", ""))
    if name != level.name and not name.startswith(f"{level.name}["):
        findings.differs(file, where, "name", level.name, entry.get("name"))
    sense = "minimise" if level.minimised else "maximise"
    if entry.get("sense") != sense:
        findings.differs(file, where, "sense", sense, entry.get("sense"))


def _same(findings: Findings, where: str, what: str, ours: int, theirs: Any) -> None:
    if not is_whole(theirs) or theirs != ours:
        findings.differs(SUMMARY, where, what, ours, theirs)


def _float(findings: Findings, where: str, what: str, ours: float, theirs: Any) -> None:
    if not near(ours, theirs):
        findings.differs(SUMMARY, where, what, ours, theirs)
