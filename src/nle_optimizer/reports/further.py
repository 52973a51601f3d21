"""Files for people that are made on request only: pictures for slides, and the record of the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nle_optimizer.reports.images import images
from nle_optimizer.reports.record import record
from nle_optimizer.reports.view.view import View


@dataclass(frozen=True)
class Wanted:
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
