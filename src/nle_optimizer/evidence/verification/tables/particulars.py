"""What a summary may say beyond what it must: checked wherever it is said."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.objectives import PROOFS_OF, SUMMARY, entries_of, near
from nle_optimizer.evidence.verification.stages.supply import multiplied_totals
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.records import MILLION
from nle_optimizer.scenario.own_code import rule_name
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

STATUSES = ("optimal", "feasible", "infeasible", "unknown", "completed")
NETWORK = "network"
STOPPED = ("time", "work", "gap", "interrupt", "solver")


def check_heading(settings: Settings, summary: Mapping[str, Any], method: Any, findings: Findings) -> None:
    """Check name, rule, status and engine."""
    ours: dict[str, Any] = {"schema_version": 1, "scenario": settings.name, "rule": rule_name(settings.rule)}
    if "title" in summary:
        ours["title"] = settings.title
    if method in ("prices", "bounds"):
        _check_engines(summary, method, findings)
    for name, value in ours.items():
        if summary.get(name) != value:
            findings.differs(SUMMARY, "", name, value, summary.get(name))
    if summary.get("status") not in STATUSES:
        findings.differs(SUMMARY, "", "status", f"one of {', '.join(STATUSES)}", summary.get("status"))
    _check_stopped(summary, findings)


def _check_engines(summary: Mapping[str, Any], method: str, findings: Findings) -> None:
    """Check that the engines named are those of the levels, and can certify by the method."""
    said = str(summary.get("engine"))
    of_levels = [str(entry["engine"]) for entry in entries_of(summary) if "engine" in entry]
    ours = ", ".join(dict.fromkeys(of_levels)) or said
    if said != ours:
        findings.differs(SUMMARY, "", "engine", ours, said)
    if (said == NETWORK) != (method == "prices") or not {*said.split(", ")} <= {*PROOFS_OF}:
        able = NETWORK if method == "prices" else "others than network alone"
        findings.differs(SUMMARY, "", "engine", able, said)


def _check_stopped(summary: Mapping[str, Any], findings: Findings) -> None:
    stopped, status = summary.get("stopped"), summary.get("status")
    if stopped is not None and stopped not in STOPPED:
        findings.differs(SUMMARY, "", "stopped", f"one of {', '.join(STOPPED)}, or nothing", stopped)
    if stopped is not None and status in ("infeasible", "completed"):
        findings.differs(SUMMARY, "", "stopped", f"nothing, as the status is {status}", stopped)
    if status == "unknown":
        if stopped is None:
            findings.differs(SUMMARY, "", "stopped", "why it was, as nothing was found", stopped)
        if summary.get("objectives") != []:
            findings.differs(SUMMARY, "", "objectives", "none, as the status is unknown", summary.get("objectives"))


def further_counts(reasons: Sequence[tuple[str, str]], sweep: Sweep, said: Any) -> dict[str, int]:
    """Counts that need not be stated, those that are."""
    ours = {
        "cannot_tell": sum(reason == "cannot-tell" for _, reason in reasons),
        "nles_available": int(sweep.supply.available.sum()),
        "nles_without_capacity": int((sweep.supply.available & ~sweep.supply.giving).sum()),
        "matched_pairs": len(sweep.matching.lines),
    }
    return {name: count for name, count in ours.items() if isinstance(said, dict) and name in said}


def check_particulars(
    scenario: Scenario, summary: Mapping[str, Any], sweep: Sweep, firmness: Sequence[str], findings: Findings
) -> None:
    """Check the number of firm pairs, the capacities and the parts of blends, where they are stated."""
    if "firm_pairs" in summary:
        firm = None if "" in firmness else list(firmness).count("all")
        said = summary["firm_pairs"]
        if (type(said) is not type(firm) or said != firm) and (firmness or said is not None):
            findings.differs(SUMMARY, "", "firm_pairs", firm, said)
    if "capacity" in summary:
        _check_capacity(scenario, summary["capacity"], sweep, findings)
    entries, objectives = summary.get("objectives"), scenario.settings.objectives or []
    blends = [{word: float(weight) for word, weight in each.parts.items()} for each in objectives if each.parts]
    if isinstance(entries, list):
        said = [entry["parts"] for entry in entries if isinstance(entry, dict) and "parts" in entry]
        if said and not any(each.by for each in objectives) and said != blends:
            findings.differs(SUMMARY, "objectives", "parts", blends, said)


def _check_capacity(scenario: Scenario, said: Any, sweep: Sweep, findings: Findings) -> None:
    available = sweep.supply.available
    for n, resource in enumerate(scenario.resources):
        amounts = {
            "available": int(sweep.supply.capacity[n][available].sum()) / MILLION,
            "used": int(sweep.used[n].sum()) / MILLION,
        }
        multiplied = multiplied_totals(scenario, sweep.supply.known, n)
        if multiplied is not None:
            amounts |= {"asked": float(multiplied[0]), "given": float(multiplied[1])}
        stated = said.get(resource) if isinstance(said, dict) else None
        for word, amount in amounts.items():
            theirs = stated.get(word) if isinstance(stated, dict) else None
            if not near(amount, theirs):
                findings.differs(SUMMARY, f"capacity: {resource}", word, amount, theirs)
