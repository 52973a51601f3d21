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
from typing import TYPE_CHECKING, Any

from nle_optimizer.catalogue.limits import MOST_SEEDS, MOST_WORKERS
from nle_optimizer.errors import Fault, InputError, Place, RunFolderError, check_range
from nle_optimizer.folders import FolderKind, complete_folder, installed, is_ours, recover
from nle_optimizer.reports.page.sweep_page import sweep_page
from nle_optimizer.reports.run_folder import command_line, replace_files
from nle_optimizer.studies.sweep.plan import Plan, plan_sweep
from nle_optimizer.studies.sweep.points import Row, Wanted, columns_of, row_of, said, sheet_of, types_of_row
from nle_optimizer.studies.sweep.workers import LOST, CaseAnswer, Crew, LocalCrew, SweepTask
from nle_optimizer.studies.worker_processes import make_ready
from nle_optimizer.tables import Answer, ResultTable, counted_in_words, typed

if TYPE_CHECKING:
    import pandas as pd

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


STORE, SHEET, RUNS, PAGE = "sweep.sqlite", "sweep.csv", "runs", "report.html"
SWEEP = FolderKind("sweep")

Watch = Callable[[int, int, int], None]
"""Told how many cases are done, of how many, and how many of them failed."""


@dataclass(frozen=True, eq=False, repr=False)
class Swept(Answer):
    """What a sweep came to.

    Attributes:
        folder: where it lies; None where nothing was to be worked out.
        rows: those of `sweep.csv`, as text; points without an answer have none.
        plan: every point.
        computed: how many cases were worked out now.
        reused: how many were there already; points with equal settings share a case.
    """

    folder: Path | None
    rows: Sequence[Row]
    plan: Plan
    computed: int = 0
    reused: int = 0

    def __repr__(self) -> str:
        told = ", ".join(f"{count:,} {status}" for status, count in self.statuses.items())
        return f"<Swept {self.plan.name}: {counted_in_words(self.points, 'point')}, {told}>"

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.plan.points)

    @property
    def statuses(self) -> dict[str, int]:
        """How many points have each status; `not run` where a sweep ended before them."""
        told = Counter(row["status"] for row in self.rows)
        told["not run"] = self.points - len(self.rows)
        return {status: count for status, count in sorted(told.items()) if count}

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`sweep`, a row a point with what came of it; before anything is worked out, its settings alone."""
        planned = [planned.point for planned in self.plan.points]
        told = [{"point": str(n), **said(point)} for n, point in enumerate(planned, start=1)]
        columns = columns_of(self.rows or told)
        return {"sweep": typed("sweep", columns, types_of_row(columns, planned))}


def sweep(
    scenario: str | Path,
    *,
    grid: Mapping[str, Sequence[Any]] | None = None,
    zipped: Mapping[str, Sequence[Any]] | None = None,
    table: "str | Path | pd.DataFrame | None" = None,
    scenarios: Sequence[str] = (),
    seeds: int | None = None,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    allow_outside: bool = False,
    allow_code: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    dry_run: bool = False,
    fail_fast: bool = False,
    keep_runs: bool = False,
    report: bool = True,
    yes: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
) -> Swept:
    """Work out many what-ifs of a scenario, each verified as `run` verifies its result; a row a point.

    The folder holds `sweep.csv`, `sweep.sqlite` and `report.html`. An infeasible point is an answer.

    Args:
        scenario: the scenario file, whose own `sweep` section says what is left open here.
        grid: dotted settings with the values to try; several are combined each with each.
        zipped: likewise, but the first of all settings, then the second of all, and so on (`--zip`).
        table: a CSV file or data frame with a column a dotted setting and a row a point.
        scenarios: names of overrides or scenarios in the file to start from, each in turn.
        seeds: repeat each point with so many seeds in a row, from 1 to 1,000,000.
        choose, sets, allow_outside, allow_code: as for `load_scenario`; they hold for every point.
        workers: processes, from 0 (this one alone) to 1,000; None: one a core. A script that starts some needs the
            usual `if __name__ == "__main__"`.
        scheduler: the address of a Dask scheduler, whose workers then take the place of processes.
        out: the folder; None: `runs/NAME-sweep`.
        resume: go on in a folder that exists; what was worked out there is not worked out again.
        dry_run: only check and list the points.
        fail_fast: end at the first point that cannot be carried out.
        keep_runs: keep the run folder of each case.
        report: whether the page is wanted.
        yes: whether more than a million points are meant.
        progress: told how many cases are done, of how many, and how many of them failed.

    Raises:
        InputError: everything that is wrong with the scenario or the sweep, at once.
        RunFolderError: the folder exists already, or cannot be written.
        TypeError: the scenario is no path.
    """
    wanted = Wanted(grid or {}, zipped or {}, table, scenarios, seeds)
    how = {"choose": choose, "sets": sets, "allow_outside": allow_outside, "allow_code": allow_code}
    plan = _planned(scenario, wanted, workers, scheduler, how, yes=yes, dry_run=dry_run)
    if dry_run:
        return Swept(None, (), plan)
    kept = {"resume": resume, "fail_fast": fail_fast, "keep_runs": keep_runs, "report": report}
    folder, watch = default_folder(plan) if out is None else Path(out), progress or (lambda *_: None)
    return carry_out(plan, folder, crew_of(workers, scheduler), **kept, watch=watch)


def _planned(
    scenario: Any,
    wanted: Wanted,
    workers: int | None,
    scheduler: str | None,
    how: Mapping[str, Any],
    *,
    yes: bool,
    dry_run: bool,
) -> Plan:
    """What is asked, checked; processes start meanwhile where they will be needed.

    Raises:
        InputError, TypeError: as `sweep`.
    """
    if not isinstance(scenario, str | Path):
        raise TypeError(f"a sweep reads the scenario file itself: give its path, not {type(scenario).__name__}")
    check_range("--workers", workers, 0, MOST_WORKERS)
    check_range("--seeds", wanted.seeds, 1, MOST_SEEDS)
    refuse_both(workers, scheduler)
    if scheduler is None and workers != 0 and not dry_run:
        make_ready()
    return plan_sweep(scenario, wanted, **how, may_be_huge=yes)


def refuse_both(workers: int | None, scheduler: str | None) -> None:
    """Refuse processes here and workers elsewhere at once.

    Raises:
        InputError: both are given.
    """
    if workers is not None and scheduler is not None:
        raise InputError("--workers counts processes here, --scheduler names a cluster; give one of them")


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
    report: bool = False,
    watch: Watch = lambda _done, _of, _failed: None,
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
    swept = Swept(folder, rows, plan, computed, len(tasks) - len(missing))
    page = {PAGE: sweep_page(plan.name, rows)} if report else {}
    replace_files(folder, page, told=_told(swept, plan, started))
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


def _told(swept: Swept, plan: Plan, started: datetime) -> dict[str, Any]:
    return {
        "scenario": plan.name,
        "command": command_line(),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
        "version": installed("nle-optimizer"),
        "points": swept.points,
        "computed": swept.computed,
        "reused": swept.reused,
        "statuses": swept.statuses,
    }
