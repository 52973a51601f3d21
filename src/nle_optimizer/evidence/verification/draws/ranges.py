"""How far the weight of each area is said to move: around the weight, in thousandths of it, up to the first change."""

from collections.abc import Mapping
from typing import Any

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.objectives import SUMMARY, near
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario

STEPS, FARTHEST = 1000, 8000
"""Thousandths of a weight: as it is, and the most that is tried."""
LEAST_ALONE = 125
"""The least that is tried of the only weight there is."""


def check_ranges(scenario: Scenario, said: Any, is_optimal: bool, findings: Findings) -> None:
    """Check the ranges of a plan that is proved optimal; of any other there are none.

    Args:
        scenario: what was asked.
        said: `weights` of the summary's `robustness`.
        is_optimal: whether the plan is proved optimal.
        findings: what is wrong.
    """
    told = {area: float(weight) for area, weight in scenario.settings.fit.weights.items() if weight}
    known = [area for area in AREAS if area in told] if is_optimal else []
    entries = said if isinstance(said, list) and all(isinstance(entry, dict) for entry in said) else [{}]
    areas = [entry.get("area") for entry in entries]
    if areas != [area for area in known if area in areas]:
        findings.differs(SUMMARY, "robustness", "weights", f"some of {', '.join(known) or 'none'}, in order", said)
        return
    for area, entry in zip(areas, entries, strict=True):
        if not _can_be(entry, told[area], 0 if len(known) > 1 else LEAST_ALONE):
            findings.add("weights", f"{SUMMARY}: robustness: weights: no range of {area} can be so: {entry}")


def _can_be(entry: Mapping[str, Any], weight: float, least: int) -> bool:
    """Whether a weight is as the scenario has it, and both ends of its range are as they can be found."""
    ends = _ends(entry, weight, ("low", "below"), least), _ends(entry, weight, ("high", "above"), FARTHEST)
    return near(weight, entry.get("weight")) and all(ends)


def _ends(entry: Mapping[str, Any], weight: float, names: tuple[str, str], last: int) -> bool:
    """Whether an end lies on its side, and the next thousandth is named as the first change unless it is the last."""
    end, beyond = (entry.get(name) for name in names)
    if isinstance(end, bool) or not isinstance(end, int | float):
        return False
    side, count = (1 if last > STEPS else -1), round(end / weight * STEPS)
    if not near(weight * count / STEPS, end) or not 0 <= side * (count - STEPS) <= side * (last - STEPS):
        return False
    return beyond is None if count == last else near(weight * (count + side) / STEPS, beyond)
