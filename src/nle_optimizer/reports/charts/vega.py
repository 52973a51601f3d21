"""Charts drawn by Vega-Lite: as a specification, and as SVG without a network or a browser."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nle_optimizer.errors import visible_in
from nle_optimizer.reports.charts.chart import Chart, Kind

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
