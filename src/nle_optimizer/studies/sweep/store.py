"""The SQLite file of a sweep: every case that was ever worked out in its folder, and the points of the latest sweep.

A case is written when it is done, and the file is committed at least every second, so that whatever ends a sweep, what
was finished a second before is kept.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from nle_optimizer.errors import RunFolderError
from nle_optimizer.studies.sweep.answer import LOST, Answer

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

    def put(self, key: str, answer: Answer) -> None:
        """Keep the answer of a case."""
        summary = None if answer.summary is None else json.dumps(answer.summary, ensure_ascii=False)
        row = (key, answer.status, answer.error, summary, answer.seconds)
        with self._told():
            self._connection.execute("INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?)", row)
            if time.monotonic() - self._committed >= COMMIT_EVERY:
                self.commit()

    def answer(self, key: str) -> Answer | None:
        """The answer of a case; None where it has none yet."""
        with self._told():
            row = self._connection.execute(
                "SELECT status, error, summary, seconds FROM cases WHERE key = ?", [key]
            ).fetchone()
        if row is None:
            return None
        status, error, summary, seconds = row
        return Answer(status, error, None if summary is None else json.loads(summary), seconds)

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
