"""The part `robustness` of a summary: how many draws, how many pairs stand how firmly, within what each figure lies."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.evidence.verification.draws.ranges import check_ranges
from nle_optimizer.evidence.verification.draws.shares import (
    COLUMNS,
    SCHOOL_COLUMNS,
    WORDS,
    Kind,
    Pair,
    check_pair_shares,
    check_school_shares,
    check_shares,
)
from nle_optimizer.evidence.verification.draws.under_error import KEY as UNDER_ERROR
from nle_optimizer.evidence.verification.draws.under_error import Estimates, Reread, check_under_error
from nle_optimizer.evidence.verification.findings import Findings, claimed_table
from nle_optimizer.evidence.verification.levels.objectives import SUMMARY
from nle_optimizer.evidence.verification.proofs.prices import is_whole
from nle_optimizer.scenario.scenario import Scenario

KEY = "robustness"
FIGURES = "uncertainty.csv"
INTERVAL = ("mean", "low", "high")
TABLES = {
    "uncertainty": ("metric", "plan", *INTERVAL, "draws"),
    "pair_shares": COLUMNS,
    "school_shares": SCHOOL_COLUMNS,
}
THIS_PLAN = "this_plan"
COUNTS = ("supported", "unmatched", "eligible")
"""Counts that vary from draw to draw, told beside the metrics."""


def check_robustness(
    scenario: Scenario,
    claim: Claim,
    allocation: Mapping[str, Sequence[str]],
    required: set[Pair],
    reread: Reread,
    findings: Findings,
) -> None:
    """Check everything that a run says of its draws; where it says nothing, that no table does.

    The plan is worked out under every draw only where nothing else is wrong.

    Args:
        scenario: what was asked.
        claim: what is said.
        allocation: its columns.
        required: school and NLE of the pairs that stand in every allocation there is.
        reread: works out what is left of the plan under other inputs.
        findings: what is wrong.
    """
    told = [name for name in TABLES if name in claim.tables]
    if KEY not in claim.summary:
        for name in (*told, *({THIS_PLAN} & claim.tables.keys())):
            findings.add(name, f"{name}.csv: it tells of draws, and {SUMMARY} has no {KEY}")
        if UNDER_ERROR in claim.summary:
            findings.add(UNDER_ERROR, f"{SUMMARY}: {UNDER_ERROR}: it tells of draws, and there is no {KEY}")
        return
    said, rates = claim.summary[KEY], scenario.settings.uncertainty
    draws = said.get("draws") if isinstance(said, dict) else None
    if not is_whole(draws) or not draws or draws != rates.draws:
        findings.differs(SUMMARY, KEY, "draws", rates.draws, draws)
        return
    weights = _kind(said, "weights", rates.draws, findings)
    estimates = _kind(said, "estimates", rates.draws, findings) if rates.has_rates else None
    words = Counter(check_shares(allocation, weights, estimates, required, findings))
    counts = {word: words[word] for _, word in WORDS}
    if said.get("pairs") != counts:
        findings.differs(SUMMARY, KEY, "pairs", counts, said.get("pairs"))
    check_ranges(scenario, said.get("weights"), claim.summary.get("status") == "optimal", findings)
    pairs = list(zip(allocation["school_id"], allocation["nle_id"], strict=True))
    found = None if estimates is None else _check_estimates(scenario, claim, allocation, estimates, findings)
    if estimates is None and _tells_of_estimates(said, told):
        findings.add(KEY, f"{SUMMARY}: {KEY}: it tells of draws around the estimates, and the scenario has no rates")
    if not findings.sentences():  # every draw is read anew, which is not worth it for a claim that does not stand
        check_under_error(scenario, claim, pairs, reread, found, findings)


def _tells_of_estimates(said: Mapping[str, Any], told: Sequence[str]) -> bool:
    return (
        bool(told)
        or said.get("metrics") is not None
        or _mapping(said, "without_allocation").get("estimates") is not None
    )


def _check_estimates(
    scenario: Scenario, claim: Claim, allocation: Mapping[str, Sequence[str]], kind: Kind, findings: Findings
) -> Estimates:
    figures, pairs, schools = (claimed_table(claim, name, columns, findings) for name, columns in TABLES.items())
    said = _mapping(claim.summary[KEY], "metrics")
    _check_intervals(_figures(claim.summary), said, figures, kind, findings)
    columns = (allocation[name] for name in ("school_id", "nle_id", kind.column))
    planned = {(school, nle): share for school, nle, share in zip(*columns, strict=True)}
    counts = check_pair_shares(scenario, pairs, planned, kind, findings)
    total, supported, one_each = sum(counts.values()), said.get("supported"), _has_one_each(scenario)
    check_school_shares(schools, {school for school, _ in planned}, counts, one_each, kind, findings)
    if supported is not None and _is_interval(supported) and one_each and kind.is_countable:
        served = round(supported["mean"] * kind.with_allocation)
        if total != served:
            findings.differs("pair_shares.csv", "", "share", f"{served} pairs in all draws together", total)
    return Estimates(kind, counts, schools["stands"])


def _has_one_each(scenario: Scenario) -> bool:
    """Whether every school has one NLE at most."""
    return "supporters" not in scenario.schools or int(scenario.schools.values("supporters").max(initial=1)) <= 1


def _mapping(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = said.get(key)
    return value if isinstance(value, dict) else {}


def _kind(said: Mapping[str, Any], name: str, draws: int, findings: Findings) -> Kind:
    """The draws of one kind: those without an allocation are believed, within what can be."""
    without = _mapping(said, "without_allocation").get(name)
    if without is None or not is_whole(without) or not 0 <= without <= draws:
        findings.differs(SUMMARY, f"{KEY}: without_allocation", name, f"a number from 0 to {draws}", without)
        without = 0
    return Kind(f"share_{name}", draws, draws - without)


def _figures(summary: Mapping[str, Any]) -> dict[str, float]:
    """Counts and metrics of a plan that are numbers."""
    counts = _mapping(summary, "counts")
    figures = {name: counts.get(name) for name in COUNTS} | dict(_mapping(summary, "metrics"))
    return {name: value for name, value in figures.items() if isinstance(value, int | float)}


def _check_intervals(
    plan: Mapping[str, float], said: Mapping[str, Any], table: TextTable, kind: Kind, findings: Findings
) -> None:
    """Check that summary and `uncertainty.csv` tell the same of every figure, and no impossible interval."""
    if list(table["metric"]) != list(plan):
        findings.differs(FIGURES, "", "metric", ", ".join(plan), ", ".join(table["metric"]))
        return
    findings.compare(FIGURES, "plan", list(plan), [f"{value:.6f}" for value in plan.values()], table["plan"])
    for name, told in said.items():
        if name not in plan or not _is_interval(told):
            findings.add(KEY, f"{SUMMARY}: {KEY}: metrics: {name}: no interval of a figure of the plan: {told}")
    for label in INTERVAL:
        given = [f"{said[name][label]:.6f}" if _is_interval(said.get(name)) else "" for name in plan]
        findings.compare(FIGURES, label, list(plan), given, table[label])
    for name, cell in zip(plan, table["draws"], strict=True):
        most = kind.with_allocation if name in said else 0
        least = most if name in COUNTS else min(most, 1)
        if not cell.isdecimal() or not least <= int(cell) <= most:
            findings.differs(FIGURES, name, "draws", f"a number from {least} to {most}", cell)


def _is_interval(told: Any) -> bool:
    if not isinstance(told, dict) or set(told) != set(INTERVAL):
        return False
    numbers = list(told.values())
    return all(isinstance(number, int | float) for number in numbers) and bool(told["low"] <= told["high"])
