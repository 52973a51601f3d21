"""Figures of an allocation, each defined once: the summary, and the breakdown by group."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from nle_optimizer.catalogue.summary import (
    BlendParts,
    CapacityFigures,
    Counts,
    LevelFigures,
    LimitFigures,
    MetricFigures,
    NeedCounts,
    OnOccasion,
    Summary,
)
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.constraints.rows import RowStanding, standings, violations
from nle_optimizer.model.levels import AnyLevel, Level
from nle_optimizer.model.limits_left import overuse
from nle_optimizer.records import MILLION, Flags, Integers, as_text, fixed
from nle_optimizer.scenario.own_code import rule_name
from nle_optimizer.stages.eligibility import RULE
from nle_optimizer.stages.recipients import need_sources
from nle_optimizer.stages.supply import asked_and_given

GROUPS = ("region", "local_authority", "phase", "priority", RULE)


def summary_of(outcome: Outcome) -> Summary:
    """What `summary.json` holds."""
    settings, solution = outcome.scenario.settings, outcome.solution
    return {
        "schema_version": 1,
        "scenario": settings.name,
        "title": settings.title,
        "rule": rule_name(settings.rule),
        "engine": solution.engine,
        "status": outcome.status,
        "stopped": solution.stopped,
        **_unmet(outcome),
        "objectives": _objectives(outcome),
        "constraints": [
            _constraint(found) for asked in outcome.requirements for found in standings(asked, outcome.matched)
        ],
        "counts": _counts(outcome),
        "metrics": _metrics(outcome),
        "needs": _needs(outcome),
        "firm_pairs": None if outcome.firm is None else int(outcome.firm.sum()),
        "capacity": _capacity(outcome),
        "findings": [finding.entry() for finding in outcome.scenario.findings],
    }


def _unmet(outcome: Outcome) -> OnOccasion:
    unmet, solution = OnOccasion(), outcome.solution
    if outcome.clashes:
        unmet["clashes"] = list(outcome.clashes)
    if outcome.clash:
        unmet["repairs"] = list(outcome.clash.repairs)
    if solution.completed:
        unmet["missed"], unmet["remarks"] = _missed(outcome), [*solution.missed, *solution.remarks]
    return unmet


def _missed(outcome: Outcome) -> list[str]:
    """The limits that a rule did not keep to, in sentences."""
    broken = [told for asked in outcome.requirements for told in violations(asked, outcome.matched)]
    return [*overuse(outcome.problem, outcome.solution.matched), *broken]


def _objectives(outcome: Outcome) -> list[LevelFigures]:
    if outcome.solution.completed:
        return [_reached(outcome, level) for level in outcome.problem.levels]
    entries: list[LevelFigures] = []
    levels = zip(outcome.problem.levels, outcome.solution.levels, strict=bool(outcome.solution.levels))
    for n, (level, found) in enumerate(levels):
        value, bound = level.sense * found.value, level.sense * found.bound
        entries.append(
            {
                "name": level.name,
                "sense": "maximise" if level.sense > 0 else "minimise",
                "value": value / level.scale,
                "bound": bound / level.scale,
                "gap": abs(bound - value) / max(1, abs(bound)),
                "proved": found.proved,
                "proof": found.proof,
                "engine": outcome.solution.engine_of(n),
                "exact": {"value": value, "bound": bound, "scale": level.scale},
                **_parts(level),
            }
        )
    return entries


def _reached(outcome: Outcome, level: AnyLevel) -> LevelFigures:
    """What a rule that proves nothing reaches in a level."""
    value = level.sense * level.value(outcome.problem, outcome.solution.matched)
    return {
        "name": level.name,
        "sense": "maximise" if level.sense > 0 else "minimise",
        "value": value / level.scale,
        "bound": None,
        "gap": None,
        "proved": False,
        "proof": None,
        "engine": None,
        "exact": {"value": value, "bound": None, "scale": level.scale},
        **_parts(level),
    }


def _parts(level: AnyLevel) -> BlendParts:
    """The parts of a blend with their weights."""
    if not isinstance(level, Level) or not level.parts:
        return {}
    return {"parts": {name: float(weight) for name, weight in level.parts.items()}}


def _constraint(found: RowStanding) -> LimitFigures:
    """How a row of a constraint stands, in what people read."""
    return {
        "name": found.name,
        "label": found.label,
        "type": found.type,
        "unit": found.unit,
        "value": _plain(Fraction(found.value), found.scale),
        "minimum": _plain(found.minimum, found.scale),
        "maximum": _plain(found.maximum, found.scale),
        "binding": found.binds,
    }


def _plain(figure: Fraction | None, scale: int) -> int | float | None:
    if figure is None:
        return None
    figure /= scale
    return int(figure) if figure.denominator == 1 else float(figure)


def _counts(outcome: Outcome) -> Counts:
    supported = int(outcome.supported.sum())
    eligible = len(outcome.recipients)
    reasons = [entry.reason for entry in outcome.exclusions]
    return {
        "schools_read": len(outcome.scenario.schools),
        "recipients_formed": outcome.formed,
        "excluded": len(outcome.exclusions),
        "matched_to_trust": outcome.matched_to_trust,
        "cannot_tell": reasons.count("cannot-tell"),
        "eligible": eligible,
        "supported": supported,
        "part_supported": int((outcome.found < outcome.problem.supporters)[outcome.supported].sum()),
        "unmatched": eligible - supported,
        "nles": len(outcome.scenario.nles),
        "nles_available": len(outcome.candidates.nles),
        "nles_without_capacity": int(outcome.supply.without_capacity.sum()),
        "pairs": len(outcome.candidates),
        "matched_pairs": len(outcome.matched),
    }


def _metrics(outcome: Outcome) -> MetricFigures:
    found, pairs, served = outcome.candidates, outcome.matched, outcome.supported
    fit = _fit_of_recipients(outcome)[served]
    distance = found.distance[pairs][found.distance[pairs] >= 0]
    need, known = _total_need(outcome)
    apart, both = outcome.out_of_region
    return {
        "coverage": _ratio(int(served.sum()), len(served)),
        "total_fit": int(found.fit[pairs].sum()) / MILLION,
        "mean_fit": _ratio(int(found.fit[pairs].sum()), int(served.sum()), MILLION),
        "min_fit": int(fit.min()) / MILLION if len(fit) else None,
        "total_distance_km": int(distance.sum()) / 1000 if len(distance) else None,
        "mean_distance_km": _ratio(int(distance.sum()), len(distance), 1000),
        "max_distance_km": int(distance.max()) / 1000 if len(distance) else None,
        "out_of_region": int((apart & both).sum()),
        "mean_need_supported": _ratio(int(need[known & served].sum()), int((known & served).sum()), MILLION),
        "mean_need_eligible": _ratio(int(need[known].sum()), int(known.sum()), MILLION),
        "total_cost": int(outcome.cost[pairs].sum()) / MILLION,
    }


def _ratio(total: int, count: int, scale: int = 1) -> float | None:
    return total / (count * scale) if count else None


def _fit_of_recipients(outcome: Outcome) -> Integers:
    total = np.zeros(len(outcome.recipients), dtype=np.int64)
    np.add.at(total, outcome.candidates.recipient[outcome.matched], outcome.candidates.fit[outcome.matched])
    return total


def _total_need(outcome: Outcome) -> tuple[Integers, Flags]:
    """Each recipient's need summed over the areas that are assessed, and whether any is."""
    needs = outcome.candidates.needs
    return np.where(needs.need_known, needs.need, 0).sum(axis=0), np.asarray(needs.need_known.any(axis=0))


def _needs(outcome: Outcome) -> NeedCounts:
    said = need_sources(outcome.recipients)
    return {"assessed": said.count("assessed"), "proxy": said.count("proxy"), "unknown": said.count("unknown")}


def _capacity(outcome: Outcome) -> dict[str, CapacityFigures]:
    available = outcome.supply.capacity[:, outcome.supply.available]
    figures: dict[str, CapacityFigures] = {}
    for n, name in enumerate(outcome.use):
        figures[name] = {"available": int(available[n].sum()) / MILLION, "used": int(outcome.used[n].sum()) / MILLION}
        multiplied = asked_and_given(outcome.supply, n, name, outcome.scenario.settings)
        if multiplied is not None:
            figures[name] |= {"asked": float(multiplied[0]), "given": float(multiplied[1])}
    return figures


def breakdown_of(outcome: Outcome) -> TextTable:
    """What `breakdown.csv` holds: the same figures by region, authority, phase, priority and rule."""
    rows = [row for group in GROUPS for row in _group(outcome, group)]
    return {name: [row[n] for row in rows] for n, name in enumerate(BREAKDOWN)}


BREAKDOWN = (
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


def _group(outcome: Outcome, group: str) -> list[tuple[str, ...]]:
    texts = np.array(as_text(outcome.recipients.column(group)), dtype=object)
    values = sorted(set(texts.tolist()), key=lambda text: (text == "", _number_first(text)))
    code = {value: n for n, value in enumerate(values)}
    of_recipient = np.array([code[text] for text in texts], dtype=np.int64)
    found, pairs = outcome.candidates, outcome.matched
    of_pair = of_recipient[found.recipient[pairs]]
    count = len(values)
    eligible = np.bincount(of_recipient, minlength=count)
    supported = np.bincount(of_recipient[outcome.supported], minlength=count)
    fit = _sums(of_pair, found.fit[pairs], count)
    known = found.distance[pairs] >= 0
    distance = _sums(of_pair[known], found.distance[pairs][known], count)
    measured = np.bincount(of_pair[known], minlength=count)
    farthest = np.full(count, -1, dtype=np.int64)
    np.maximum.at(farthest, of_pair[known], found.distance[pairs][known])
    apart, both = outcome.out_of_region
    outside = np.bincount(of_pair[apart & both], minlength=count)
    cost = _sums(of_pair, outcome.cost[pairs], count)
    return [
        (
            group,
            value,
            str(eligible[n]),
            str(supported[n]),
            _mean(MILLION * int(supported[n]), int(eligible[n]), 6),
            _mean(int(fit[n]), int(supported[n]), 6),
            _mean(int(distance[n]), int(measured[n]), 3),
            fixed(int(farthest[n]), 3) if farthest[n] >= 0 else "",
            str(outside[n]),
            _pounds(int(cost[n])),
        )
        for n, value in enumerate(values)
    ]


def _number_first(text: str) -> tuple[int, int, str]:
    return (0, int(text), text) if text.isdecimal() else (1, 0, text)


def _sums(of: Integers, amounts: Integers, count: int) -> Integers:
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, of, amounts)
    return total


def _mean(total: int, count: int, places: int) -> str:
    return fixed((2 * total + count) // (2 * count), places) if count else ""


def _pounds(millionths: int) -> str:
    return fixed((millionths + 5000) // 10_000, 2)


def pounds(amounts: Sequence[int]) -> list[str]:
    """Amounts in millionths of a pound as pounds and pence, rounded half up."""
    return [_pounds(int(amount)) for amount in amounts]
