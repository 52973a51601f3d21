"""Folders that appear complete or not at all, and in which nothing is lost that somebody else wrote.

Beside a folder NAME two others may lie for a moment: `.NAME.partial-PID`, which is being written, and
`.NAME.replaced-PID`, the earlier NAME while the new one takes its place. What a process leaves of them that was killed
is put right by the next command on NAME.
"""

import errno
import json
import os
import re
import shutil
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

from nle_optimizer.errors import FilesKept, RunFolderError
from nle_optimizer.files import (
    UnreadableError,
    files_in,
    folders_in,
    is_as_written,
    is_same,
    read_file,
    sha256,
    sync_file,
    sync_folder,
    unusable_name,
)

MANIFEST = "manifest.json"
_BESIDE = re.compile(r"\.(?P<name>.+)\.(?P<what>partial|replaced)-(?P<process>\d+)", re.DOTALL)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_IN_THE_WAY = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR)
_in_use: set[Path] = set()
"""Partial folders that this process is writing."""

installed = cache(version)
"""The version of a package; its metadata are read once."""


@dataclass(frozen=True)
class FolderKind:
    """What a folder of ours is. Its manifest says so, and lists what we wrote there with its SHA-256.

    Attributes:
        name: as the manifest (`kind`) and messages name it.
        manifest: the name of the file that is its manifest; empty: it has none, and is never replaced.
        edited_stay: files that are meant to be changed: an edited one stays where it is, and the new one is put beside
            it. In place of any other comes the new one, and the edited one is put beside it.
        older: keys that tell a manifest of this kind which names none, as earlier versions wrote it; empty: none did.
    """

    name: str
    manifest: str = MANIFEST
    edited_stay: frozenset[str] = frozenset()
    older: frozenset[str] = frozenset()


@contextmanager
def complete_folder(target: Path, kind: FolderKind, *, force: bool) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its place when the block ends well.

    A manifest that the block leaves is completed with the kind, the version and the hashes of the other files;
    where it leaves none, there is one all the same. Of an earlier folder every file is kept that is not exactly as we
    wrote it; one whose place is needed is put beside it under a name with `.kept`, and a warning says so (`FilesKept`).
    Whatever goes wrong, an interrupt too, the temporary folder is gone and `target` is as it was.

    Raises:
        RunFolderError: `target` may not be replaced, or the disk refuses.
    """
    place = Path(os.path.realpath(target))
    if os.path.lexists(_replaced(place)):
        recover(target, kind)
    _refuse(target, place, kind, force=force)
    try:
        with _partial_folder(place) as partial:
            yield partial
            new = _NewFolder(partial, kind)
            new.take_over(place)
            new.finish()
            _take_place(partial, place, kind, force=force)
    except OSError as error:
        raise RunFolderError(f"{target}: the folder cannot be written: {error.strerror or error}") from error
    for name, other in new.moved:
        where = "stays, and the new one is" if name in kind.edited_stay else "was kept as"
        what = f"{target / name}: it is not as we wrote it, so it {where} {other}"
        warnings.warn(what, FilesKept, stacklevel=4)


def write_files(target: Path, kind: FolderKind, files: Mapping[str, bytes], *, force: bool) -> Path:
    """Write files, by their path, into a folder that is there complete or not at all; gives the folder.

    Raises:
        RunFolderError: as `complete_folder`.
    """
    with complete_folder(target, kind, force=force) as folder:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return target


@contextmanager
def _partial_folder(place: Path) -> Iterator[Path]:
    partial = _partial(place)
    if partial not in _in_use:  # else it is left from a process that was killed and had our number
        shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _in_use.add(partial)
    try:
        yield partial
    finally:
        _in_use.discard(partial)
        shutil.rmtree(partial, ignore_errors=True)


def _partial(place: Path) -> Path:
    return place.with_name(f".{place.name}.partial-{os.getpid()}")


def _replaced(place: Path) -> Path:
    return place.with_name(f".{place.name}.replaced-{os.getpid()}")


def refuse_existing(target: Path, kind: FolderKind, *, force: bool) -> None:
    """Refuse a folder that exists already, or could not exist everywhere; an empty one may be filled.

    What a process that was killed left of an earlier attempt is put right first.

    Raises:
        RunFolderError: it holds what we did not write, or `force` is not given.
    """
    recover(target, kind)
    _refuse(target, Path(os.path.realpath(target)), kind, force=force)


def _refuse(target: Path, place: Path, kind: FolderKind, *, force: bool) -> None:
    """Refuse a folder that may not be replaced, and names that not every system can hold."""
    new = [part.name for part in (place, *place.parents) if part.name and not os.path.lexists(part)]
    for name in new:
        if why := unusable_name(name):
            raise RunFolderError(f"{target}: {why}; choose another --out")
    if not place.exists():
        return
    if place.is_dir() and not any(place.iterdir()):
        return
    if not kind.manifest:
        raise RunFolderError(f"{target}: it exists already; name a new folder")
    if not is_ours(place, kind):
        other = _written_there(place / MANIFEST).get("kind")
        what = f"is a folder of {other}" if other else "holds what we did not write"
        raise RunFolderError(f"{target}: it exists already, and {what}; choose another --out")
    if not force:
        raise RunFolderError(f"{target}: it exists already; choose another --out, or give --force to replace it")


def is_ours(folder: Path, kind: FolderKind) -> bool:
    """Whether we wrote a folder of this kind there: its manifest has the form that nobody else's has."""
    manifest = _written_there(folder / kind.manifest) if kind.manifest else {}
    if manifest and "kind" not in manifest:
        return bool(kind.older) and kind.older <= manifest.keys()
    return bool(manifest) and manifest["kind"] == kind.name


def _written_there(file: Path) -> dict[str, Any]:
    """A manifest of ours; empty where it is none."""
    manifest = _object_in(file)
    outputs, versions = manifest.get("outputs"), manifest.get("versions")
    is_ours = (
        manifest.get("schema_version") == 1
        and isinstance(versions, dict)
        and "nle-optimizer" in versions
        and isinstance(outputs, dict)
        and all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in outputs.values())
    )
    return manifest if is_ours else {}


def _object_in(file: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none that can be read."""
    try:
        value = json.loads(read_file(file))
    except (FileNotFoundError, NotADirectoryError, UnreadableError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@dataclass
class _NewFolder:
    """A folder that was just written, before it takes its place.

    Attributes:
        outputs: the SHA-256 of what we wrote, by path.
        moved: two files of one name: that name, and where the one that gave way lies now.
    """

    folder: Path
    kind: FolderKind
    outputs: dict[str, str] = field(default_factory=dict)
    moved: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outputs = {self._path(file): sha256(file.read_bytes()) for file in files_in(self.folder)}
        self.outputs.pop(self.kind.manifest, None)

    def _path(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()

    def take_over(self, old: Path) -> None:
        """Take over every file of an earlier folder that is not as we wrote it."""
        if old.is_dir():
            self._take_over(old, self.folder, _Written(old, self.kind))

    def _take_over(self, old: Path, new: Path, written: "_Written") -> None:
        for entry in sorted(old.iterdir()):
            place = new / entry.name
            if entry.is_dir() and not entry.is_symlink():
                inner = place if place.is_dir() or not os.path.lexists(place) else _free(place, "kept")
                if entry not in written.folders:
                    inner.mkdir(exist_ok=True)
                self._take_over(entry, inner, written)
            elif not written.is_as_written(entry):
                self._keep(entry, place, written)

    def _keep(self, entry: Path, place: Path, written: "_Written") -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        name = self._path(place)
        if os.path.lexists(place):
            if is_as_written(entry, self.outputs.get(name)):
                return
            stays = name in self.kind.edited_stay
            kept = {file.name for file in entry.parent.iterdir() if not written.is_as_written(file)}
            other = _free(place, "new" if stays else "kept", kept)
            self.moved.append((name, self._path(other)))
            if stays:
                place.rename(other)
                self.outputs[self._path(other)] = self.outputs.pop(name)
            else:
                place = other
        _bring(entry, place)

    def finish(self) -> None:
        """Complete the manifest, and have the disk keep everything."""
        if self.kind.manifest:
            self._write_manifest()
            self.outputs[self.kind.manifest] = ""
        for name in self.outputs:
            sync_file(self.folder / name)
        for folder in folders_in(self.folder):
            sync_folder(folder)

    def _write_manifest(self) -> None:
        told = {"schema_version": 1, "kind": self.kind.name, "versions": {"nle-optimizer": installed("nle-optimizer")}}
        told |= {**_object_in(self.folder / self.kind.manifest), "outputs": dict(sorted(self.outputs.items()))}
        text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
        (self.folder / self.kind.manifest).write_text(text, encoding="utf-8", newline="\n")


class _Written:
    """What we wrote into a folder, by its manifest."""

    def __init__(self, folder: Path, kind: FolderKind):
        self._folder, self._manifest = folder, kind.manifest
        self._outputs = _object_in(folder / kind.manifest).get("outputs", {}) if kind.manifest else {}
        self.folders = {parent for name in self._outputs for parent in (folder / name).parents}

    def is_as_written(self, file: Path) -> bool:
        """Whether a file is the manifest, or exactly as it says; or half of one that a dead process left."""
        path = file.relative_to(self._folder).as_posix()
        half = _BESIDE.fullmatch(file.name)
        if half and not _is_being_written(file, int(half["process"])):
            return True
        return path == self._manifest or is_as_written(file, self._outputs.get(path))


def put_aside(file: Path) -> Path:
    """Give a file that is in the way another name beside; the new path.

    Raises:
        OSError: that cannot be done.
    """
    return file.rename(_free(file, "kept"))


def _free(place: Path, word: str, taken: Collection[str] = ()) -> Path:
    """A name beside a place that nobody has: `workbook.kept.xlsx`, `workbook.kept-2.xlsx`."""
    names = (f"{place.stem}.{word}{f'-{n}' if n > 1 else ''}{place.suffix}" for n in count(1))
    free = (place.with_name(name) for name in names if name not in taken)
    return next(other for other in free if not os.path.lexists(other))


def _bring(file: Path, place: Path) -> None:
    """Have a file of somebody in the new folder too: by a link, else as a copy."""
    try:
        os.link(file, place, follow_symlinks=False)
    except (OSError, NotImplementedError):
        if not file.is_symlink() and not file.is_file():
            raise
        shutil.copy2(file, place, follow_symlinks=False)
        if not place.is_symlink():
            sync_file(place)


def _take_place(partial: Path, place: Path, kind: FolderKind, *, force: bool) -> None:
    old = _replaced(place)
    if old.exists():
        raise RunFolderError(f"{old}: it is left from a command that was killed; move what is yours, and remove it")
    try:
        if force and place.is_dir() and any(place.iterdir()) and is_ours(place, kind):
            place.rename(old)
        partial.rename(place)
    except BaseException as fault:
        if old.exists():
            with suppress(OSError):
                old.rename(place)
        if isinstance(fault, OSError) and fault.errno in _IN_THE_WAY:
            other = _free(place, "new")
            partial.rename(other)
            what = "it appeared while this was worked out, and is left as it is"
            raise RunFolderError(f"{place}: {what}; the new folder is {other}") from fault
        raise
    sync_folder(place.parent)
    if old.exists():
        with suppress(OSError):
            _drop(old, place, kind)


def _drop(old: Path, place: Path, kind: FolderKind) -> None:
    """Remove an earlier folder, unless it holds something of somebody that its successor does not."""
    written, there = _Written(old, kind), list(files_in(place))
    known = {(about.st_dev, about.st_ino) for file in there if (about := file.lstat())}
    others = [file for file in files_in(old) if not written.is_as_written(file)]
    linked = [(about.st_dev, about.st_ino) in known for file in others if (about := file.lstat())]
    if all(
        is_link or any(is_same(file, other) for other in there) for file, is_link in zip(others, linked, strict=True)
    ):
        old.rename(_partial(place))
        shutil.rmtree(_partial(place), ignore_errors=True)
    else:
        what = f"it holds files that {place} does not; move them, and remove it"
        warnings.warn(f"{old}: {what}", FilesKept, stacklevel=5)


def recover(target: Path, kind: FolderKind) -> None:
    """Put right what a killed process left beside a folder: bring the folder back, remove half of a new one."""
    place = Path(os.path.realpath(target))
    for beside, is_replaced in _left_beside(place):
        with suppress(OSError):
            if not is_replaced:
                shutil.rmtree(beside, ignore_errors=True)
            elif place.exists() and any(place.iterdir()):
                _drop(beside, place, kind)
            else:
                beside.rename(place)
                what = "a command was killed while it replaced this folder, so the earlier one was brought back"
                warnings.warn(f"{target}: {what}", FilesKept, stacklevel=3)


def _left_beside(place: Path) -> list[tuple[Path, bool]]:
    """What dead processes left beside a folder, earlier ones first, and whether it is the earlier folder."""
    try:
        found = [(path, _BESIDE.fullmatch(path.name)) for path in sorted(place.parent.iterdir(), reverse=True)]
    except OSError:
        return []
    return [
        (path, match["what"] == "replaced")
        for path, match in found
        if match and match["name"] == place.name and not _is_being_written(place, int(match["process"]))
    ]


def _is_being_written(place: Path, process: int) -> bool:
    """Whether a process that runs is writing a folder."""
    if process == os.getpid():
        return _partial(place) in _in_use
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, process)
        ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
