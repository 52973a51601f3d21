"""The files of a run that are made for people to look at; each is one line here."""

from pathlib import Path

from nle_optimizer.files import read_file
from nle_optimizer.reports.geojson import geojson
from nle_optimizer.reports.page.run_page import run_page
from nle_optimizer.reports.view.view import OUTLINES, View
from nle_optimizer.reports.workbook.workbook import workbook

WORKBOOK, MAP = "workbook.xlsx", "map.geojson"


def files_for_people(view: View, boundaries: Path | None = None) -> dict[str, bytes]:
    """Every file by its path in the run folder, and the outlines that were drawn, so that they can be drawn again."""
    outlines = {OUTLINES: read_file(boundaries)} if boundaries is not None else {}
    return {"report.html": run_page(view), WORKBOOK: workbook(view), MAP: geojson(view), **outlines}
