"""What stands on each sheet: columns with headings, widths and kinds, and what a reader has to know."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nle_optimizer.catalogue.reasons import CURES, STAGES
from nle_optimizer.reports.view import View, ViewRows, cures_in_words
from nle_optimizer.reports.words import (
    STATES,
    Columns,
    first_aim,
    named,
    nle_names,
    school_names,
    this_plan_columns,
    weights_columns,
    worded,
)
from nle_optimizer.scenario.columns import AREAS

Kind = Literal["text", "whole", "share", "number", "km", "money"]


@dataclass(frozen=True)
class SheetColumn:
    """A column of a sheet.

    Attributes:
        heading: what it holds.
        cells: as text; numbers are written as numbers where `kind` is one.
        width: in characters.
        kind: how it is shown.
    """

    heading: str
    cells: Sequence[str]
    width: int = 14
    kind: Kind = "text"


@dataclass(frozen=True)
class ResultSheet:
    """A sheet: a table under one row of headings."""

    name: str
    columns: Sequence[SheetColumn]

    @property
    def rows(self) -> int:
        """How many rows there are under the headings."""
        return len(self.columns[0].cells) if self.columns else 0


def sheets_of(view: View) -> list[ResultSheet]:
    """The sheets with tables, in order; alternates are nothing to share."""
    return [
        ResultSheet("Allocation", list(_allocation(view))),
        ResultSheet("By NLE", list(_by_nle(view))),
        ResultSheet("By authority", list(_by_group(view, "local_authority", "Authority"))),
        ResultSheet("Left out", list(_left_out(view))),
        *([] if view.is_shared else [ResultSheet("Alternates", list(_alternates(view)))]),
        ResultSheet("Excluded", list(_excluded(view))),
        ResultSheet("NLEs", list(_nles(view))),
        *_under_error(view),
        ResultSheet("Settings", list(_settings(view))),
        *([ResultSheet("Findings", list(_findings(view)))] if view.findings else []),
    ]


def _under_error(view: View) -> Iterator[ResultSheet]:
    """What draws gave, where there were any."""
    if view.under_error.get("this_plan"):
        yield ResultSheet("This plan in draws", _told(this_plan_columns(view), "aim"))
        yield ResultSheet("New plans in draws", list(_school_shares(view)))
    if view.under_error.get("weights"):
        yield ResultSheet("Weights", _told(weights_columns(view), "area", "halved", "doubled"))


def _told(columns: Columns, *texts: str) -> list[SheetColumn]:
    return [
        SheetColumn(heading, cells, *((34, "text") if key in texts else (14, "number")))
        for key, (heading, cells) in columns.items()
    ]


def _school_shares(view: View) -> Iterator[SheetColumn]:
    rows = view.rows("school_shares")
    yield SheetColumn("School id", rows["school_id"])
    yield SheetColumn("School", named(rows["school_id"], school_names(view)), 34)
    yield SheetColumn("Supported in this plan", rows["in_plan"], 12)
    yield SheetColumn("Share of new plans that support it", rows["share"], 14, "share")
    yield SheetColumn("How firm", [worded(word, {}) for word in rows["stands"]], 10)


def _distance(view: View, heading: str, cells: Sequence[str]) -> SheetColumn:
    return SheetColumn(heading, cells, 12, "text" if view.is_shared else "km")


def _allocation(view: View) -> Iterator[SheetColumn]:
    rows = view.rows("allocation")
    yield SheetColumn("School id", rows["school_id"])
    yield SheetColumn("School", named(rows["school_id"], school_names(view)), 34)
    yield SheetColumn("NLE id", rows["nle_id"])
    yield SheetColumn("NLE", named(rows["nle_id"], nle_names(view)), 30)
    yield SheetColumn("Fit", rows["fit"], 8, "share")
    for area in AREAS:
        yield SheetColumn(f"Fit in {area}", rows[f"fit_{area}"], 10, "share")
    yield _distance(view, "Distance, km", rows["distance_km"])
    yield SheetColumn("Out of region", rows["out_of_region"], 9)
    yield SheetColumn("Priority", rows["priority"], 8, "whole")
    yield SheetColumn("Phase", rows["phase"])
    yield SheetColumn("Authority", rows["local_authority"], 22)
    yield SheetColumn("Region", rows["region"], 24)
    yield from _amounts(view, rows)
    yield SheetColumn("Cost, £", rows["cost"], 10, "money")
    yield SheetColumn("State", [worded(state, STATES) for state in rows["state"]])
    yield SheetColumn(
        "In every best plan", [{"all": "yes", "some": "no"}.get(word, "") for word in rows["firmness"]], 10
    )
    if "robustness" in view.summary:
        yield SheetColumn("Stands in draws", [worded(word, {}) for word in rows["stands"]], 10)
    yield SheetColumn("Why", rows["why"], 70)


def _amounts(view: View, rows: ViewRows) -> Iterator[SheetColumn]:
    for name in _resources(view):
        if name in rows.columns:
            yield SheetColumn(name.replace("_", " ").capitalize(), rows[name], 11, "number")


def _resources(view: View) -> list[str]:
    return [name.removeprefix("capacity_") for name in view.rows("nles").columns if name.startswith("capacity_")]


def _by_nle(view: View) -> Iterator[SheetColumn]:
    """A row an NLE with somebody: whom it supports, how well and how far."""
    rows, names, schools = view.rows("allocation"), nle_names(view), school_names(view)
    own: dict[str, list[int]] = defaultdict(list)
    for n, nle in enumerate(rows["nle_id"]):
        own[nle].append(n)
    ids = sorted(own)
    yield SheetColumn("NLE id", ids)
    yield SheetColumn("NLE", named(ids, names), 30)
    yield SheetColumn("Schools", [str(len(own[nle])) for nle in ids], 9, "whole")
    fits = [[float(cell) for n in own[nle] if (cell := rows["fit"][n])] for nle in ids]
    yield SheetColumn("Mean fit", [f"{sum(each) / len(each):.6f}" if each else "" for each in fits], 10, "share")
    if not view.is_shared:
        far = [[float(cell) for n in own[nle] if (cell := rows["distance_km"][n])] for nle in ids]
        yield SheetColumn("Farthest, km", [f"{max(each):.3f}" if each else "" for each in far], 12, "km")
    yield SheetColumn(
        "Supports",
        ["; ".join(schools.get(rows["school_id"][n]) or rows["school_id"][n] for n in own[nle]) for nle in ids],
        80,
    )


def _by_group(view: View, group: str, heading: str) -> Iterator[SheetColumn]:
    rows = view.rows("breakdown")
    at = [n for n, told in enumerate(rows["group"]) if told == group]
    kinds: Mapping[str, tuple[str, Kind]] = {
        "eligible": ("Eligible", "whole"),
        "supported": ("Supported", "whole"),
        "coverage": ("Coverage", "share"),
        "mean_fit": ("Mean fit", "share"),
        "mean_distance_km": ("Mean distance, km", "km"),
        "max_distance_km": ("Farthest, km", "km"),
        "out_of_region": ("Out of region", "whole"),
        "cost": ("Cost, £", "money"),
    }
    yield SheetColumn(heading, [rows["value"][n] or "not said" for n in at], 28)
    for name, (title, kind) in kinds.items():
        if name in rows.columns:
            yield SheetColumn(title, [rows[name][n] for n in at], 12, kind)


def _left_out(view: View) -> Iterator[SheetColumn]:
    rows = view.rows("unmatched")
    yield SheetColumn("School id", rows["school_id"])
    yield SheetColumn("School", named(rows["school_id"], school_names(view)), 34)
    yield SheetColumn("Reason", [worded(code) for code in rows["reason"]], 24)
    yield SheetColumn("Explanation", rows["explanation"], 70)
    yield SheetColumn("What would cure it", cures_in_words(rows, nle_names(view)), 70)
    if not view.is_shared:
        yield from _cures(rows, first_aim(view.summary))
    if not view.is_shared:
        yield SheetColumn("Nearest NLE", rows["nearest_nle_id"])
        yield SheetColumn("Km to nearest", rows["nearest_km"], 12, "km")
    yield SheetColumn("Authority", rows["local_authority"], 22)
    yield SheetColumn("Priority", rows["priority"], 8, "whole")
    yield SheetColumn("Days waiting", rows["days_waiting"], 10, "whole")


def _cures(rows: ViewRows, aim: str) -> Iterator[SheetColumn]:
    """The cures apart, for those who filter and sort."""
    of_resource = [kind not in CURES for kind in rows["cure_kind"]]
    for heading, name in (("More of", "cure_kind"), ("at NLE", "cure_id"), ("How much", "cure_amount")):
        cells = [cell if shown else "" for cell, shown in zip(rows[name], of_resource, strict=True)]
        yield SheetColumn(heading, cells, 12, "number" if name == "cure_amount" else "text")
    yield SheetColumn("Longer reach: km more", rows["reach_more_km"], 12, "km")
    yield SheetColumn("to NLE", rows["reach_nle_id"])
    yield SheetColumn("Minimum fit of", rows["minimum_fit_needed"], 12, "share")
    yield SheetColumn("for NLE", rows["minimum_fit_nle_id"])
    yield SheetColumn("Conflict to set aside", rows["conflict"])
    yield SheetColumn("with NLE", rows["conflict_nle_id"])
    yield SheetColumn(f"Change of the first aim ({aim})", rows["cure_price"], 14, "number")


def _alternates(view: View) -> Iterator[SheetColumn]:
    rows = view.rows("alternates")
    yield SheetColumn("School id", rows["school_id"])
    yield SheetColumn("School", named(rows["school_id"], school_names(view)), 34)
    yield SheetColumn("Rank", rows["rank"], 6, "whole")
    yield SheetColumn("NLE id", rows["nle_id"])
    yield SheetColumn("NLE", named(rows["nle_id"], nle_names(view)), 30)
    yield SheetColumn("Fit", rows["fit"], 8, "share")
    yield SheetColumn("Distance, km", rows["distance_km"], 12, "km")
    yield SheetColumn("Has room", rows["has_spare"], 9)
    yield SheetColumn(f"Change of the first aim ({first_aim(view.summary)})", rows["change_in_objective"], 12, "number")
    yield SheetColumn("Who moves", rows["who_moves"], 60)


def _excluded(view: View) -> Iterator[SheetColumn]:
    rows, schools = view.rows("exclusions"), view.read("schools")
    yield SheetColumn("School id", rows["school_id"])
    yield SheetColumn("School", named(rows["school_id"], schools.by("school_id", "name")), 34)
    yield SheetColumn("Left at", [worded(stage, STAGES) for stage in rows["stage"]], 18)
    yield SheetColumn("Reason", [worded(code) for code in rows["reason"]], 28)
    yield SheetColumn("Evidence", rows["evidence"], 60)


def _nles(view: View) -> Iterator[SheetColumn]:
    rows, read = view.rows("nles"), view.read("nles")
    ids, pairs = rows["nle_id"], Counter(view.rows("allocation")["nle_id"])
    yield SheetColumn("NLE id", ids)
    yield SheetColumn("NLE", named(ids, nle_names(view)), 30)
    yield SheetColumn("State", [worded(state, STATES) for state in rows["state"]], 12)
    yield SheetColumn("Why out", [reason and worded(reason) for reason in rows["reason"]], 24)
    yield SheetColumn("Schools", [str(pairs[nle]) for nle in ids], 9, "whole")
    for name in _resources(view):
        label = name.replace("_", " ").capitalize()
        yield SheetColumn(f"{label} in all", rows[f"capacity_{name}"], 12, "number")
        yield SheetColumn(f"{label} used", rows[f"used_{name}"], 12, "number")
    aim = first_aim(view.summary)
    yield SheetColumn(f"Change of {aim} with one place more", rows["one_more"], 14, "number")
    yield SheetColumn(f"Change of {aim} with one place fewer", rows["one_fewer"], 14, "number")
    for key, label in (("local_authority", "Authority"), ("region", "Region")):
        cells = read.by("nle_id", key)
        yield SheetColumn(label, [cells.get(nle, "") for nle in ids], 22)


def _findings(view: View) -> Iterator[SheetColumn]:
    widths = {"code": 26, "file": 20, "row": 8, "line": 8, "column": 28, "text": 80}
    for name, width in widths.items():
        kind: Kind = "whole" if name in ("row", "line") else "text"
        yield SheetColumn(name.capitalize(), [str(found[name] or "") for found in view.findings], width, kind)


def _settings(view: View) -> Iterator[SheetColumn]:
    yield SheetColumn("Setting", list(view.settings), 40)
    yield SheetColumn("Value", [str(setting.value) for setting in view.settings.values()], 60)
    yield SheetColumn("Comes from", [setting.origin for setting in view.settings.values()], 30)
