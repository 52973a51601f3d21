"""The figures of `breakdown.csv` and `summary.json`, counted anew.

What a summary may say beyond what it must: checked wherever it is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nle_optimizer.catalogue.summary import OnOccasion, Summary
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels import PROOFS_OF, SUMMARY, entries_of, near
from nle_optimizer.evidence.verification.pairs.fit import Fitness
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass
from nle_optimizer.evidence.verification.proofs.prices import FILE as CERTIFICATE
from nle_optimizer.evidence.verification.proofs.prices import is_whole
from nle_optimizer.evidence.verification.stages.recipients import Recipients, need_sources, rule_names
from nle_optimizer.evidence.verification.stages.supply import multiplied_totals
from nle_optimizer.evidence.verification.tables.allocation import Supported, texts
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.scenario.own_code import rule_name
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

BREAKDOWN = "breakdown.csv"
GROUPS = ("region", "local_authority", "phase", "priority", "policy_rule")
BREAKDOWN_COLUMNS = (
    "group",
    "value",
    "eligible",
    "supported",
    "coverage",
    "mean_fit",
    "mean_distance_km",
    "max_distance_km",
    "out_of_region",
    "cost",
)


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over the recipients of a group.

    Attributes:
        fit, cost: millionths.
        metres: sum over the pairs with a distance; `measured` is their number.
        farthest: metres, -1 where no distance is known.
        least: the least fit of a supported recipient, None where there is none.
    """

    eligible: int
    supported: int
    fit: int
    least: int | None
    metres: int
    measured: int
    farthest: int
    out_of_region: int
    cost: int


class GroupTally:
    """Recipients and their pairs, ready to be summed over any group."""

    def __init__(self, recipients: Recipients, eligible: Flags, supported: Supported):
        self._pairs, self._eligible = supported, eligible
        self._served: Flags = np.zeros(len(recipients), dtype=bool)
        self._served[supported.rows] = True
        self._fit: Integers = np.zeros(len(recipients), dtype=np.int64)
        np.add.at(self._fit, supported.rows, supported.fit)

    @property
    def served(self) -> Flags:
        """The recipients that are supported."""
        return self._served

    def over(self, group: Flags) -> Totals:
        """The sums over a group of recipients."""
        here = group[self._pairs.rows]
        metres, served = self._pairs.metres[here], group & self._served
        known = metres[metres >= 0]
        fits = self._fit[served]
        return Totals(
            eligible=int((group & self._eligible).sum()),
            supported=int(served.sum()),
            fit=int(fits.sum()),
            least=int(fits.min()) if len(fits) else None,
            metres=int(known.sum()),
            measured=len(known),
            farthest=int(known.max(initial=-1)),
            out_of_region=int((self._pairs.out_of_region[here] == 1).sum()),
            cost=int(self._pairs.cost[here].sum()),
        )


def _ratio(number: int, of: int, scale: int = 1) -> Fraction | None:
    return Fraction(number, of * scale) if of else None


def check_breakdown(
    scenario: Scenario,
    recipients: Recipients,
    eligible: Flags,
    tally: GroupTally,
    table: Mapping[str, Sequence[str]],
    findings: Findings,
) -> None:
    """Check that there is a row for every value that occurs, and every number in it."""
    claimed: dict[tuple[str, str], int] = {}
    for line, key in enumerate(zip(table["group"], table["value"], strict=True)):
        if key in claimed:
            findings.add(BREAKDOWN, f"{BREAKDOWN}: {key[0]} {key[1]}: the row stands twice")
        claimed[key] = line
    for group in GROUPS:
        for value, rows in _values(scenario, recipients, eligible, group).items():
            line = claimed.pop((group, value), -1)
            label = f"{group} {value or '(blank)'}"
            if line < 0:
                findings.add(BREAKDOWN, f"{BREAKDOWN}: {label}: the row is missing")
            else:
                _check_row(label, tally.over(rows), {name: table[name][line] for name in table}, findings)
    for group, value in claimed:
        findings.add(BREAKDOWN, f"{BREAKDOWN}: {group} {value or '(blank)'}: nothing of the kind is eligible")


def _values(scenario: Scenario, recipients: Recipients, eligible: Flags, group: str) -> dict[str, Flags]:
    if group == "policy_rule":
        words = rule_names(scenario, recipients.rule)
    else:
        words = texts(recipients.table.column(group))
    values = sorted(set(np.array(words, dtype=object)[eligible].tolist()))
    code = {value: n for n, value in enumerate(values)}
    codes = np.array([code.get(word, -1) for word in words], dtype=np.int64)
    return {value: eligible & (codes == n) for value, n in code.items()}


def _check_row(label: str, totals: Totals, said: Mapping[str, str], findings: Findings) -> None:
    for name in ("eligible", "supported", "out_of_region"):
        if said[name] != str(getattr(totals, name)):
            findings.differs(BREAKDOWN, label, name, getattr(totals, name), said[name])
    decimals: dict[str, tuple[Fraction | None, int]] = {
        "coverage": (_ratio(totals.supported, totals.eligible), 6),
        "mean_fit": (_ratio(totals.fit, totals.supported, MILLION), 6),
        "mean_distance_km": (_ratio(totals.metres, totals.measured, 1000), 3),
        "max_distance_km": (Fraction(totals.farthest, 1000) if totals.measured else None, 3),
        "cost": (Fraction(totals.cost, MILLION), 2),
    }
    for name, (value, places) in decimals.items():
        if not _rounds_to(value, places, said[name]):
            ours = "" if value is None else f"{float(value):.{places}f}"
            findings.differs(BREAKDOWN, label, name, ours, said[name])


def _rounds_to(value: Fraction | None, places: int, text: str) -> bool:
    """Whether a text is this value with so many decimal places, a half either way."""
    if value is None or not text:
        return value is None and not text
    whole, _, decimals = text.removeprefix("-").partition(".")
    if len(decimals) != places or not (text.isascii() and (whole + decimals).isdecimal()):
        return False
    said = int(whole + decimals) * (-1 if text.startswith("-") else 1)
    return abs(said * value.denominator - 10**places * value.numerator) * 2 <= value.denominator


def mean_need(fitness: Fitness, rows: Flags) -> float | None:
    """The mean of what the rows need in all areas together; None where no need is known."""
    needs, known = fitness.whole_needs()
    known = known & rows
    return int(needs[known].sum()) / (int(known.sum()) * MILLION) if known.any() else None


def metrics(fitness: Fitness, eligible: Flags, tally: GroupTally) -> dict[str, float | None]:
    """The numbers under `metrics`."""
    totals = tally.over(np.ones(len(eligible), dtype=bool))
    ratios = {
        "coverage": _ratio(totals.supported, totals.eligible),
        "total_fit": Fraction(totals.fit, MILLION),
        "mean_fit": _ratio(totals.fit, totals.supported, MILLION),
        "min_fit": None if totals.least is None else Fraction(totals.least, MILLION),
        "mean_distance_km": _ratio(totals.metres, totals.measured, 1000),
        "max_distance_km": Fraction(totals.farthest, 1000) if totals.measured else None,
        "total_distance_km": Fraction(totals.metres, 1000),
        "out_of_region": Fraction(totals.out_of_region),
        "total_cost": Fraction(totals.cost, MILLION),
    }
    return {
        **{name: None if ratio is None else float(ratio) for name, ratio in ratios.items()},
        "mean_need_supported": mean_need(fitness, tally.served),
        "mean_need_eligible": mean_need(fitness, eligible),
    }


def check_metrics(
    summary: Mapping[str, Any], ours: Mapping[str, float | None], measured: bool, findings: Findings
) -> None:
    """Check `metrics` of the summary; a total of distances may be blank where none is known."""
    said = _mapping(summary, "metrics", findings)
    for name, value in ours.items():
        theirs = said.get(name)
        if name == "total_distance_km" and not measured and theirs is None:
            continue
        if not (theirs is None if value is None else near(value, theirs)):
            findings.differs(SUMMARY, "metrics", name, value, theirs)


def check_counts(summary: Mapping[str, Any], key: str, ours: Mapping[str, int], findings: Findings) -> None:
    """Check whole numbers under a key of the summary."""
    said = _mapping(summary, key, findings)
    for name, value in ours.items():
        theirs = said.get(name)
        if not is_whole(theirs) or theirs != value:
            findings.differs(SUMMARY, key, name, value, theirs)


def _mapping(summary: Mapping[str, Any], key: str, findings: Findings) -> Mapping[str, Any]:
    value = summary.get(key)
    if isinstance(value, dict):
        return value
    findings.differs(SUMMARY, "", key, "a mapping", value)
    return {}


def need_counts(recipients: Recipients, eligible: Flags) -> dict[str, int]:
    """How many eligible recipients have needs of each source."""
    sources = need_sources(recipients.table.take(eligible))
    return {word: sources.count(word) for word in ("assessed", "proxy", "unknown")}


STATUSES = ("optimal", "feasible", "infeasible", "unknown", "completed")
NETWORK = "network"
STOPPED = ("time", "work", "gap", "interrupt", "solver")


KEYS = tuple(key for key in Summary.__annotations__ if key not in OnOccasion.__annotations__)
"""What every summary of this version has."""
SOMETIMES = tuple(OnOccasion.__annotations__)
"""What some have."""
IN_CERTIFICATE = ("schema_version", "method", "levels", "trust_first", "requirements", "proof", "tree")


def check_keys(summary: Mapping[str, Any], certificate: Mapping[str, Any], findings: Findings) -> None:
    """Name what stands in summary or certificate that no run writes."""
    for file, document, known in ((SUMMARY, summary, (*KEYS, *SOMETIMES)), (CERTIFICATE, certificate, IN_CERTIFICATE)):
        for key in document:
            if key not in known:
                findings.add(f"{file}: keys", f"{file}: {key}: no run writes such a key")


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


def further_counts(reasons: Sequence[tuple[str, str]], sweep: CandidatePass, said: Any) -> dict[str, int]:
    """Counts that need not be stated, those that are."""
    ours = {
        "cannot_tell": sum(reason == "cannot-tell" for _, reason in reasons),
        "nles_available": int(sweep.supply.available.sum()),
        "nles_without_capacity": int((sweep.supply.available & ~sweep.supply.giving).sum()),
        "matched_pairs": len(sweep.matching.lines),
    }
    return {name: count for name, count in ours.items() if isinstance(said, dict) and name in said}


def check_particulars(
    scenario: Scenario, summary: Mapping[str, Any], sweep: CandidatePass, firmness: Sequence[str], findings: Findings
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


def _check_capacity(scenario: Scenario, said: Any, sweep: CandidatePass, findings: Findings) -> None:
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
