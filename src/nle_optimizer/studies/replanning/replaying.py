"""Decisions replayed from the first run, and replans in words.

Plans solved again, from the first run that is at hand, each with the decisions of its time. A new plan beside the
earlier one, and the journal of decisions, on a terminal.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import RunFolderError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.files import sha256
from nle_optimizer.folders import MANIFEST
from nle_optimizer.records import as_text
from nle_optimizer.reports.run_folder import changed_files, read_json, read_run_folder
from nle_optimizer.reports.terminal import one_line
from nle_optimizer.running import result_of
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.journal import Decision, Journal, journal_in
from nle_optimizer.studies.comparison.tables_text import heading, wrapped
from nle_optimizer.studies.earlier_run import given_of
from nle_optimizer.studies.replanning.moves import WHAT, PlanMoves, moves_of
from nle_optimizer.studies.replanning.moves_frontier import MovesFrontier
from nle_optimizer.studies.replanning.replanning import ReplanRequest, amended

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


def replayed(chain: Chain, n: int, tell: Callable[[str], None], *, allow_code: bool = False) -> Replayed:
    """Solve one run of a chain again: the first from its own inputs, any other from the run before and the journal.

    Args:
        chain: the runs.
        n: which of them.
        tell: is told what is done.
        allow_code: whether code of one's own may run that is the rule of the first.

    Raises:
        RunFolderError: a folder cannot be read, or was changed; or the run was stopped by a time limit.
        InputError: its decisions can no longer be carried out.
    """
    run = chain.runs[n]
    tell(f"solving {run.name} again")
    folder = read_run_folder(run, allow_code=allow_code)
    wrong = changed_files(run, folder.manifest)
    if wrong:
        raise RunFolderError(f"{run}: {wrong[0]}; what was changed cannot be replayed")
    if folder.claim.summary.get("stopped"):
        raise RunFolderError(f"{run}: it was stopped before it had proved its plan, so it may come out otherwise")
    if n == 0:
        again = result_of(folder.scenario)
        return Replayed(run, _differing(run, {f"{name}.csv": again.claim.tables[name] for name in CLAIMED}))
    told = _earlier(run) or {}
    journal = journal_in(run, folder.claim.summary)
    newer = given_of(folder) if told.get("newer_tables") else None
    most, keep_and_add = int(told.get("max_moves", 0)), bool(told.get("keep_and_add"))
    request = ReplanRequest((), journal, newer, most, keep_and_add=keep_and_add)
    asked = amended(chain.runs[n - 1], request)
    again = result_of(asked.scenario)
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


WIDTH = 18


def moves_text(moves: PlanMoves | None, curve: MovesFrontier, most: int) -> str:
    """How many pairs stay, who moves, and what more moves would buy; at most so many rows, the rest counted.

    Without moves there is no new plan.
    """
    if moves is None:
        told = "There is no new plan, so the earlier one stands until what clashes is changed."
        return "\n".join([*heading("What moves"), *wrapped(told, "  ", "  "), *_curve(curve)])
    lines = [*heading("What moves"), *wrapped(_counted(moves), "  ", "  ")]
    rows = [dict(zip(moves.table, row, strict=True)) for row in zip(*moves.table.values(), strict=True)]
    over, others = ([row for row in rows if _is_over(row) == first] for first in (True, False))
    lines += _group("lose their support while schools of lower priority keep theirs", over, most)
    for what, meaning in WHAT.items():
        lines += _group(meaning, [row for row in others if row["what"] == what], most)
    return "\n".join([*lines, *_curve(curve)])


def _is_over(row: dict[str, str]) -> bool:
    """Whether a school loses its support while one of lower priority keeps its own."""
    return row["lower_priority_kept"] not in ("", "0")


def _group(meaning: str, rows: list[dict[str, str]], most: int) -> list[str]:
    if not rows:
        return []
    lines = [f"  {len(rows):,} {meaning}", *(line for row in rows[:most] for line in _row(row))]
    more = f"    and {len(rows) - most:,} more, in moves.csv"
    return [*lines, click.style(more, dim=True)] if len(rows) > most else lines


def _curve(curve: MovesFrontier) -> list[str]:
    """What each number of moves would give."""
    lines = heading("What more moves would buy")
    if curve.why_not:
        return [*lines, *wrapped(f"Not worked out: {curve.why_not}.", "  ", "  ")]
    names = ["moves", curve.objective, "supported", "total fit"]
    lines.append("  " + "".join(f"{name[:WIDTH]:>{WIDTH}}" for name in names))
    rows = zip(*list(curve.table.values())[: len(names)], strict=True)
    lines += ["  " + "".join(f"{cell:>{WIDTH}}" for cell in row) for row in rows]
    if curve.complete:
        rest = "A number that is not shown gives what the one before it gives."
    elif "no" in curve.table["proved"]:
        rest = "Searches were stopped before they had proved every point: there may be better ones, and further ones."
    else:
        rest = "There are further points between these: so many pairs take too long to tell them all."
    more = rest if curve.steps > 1 or not curve.complete else ""
    return [*lines, *wrapped(f"--max-moves N plans with so many moves. {more}".rstrip(), "  ", "  ")]


def _counted(moves: PlanMoves) -> str:
    stay = f"Of {moves.standing:,} pairs that stand, {moves.kept:,} stay"
    if not moves.given_up:
        return f"{stay}: nobody who can stay has to move."
    had = "how many had to move is not proved" if moves.forced is None else f"{moves.forced:,} could not"
    return f"{stay} and {moves.given_up:,} move; {had}."


def _row(row: dict[str, str]) -> Iterator[str]:
    ends = " to ".join(end for end in (row["from_nle_id"], row["to_nle_id"]) if end)
    name = f" {one_line(row['school_name'], 30)}" if row["school_name"] else ""
    over = ""
    if _is_over(row):
        could = f"; the NLE of {row['whose_nle_could']} could support it" if row["whose_nle_could"] else ""
        over = f" (priority {row['priority']}; {row['lower_priority_kept']} of lower priority keep theirs{could})"
    yield from wrapped(f"{row['school_id']}{name}: {ends}: {row['reason']}{over}", "    - ", "      ")


def decided_text(journal: Journal, since: int, folder: Path) -> str:
    """How many decisions the plan in a folder follows, and how many rows of the journal are new."""
    told = f"  Decisions that count: {len(journal.standing):,}. New rows of the journal: {since:,}."
    back = f" Taken back: {len(journal.undone_by):,}." if journal.undone_by else ""
    return "\n".join([*heading("Decisions"), f"{told}{back}", f"  See them: nle-optimizer decisions {folder}"])


def journal_text(journal: Journal) -> str:
    """Every decision in order: its number, what was decided, by whom and why, and whether it counts."""
    if not len(journal):
        return "Nothing was decided: this is a first plan, or one that was made again without a decision."
    lines = heading("Decisions")
    for decision in journal.decisions:
        lines += wrapped(f"{decision.number:>4}  {_decided(decision, journal)}", "", "      ")
    return "\n".join(lines).lstrip()


def _decided(decision: Decision, journal: Journal) -> str:
    note = f": {one_line(decision.change.note, 200)}" if decision.change.note else ""
    back = journal.undone_by.get(decision.number)
    return decision.change.sentence + note + (f" [taken back by decision {back}]" if back else "")
