"""The map and every chart of a run as pictures of their own, for slides."""

from nle_optimizer.reports.charts.of_run import charts_of
from nle_optimizer.reports.charts.vega import png, svg
from nle_optimizer.reports.map_picture import map_svg
from nle_optimizer.reports.view.view import View

FOLDER = "images"
SCALE = 2
"""How much larger the map is as PNG."""


def images(view: View) -> dict[str, bytes]:
    """SVG and PNG of the map, where places are known, and of each chart, by their path in the run folder."""
    files: dict[str, bytes] = {}
    if drawn := map_svg(view):
        from vl_convert import svg_to_png

        files[f"{FOLDER}/map.svg"] = drawn.encode()
        files[f"{FOLDER}/map.png"] = bytes(svg_to_png(drawn, scale=SCALE))
    for chart in charts_of(view):
        files[f"{FOLDER}/{chart.name}.svg"] = svg(chart, titled=True).encode()
        files[f"{FOLDER}/{chart.name}.png"] = png(chart)
    return files
