"""Every setting of the schema with values that differ, so that a test can turn each of them."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, get_args

from nle_optimizer.scenario.quantities import Section
from nle_optimizer.scenario.settings import Settings

VALUES: Mapping[str, list[Any]] = {
    "as_of": ["2018-03-01", "2022-09-01", "2023-06-01"],
    "eligibility.policy": ["all", "two-below-good-2022", "rise-2025"],
    "eligibility.rules": [
        [{"name": "weak", "when": {"latest_grade": [3, 4]}, "priority": 2}],
        [{"name": "weak", "when": {"latest_grade": [3, 4]}, "priority": 1}],
        [{"name": "a", "when": {"theme": "a"}, "offer": {"placements": 1}}, {"name": "b", "when": {"theme": "b"}}],
    ],
    "eligibility.recipients": ["school", "trust", "as-listed"],
    "eligibility.governance_only": ["signpost", "match"],
    "offer": [{"placements": 1}, {"placements": 2, "override": True}, {"placements": 1, "override": True}],
    "trust_first.mode": ["given", "optimise", "off"],
    "trust_first.qualifies.when": [{"latest_grade": [3, 4]}, {"latest_grade": 4}, {"theme": {"missing": True}}],
    "trust_first.high_quality.min_inspected": [1, 5, 7],
    "trust_first.high_quality.min_share_good": [0.5, 0.8, 1],
    "trust_first.already_in_trust": ["rebroker", "skip"],
    "trust_first.counts_as_matched": [["agreed"], ["proposed"], ["agreed", "proposed"]],
    "trust_first.capacity_default": [0, 1, 3],
    "trust_first.max_distance_km": [4, 12, 40],
    "geography.max_distance_km": [6, 14, {"default": 20, "London": 5}, {"London": 5}],
    "geography.max_travel_minutes": [20, 60],
    "geography.min_distance_km": [2, 7, 0],
    "geography.within": ["region", "local_authority", "none"],
    "geography.nle_limit": ["ignore", {"multiply": 0.5}, "respect"],
    "geography.detour_factor": [1.3, 2, 1],
    "suitability.phase": ["ignore", "prefer", "must"],
    "suitability.faith": ["must", "prefer", "ignore"],
    "suitability.diocese": ["must", "prefer", "ignore"],
    "suitability.prefer_bonus": [0.2, 0],
    "conflicts.home_school": [False, True],
    "conflicts.own_trust": [False, True],
    "conflicts.declared": [False, True],
    "conflicts.same_authority": [True, False],
    "fit.weights": [{"leadership": 1}, {"governance": 2, "finance": 1}],
    "fit.measure": ["need-covered", "weighted-expertise", "weakest-area", "need-met"],
    "fit.minimum": [0.3, 0.8, 0],
    "fit.unknown": ["exclude", 0.5, 0.9],
    "fit.levels": [{"none": 0, "low": 0.1, "high": 1}, {"none": 0, "low": 0.4, "high": 0.9}],
    "capacity.resources": [["placements"]],
    "capacity.multiply": [{"placements": 0.5}, {"placements": 2}],
    "capacity.reserve": [{"placements": 1}, {"placements": "50%"}],
    "capacity.round": ["down", "spread"],
    "supply.add": [[{"count": 2}], [{"count": 3, "seed": 5}], []],
    "costs.per_day": [600],
    "costs.per_match": [100, 900],
    "constraints": [
        [{"name": "few", "type": "quota", "maximum": 2}],
        [{"name": "few", "type": "quota", "maximum": 1, "where": {"region": "London"}}],
        [{"name": "cheap", "type": "budget", "of": "cost", "maximum": 1000}],
    ],
    "objectives": [
        ["fit", "distance"],
        ["schools_supported", "fit"],
        [{"blend": {"fit": 1, "distance_km": -0.01}}],
        [{"blend": {"fit": 1, "cost": -0.001}}],
        [{"fit": {"where": {"region": "London"}}}],
    ],
    "engine": ["network", "auto"],
    "stop.gap": [0.1, 0],
    "stop.work": [1_000_000],
    "stop.seconds": [1000],
    "rule": ["optimal", "greedy", "by-need", "by-priority", "max-min"],
    "preferences.recipients": [["distance_km"], ["-fit"]],
    "preferences.nles": [["-fit"], ["priority", "distance_km"]],
    "tie_break": [["lottery"], ["arrived"], ["arrived", "lottery"]],
    "seed": [1, 2, 3],
    "uncertainty.draws": [0],
    "uncertainty.needs": [0.1],
    "uncertainty.expertise": [0.1],
    "uncertainty.nle_withdraws": [0.1],
    "uncertainty.school_refuses": [0.1],
}
"""Dotted key: values of it; of `uncertainty.draws` others are refused."""

NOT_TURNED = ("version", "name", "title", "data", "sample", "sweep")
"""Settings that no case may differ in but by name, or that say what the cases are."""


def every_key() -> set[str]:
    """The dotted key of every setting that a case may differ in."""
    return {key for key in _keys(Settings, "") if key.split(".")[0] not in NOT_TURNED}


def _keys(form: type[Section], above: str) -> Iterator[str]:
    for name, info in form.model_fields.items():
        forms = get_args(info.annotation) if isinstance(info.annotation, UnionType) else [info.annotation]
        inner = [part for part in forms if _is_section(part)]
        if inner:
            yield from _keys(inner[0], f"{above}{name}.")
        else:
            yield above + name


def _is_section(form: Any) -> bool:
    return isinstance(form, type) and issubclass(form, Section)
