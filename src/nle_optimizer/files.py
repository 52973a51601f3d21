"""Files as they are read and written: only plain ones, only so large, and never half of one."""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

MOST_BYTES = 500_000_000
"""A longer file is not read."""
LONGEST_NAME = 200
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)
_UNUSABLE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


class UnreadableError(OSError):
    """A file that is not read; `strerror` says why, in words."""


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a plain file.

    Whatever else a path may lead to (a folder, a pipe, a device) is refused and not waited for.

    Raises:
        UnreadableError: it is no plain file, or longer than `most` bytes.
        OSError: it cannot be opened or read.
    """
    _refuse_other_than_plain(path.stat().st_mode, path)  # opening a device may already do something
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        _refuse_other_than_plain(about.st_mode, path)
        if about.st_size > most:
            raise UnreadableError(0, _too_long(about.st_size, most), str(path))
        content = file.read(most + 1)
    if len(content) > most:
        raise UnreadableError(0, _too_long(len(content), most), str(path))
    if (noted := _noted.get()) is not None:
        noted[str(path)] = sha256(content)
    return content


def begins_with(path: Path, start: bytes) -> bool:
    """Whether a plain file begins so; what cannot be read does not."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except (OSError, ValueError):
        return False


_noted: ContextVar[dict[str, str] | None] = ContextVar("noted", default=None)


@contextmanager
def noted_reads() -> Iterator[dict[str, str]]:
    """The SHA-256 of every file that `read_file` reads while this lasts, of the bytes that it gave, by path."""
    noted: dict[str, str] = {}
    before = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(before)
        if (around := _noted.get()) is not None:
            around |= noted


def _too_long(size: int, most: int) -> str:
    return f"it is longer than {most / 1e6:,g} MB ({size / 1e6:,.0f} MB), and so much is not read"


def _refuse_other_than_plain(mode: int, path: Path) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    what = next((word for is_kind, word in kinds if is_kind(mode)), "a device")
    raise UnreadableError(0, f"it is {what}, and a file is needed", str(path))


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all; it takes the place of an earlier one.

    Raises:
        OSError: it cannot be written; an earlier one is as it was.
    """
    with _on_disk_beside(path, content) as partial:
        partial.replace(path)
    sync_folder(path.parent)


def create_file(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all; it takes nobody's place.

    Raises:
        FileExistsError: there is something of that name.
        OSError: it cannot be written.
    """
    with _on_disk_beside(path, content) as partial:
        try:
            path.hardlink_to(partial)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if path.exists() or path.is_symlink():
                raise FileExistsError(errno.EEXIST, "it exists already", str(path)) from None
            partial.rename(path)
    sync_folder(path.parent)


@contextmanager
def _on_disk_beside(path: Path, content: bytes) -> Iterator[Path]:
    """The content in a file beside the path, which is gone in the end."""
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield partial
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Have the disk keep what was written into a file."""
    _sync(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Have the disk keep which files a folder has, where a system can do that."""
    if os.name == "nt":
        return
    try:
        _sync(path, os.O_RDONLY)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            raise


CANNOT_SYNC = (errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOTSUP)
"""What systems say of folders that cannot be synchronised."""


def _sync(path: Path, how: int) -> None:
    handle = os.open(path, how)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_as_written(file: Path, digest: object) -> bool:
    """Whether a file has that SHA-256; what is no plain file never has.

    Raises:
        OSError: it cannot be read.
    """
    return digest is not None and not file.is_symlink() and file.is_file() and sha256(file.read_bytes()) == digest


def files_in(folder: Path) -> Iterator[Path]:
    """Whatever is no folder itself, in a folder and in those below it."""
    for here, folders, files in _walk(folder):
        yield from (Path(here, name) for name in (*files, *folders) if name in files or Path(here, name).is_symlink())


def folders_in(folder: Path) -> Iterator[Path]:
    """A folder, and all below it.

    Raises:
        OSError: one of them cannot be looked into.
    """
    return (Path(here) for here, _, _ in _walk(folder))


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    def fail(error: OSError) -> None:
        raise error

    return os.walk(folder, onerror=fail)


def is_same(file: Path, other: Path) -> bool:
    """Whether two files, or links, hold the same."""
    if file.is_symlink() or other.is_symlink():
        return file.is_symlink() and other.is_symlink() and file.readlink() == other.readlink()
    is_as_long = file.is_file() and file.stat().st_size == other.lstat().st_size
    return is_as_long and is_as_written(other, sha256(file.read_bytes()))


def unusable_name(name: str) -> str | None:
    """Why a file or folder should not have this name; None where it may.

    What Windows cannot hold is refused everywhere: folders are passed on.
    """
    if len(os.fsencode(name)) > LONGEST_NAME:
        return f"the name is longer than {LONGEST_NAME} bytes"
    if _RESERVED.fullmatch(name):
        return f"Windows keeps the name {name.split('.')[0].upper()} for a device"
    if name[-1:] in (".", " "):
        return "Windows drops a dot or space at the end of a name"
    found = _UNUSABLE.search(name)
    return f"Windows allows no {found[0]!r} in a name" if found else None
