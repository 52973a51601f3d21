"""A copy of a run that may be passed on: a folder of its own, written whole."""

from dataclasses import replace
from pathlib import Path

from nle_optimizer.folders import FolderKind, complete_folder
from nle_optimizer.reports.further import Wanted
from nle_optimizer.reports.geojson import geojson
from nle_optimizer.reports.page.run_page import run_page
from nle_optimizer.reports.view.pseudonyms import secret_in
from nle_optimizer.reports.view.veil import REMARK, veiled
from nle_optimizer.reports.view.view import View
from nle_optimizer.reports.workbook.workbook import workbook

SECRET = "share.key"
ABOUT = "about-this-copy.txt"
SHARED_COPY = FolderKind("shared copy")
NAMED = "This copy shows NLEs by name and where they are: it is for those who may know."


def shared_files(view: View) -> dict[str, bytes]:
    """The files of a copy by name."""
    return {"report.html": run_page(view), "workbook.xlsx": workbook(view), "map.geojson": geojson(view)}


def share_folder(
    view: View, run: Path, target: Path, wanted: Wanted, *, names: bool, key: Path | None, force: bool
) -> list[Path]:
    """Write a copy of a run; its files.

    Args:
        view: the run.
        run: its folder, where the secret of the pseudonyms lies unless `key` names another file.
        target: the folder of the copy.
        wanted: what is in it beside the page, workbook and map.
        names: whether NLEs are shown by name and where they are.
        key: the file of the secret; made where there is none.
        force: whether an earlier copy is replaced.

    Raises:
        RunFolderError: the folder exists already or cannot be written, or the secret cannot be read.
    """
    if names:
        shown = replace(view, remarks=(*view.remarks, NAMED))
    else:
        shown = veiled(view, secret_in(key or run / SECRET))
    files = {**shared_files(shown), **wanted.files(shown), ABOUT: f"{NAMED if names else REMARK}\n".encode()}
    with complete_folder(target, SHARED_COPY, force=force) as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    return [target / name for name in files]
