"""Every chart of a run as a picture of its own, for slides."""

from nle_optimizer.reports.charts.of_run import charts_of
from nle_optimizer.reports.charts.vega import png, svg
from nle_optimizer.reports.view.view import View

FOLDER = "images"


def images(view: View) -> dict[str, bytes]:
    """SVG and PNG of each chart, by their path in the run folder."""
    files: dict[str, bytes] = {}
    for chart in charts_of(view):
        files[f"{FOLDER}/{chart.name}.svg"] = svg(chart, titled=True).encode()
        files[f"{FOLDER}/{chart.name}.png"] = png(chart)
    return files
