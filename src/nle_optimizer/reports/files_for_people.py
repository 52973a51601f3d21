"""The files of a run that are made for people, and those made on request.

The files of a run that are made for people to look at; each is one line here. Files for people that are made on
request only: pictures for slides, and the record of the decision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nle_optimizer.files import read_file
from nle_optimizer.reports.decision_record import record
from nle_optimizer.reports.map_picture import geojson, images
from nle_optimizer.reports.page.run_page import run_page
from nle_optimizer.reports.view import OUTLINES, View
from nle_optimizer.reports.workbook import workbook

FILES: Mapping[str, Callable[[View], bytes]] = {
    "report.html": run_page,
    "workbook.xlsx": workbook,
    "map.geojson": geojson,
}
"""What makes each file of a run, and of a copy of it to share: of a shared view a file tells no more than it does."""


def files_for_people(view: View, boundaries: Path | None = None) -> dict[str, bytes]:
    """Every file by its path in the run folder, and the outlines that were drawn, so that they can be drawn again."""
    outlines = {OUTLINES: read_file(boundaries)} if boundaries is not None else {}
    return {**drawn_from(view), **outlines}


def drawn_from(view: View) -> dict[str, bytes]:
    """Every file that is made for people whatever they ask for, by its path."""
    return {name: made_of(view) for name, made_of in FILES.items()}


@dataclass(frozen=True)
class ExtraFiles:
    """What is asked for beside the page, workbook and map.

    Attributes:
        manifest: of the run.
        images: whether every chart is wanted as a picture.
        record: whether the record of the decision is wanted.
    """

    manifest: Mapping[str, Any]
    images: bool = False
    record: bool = False

    def files(self, view: View) -> dict[str, bytes]:
        """The files by their path; of a shared view they tell no more than it does."""
        return {**(images(view) if self.images else {}), **(record(view, self.manifest) if self.record else {})}
