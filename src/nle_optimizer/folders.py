"""Folders that appear complete or not at all, and that replace nothing but what we wrote ourselves."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.errors import RunFolderError


@dataclass(frozen=True)
class Signature:
    """How a folder of ours is known.

    Attributes:
        mark: the file that only a folder of this kind has.
        ours: the names of the entries that we wrote into such a folder; all others are somebody's.
    """

    mark: str
    ours: Callable[[Path], set[str]]


@contextmanager
def complete_folder(target: Path, signature: Signature, *, force: bool) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its place when the block ends well.

    Files that somebody else put into an earlier folder of ours are kept. Whatever goes wrong, an interrupt
    too, the temporary folder is gone and `target` is as it was.

    Raises:
        RunFolderError: `target` may not be replaced, or the disk refuses.
    """
    refuse_existing(target, signature, force=force)
    place = target.absolute()
    partial = place.with_name(f".{place.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        yield partial
        _keep_files_of_others(place, partial, signature)
        _take_place(partial, place)
    except OSError as error:
        raise RunFolderError(f"{target}: the folder cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(target: Path, signature: Signature, *, force: bool) -> None:
    """Refuse a folder that exists already; an empty one may be filled.

    Raises:
        RunFolderError: it is not ours, or `force` is not given.
    """
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / signature.mark).is_file():
        raise RunFolderError(f"{target}: it exists already, and holds what we did not write; choose another --out")
    if not force:
        raise RunFolderError(f"{target}: it exists already; choose another --out, or give --force to replace it")


def _keep_files_of_others(target: Path, partial: Path, signature: Signature) -> None:
    if not (target / signature.mark).is_file():
        return
    ours = signature.ours(target)
    for entry in target.iterdir():
        kept = partial / entry.name
        if entry.name in ours or kept.exists():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, kept, symlinks=True)
        else:
            shutil.copy2(entry, kept, follow_symlinks=False)


def _take_place(partial: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.replaced-{os.getpid()}")
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        with suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
