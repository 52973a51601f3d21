"""Plans solved again, from the first run that is at hand, each with the decisions of its time."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nle_optimizer.allocation import allocate
from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import RunFolderError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.files import sha256
from nle_optimizer.folders import MANIFEST
from nle_optimizer.records import as_text
from nle_optimizer.reports.run_folder import changed_files, read_json, read_run_folder
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.journal import FILE, Journal, read_journal
from nle_optimizer.studies.replanning.earlier_run import given_of
from nle_optimizer.studies.replanning.moves import moves_of
from nle_optimizer.studies.replanning.replanning import Asked, amended

PLAN = "allocation.csv"
CLAIMED = ("allocation", "unmatched", "exclusions")


@dataclass(frozen=True)
class Chain:
    """Runs that follow one another.

    Attributes:
        runs: their folders, the first that is at hand first.
        why: why they begin with that one, in words.
    """

    runs: tuple[Path, ...]
    why: str


@dataclass(frozen=True)
class Replayed:
    """A run that was solved again.

    Attributes:
        run: its folder.
        differs: the files that came out otherwise.
    """

    run: Path
    differs: tuple[str, ...]


def chain_of(run: Path) -> Chain:
    """The runs up to one, back to the first whose successor finds it as it was.

    Raises:
        RunFolderError: the folder is none, or a manifest cannot be read.
    """
    runs = [run]
    while (told := _earlier(runs[0])) is not None:
        before = runs[0] / str(told["run"])
        if not (before / MANIFEST).is_file() or sha256((before / PLAN).read_bytes()) != told["allocation"]:
            why = f"The run before, {told['run']} as seen from {runs[0]}, is not at hand or is another by now"
            return Chain(tuple(runs), f"{why}: replayed from the tables and the journal of {runs[0]}.")
        runs.insert(0, Path(os.path.normpath(before)))
    return Chain(tuple(runs), f"Replayed from the first run, {runs[0]}.")


def _earlier(run: Path) -> Mapping[str, Any] | None:
    told = read_json(run / MANIFEST).get("earlier")
    return told if isinstance(told, Mapping) and {"run", "allocation"} <= told.keys() else None


def replayed(chain: Chain, n: int, tell: Callable[[str], None]) -> Replayed:
    """Solve one run of a chain again: the first from its own inputs, any other from the run before and the journal.

    Raises:
        RunFolderError: a folder cannot be read, or was changed; or the run was stopped by a time limit.
        InputError: its decisions can no longer be carried out.
    """
    run = chain.runs[n]
    tell(f"solving {run.name} again")
    folder = read_run_folder(run)
    wrong = changed_files(run, folder.manifest)
    if wrong:
        raise RunFolderError(f"{run}: {wrong[0]}; what was changed cannot be replayed")
    if folder.claim.summary.get("stopped"):
        raise RunFolderError(f"{run}: it was stopped before it had proved its plan, so it may come out otherwise")
    if n == 0:
        again = allocate(folder.scenario)
        return Replayed(run, _differing(run, {f"{name}.csv": again.claim.tables[name] for name in CLAIMED}))
    told = _earlier(run) or {}
    journal = read_journal(run / FILE) if (run / FILE).is_file() else Journal()
    newer = given_of(folder) if told.get("newer_tables") else None
    asked = amended(chain.runs[n - 1], Asked((), journal, newer, int(told.get("max_moves", 0))))
    again = allocate(asked.scenario)
    tables = {name: table for name in TABLES if (table := getattr(asked.scenario, name)) is not None}
    return Replayed(
        run,
        _differing(
            run,
            {
                **{f"{name}.csv": again.claim.tables[name] for name in CLAIMED},
                "moves.csv": moves_of(asked, again).table,
                **{
                    f"inputs/{name}.csv": {column: as_text(cells) for column, cells in table.columns.items()}
                    for name, table in tables.items()
                },
            },
        ),
    )


def _differing(run: Path, made: Mapping[str, TextTable]) -> tuple[str, ...]:
    return tuple(name for name, table in made.items() if (run / name).read_bytes() != csv_bytes(table))
