"""A folder that appears complete or not at all."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nle_optimizer.errors import RunFolderError

MARK = "import.json"
"""The file by which an import folder is known; it lists the files the import wrote."""


def refuse_existing(out: Path, force: bool) -> None:
    """Refuse an output folder that must not be replaced.

    Raises:
        RunFolderError: it exists and `force` is not set, or it was not written by an import.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        raise RunFolderError(f"{out}: a file of this name exists; give another --out")
    if not (out / MARK).is_file():
        raise RunFolderError(f"{out}: the folder holds something that no import wrote; give another --out")
    if not force:
        raise RunFolderError(f"{out}: the folder exists; give --force to replace it, or another --out")


@contextmanager
def new_folder(out: Path, force: bool) -> Iterator[Path]:
    """A folder to write to, which becomes `out` when the block ends without an error.

    Files in an earlier import folder that the import did not write (an NLE list put there by hand, runs)
    are kept.

    Raises:
        RunFolderError: the folder may not be replaced, or cannot be written.
    """
    refuse_existing(out, force)
    target = out.resolve()
    part = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        part.mkdir(parents=True)
        yield part
        _keep_foreign_files(target, part)
        _swap(part, target)
    except OSError as error:
        raise RunFolderError(f"{out}: the folder cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _keep_foreign_files(out: Path, part: Path) -> None:
    if not (out / MARK).is_file():
        return
    ours = _listed(out / MARK)
    for entry in out.iterdir():
        target = part / entry.name
        if entry.name in ours or target.exists():
            continue
        if entry.is_dir():
            shutil.copytree(entry, target, symlinks=True)
        else:
            shutil.copy2(entry, target)


def _listed(mark: Path) -> set[str]:
    try:
        files = json.loads(mark.read_text(encoding="utf-8"))["files"]
    except (ValueError, KeyError, TypeError):
        files = []
    return {MARK, *files}


def _swap(part: Path, out: Path) -> None:
    old = out.with_name(f".{out.name}.old-{os.getpid()}")
    if out.exists():
        out.rename(old)
    try:
        part.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
