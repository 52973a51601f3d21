"""A plan under error, as the page and the workbook show it: headings with cells, by key."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.reports.view import View
from nle_optimizer.reports.words import aim_in_words, lost_in_words

Columns = Mapping[str, tuple[str, Sequence[str]]]
"""By key, the heading and the cells of a column; what is blank is not told."""


def this_plan_columns(view: View) -> Columns:
    """The plan kept as it is, a row an objective."""
    told = view.under_error.get("this_plan") or {"others": []}
    rows = sorted((entry for entry in (told, *told["others"]) if "level" in entry), key=lambda entry: entry["level"])
    levels = [view.summary["objectives"][entry["level"] - 1] for entry in rows]
    regrets = [entry["regret"] for entry in rows]
    draws = f"Draws, of {told.get('compared', 0):,}, in which a new plan is better here first"
    return {
        "aim": ("Objective, in order", [aim_in_words(level) for level in levels]),
        "planned": ("As planned", _cells(levels, "value")),
        "mean": ("Mean of the draws", _cells(rows, "mean")),
        "low": ("From", _cells(rows, "low")),
        "high": ("To", _cells(rows, "high")),
        "behind": (draws, _cells(regrets, "draws")),
        "loss": ("Mean loss against a new plan", _cells(regrets, "mean")),
        "greatest": ("Greatest loss", _cells(regrets, "greatest")),
    }


def weights_columns(view: View) -> Columns:
    """The weight of each area: how far it may move, and what the plan loses when it is halved or doubled."""
    entries = view.under_error.get("weights") or []
    areas = list(dict.fromkeys(entry["area"] for entry in entries))
    ranges = {entry["area"]: entry for entry in (view.summary.get("robustness") or {}).get("weights") or []}
    own = [ranges.get(area, {}) for area in areas]
    return {
        "area": ("Area", [area.capitalize() for area in areas]),
        "weight": ("Weight", _cells(own, "weight")),
        "best_from": ("This plan is a best one from", _cells(own, "low")),
        "best_to": ("to", _cells(own, "high")),
        **{
            change: (
                f"Beside a new plan, when the weight is {change}",
                [_loss(entries, area, change) for area in areas],
            )
            for change in dict.fromkeys(entry["change"] for entry in entries)
        },
    }


def _loss(entries: Sequence[Mapping[str, Any]], area: str, change: str) -> str:
    entry = next(each for each in entries if (each["area"], each["change"]) == (area, change))
    return lost_in_words(entry)


def _cells(entries: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return ["" if (value := entry.get(name)) is None else f"{value:.6f}".rstrip("0").rstrip(".") for entry in entries]
