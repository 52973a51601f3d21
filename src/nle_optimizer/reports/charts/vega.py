"""Charts drawn by Vega-Lite: as a specification, and as SVG without a network or a browser."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts.chart import Chart, Kind

Spec = dict[str, Any]
COLOURS = ("#1d70b8", "#a33b00", "#00703c", "#4c2c92", "#805300", "#505a5f")
"""Told apart by people who do not see all colours; shapes differ too."""
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
WIDTH, HEIGHT, STEP = 250, 180, 26
CONFIG = {
    "font": FONT,
    "background": "white",
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e3e3e1"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "bottom", "columns": 2, "labelLimit": 200},
    "range": {"category": list(COLOURS)},
    "view": {"stroke": None},
}


def specification(chart: Chart) -> Spec:
    """The chart in Vega-Lite 5; its title is left to what stands around it."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": CONFIG,
        "data": {"values": [dict(row) for row in chart.rows]},
        **KINDS[chart.kind](chart),
    }


def drawings(charts: Sequence[Chart]) -> Mapping[str, str]:
    """Each chart as SVG by its name; those of bars are left to the page, which draws them itself."""
    return {chart.name: svg(chart) for chart in charts if chart.kind != "bars"}


def svg(chart: Chart) -> str:
    """The chart as SVG; identifiers within it bear its name, so that several can stand in one page."""
    from vl_convert import vegalite_to_svg

    drawn = str(vegalite_to_svg(json.dumps(specification(chart)), vl_version="5.20"))
    return re.sub(r'(id="|url\(#)(clip|gradient)', rf"\1{chart.name}-\2", drawn)


def png(chart: Chart) -> bytes:
    """The chart as a picture for slides, twice as large as on the page."""
    from vl_convert import vegalite_to_png

    return bytes(vegalite_to_png(json.dumps(specification(chart)), vl_version="5.20", scale=2, ppi=144))


def _figures(chart: Chart, field: str) -> Spec:
    scale = {"domainMax": chart.most} if chart.most is not None else {}
    axis = {"format": ".0%"} if chart.is_share else {}
    return {"field": field, "type": "quantitative", "title": chart.columns[field], "scale": scale, "axis": axis}


def _categories(chart: Chart, field: str) -> Spec:
    return {"field": field, "type": "ordinal", "title": chart.columns[field], "sort": None, "axis": {"labelAngle": 0}}


def _bars(chart: Chart) -> Spec:
    return {
        "width": WIDTH,
        "height": {"step": STEP},
        "mark": {"type": "bar", "color": COLOURS[0]},
        "encoding": {"y": _categories(chart, chart.x), "x": _figures(chart, chart.y)},
    }


def _lines(chart: Chart) -> Spec:
    numeric = all(isinstance(row[chart.x], int | float) for row in chart.rows)
    across = {"field": chart.x, "type": "quantitative", "title": chart.columns[chart.x], "scale": {"zero": False}}
    upright = _figures(chart, chart.y)
    upright["scale"] = {**upright["scale"], "zero": False}
    places: Spec = {"x": across if numeric else _categories(chart, chart.x), "y": upright}
    if not chart.series:
        mark = {"type": "line", "point": {"size": 50, "filled": True}, "color": COLOURS[0]}
        return {"width": WIDTH, "height": HEIGHT, "mark": mark, "encoding": places}
    told = {"field": chart.series, "type": "nominal", "title": chart.columns[chart.series], "sort": None}
    layers = [
        {"mark": {"type": "line"}, "encoding": {"stroke": {**told, "legend": None}}},
        {"mark": {"type": "point", "size": 50, "filled": True}, "encoding": {"fill": told, "shape": told}},
    ]
    return {"width": WIDTH, "height": HEIGHT, "encoding": places, "layer": layers}


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
        "encoding": {"x": _categories(chart, chart.x), "y": _categories(chart, chart.y)},
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
        "width": WIDTH,
        "height": {"step": STEP},
        "encoding": {"y": _categories(chart, chart.x)},
        "layer": [
            {"mark": {"type": "rule", "color": COLOURS[0], "size": 3}, "encoding": {"x": low, "x2": {"field": "high"}}},
            {
                "mark": {"type": "point", "filled": True, "size": 80, "color": COLOURS[0]},
                "encoding": {"x": {"field": chart.y, "type": "quantitative"}},
            },
        ],
    }


KINDS: Mapping[Kind, Callable[[Chart], Spec]] = {
    "bars": _bars,
    "lines": _lines,
    "heat": _heat,
    "intervals": _intervals,
}
