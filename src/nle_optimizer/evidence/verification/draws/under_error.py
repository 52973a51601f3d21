"""The part `under_error` of a summary, from the tables of the draws and from the inputs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.draws.drawing import Drawing
from nle_optimizer.evidence.verification.draws.left import Left
from nle_optimizer.evidence.verification.draws.shares import WORDS, Kind, Pair
from nle_optimizer.evidence.verification.draws.this_plan import COLUMNS, FILE, OPTIMAL, At, Case, Told, read_cases
from nle_optimizer.evidence.verification.findings import Findings, claimed_table
from nle_optimizer.evidence.verification.levels.objectives import SUMMARY, entries_of, near
from nle_optimizer.evidence.verification.limits.hard_limits import PROVING
from nle_optimizer.evidence.verification.stages.trust_first import mode_of
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario

KEY = "under_error"
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

    kind: Kind
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
    table = claimed_table(claim, "this_plan", COLUMNS, findings)
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
    _compare(KEY, ours, claim.summary.get(KEY), findings)


def _cases(
    scenario: Scenario, reread: Reread, changes: Sequence[tuple[str, str]], *, has_draws: bool
) -> Iterator[Case]:
    if has_draws:
        drawing, searches = Drawing(scenario), mode_of(scenario) == "optimise"
        for draw in range(1, scenario.settings.uncertainty.draws + 1):
            yield Case("estimates", str(draw), None if searches else partial(reread, partial(drawing.world, draw)))
    for area, change in changes:
        yield Case("weights", f"{area} {change}", partial(reread, partial(_reweighted, scenario, area, change)))


def _reweighted(scenario: Scenario, area: str, change: str) -> Scenario:
    weights: dict[str, Decimal] = {str(name): weight for name, weight in scenario.settings.fit.weights.items()}
    return scenario.replace({"fit.weights": {**weights, area: weights[area] * TIMES[change]}})


def _check_together(plan: Sequence[Pair], drawn: Sequence[Told], estimates: Estimates, findings: Findings) -> None:
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


def _this_plan(names: Sequence[str], fit: int, drawn: Sequence[Told]) -> dict[str, Any]:
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


def _at(n: int, names: Sequence[str], compared: Sequence[Told]) -> dict[str, Any]:
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


def _new_plans(pairs: int, drawn: Sequence[Told], words: Sequence[str]) -> dict[str, Any]:
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


def _of_weight(scenario: Scenario, area: str, change: str, case: Told, fit: int) -> dict[str, Any]:
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
