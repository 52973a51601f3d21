"""The page of a sweep: curves or heat maps of what matters over the settings that were tried."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts import Chart
from nle_optimizer.reports.page.render import PageColumn, number_of, packed_table, study_page

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
    "geography.max_distance_km": ("Greatest distance, km", "a greatest distance of {} km"),
    "capacity.multiply.placements": ("Placements multiplied by", "placements multiplied by {}"),
    "capacity.multiply.days": ("Days multiplied by", "days multiplied by {}"),
    "fit.minimum": ("Least fit allowed", "a least fit of {}"),
    "seed": ("Seed", "seed {}"),
    "rule": ("Rule", "the rule {}"),
    "scenario": ("Scenario", "the scenario {}"),
    "name": ("Name", "{}"),
}
STATUSES = {
    "optimal": "Proved best",
    "feasible": "Not proved",
    "infeasible": "No allocation",
    "unknown": "Nothing found",
    "completed": "No claim",
    "error": "Failed",
    "lost": "Failed",
}
MOST_CURVES = 6


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
    return SETTING_NAMES[axis][0] if axis in SETTING_NAMES else axis


def _varies(rows: Sequence[Row], metric: str) -> bool:
    return len({row.get(metric, "") for row in rows} - {""}) > 1


def _sentences(rows: Sequence[Row], axes: Sequence[str]) -> list[str]:
    answered = [row for row in rows if row.get("supported")]
    worked = f"{len(rows):,} what-ifs were worked out, each verified as a run of its own."
    if not answered:
        return [worked]
    most, least = (pick(answered, key=lambda row: int(row["supported"])) for pick in (max, min))
    if most["supported"] == least["supported"]:
        return [f"Every what-if supports {int(most['supported']):,} schools.", worked]
    return [
        f"Between {int(least['supported']):,} and {int(most['supported']):,} schools would be supported.",
        f"Fewest with {_said(least, axes)}{_as_many(least, answered)}.",
        f"Most with {_said(most, axes)}{_as_many(most, answered)}.",
        worked,
    ]


def _as_many(row: Row, rows: Sequence[Row]) -> str:
    others = sum(other["supported"] == row["supported"] for other in rows) - 1
    return f", and as many in {others:,} other {'what-if' if others == 1 else 'what-ifs'}" if others else ""


def _said(row: Row, axes: Sequence[str]) -> str:
    """The settings of a point in words."""
    words = [
        SETTING_NAMES.get(axis, ("", f"{axis} = {{}}"))[1].format(row[axis])
        if row.get(axis)
        else f"{_label(axis)} as it is"
        for axis in axes
    ]
    return ", ".join(words) or "the scenario as it is"


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
    """A curve over one setting, a heat map of two, curves over the longest of more; else a bar a point."""
    title = METRICS[metric][0]
    figures = [(row, figure) for row in rows if isinstance(figure := number_of(row.get(metric, "")), int | float)]
    are_apart = len({tuple(row.get(axis, "") for axis in axes) for row, _ in figures}) == len(figures)
    over = _longest(axes, [row for row, _ in figures])
    if len(axes) == 2 and are_apart:
        columns = {"x": _label(axes[0]), "y": _label(axes[1]), metric: title}
        grid = [
            {"x": row.get(axes[0]) or "as it is", "y": row.get(axes[1]) or "as it is", metric: figure}
            for row, figure in figures
        ]
        return Chart(metric, title, "heat", columns, grid, "x", "y", series=metric)
    others = [axis for axis in axes if axis != over]
    if over and are_apart and len({_said(row, others) for row, _ in figures}) <= MOST_CURVES:
        series = {"which": "With"} if others else {}
        columns = {"x": _label(over), metric: title, **series}
        drawn = [{"x": number_of(row[over]), metric: figure, "which": _said(row, others)} for row, figure in figures]
        return Chart(metric, title, "lines", columns, drawn, "x", metric, "which" if others else "")
    columns = {"x": "What-if", metric: title}
    bars: list[dict[str, Any]] = [{"x": _short(row, axes), metric: figure} for row, figure in figures]
    note = f"By {', '.join(map(_label, axes))}." if len(axes) > 1 else ""
    return Chart(metric, title, "bars", columns, bars if len(bars) <= MOST_BARS else [], "x", metric, note=note)


def _longest(axes: Sequence[str], rows: Sequence[Row]) -> str:
    """The setting of numbers, given in every row, of which most values were tried; none if there is no such."""
    tried = {axis: [row.get(axis, "") for row in rows] for axis in axes}
    numeric = [axis for axis, cells in tried.items() if axis != "seed" and all(cells) and _are_numbers(cells)]
    return max(numeric, key=lambda axis: len(set(tried[axis])), default="")


def _short(row: Row, axes: Sequence[str]) -> str:
    return f"{row['point']}: {' · '.join(row.get(axis) or 'as it is' for axis in axes) or 'as it is'}"


def _table(rows: Sequence[Row], axes: Sequence[str]) -> Mapping[str, Any]:
    columns = [PageColumn("point", "Point", [row["point"] for row in rows], "number")]
    columns += [
        PageColumn(axis, _label(axis), cells, "number" if _are_numbers(cells) else "text")
        for axis in axes
        if (cells := [row.get(axis, "") for row in rows])
    ]
    columns += [PageColumn("status", "Status", [STATUSES.get(row["status"], row["status"]) for row in rows])]
    columns += [
        PageColumn(
            metric,
            label,
            [row.get(metric, "") for row in rows],
            "number",
            digits,
            is_further=metric in FURTHER or not _varies(rows, metric),
        )
        for metric, (label, digits) in {**METRICS, **FURTHER}.items()
    ]
    columns += [
        PageColumn(
            "change", "Change in schools supported", [row.get("change_supported", "") for row in rows], "number"
        ),
        PageColumn("error", "Error", [row["error"] for row in rows]),
    ]
    return packed_table("points", "What-ifs", columns, "No point has an answer yet.")


def _are_numbers(cells: Sequence[str]) -> bool:
    return all(not isinstance(number_of(cell), str) for cell in cells)
