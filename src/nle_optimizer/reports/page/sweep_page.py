"""The page of a sweep: curves or heat maps of what matters over the settings that were tried."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts.chart import Chart
from nle_optimizer.reports.page.study_page import study_page
from nle_optimizer.reports.page.table import Column, number_of, packed_table

Row = Mapping[str, str]
METRICS: Mapping[str, tuple[str, int]] = {
    "supported": ("Schools supported", 0),
    "mean_fit": ("Mean fit", 3),
    "mean_distance_km": ("Mean distance, km", 1),
    "max_distance_km": ("Worst distance, km", 1),
    "out_of_region": ("Pairs out of region", 0),
    "total_cost": ("Cost, £", 0),
}
FURTHER: Mapping[str, tuple[str, int]] = {
    "eligible": ("Eligible", 0),
    "unmatched": ("Left out", 0),
    "coverage": ("Coverage", 3),
    "min_fit": ("Least fit", 3),
    "gap": ("Gap", 4),
}
MOST_ROWS = 20_000
MOST_BARS = 40
BEFORE_FIGURES = ("point", "scenario", "name")
SETTING_NAMES = {
    "geography.max_distance_km": "Greatest distance, km",
    "capacity.multiply.placements": "Placements multiplied by",
    "capacity.multiply.days": "Days multiplied by",
    "fit.minimum": "Least fit allowed",
    "seed": "Seed",
    "rule": "Rule",
}


def sweep_page(name: str, rows: Sequence[Row]) -> bytes:
    """The page; `rows` are those of `sweep.csv`, as text."""
    axes, shown = _axes(rows), rows[:MOST_ROWS]
    return study_page(
        f"What-ifs of {name}",
        "Sweep over settings",
        sentences=_sentences(rows, axes),
        charts=[chart for metric in METRICS if _varies(shown, metric) and (chart := _chart(metric, shown, axes)).rows],
        tables=[_table(shown, axes)],
        cautions=[*_cautions(rows), *_cut(rows)],
    )


def _axes(rows: Sequence[Row]) -> list[str]:
    """The columns that say what was tried: those before `status`, of which more than one value was tried."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(list(row)[: list(row).index("status")])
    tried = {name: {row.get(name, "") for row in rows} for name in names if name != "point"}
    settings = [name for name, values in tried.items() if len(values) > 1 and name not in BEFORE_FIGURES]
    return [*(name for name in ("scenario", "name") if len(tried.get(name, ())) > 1), *settings]


def _label(axis: str) -> str:
    return SETTING_NAMES.get(axis, axis)


def _varies(rows: Sequence[Row], metric: str) -> bool:
    return len({row.get(metric, "") for row in rows} - {""}) > 1


def _sentences(rows: Sequence[Row], axes: Sequence[str]) -> list[str]:
    answered = [row for row in rows if row.get("supported")]
    told = [f"{len(rows):,} what-ifs were worked out, each verified as a run of its own."]
    if answered:
        most, least = (pick(answered, key=lambda row: int(row["supported"])) for pick in (max, min))
        if most["supported"] == least["supported"]:
            told.append(f"All of them support {int(most['supported']):,} schools.")
        else:
            told.append(f"Most schools, {int(most['supported']):,}, are supported with: {_said(most, axes)}.")
            told.append(f"Fewest, {int(least['supported']):,}, with: {_said(least, axes)}.")
    return told


def _said(row: Row, axes: Sequence[str]) -> str:
    """The settings of a point in words."""
    words = [f"{_label(axis)} = {row.get(axis) or 'as it is'}" for axis in axes]
    return "; ".join(words) or "the scenario as it is"


def _cautions(rows: Sequence[Row]) -> list[str]:
    failed = [row["point"] for row in rows if row["status"] in ("error", "lost")]
    open_ended = [row["point"] for row in rows if row["status"] == "feasible"]
    none = [row["point"] for row in rows if row["status"] in ("infeasible", "unknown")]
    told = (
        (failed, "could not be carried out; the table says why"),
        (none, "have no allocation: limits clash, or the search was stopped"),
        (open_ended, "are not proved: better may be possible (column Gap)"),
    )
    return [
        f"Points {', '.join(points[:20])}{' ...' if len(points) > 20 else ''} {what}."
        for points, what in told
        if points
    ]


def _cut(rows: Sequence[Row]) -> list[str]:
    """What a page of very many points leaves to the file."""
    if len(rows) <= MOST_ROWS:
        return []
    return [f"This page shows the first {MOST_ROWS:,} of {len(rows):,} points; sweep.csv has them all."]


def _chart(metric: str, rows: Sequence[Row], axes: Sequence[str]) -> Chart:
    """A curve over one setting, curves by a second one or a heat map of two; of more settings a bar a point."""
    title = METRICS[metric][0]
    figures = [(row, figure) for row in rows if isinstance(figure := number_of(row.get(metric, "")), int | float)]
    cells = {tuple(row.get(axis, "") for axis in axes[:2]) for row, _ in figures}
    if len(axes) == 1:
        drawn = [{"x": number_of(row.get(axes[0], "")), metric: figure} for row, figure in figures]
        columns = {"x": _label(axes[0]), metric: title}
        return Chart(metric, title, "lines", columns, [row for row in drawn if row["x"] is not None], "x", metric)
    if len(axes) == 2 and len(cells) == len(figures):
        columns = {"x": _label(axes[0]), "y": _label(axes[1]), metric: title}
        grid = [
            {"x": row.get(axes[0]) or "as it is", "y": row.get(axes[1]) or "as it is", metric: figure}
            for row, figure in figures
        ]
        return Chart(metric, title, "heat", columns, grid, "x", "y", series=metric)
    columns = {"x": "Point", metric: title}
    bars: list[dict[str, Any]] = [
        {"x": f"{row['point']}: {_said(row, axes)}", metric: figure} for row, figure in figures
    ]
    return Chart(metric, title, "bars", columns, bars if len(bars) <= MOST_BARS else [], "x", metric)


def _table(rows: Sequence[Row], axes: Sequence[str]) -> Mapping[str, Any]:
    columns = [Column("point", "Point", [row["point"] for row in rows], "number")]
    columns += [
        Column(axis, _label(axis), cells, "number" if _are_numbers(cells) else "text")
        for axis in axes
        if (cells := [row.get(axis, "") for row in rows])
    ]
    columns += [Column("status", "Status", [row["status"] for row in rows])]
    columns += [
        Column(metric, label, [row.get(metric, "") for row in rows], "number", digits)
        for metric, (label, digits) in {**METRICS, **FURTHER}.items()
    ]
    columns += [
        Column("change", "Change in schools supported", [row.get("change_supported", "") for row in rows], "number"),
        Column("error", "Error", [row["error"] for row in rows]),
    ]
    return packed_table("points", "What-ifs", columns, "No point has an answer yet.")


def _are_numbers(cells: Sequence[str]) -> bool:
    return all(not isinstance(number_of(cell), str) for cell in cells)
