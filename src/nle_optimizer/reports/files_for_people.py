"""The files of a run that are made for people, those made on request, and a copy to share.

The files of a run that are made for people to look at; each is one line here. Files for people that are made on
request only: pictures for slides, and the record of the decision. `report`: files made again in a run folder, or a
copy of a run that may be passed on: a folder of its own, written whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.files import read_file
from nle_optimizer.folders import MANIFEST, FolderKind, write_files
from nle_optimizer.reports.boundaries import outlines_of
from nle_optimizer.reports.decision_record import record
from nle_optimizer.reports.map_picture import geojson, images
from nle_optimizer.reports.page.run_page import run_page
from nle_optimizer.reports.redaction import REMARK, secret_in, veiled
from nle_optimizer.reports.run_folder import read_json, replace_files
from nle_optimizer.reports.view import OUTLINES, View, read_view
from nle_optimizer.reports.workbook import workbook
from nle_optimizer.tables import TEXT, WHOLE, Answer, ResultTable, counted_in_words, of_rows

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


SECRET = "share.key"
ABOUT = "about-this-copy.txt"
SHARED_COPY = FolderKind("shared copy")
NAMED = "This copy shows NLEs by name and where they are: it is for those who may know."


def share_folder(
    view: View, run: Path, target: Path, wanted: ExtraFiles, *, names: bool, key: Path | None, force: bool
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
    files = {**drawn_from(shown), **wanted.files(shown), ABOUT: f"{NAMED if names else REMARK}\n".encode()}
    write_files(target, SHARED_COPY, files, force=force)
    return [target / name for name in files]


@dataclass(frozen=True, repr=False)
class Report(Answer):
    """What `report` made.

    Attributes:
        folder: where it lies.
        files: what was written, without files that people had written in and that stayed.
        remarks: sentences on what is missing in the run folder, or not as the run wrote it.
    """

    folder: Path
    files: Sequence[Path]
    remarks: Sequence[str]

    def __repr__(self) -> str:
        return f"<Report in {self.folder}: {counted_in_words(len(self.files), 'file')}>"

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`files`, with the bytes of each."""
        rows = [{"file": file.relative_to(self.folder).as_posix(), "bytes": file.stat().st_size} for file in self.files]
        return {"files": of_rows("files", rows, {"file": TEXT, "bytes": WHOLE})}


def report(
    run: str | Path,
    *,
    share: str | Path | None = None,
    names: bool = False,
    key: str | Path | None = None,
    images: bool = False,
    record: bool = False,
    boundaries: str | Path | None = None,
    force: bool = False,
) -> Report:
    """Make the page, workbook and map of a run folder again, or a copy that names no NLE.

    Nothing is solved or verified. What people wrote in the workbook or the record stays, unless `force` is given. In a
    shared copy NLEs have pseudonyms, which stay the same as long as the secret does, and stand at the middle of their
    authority.

    Args:
        run: the run folder.
        share: the folder of a copy fit to send, which is written instead.
        names: with `share`: show NLEs by name and where they are.
        key: with `share`: the file of the secret that pseudonyms are made with; None: `share.key` in the run folder.
        images: write every chart as SVG and PNG too.
        record: write the record of the decision too.
        boundaries: GeoJSON of regions, whose outlines the map shows; one that cannot be used is warned of.
        force: whether what people wrote in, and an earlier copy, is replaced.

    Raises:
        RunFolderError: the folder cannot be read or written, a copy exists already, or the secret cannot be read.
        InputError: `names` or `key` without `share`.
    """
    if share is None and (names or key is not None):
        raise InputError([Fault(Place(), "", "--names and --key say how a copy is shared; give --share DIR too")])
    folder, file = Path(run), None if boundaries is None else Path(boundaries)
    view, remarks = read_view(folder)
    outlines = () if file is None else outlines_of(file)
    if outlines:
        view = view.with_outlines(outlines)
    wanted = ExtraFiles(read_json(folder / MANIFEST), images=images, record=record)
    if share is None:
        made = {**files_for_people(view, file if outlines else None), **wanted.files(view)}
        return Report(folder, replace_files(folder, made, force=force), remarks)
    secret = None if key is None else Path(key)
    files = share_folder(view, folder, Path(share), wanted, names=names, key=secret, force=force)
    return Report(Path(share), files, remarks)
