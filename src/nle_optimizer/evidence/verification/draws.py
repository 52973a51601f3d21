"""What draws say of a plan, derived anew.

The part `robustness` of a summary: how many draws, how many pairs stand how firmly, within what each figure lies. The
part `under_error` of a summary, from the tables of the draws and from the inputs.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, Final

from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.evidence.verification.findings import Findings, whole_table
from nle_optimizer.evidence.verification.levels import SUMMARY, entries_of, near
from nle_optimizer.evidence.verification.limits import PROVING
from nle_optimizer.evidence.verification.proofs.prices import is_whole
from nle_optimizer.evidence.verification.random_draws import Drawing, Left
from nle_optimizer.evidence.verification.shares import (
    COLUMNS,
    SCHOOL_COLUMNS,
    WORDS,
    DrawKind,
    Pair,
    check_pair_shares,
    check_ranges,
    check_school_shares,
    check_shares,
)
from nle_optimizer.evidence.verification.stages.entrance import mode_of
from nle_optimizer.evidence.verification.this_plan import (
    FILE,
    OPTIMAL,
    THIS_PLAN_COLUMNS,
    At,
    ClaimedCase,
    ComparedCase,
    read_cases,
)
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario

UNDER_ERROR: Final = "under_error"
TIMES = {"halved": Decimal("0.5"), "doubled": Decimal(2)}
CARRIES_FIT = ("fit", "fit_leadership", "fit_governance", "fit_finance", "min_fit", "leximin_fit")
ONE_IN = 40
"""An interval leaves out one value in so many at each end."""
Reread = Callable[[Callable[[], Scenario]], Left | None]
"""What is left of the plan under the inputs that are given; None where a run must refuse these."""


@dataclass(frozen=True)
class Estimates:
    """What the draws around the estimates gave.

    Attributes:
        kind: the draws.
        pairs: in how many of them each pair stands.
        schools: the word of each school that is served.
    """

    kind: DrawKind
    pairs: Mapping[Pair, int]
    schools: Sequence[str]


def check_under_error(
    scenario: Scenario,
    claim: Claim,
    plan: Sequence[Pair],
    reread: Reread,
    estimates: Estimates | None,
    findings: Findings,
) -> None:
    """Check `this_plan.csv`, and what the summary makes of it.

    Args:
        scenario: what was asked.
        claim: what is said.
        plan: school and NLE of each pair.
        reread: works out what is left of the plan under other inputs.
        estimates: what the draws around the estimates gave; None where there are none.
        findings: what is wrong.
    """
    weighted = {area for area, weight in scenario.settings.fit.weights.items() if weight}
    changes = [(area, change) for area in AREAS if area in weighted for change in TIMES]
    entries = entries_of(claim.summary)
    names = [str(entry.get("name")) for entry in entries]
    cases = list(_cases(scenario, reread, changes, has_draws=estimates is not None))
    table = whole_table(claim, "this_plan", THIS_PLAN_COLUMNS, findings)
    told = read_cases(table, cases, names, len(plan), scenario.settings.rule in PROVING, findings)
    if told is None:
        return
    drawn, weighed = told[: len(told) - len(changes)], told[len(told) - len(changes) :]
    if estimates is not None:
        _check_together(plan, drawn, estimates, findings)
    fit = next((n for n, entry in enumerate(entries) if _carries_fit(entry)), 0)
    ours = {
        "this_plan": None if estimates is None else _this_plan(names, fit, drawn),
        "new_plans": None if estimates is None else _new_plans(len(plan), drawn, estimates.schools),
        "weights": [_of_weight(scenario, *change, case, fit) for change, case in zip(changes, weighed, strict=True)],
    }
    _compare(UNDER_ERROR, ours, claim.summary.get(UNDER_ERROR), findings)


def _cases(
    scenario: Scenario, reread: Reread, changes: Sequence[tuple[str, str]], *, has_draws: bool
) -> Iterator[ComparedCase]:
    if has_draws:
        drawing, searches = Drawing(scenario), mode_of(scenario) == "optimise"
        for draw in range(1, scenario.settings.uncertainty.draws + 1):
            yield ComparedCase(
                "estimates", str(draw), None if searches else partial(reread, partial(drawing.world, draw))
            )
    for area, change in changes:
        yield ComparedCase("weights", f"{area} {change}", partial(reread, partial(_reweighted, scenario, area, change)))


def _reweighted(scenario: Scenario, area: str, change: str) -> Scenario:
    weights: dict[str, Decimal] = {str(name): weight for name, weight in scenario.settings.fit.weights.items()}
    return scenario.replace({"fit.weights": {**weights, area: weights[area] * TIMES[change]}})


def _check_together(
    plan: Sequence[Pair], drawn: Sequence[ClaimedCase], estimates: Estimates, findings: Findings
) -> None:
    """Check that the draws together have as many plans and pairs as the shares say."""
    kind, counts = estimates.kind, estimates.pairs
    ours = {"plans made anew": kind.with_allocation}
    theirs = {"plans made anew": sum(case.has_plan for case in drawn)}
    if kind.is_countable:
        own = set(plan)
        ours |= {"pairs_new": sum(counts.values())}
        ours |= {"pairs_in_common": sum(count for pair, count in counts.items() if pair in own)}
        theirs |= {"pairs_new": sum(case.new for case in drawn)}
        theirs |= {"pairs_in_common": sum(case.in_common for case in drawn)}
    for name, number in ours.items():
        if theirs[name] != number:
            findings.differs(FILE, "all draws together", name, number, theirs[name])


def _carries_fit(entry: Mapping[str, Any]) -> bool:
    """Whether an objective counts fit: by its name, or in a part of a blend."""
    parts = entry.get("parts")
    return any(
        name in CARRIES_FIT
        for name in (str(entry.get("name")).partition("[")[0], *(parts if isinstance(parts, dict) else ()))
    )


def _this_plan(names: Sequence[str], fit: int, drawn: Sequence[ClaimedCase]) -> dict[str, Any]:
    compared = [case for case in drawn if case.is_compared]
    told = [_at(n, names, compared) for n in range(len(names))]
    return {
        **(told[fit] if told else {}),
        "compared": len(compared),
        "beyond_limits": sum(case.has_plan for case in drawn) - len(compared),
        "as_good": sum(all(at.against != "behind" for at in case.levels) for case in compared),
        "proved": sum(case.status == OPTIMAL for case in compared),
        "others": [each for n, each in enumerate(told) if n != fit],
    }


def _at(n: int, names: Sequence[str], compared: Sequence[ClaimedCase]) -> dict[str, Any]:
    """One objective over the draws that have it: the objective of its name, of several the one at its place."""
    place = names[:n].count(names[n])
    found: list[At] = []
    for case in compared:
        found += [at for at in case.levels if at.objective == names[n]][place : place + 1]
    values = sorted(at.this_plan for at in found)
    out = len(values) // ONE_IN
    regret: dict[str, Any] = {"draws": sum(at.against == "behind" for at in found), "mean": None, "greatest": None}
    if found and found[0].is_amount:
        regret |= {
            "mean": _rounded(_mean([at.loss for at in found])),
            "greatest": _rounded(max(at.loss for at in found)),
        }
    return {
        "level": n + 1,
        "objective": names[n],
        "mean": _rounded(_mean(values)) if values else None,
        "low": _rounded(values[out]) if values else None,
        "high": _rounded(values[-1 - out]) if values else None,
        "regret": regret,
    }


def _new_plans(pairs: int, drawn: Sequence[ClaimedCase], words: Sequence[str]) -> dict[str, Any]:
    cases = [case for case in drawn if case.has_plan]
    changed = [pairs - case.in_common for case in cases]
    return {
        "same": sum(case.in_common == case.new == pairs for case in cases),
        "pairs_changed": {
            "mean": _rounded(_mean(changed)) if cases else None,
            "greatest": max(changed) if cases else None,
        },
        "schools": {word: Counter(words)[word] for _, word in WORDS},
    }


def _of_weight(scenario: Scenario, area: str, change: str, case: ClaimedCase, fit: int) -> dict[str, Any]:
    weight = next(weight for name, weight in scenario.settings.fit.weights.items() if name == area)
    at = next((n for n, level in enumerate(case.levels) if level.decides), fit)
    told: dict[str, Any] = dict.fromkeys(("level", "objective", "this_plan", "new_plan", "regret"))
    if at < len(case.levels):
        level = case.levels[at]
        told = {
            "level": at + 1,
            "objective": level.objective,
            "this_plan": _rounded(level.this_plan),
            "new_plan": _rounded(level.new_plan),
            "regret": None if level.decides and not level.is_amount else _rounded(level.loss),
        }
    return {"area": area, "change": change, "weight": float(weight * TIMES[change]), **told}


def _mean(values: Sequence[Fraction] | Sequence[int]) -> Fraction:
    return Fraction(sum(values)) / len(values)


def _rounded(number: Fraction) -> float:
    return float(round(number, 6))


def _compare(where: str, ours: Any, theirs: Any, findings: Findings) -> None:
    """Compare a part of the summary, entry by entry."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        for name, value in ours.items():
            _compare(f"{where}: {name}", value, theirs[name], findings)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for n, (value, said) in enumerate(zip(ours, theirs, strict=True), start=1):
            _compare(f"{where}: {n}", value, said, findings)
    elif not (near(ours, theirs) if isinstance(ours, float) else (type(ours), ours) == (type(theirs), theirs)):
        findings.differs(SUMMARY, "", where, ours, theirs)


KEY: Final = "robustness"
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
    scenario: Scenario, claim: Claim, allocation: Mapping[str, Sequence[str]], kind: DrawKind, findings: Findings
) -> Estimates:
    figures, pairs, schools = (whole_table(claim, name, columns, findings) for name, columns in TABLES.items())
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


def _kind(said: Mapping[str, Any], name: str, draws: int, findings: Findings) -> DrawKind:
    """The draws of one kind: those without an allocation are believed, within what can be."""
    without = _mapping(said, "without_allocation").get(name)
    if without is None or not is_whole(without) or not 0 <= without <= draws:
        findings.differs(SUMMARY, f"{KEY}: without_allocation", name, f"a number from 0 to {draws}", without)
        without = 0
    return DrawKind(f"share_{name}", draws, draws - without)


def _figures(summary: Mapping[str, Any]) -> dict[str, float]:
    """Counts and metrics of a plan that are numbers."""
    counts = _mapping(summary, "counts")
    figures = {name: counts.get(name) for name in COUNTS} | dict(_mapping(summary, "metrics"))
    return {name: value for name, value in figures.items() if isinstance(value, int | float)}


def _check_intervals(
    plan: Mapping[str, float], said: Mapping[str, Any], table: TextTable, kind: DrawKind, findings: Findings
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
