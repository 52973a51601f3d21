"""Charts of a run, as Vega-Lite.

A chart: its figures in a table, and which of the columns are drawn. The charts of a run: coverage by region, fit by
area, distance, use of capacity. Charts drawn by Vega-Lite: as a specification, and as SVG without a network or a
browser.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nle_optimizer.errors import visible_in
from nle_optimizer.reports.view import View, ViewRows
from nle_optimizer.scenario.columns import AREAS

Kind = Literal["bars", "lines", "heat", "intervals", "points"]


@dataclass(frozen=True)
class Chart:
    """A chart that any renderer can draw, and whose figures anybody can read.

    Attributes:
        name: for files and anchors, such as `coverage-by-region`.
        title: what it answers, in a few words.
        kind: `bars` (a bar a row), `lines` (a line a series), `heat` (a cell a row), `intervals` (a point with its
            low and high a row), `points` (a named point a row, at two figures).
        columns: headings of the columns by key, in order.
        rows: one mapping a row; numbers or text.
        x: the column along the axis of categories or settings (of a heat map, the columns).
        y: the column of figures that is drawn (of a heat map, that of the rows).
        series: the column that tells lines apart; of a heat map, the figures; of points, their names.
        most: the end of the axis of figures, where it is known, such as 1 for shares.
        is_share: whether figures are shares, to be shown as percentages.
        marked: the entry of `x`, or of `series` where lines are told apart, that stands out; none if empty.
        note: one sentence beneath it.
    """

    name: str
    title: str
    kind: Kind
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    x: str
    y: str
    series: str = ""
    most: float | None = None
    is_share: bool = False
    marked: str = ""
    note: str = ""

    @property
    def greatest(self) -> float:
        """The end of the axis of figures."""
        if self.most is not None:
            return self.most
        return max((row[self.y] for row in self.rows if isinstance(row[self.y], int | float)), default=0) or 1


FITS = (
    (0.0, "below 0.2"),
    (0.2, "0.2 to 0.4"),
    (0.4, "0.4 to 0.6"),
    (0.6, "0.6 to 0.8"),
    (0.8, "0.8 to 1"),
    (1.0, "1, in full"),
)
DISTANCES = (
    (0, "under 5 km"),
    (5, "5 to 10 km"),
    (10, "10 to 20 km"),
    (20, "20 to 40 km"),
    (40, "40 to 60 km"),
    (60, "60 to 80 km"),
    (80, "80 km or more"),
)
BLANK = "not said"


def charts_of(view: View) -> list[Chart]:
    """Every chart for which the run has figures."""
    drawn = [
        _coverage(view, "region", "Schools supported, by region", "Region"),
        _coverage(view, "priority", "Schools supported, by priority", "Priority"),
        _coverage(view, "phase", "Schools supported, by phase", "Phase"),
        *_fits(view.rows("allocation")),
        _distances(view),
        *_use(view.rows("nles")),
    ]
    return [chart for chart in drawn if chart.rows]


def _coverage(view: View, group: str, title: str, heading: str) -> Chart:
    table = view.rows("breakdown")
    names = ("group", "value", "eligible", "supported", "coverage")
    rows = [
        {
            "value": value or BLANK,
            "coverage": float(share),
            "supported": int(float(supported)),
            "eligible": int(float(eligible)),
        }
        for told, value, eligible, supported, share in zip(*(table[name] for name in names), strict=True)
        if told == group and share and supported and eligible
    ]
    columns = {"value": heading, "coverage": "Share", "supported": "Supported", "eligible": "Eligible"}
    rows = rows if len(rows) > 1 else []
    return Chart(f"coverage-by-{group}", title, "bars", columns, rows, "value", "coverage", most=1, is_share=True)


def _fits(pairs: ViewRows) -> Iterator[Chart]:
    """How many pairs have which fit, in all and by area of need."""
    for column, title in (("fit", "Fit of the pairs"), *((f"fit_{area}", f"Fit in {area}") for area in AREAS)):
        figures = [float(cell) for cell in pairs[column] if cell]
        columns = {"band": "Fit", "pairs": "Pairs"}
        rows = _banded(figures, FITS, "pairs") if figures else []
        note = "How much of the need is met; 1 is all of it." if column == "fit" else ""
        yield Chart(column.replace("_", "-"), title, "bars", columns, rows, "band", "pairs", note=note)


def _distances(view: View) -> Chart:
    cells = [cell for cell in view.rows("allocation")["distance_km"] if cell]
    columns = {"band": "Distance", "pairs": "Pairs"}
    if view.is_shared and cells:
        counted = Counter(cells)
        rows = [{"band": band, "pairs": counted[band]} for band in sorted(counted, key=lambda band: (len(band), band))]
    else:
        rows = _banded([float(cell) for cell in cells], DISTANCES, "pairs") if cells else []
    return Chart("distance", "How far NLEs travel", "bars", columns, rows, "band", "pairs")


def _banded(figures: Sequence[float], bands: Sequence[tuple[float, str]], what: str) -> list[dict[str, Any]]:
    """How many figures lie in each band; a band begins at its own figure and ends before the next one's."""
    starts = [start for start, _ in bands]
    counted = Counter(max((n for n, start in enumerate(starts) if figure >= start), default=0) for figure in figures)
    return [{"band": label, what: counted[n]} for n, (_, label) in enumerate(bands)]


def _use(nles: ViewRows) -> Iterator[Chart]:
    """Of each resource, how many available NLEs that have any are unused, used in part and used up."""
    for resource in (name.removeprefix("capacity_") for name in nles.columns if name.startswith("capacity_")):
        counted: Counter[str] = Counter()
        names = ("state", f"capacity_{resource}", f"used_{resource}")
        for state, capacity, used in zip(*(nles[name] for name in names), strict=True):
            if state == "available" and float(capacity or 0):
                counted[_how_used(float(capacity), float(used or 0))] += 1
        rows = [{"use": use, "nles": counted[use]} for use in ("all used", "used in part", "not used")]
        columns = {"use": "Capacity", "nles": "NLEs"}
        title = f"Use of {resource.replace('_', ' ')} among available NLEs"
        yield Chart(f"use-of-{resource}", title, "bars", columns, rows if counted else [], "use", "nles")


def _how_used(capacity: float, used: float) -> str:
    return "not used" if used == 0 else "all used" if used >= capacity else "used in part"


Spec = dict[str, Any]
COLOURS = ("#1d70b8", "#a33b00", "#00703c", "#4c2c92", "#805300", "#505a5f")
"""Told apart by people who do not see all colours; shapes differ too."""
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
WIDTH, HEIGHT, STEP = 380, 240, 24
LARGE = 1.4
"""How much larger a chart is that stands alone."""
MOST_POINTS = 20
"""Points of a line that are drawn as points too."""
TICKS = {"tickCount": 6}
CONFIG = {
    "font": FONT,
    "background": "white",
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e3e3e1"},
    "axisY": {"labelLimit": 220},
    "legend": {"labelFontSize": 12, "title": None, "orient": "bottom", "columns": 1, "labelLimit": 0},
    "padding": {"left": 20, "right": 30, "top": 5, "bottom": 5},
    "title": {"fontSize": 15, "anchor": "start", "offset": 14},
    "point": {"opacity": 1},
    "range": {"category": list(COLOURS)},
    "view": {"stroke": None},
}


def specification(chart: Chart, *, titled: bool = False, size: float = 1) -> Spec:
    """The chart in Vega-Lite 5.

    Args:
        chart: what is drawn.
        titled: whether its title is in it, or left to what stands around it.
        size: of its width and height, 1 for a chart among others.
    """
    said: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": CONFIG,
        **({"title": chart.title} if titled else {}),
        "data": {"values": [dict(row) for row in chart.rows]},
        "width": WIDTH * size,
        "height": HEIGHT * size,
        **KINDS[chart.kind](chart),
    }
    return dict(visible_in(said))


def drawings(charts: Sequence[Chart]) -> Mapping[str, str]:
    """Each chart as SVG by its name, larger if it is alone; those of bars are left to the page, which draws them."""
    size = LARGE if len(charts) == 1 else 1
    return {chart.name: svg(chart, size=size) for chart in charts if chart.kind != "bars"}


def svg(chart: Chart, *, titled: bool = False, size: float = 1) -> str:
    """The chart as SVG; identifiers within it bear its name, so that several can stand in one page."""
    from vl_convert import vegalite_to_svg

    drawn = str(vegalite_to_svg(json.dumps(specification(chart, titled=titled, size=size)), vl_version="5.20"))
    return re.sub(r'(id="|url\(#)(clip|gradient)', rf"\1{chart.name}-\2", drawn)


def png(chart: Chart) -> bytes:
    """The chart with its title as a picture for slides, twice as large as on the page."""
    from vl_convert import vegalite_to_png

    return bytes(vegalite_to_png(json.dumps(specification(chart, titled=True)), vl_version="5.20", scale=2, ppi=144))


SHORT = 8
"""Letters that have room beneath a cell of a heat map."""


def _figures(chart: Chart, field: str) -> Spec:
    scale = {"domainMax": chart.most} if chart.most is not None else {}
    axis = {**TICKS, **({"format": ".0%"} if chart.is_share else {})}
    return {"field": field, "type": "quantitative", "title": chart.columns[field], "scale": scale, "axis": axis}


def _categories(chart: Chart, field: str) -> Spec:
    return {"field": field, "type": "ordinal", "title": chart.columns[field], "sort": None, "axis": {"labelAngle": 0}}


def _slanted(chart: Chart, field: str) -> Spec:
    """Categories whose names are slanted where side by side they would run into each other."""
    long = max((len(str(row[field])) for row in chart.rows), default=0) > SHORT
    return {**_categories(chart, field), "axis": {"labelAngle": -40 if long else 0}}


def _untitled(categories: Spec) -> Spec:
    """Categories that tell by themselves what they are."""
    return {**categories, "title": None}


def _above(axis: Spec) -> Spec:
    """An axis whose title runs from left to right above it, and is never cut off."""
    above = {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom", "titleX": -40, "titleY": -8}
    return {**axis, "axis": {**axis.get("axis", {}), **above}}


def _colour(chart: Chart) -> Spec:
    """One colour for every row but the one that stands out."""
    if not chart.marked:
        return {"value": COLOURS[0]}
    marked = f"datum['{chart.x}'] === {json.dumps(chart.marked)}"
    return {"condition": {"test": marked, "value": COLOURS[1]}, "value": COLOURS[0]}


def _bars(chart: Chart) -> Spec:
    told = {"field": chart.y, "type": "quantitative", "format": ".0%" if chart.is_share else ",.4~g"}
    return {
        "height": {"step": STEP},
        "encoding": {"y": _untitled(_categories(chart, chart.x)), "x": _figures(chart, chart.y)},
        "layer": [
            {"mark": {"type": "bar", "color": COLOURS[0]}},
            {"mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 12}, "encoding": {"text": told}},
        ],
    }


def _lines(chart: Chart) -> Spec:
    numeric = all(isinstance(row[chart.x], int | float) for row in chart.rows)
    across: Spec = {"field": chart.x, "type": "quantitative", "title": chart.columns[chart.x]}
    across |= {"scale": {"zero": False}, "axis": TICKS}
    upright = _above(_figures(chart, chart.y))
    upright["scale"] = {**upright["scale"], "zero": False}
    places: Spec = {"x": across if numeric else _categories(chart, chart.x), "y": upright}
    if not chart.series:
        mark = {"type": "line", "point": {"size": 50, "filled": True}, "color": COLOURS[0]}
        return {"mark": mark, "encoding": places}
    told = {"field": chart.series, "type": "nominal", "title": None, "sort": None}
    names = list(dict.fromkeys(row[chart.series] for row in chart.rows))
    if len(chart.rows) > MOST_POINTS * len(names):
        return {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {**places, "stroke": told, "strokeDash": told}}
    large = {"test": f"datum['{chart.series}'] === {json.dumps(chart.marked)}", "value": 180}
    points = {"fill": told, "shape": told, "size": {"condition": large, "value": 50}}
    layers = [
        {"mark": {"type": "line"}, "encoding": {"stroke": {**told, "legend": None}}},
        {"mark": {"type": "point", "filled": True, "stroke": "white", "strokeWidth": 1}, "encoding": points},
    ]
    return {"encoding": places, "layer": layers}


def _heat(chart: Chart) -> Spec:
    figures = {"field": chart.series, "type": "quantitative", "title": chart.columns[chart.series]}
    low, high = _ends(chart)
    dark = f"datum['{chart.series}'] > {low + (high - low) * 0.68}"
    form = ".0%" if chart.is_share else ",.0f" if high >= 1000 else ".4~g"
    text = {**figures, "format": form}
    shade = {**figures, "scale": {"scheme": "blues"}, "legend": None}
    return {
        "width": {"step": max(44, WIDTH // max(1, len({row[chart.x] for row in chart.rows})))},
        "height": {"step": 34},
        "encoding": {"x": _slanted(chart, chart.x), "y": _above(_categories(chart, chart.y))},
        "layer": [
            {"mark": "rect", "encoding": {"color": shade}},
            {
                "mark": {"type": "text", "fontSize": 12},
                "encoding": {
                    "text": text,
                    "color": {"condition": {"test": dark, "value": "white"}, "value": "black"},
                },
            },
        ],
    }


def _ends(chart: Chart) -> tuple[float, float]:
    figures = [row[chart.series] for row in chart.rows if row[chart.series] is not None]
    return (min(figures), max(figures)) if figures else (0, 1)


def _intervals(chart: Chart) -> Spec:
    """A point a row, and a line from its `low` to its `high`."""
    low = {**_figures(chart, "low"), "title": chart.columns[chart.y]}
    low["scale"] = {**low["scale"], "zero": False}
    return {
        "height": {"step": STEP},
        "encoding": {"y": _untitled(_categories(chart, chart.x)), "color": _colour(chart)},
        "layer": [
            {"mark": {"type": "rule", "size": 3}, "encoding": {"x": low, "x2": {"field": "high"}}},
            {
                "mark": {"type": "point", "filled": True, "size": 80},
                "encoding": {"x": {"field": chart.y, "type": "quantitative"}},
            },
        ],
    }


def _points(chart: Chart) -> Spec:
    """A point a row with its name beside it, the one that stands out in a colour of its own."""
    across, upright = ({**_figures(chart, field)} for field in (chart.x, chart.y))
    across["scale"] = {"zero": False, "padding": 30}
    upright["scale"] = {"zero": False, "padding": 12}
    marked = {"test": f"datum['{chart.series}'] === {json.dumps(chart.marked)}", "value": COLOURS[1]}
    names = {"text": {"field": chart.series, "type": "nominal"}}
    return {
        "encoding": {"x": across, "y": _above(upright), "color": {"condition": marked, "value": COLOURS[0]}},
        "layer": [
            {"mark": {"type": "point", "filled": True, "size": 70}},
            {"mark": {"type": "text", "align": "left", "dx": 7, "dy": -5, "fontSize": 10}, "encoding": names},
        ],
    }


KINDS: Mapping[Kind, Callable[[Chart], Spec]] = {
    "bars": _bars,
    "lines": _lines,
    "heat": _heat,
    "intervals": _intervals,
    "points": _points,
}
