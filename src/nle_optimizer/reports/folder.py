"""A folder that appears complete or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nle_optimizer.errors import RunFolderError

MARK = "manifest.json"
"""The file that shows a folder to be a run folder, which --force may replace."""


@contextmanager
def complete_folder(target: Path, *, force: bool) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its place when the block ends well.

    Whatever goes wrong, an interrupt too, the temporary folder is gone and `target` is as it was.

    Raises:
        RunFolderError: `target` exists and `force` is not given, or the disk refuses.
    """
    refuse_existing(target, force=force)
    partial = target.parent / f".{target.name}.partial-{os.getpid()}"
    try:
        partial.mkdir(parents=True)
        yield partial
        _take_place(partial, target)
    except OSError as error:
        raise RunFolderError(f"{target}: the folder cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(target: Path, *, force: bool) -> None:
    """Refuse a folder that exists already.

    Raises:
        RunFolderError: it exists, and `force` is not given or it holds something other than a run.
    """
    if not target.exists():
        return
    replaceable = target.is_dir() and ((target / MARK).is_file() or not any(target.iterdir()))
    if not replaceable:
        raise RunFolderError(f"{target}: it exists already, and is no run folder; choose another --out")
    if not force:
        raise RunFolderError(f"{target}: it exists already; choose another --out, or give --force to replace it")


def _take_place(partial: Path, target: Path) -> None:
    old = target.parent / f".{target.name}.replaced-{os.getpid()}"
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        with suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
