"""A sweep carried out, and stored as it goes.

The one door to a sweep: a scenario goes in, a folder with a row a point comes out.

The SQLite file of a sweep: every case that was ever worked out in its folder, and the points of the latest sweep.

A case is written when it is done, and the file is committed at least every second, so that whatever ends a sweep, what
was finished a second before is kept.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from nle_optimizer.errors import Fault, InputError, Place, RunFolderError
from nle_optimizer.folders import FolderKind, complete_folder, installed, is_ours, recover
from nle_optimizer.reports.run_folder import replace_files
from nle_optimizer.studies.sweep.plan import Plan, plan_sweep
from nle_optimizer.studies.sweep.points import Row, Wanted, row_of, said, sheet_of
from nle_optimizer.studies.sweep.workers import LOST, CaseAnswer, Crew, LocalCrew, SweepTask

FORMAT = 1
COMMIT_EVERY = 1.0
TABLES = """
CREATE TABLE IF NOT EXISTS cases (
    key TEXT PRIMARY KEY, status TEXT NOT NULL, error TEXT NOT NULL, summary TEXT, seconds REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS points (
    position INTEGER PRIMARY KEY, scenario TEXT NOT NULL, name TEXT NOT NULL, changes TEXT NOT NULL, key TEXT NOT NULL
);
"""


class Store:
    """The open file; for one sweep at a time.

    Raises:
        RunFolderError: it is no file of ours, another sweep has it open, or the disk refuses.
    """

    def __init__(self, file: Path):
        self._file = file
        self._committed = time.monotonic()
        with self._told():
            self._connection = sqlite3.connect(file, timeout=0.5)
        try:
            self._begin()
        except BaseException:
            self._connection.close()
            raise

    def _begin(self) -> None:
        with self._told():
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
            foreign = self._connection.execute("SELECT 1 FROM sqlite_master").fetchone() if found == 0 else None
            if found not in (0, FORMAT) or foreign:
                raise RunFolderError(
                    f"{self._file}: it was written by another program or version; choose another --out"
                )
            self._connection.executescript(f"BEGIN EXCLUSIVE; {TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")

    def answered(self) -> set[str]:
        """The keys of the cases that need not be worked out again; what was lost is tried again."""
        with self._told():
            return {key for (key,) in self._connection.execute("SELECT key FROM cases WHERE status != ?", [LOST])}

    def put(self, key: str, answer: CaseAnswer) -> None:
        """Keep the answer of a case."""
        summary = None if answer.summary is None else json.dumps(answer.summary, ensure_ascii=False)
        row = (key, answer.status, answer.error, summary, answer.seconds)
        with self._told():
            self._connection.execute("INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?)", row)
            if time.monotonic() - self._committed >= COMMIT_EVERY:
                self.commit()

    def answer(self, key: str) -> CaseAnswer | None:
        """The answer of a case; None where it has none yet."""
        with self._told():
            row = self._connection.execute(
                "SELECT status, error, summary, seconds FROM cases WHERE key = ?", [key]
            ).fetchone()
        if row is None:
            return None
        status, error, summary, seconds = row
        return CaseAnswer(status, error, None if summary is None else json.loads(summary), seconds)

    def lay_out(self, points: Iterable[tuple[int, str, str, Mapping[str, str], str]]) -> None:
        """Write down the points of a sweep: position, named scenario, label, changes as text, key of the case."""
        rows = (
            (position, scenario, name, json.dumps(changes, ensure_ascii=False), key)
            for position, scenario, name, changes, key in points
        )
        with self._told():
            self._connection.execute("DELETE FROM points")
            self._connection.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)
            self.commit()

    def commit(self) -> None:
        """Make everything that was put last."""
        with self._told():
            self._connection.commit()
        self._committed = time.monotonic()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.commit()
        finally:
            self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as fault:
            what = "another sweep is writing into this folder" if "locked" in str(fault) else str(fault)
            raise RunFolderError(f"{self._file}: {what}; finished cases are kept") from fault


STORE, SHEET, RUNS = "sweep.sqlite", "sweep.csv", "runs"
SWEEP = FolderKind("sweep")

Watch = Callable[[int, int, int], None]
"""Told how many cases are done, of how many, and how many of them failed."""


@dataclass(frozen=True)
class Swept:
    """What a sweep came to.

    Attributes:
        folder: where it lies.
        rows: those of `sweep.csv`, as text; points without an answer have none.
        points: how many there were.
        computed: how many cases were worked out now.
        reused: how many were there already; points with equal settings share a case.
    """

    folder: Path
    rows: Sequence[Row]
    points: int
    computed: int
    reused: int

    @property
    def statuses(self) -> dict[str, int]:
        """How many points have each status; `not run` where a sweep ended before them."""
        told = Counter(row["status"] for row in self.rows)
        told["not run"] = self.points - len(self.rows)
        return {status: count for status, count in sorted(told.items()) if count}


def sweep(
    file: str | Path,
    wanted: Wanted | None = None,
    *,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    fail_fast: bool = False,
    keep_runs: bool = False,
    allow_outside: bool = False,
    allow_code: bool = False,
) -> Swept:
    """Work out every point of a sweep, each verified as `run` verifies its result.

    Args:
        file: the scenario file.
        wanted: what to try out; what it leaves open, the file's own `sweep` section says.
        choose, sets, allow_outside, allow_code: as for `load_scenario`; they hold for every point.
        out: the folder; by default `runs/NAME-sweep`.
        workers: processes; 0: this one; None: one a core. Scripts that start processes need the usual
            `if __name__ == "__main__"`.
        scheduler: the address of a Dask scheduler, whose workers then take the place of processes.
        resume: whether to go on in a folder that exists; what was worked out there is not worked out again.
        fail_fast: whether to end at the first point that cannot be carried out.
        keep_runs: whether to keep the run folder of each case.

    Raises:
        InputError: everything that is wrong with the scenario or the sweep, at once.
        RunFolderError: the folder exists already, or cannot be written.
    """
    crew = crew_of(workers, scheduler)
    plan = plan_sweep(file, wanted, choose=choose, sets=sets, allow_outside=allow_outside, allow_code=allow_code)
    folder = Path(out) if out is not None else default_folder(plan)
    return carry_out(plan, folder, crew, resume=resume, fail_fast=fail_fast, keep_runs=keep_runs)


def default_folder(plan: Plan) -> Path:
    """Where a sweep goes that names no folder."""
    return Path("runs") / f"{plan.name}-sweep"


def crew_of(workers: int | None, scheduler: str | None) -> Crew:
    """Who carries out a sweep.

    Raises:
        InputError: the scheduler cannot be reached, or the extra `cluster` is not installed.
    """
    if scheduler is None:
        return LocalCrew(workers)
    try:
        from nle_optimizer.studies.sweep.cluster import ClusterCrew
    except ModuleNotFoundError as missing:
        what = f"{missing.name} is not installed; a cluster needs the extra: pip install 'nle-optimizer[cluster]'"
        raise InputError([Fault(Place("--scheduler"), "", what)]) from None
    return ClusterCrew(scheduler)


def carry_out(
    plan: Plan,
    folder: Path,
    crew: Crew,
    *,
    resume: bool = False,
    fail_fast: bool = False,
    keep_runs: bool = False,
    watch: Watch = lambda _done, _of, _failed: None,
    command: Sequence[str] = (),
) -> Swept:
    """Work out a plan; whatever ends it early, an interrupt too, what is finished is kept.

    Raises:
        RunFolderError: the folder exists already, or cannot be written.
    """
    started = datetime.now(UTC)
    _make(folder, resume=resume)
    runs = (folder / RUNS).absolute() if keep_runs else None
    with Store(folder / STORE) as store:
        store.lay_out(
            (n, planned.point.choice, planned.point.label, said(planned.point), planned.task.key)
            for n, planned in enumerate(plan.points, start=1)
        )
        tasks = {planned.task.key: planned.task for planned in plan.points}
        tasks = {plan.base.key: plan.base, **tasks}
        there = {key for key in store.answered() if runs is None or (runs / key[:16]).is_dir()}
        missing = [task for key, task in tasks.items() if key not in there]
        try:
            computed = _work_off(plan, missing, crew, store, runs, watch, fail_fast=fail_fast)
        finally:
            rows = _write(plan, folder, store)
    swept = Swept(folder, rows, len(plan.points), computed, len(tasks) - len(missing))
    replace_files(folder, {}, told=_told(swept, plan, started, command))
    return swept


def _make(folder: Path, *, resume: bool) -> None:
    recover(folder, SWEEP)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        with complete_folder(folder, SWEEP, force=False):
            return
    if not (folder / STORE).is_file() and not is_ours(folder, SWEEP):
        raise RunFolderError(f"{folder}: it exists already, and holds what no sweep wrote; choose another --out")
    if not resume:
        raise RunFolderError(f"{folder}: it exists already; give --resume to go on there, or choose another --out")


def _work_off(
    plan: Plan, tasks: list[SweepTask], crew: Crew, store: Store, runs: Path | None, watch: Watch, *, fail_fast: bool
) -> int:
    """Have the tasks carried out and keep their answers; gives how many were."""
    failed = done = 0
    watch(0, len(tasks), 0)
    with closing(crew.run(plan.bases, runs, tasks)) as answers:
        for task, answer in answers:
            store.put(task.key, answer)
            done, failed = done + 1, failed + answer.has_failed
            watch(done, len(tasks), failed)
            if fail_fast and answer.has_failed and task is not plan.base:
                break
    return done


def _write(plan: Plan, folder: Path, store: Store) -> list[Row]:
    """Write the rows of every point that has an answer."""
    base = store.answer(plan.base.key)
    rows = [
        row_of(position, planned.point, answer, base)
        for position, planned in enumerate(plan.points, start=1)
        if (answer := store.answer(planned.task.key)) is not None
    ]
    replace_files(folder, {SHEET: sheet_of(rows)})
    return rows


def _told(swept: Swept, plan: Plan, started: datetime, command: Sequence[str]) -> dict[str, Any]:
    return {
        "scenario": plan.name,
        "command": list(command),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
        "version": installed("nle-optimizer"),
        "points": swept.points,
        "computed": swept.computed,
        "reused": swept.reused,
        "statuses": swept.statuses,
    }
