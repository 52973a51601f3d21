"""A synthetic England as a folder: a scenario file and its tables, complete or not at all."""

import tempfile
from pathlib import Path

from nle_optimizer.delimited import write_columns
from nle_optimizer.errors import RunFolderError
from nle_optimizer.sources.synthetic.document import scenario_text
from nle_optimizer.sources.synthetic.generator import SyntheticEngland
from nle_optimizer.sources.synthetic.tables import leader_columns, school_columns, trust_columns

SCENARIO = "scenario.yaml"
FILES = (SCENARIO, "schools.csv", "nles.csv", "trusts.csv")


def write_scenario(england: SyntheticEngland, folder: Path, *, force: bool = False) -> Path:
    """Write `scenario.yaml`, `schools.csv`, `nles.csv` and `trusts.csv` into a new folder.

    Args:
        england: what to write.
        folder: must not exist, or be empty; its name becomes the scenario's.
        force: replace a folder that holds nothing but such files.

    Returns:
        The scenario file.

    Raises:
        RunFolderError: the folder is filled already, holds other files, or cannot be written.
    """
    _check(folder, force)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as spare:
            _write_files(england, Path(spare) / "new", folder.absolute().name)
            _replace(folder, Path(spare))
    except OSError as error:
        raise RunFolderError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return folder / SCENARIO


def _check(folder: Path, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder}: is a file; name a new folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not force:
        raise RunFolderError(f"{folder}: exists already; name a new folder, or replace it with --force")
    others = sorted(path.name for path in folder.iterdir() if path.name not in FILES)
    if others:
        raise RunFolderError(f"{folder}: holds {others[0]!r}, which generate did not write, so it is left as it is")


def _write_files(england: SyntheticEngland, folder: Path, name: str) -> None:
    folder.mkdir()
    (folder / SCENARIO).write_text(scenario_text(england, name), encoding="utf-8", newline="\n")
    write_columns(folder / "schools.csv", school_columns(england))
    write_columns(folder / "nles.csv", leader_columns(england))
    write_columns(folder / "trusts.csv", trust_columns(england))


def _replace(folder: Path, spare: Path) -> None:
    """Put the new folder in place of the old one, which goes with the temporary folder."""
    if folder.exists():
        folder.rename(spare / "old")
    try:
        (spare / "new").rename(folder)
    except OSError:
        if (spare / "old").exists():
            (spare / "old").rename(folder)
        raise
