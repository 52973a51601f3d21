"""Trials kept in an SQLite file of the benchmark's folder."""

import json
import sqlite3
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from nle_optimizer.errors import RunFolderError
from nle_optimizer.evidence.measures.metric import Figure
from nle_optimizer.studies.benchmark.trial import Trial

FORMAT = 3
FILE = "trials.sqlite"
ARRAYS = ("fit", "matched")


class Kept:
    """The open file; every task is committed when it is done.

    Raises:
        RunFolderError: it is no file of ours, or the disk refuses.
    """

    def __init__(self, folder: Path):
        self._file = folder / FILE
        try:
            self._connection = sqlite3.connect(self._file, timeout=0.5)
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
            foreign = self._connection.execute("SELECT 1 FROM sqlite_master").fetchone() if found == 0 else None
            if found not in (0, FORMAT) or foreign:
                raise RunFolderError(
                    f"{self._file}: it was written by another program or version; choose another --out"
                )
            self._connection.execute("CREATE TABLE IF NOT EXISTS tasks (key TEXT PRIMARY KEY, trials TEXT NOT NULL)")
            self._connection.execute(f"PRAGMA user_version = {FORMAT}")
            self._connection.commit()
        except sqlite3.Error as fault:
            raise RunFolderError(f"{self._file}: {fault}") from fault

    def get(self, key: str) -> list[Trial] | None:
        """The trials of a task; None where it was not done yet."""
        row = self._connection.execute("SELECT trials FROM tasks WHERE key = ?", [key]).fetchone()
        return None if row is None else [_trial(told) for told in json.loads(row[0])]

    def put(self, key: str, trials: list[Trial]) -> None:
        """Keep the trials of a task."""
        told = json.dumps([_plain(trial) for trial in trials])
        try:
            self._connection.execute("INSERT OR REPLACE INTO tasks VALUES (?, ?)", [key, told])
            self._connection.commit()
        except sqlite3.Error as fault:
            raise RunFolderError(f"{self._file}: {fault}; what was tried before is kept") from fault

    def __enter__(self) -> "Kept":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def _arrays(trial: Trial) -> dict[str, Any]:
    return {name: getattr(trial, name) for name in ARRAYS}


def _plain(trial: Trial) -> dict[str, Any]:
    arrays = {name: None if value is None else value.tolist() for name, value in _arrays(trial).items()}
    figures = {name: _told(figure) for name, figure in trial.figures.items()}
    return {**vars(trial), "figures": figures, **arrays, "missed": list(trial.missed), "remarks": list(trial.remarks)}


def _told(figure: Figure) -> Any:
    """A figure so that it is the same when it is read back: a ratio as two whole numbers."""
    return [str(figure.numerator), str(figure.denominator)] if isinstance(figure, Fraction) else figure


def _trial(told: dict[str, Any]) -> Trial:
    figures = {
        name: Fraction(int(figure[0]), int(figure[1])) if isinstance(figure, list) else figure
        for name, figure in told["figures"].items()
    }
    arrays = {name: None if told[name] is None else np.array(told[name], dtype=np.int64) for name in ARRAYS}
    said = {name: tuple(told[name]) for name in ("missed", "remarks")}
    return Trial(**{**told, "figures": figures, **arrays, **said})
