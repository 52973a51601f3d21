"""Folders written while the n-th operation on files fails, or kills the process: what may then be found on the disk."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nle_optimizer.errors import FilesKept, NleOptimizerError
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing

KIND = FolderKind("trial", edited_stay=frozenset({"settings"}))
OURS = ("table", "settings", "deep/table", "workbook.xlsx")
THEIRS = {"notes.txt": "minutes", "deep/mine.txt": "mine", "folder/x": "x"}
WATCHED = ("open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.listdir", "os.scandir", "fsync")
KILLED = 9


@dataclass
class Faults:
    """Counts operations on files, and lets the one that is asked for fail or kill the process."""

    at: int = 0
    fault: Callable[[], Any] | None = None
    count: int = 0
    active: bool = field(default=False)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.active or event not in WATCHED or str(arguments[0]).endswith((".py", ".pyc")):
            return
        self.count += 1
        if self.count == self.at and self.fault is not None:
            self.fault()


_faults = Faults()
sys.addaudithook(_faults)
os.fsync = lambda handle: sys.audit("fsync", handle)  # no test outlives a power cut, and disks are slow


@contextmanager
def fault_at(number: int, fault: Callable[[], Any]) -> Iterator[Faults]:
    """Within this, the operation of that number meets the fault."""
    _faults.at, _faults.fault, _faults.count, _faults.active = number, fault, 0, True
    try:
        yield _faults
    finally:
        _faults.active = False


def failing(code: int) -> Callable[[], None]:
    """A fault that the system reports."""

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    return fail


def kill() -> None:
    """A fault that ends the process at once, as a power cut does."""
    os._exit(KILLED)


def write(target: Path, content: str) -> None:
    """Write a folder of ours over an earlier one."""
    refuse_existing(target, KIND, force=True)
    with complete_folder(target, KIND, force=True) as folder:
        (folder / "deep").mkdir()
        for name in OURS:
            (folder / name).write_text(content, encoding="utf-8")


def scene(folder: Path) -> Path:
    """An earlier folder of ours, in which somebody has put files, and changed two of ours."""
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "run"
    write(target, "old")
    for name, content in THEIRS.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(content, encoding="utf-8")
    for name in ("settings", "workbook.xlsx"):
        (target / name).write_text("edited", encoding="utf-8")
    return target


def content(folder: Path) -> dict[str, str]:
    """Every file but the manifest, as it is."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


OLD = {"table": "old", "deep/table": "old", "settings": "edited", "workbook.xlsx": "edited", **THEIRS}
NEW = {
    **dict.fromkeys(("table", "deep/table", "workbook.xlsx", "settings.new"), "new"),
    **dict.fromkeys(("settings", "workbook.kept.xlsx"), "edited"),
    **THEIRS,
}


def after(target: Path, *, killed: bool) -> list[str]:
    """What is wrong with what a fault left, and with what the next command makes of it."""
    wrong = []
    found = content(target) if target.exists() else None
    if found not in (OLD, NEW) and not (killed and found is None):
        wrong.append(f"torn: {found}")
    write(target, "new")
    if content(target) != NEW:
        wrong.append(f"the next command made {content(target)} of it")
    if [path.name for path in target.parent.iterdir()] != ["run"]:
        wrong.append(f"left: {sorted(path.name for path in target.parent.iterdir())}")
    return wrong


def every_failure(folder: Path, codes: Sequence[int]) -> tuple[int, list[str]]:
    """How many operations there were, and what was wrong after each of them failed."""
    wrong: list[str] = []
    for number in range(1, 1000):
        target = scene(folder)
        try:
            with fault_at(number, failing(codes[number % len(codes)])) as faults:
                write(target, "new")
        except (OSError, NleOptimizerError):
            pass
        if faults.count < number:
            return number - 1, wrong
        wrong += [f"{number}: {what}" for what in after(target, killed=False)]
    raise AssertionError("there is no end of it")


def every_kill(folder: Path) -> tuple[int, list[str]]:
    """Likewise where the process ended at each operation; only for a process without threads, as it forks."""
    wrong: list[str] = []
    for number in range(1, 1000):
        target = scene(folder)
        child = os.fork()
        if not child:
            with fault_at(number, kill):
                write(target, "new")
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != KILLED:
            return number - 1, wrong
        wrong += [f"{number}: {what}" for what in after(target, killed=True)]
    raise AssertionError("there is no end of it")


if __name__ == "__main__":
    import json
    import warnings

    warnings.simplefilter("ignore", FilesKept)
    sys.stdout.write(json.dumps(every_kill(Path(sys.argv[1]))))
