"""The page of a trade-off curve: the curve with the point at which the scenario stands, and every point in a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts.chart import Chart
from nle_optimizer.reports.page.study_page import study_page
from nle_optimizer.reports.page.table import Column, packed_table

NAMES: Mapping[str, tuple[str, int]] = {
    "schools_supported": ("Schools supported", 0),
    "fit": ("Total fit", 3),
    "fit_leadership": ("Fit in leadership", 3),
    "fit_governance": ("Fit in governance", 3),
    "fit_finance": ("Fit in financial health", 3),
    "distance": ("Total distance, km", 1),
    "travel_minutes": ("Total travel time, minutes", 0),
    "kept_pairs": ("Pairs kept", 0),
    "cost": ("Cost, £", 0),
    "min_fit": ("Least fit", 3),
    "supported": ("Schools supported", 0),
    "mean_fit": ("Mean fit", 3),
    "mean_distance_km": ("Mean distance, km", 1),
}


def frontier_page(document: Mapping[str, Any]) -> bytes:
    """The page; `document` is that of `frontier --format json`."""
    return study_page(
        f"Trade-off of {document['scenario']}",
        "Trade-off between two aims",
        sentences=_sentences(document),
        charts=[_curve(document)],
        tables=[_table(document)],
        cautions=_cautions(document),
    )


def _name(objective: str) -> str:
    return NAMES[objective][0]


def _shown(objective: str, value: float) -> str:
    return f"{value:,.{NAMES[objective][1]}f}"


def _sentences(document: Mapping[str, Any]) -> list[str]:
    rows, own = document["rows"], document["own"]
    first, last = rows[0], rows[-1]
    told = [f"At one end: {_both(document, first)}.", f"At the other: {_both(document, last)}."]
    if len(rows) == 1:
        told = [f"There is no trade-off, as both go together: {_both(document, first)}."]
    if own is not None:
        told.append(f"The scenario as it is: {_both(document, own)}.")
    return told


def _both(document: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """What a point is worth on both, in words: `total fit 91.570, total distance 3,140.5 km`."""
    told = []
    for objective in document["between"]:
        words, _, unit = _name(objective).partition(", ")
        told.append(f"{words[0].lower()}{words[1:]} {_shown(objective, row[objective])} {unit}".rstrip())
    return ", ".join(told)


def _curve(document: Mapping[str, Any]) -> Chart:
    one, other = document["between"]
    series = {"which": "Which"}
    columns = {other: _name(other), one: _name(one), **series}
    rows = [{other: row[other], one: row[one], "which": "Best possible"} for row in document["rows"]]
    if document["own"] is not None:
        rows.append({other: document["own"][other], one: document["own"][one], "which": "The scenario as it is"})
    return Chart(
        "trade-off", f"{_name(one)} against {_name(other).lower()}", "lines", columns, rows, other, one, "which"
    )


def _table(document: Mapping[str, Any]) -> Mapping[str, Any]:
    rows: Sequence[Mapping[str, Any]] = document["rows"]
    figures = dict.fromkeys([*document["between"], "supported", "mean_fit", "mean_distance_km"])
    columns = [Column("point", "Point", [str(row["point"]) for row in rows], "number")]
    columns += [
        Column(
            name, _name(name), ["" if row[name] is None else str(row[name]) for row in rows], "number", NAMES[name][1]
        )
        for name in figures
    ]
    columns.append(Column("run", "Command that gives it", [row["run"] or "nobody is supported" for row in rows]))
    return packed_table("points", "Points", columns, "There is no point.")


def _cautions(document: Mapping[str, Any]) -> list[str]:
    open_ended = [str(row["point"]) for row in document["rows"] if not row["proved"]]
    told = [f"Points {', '.join(open_ended)} are not proved: better may be possible."] if open_ended else []
    if not document["complete"]:
        told.append("There are further points between those shown.")
    if document["held"]:
        told.append(f"Kept at its best throughout: {', '.join(document['held'])}.")
    return told
