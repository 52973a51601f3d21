"""Words for codes and names, and figures under headings.

Codes and column names in the words that people read. Names of schools and NLEs for their identifiers. A plan under
error, as the page and the workbook show it: headings with cells, by key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.catalogue.reasons import REASONS
from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.reports.view import View

STATES: Mapping[str, str] = {
    "available": "Available",
    "out": "Out",
    "works-nowhere": "Available, and no school is in its regions",
    "proposed": "Proposed",
    "offered": "Offered",
    "agreed": "Agreed",
    "started": "Started",
    "finished": "Finished",
    "stopped": "Stopped",
    "reopened": "Finished, and the school put back",
    "supported": "Supported",
    "unmatched": "Left out",
    "excluded": "Excluded",
    "absent": "Not in the run",
}


HEADINGS = {code: reason.heading for code, reason in REASONS.items()}
"""What a reason code is called."""


def worded(code: str, words: Mapping[str, str] = HEADINGS) -> str:
    """A code in words; one that somebody else chose, as the `left_out` column allows, as it is."""
    return words.get(code, code.replace("-", " ").replace("_", " ").capitalize())


def proof_in_words(status: str, objectives: Sequence[Mapping[str, object]], rule: str) -> tuple[str, str]:
    """What is known of how good an allocation is: in two or three words, and in a sentence."""
    if status == "infeasible":
        return "No allocation", "No allocation meets every requirement, so nobody is matched."
    if status == "unknown":
        return "Nothing found", "The search was stopped before it found any allocation."
    if status == "completed":
        return "Not claimed", f"The rule “{rule}” was followed; it makes no claim that nothing better exists."
    if status == "optimal":
        if any(level.get("proof") == "solver" for level in objectives):
            return "Best there is", (
                "No allocation does better under these settings; for part of this there is only the word of the "
                "program that searched."
            )
        return "Proved best", "It is proved that no allocation does better under these settings."
    open_levels = [level for level in objectives if not level.get("proved") and level.get("gap") is not None]
    if not open_levels:
        return "Not proved", "A better allocation may exist."
    gap, name = open_levels[0]["gap"], str(open_levels[0]["name"]).replace("_", " ")
    return (
        f"Within {gap:.1%}",
        f"A better allocation may exist, but none that is better by more than {gap:.2%} ({name}).",
    )


FIGURES: Mapping[str, tuple[str, int]] = {
    "schools_read": ("Schools read", 0),
    "recipients_formed": ("Trusts formed as recipients", 0),
    "excluded": ("Excluded", 0),
    "matched_to_trust": ("Matched with a trust", 0),
    "cannot_tell": ("Cannot be told eligible or not", 0),
    "eligible": ("Eligible", 0),
    "supported": ("Schools supported", 0),
    "part_supported": ("Supported in part", 0),
    "unmatched": ("Left out", 0),
    "nles": ("NLEs", 0),
    "nles_available": ("NLEs available", 0),
    "nles_without_capacity": ("NLEs available without any capacity", 0),
    "pairs": ("Candidate pairs", 0),
    "matched_pairs": ("Pairs matched", 0),
    "coverage": ("Share of the eligible supported", 3),
    "total_fit": ("Total fit", 1),
    "mean_fit": ("Mean fit", 3),
    "min_fit": ("Least fit", 3),
    "total_distance_km": ("Total distance, km", 0),
    "mean_distance_km": ("Mean distance, km", 1),
    "max_distance_km": ("Worst distance, km", 1),
    "out_of_region": ("Pairs out of region", 0),
    "mean_need_supported": ("Mean need of those supported", 2),
    "mean_need_eligible": ("Mean need of the eligible", 2),
    "total_cost": ("Cost, £", 0),
}
"""Figures of a summary: what they are called, and decimal places to read them by."""


def figure_words(name: str) -> str:
    """What a figure is called; `placements.used` is `Placements used`."""
    return FIGURES[name][0] if name in FIGURES else name.replace("_", " ").replace(".", " ").capitalize()


def limit_in_words(label: str) -> str:
    """A limit by its name and, where there is one for each area, the area: `regions: London`."""
    name, _, which = label.removesuffix("]").partition("[")
    return f"{name}: {which.partition('=')[2] or which}" if which else name


UNITS: Mapping[str, str] = {
    "distance_km": "distance in km",
    "distance": "distance",
    "travel_minutes": "minutes of travel",
    "cost": "cost in pounds",
}


WHOLE = ("schools_supported", "kept_pairs")
"""Levels that count; weighted by a column they need not come out whole."""
READ_BY: Mapping[str, str] = {
    "distance": "{:,.1f} km",
    "travel_minutes": "{:,.0f} min",
    "cost": "£{:,.0f}",
    "load_balance": "{:.1%}",
    "region_gap": "{:.1%}",
}
"""How an amount of a level is read, by the level's name; of any other it has three decimal places."""


def amount_of_level(name: str, amount: float | None) -> str:
    """An amount of a level with its unit: what counts is whole, and distance is in km."""
    if amount is None:
        return "–"
    base = name.partition("[")[0]
    if base in WHOLE and amount == int(amount):
        return f"{amount:,.0f}"
    return READ_BY.get(base, "{:,.3f}").format(amount)


def first_aim(summary: Summary) -> str:
    """What the first objective of a run is called within a sentence: `schools supported, priority 1`."""
    levels = summary.get("objectives")
    return level_in_words(str(levels[0]["name"])) if levels else "the first aim"


def level_in_words(name: str) -> str:
    """A level by its name within a sentence; a blend is a weighted sum."""
    base, _, which = name.removesuffix("]").partition("[")
    words = "the blend" if base == "blend" else base.replace("_", " ")
    return f"{words}, {group_in_words(which)}" if which else words


def group_in_words(group: str) -> str:
    """The group of a level: `priority=1` is priority 1, and `region=blank` no region."""
    column, _, value = group.partition("=")
    column = column.replace("_", " ")
    return f"no {column}" if value == "blank" else f"{column} {value}"


def lost_in_words(entry: Mapping[str, Any]) -> str:
    """What a plan loses under another weight, by an entry of `weights` in `under_error` of a summary."""
    name, regret = entry["objective"], entry["regret"]
    if name is None:
        return "cannot be compared"
    if regret is None:
        return f"another plan is better in {level_in_words(name)}"
    if not regret:
        return "nothing"
    return f"{amount_of_level(name, abs(regret))} {'worse' if regret > 0 else 'better'} in {level_in_words(name)}"


def aim_in_words(level: Mapping[str, Any]) -> str:
    """What a level aims at: `Most: fit − 0.002 × distance in km`."""
    way = "Most" if level["sense"] == "maximise" else "Least"
    parts: Mapping[str, float] = level.get("parts") or {}
    if not parts:
        name, _, which = str(level["name"]).removesuffix("]").partition("[")
        words = UNITS.get(name, name.replace("_", " "))
        return f"{way}: {words}" + (f" ({group_in_words(which)})" if which else "")
    told = ""
    for part, weight in parts.items():
        sign = "−" if weight < 0 else "+" if told else ""
        times = "" if abs(weight) == 1 else f"{abs(weight):g} × "
        told += f" {sign} {times}{UNITS.get(part, part.replace('_', ' '))}"
    return f"{way}: {' '.join(told.split())}"


def named(ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The name of each, or its identifier where no name is known."""
    return [names.get(identifier) or identifier for identifier in ids]


def nle_names(view: View) -> dict[str, str]:
    """Names of the NLEs by identifier."""
    pairs = view.rows("allocation")
    return {**view.read("nles").by("nle_id", "name"), **pairs.by("nle_id", "nle_name")}


def school_names(view: View) -> dict[str, str]:
    """Names of the schools by identifier."""
    known = view.read("schools").by("school_id", "name")
    left, pairs = view.rows("unmatched"), view.rows("allocation")
    return {**known, **left.by("school_id", "name"), **pairs.by("school_id", "school_name")}


UNDER_ERROR = "under_error"
Columns = Mapping[str, tuple[str, Sequence[str]]]
"""By key, the heading and the cells of a column; what is blank is not told."""


def part(view: View, name: str) -> Any:
    """A part of what the summary tells of the plan under error; None where it tells nothing of it."""
    told = view.summary.get(UNDER_ERROR)
    return told.get(name) if isinstance(told, Mapping) else None


def this_plan_columns(view: View) -> Columns:
    """The plan kept as it is, a row an objective."""
    told = part(view, "this_plan") or {"others": []}
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
    entries = part(view, "weights") or []
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
