"""A plan made again, decisions replayed from the first run, and both in words.

`replan`: a new plan beside an earlier one. Plans solved again, from the first run that is at hand, each with the
decisions of its time. A new plan beside the earlier one, and the journal of decisions, on a terminal.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import Fault, InputError, Place, RunFolderError, check_range
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.files import sha256
from nle_optimizer.folders import MANIFEST
from nle_optimizer.preparation import prepare
from nle_optimizer.records import as_text
from nle_optimizer.reports.run_folder import changed_files, read_json, read_run_folder
from nle_optimizer.reports.terminal import one_line
from nle_optimizer.reports.view import OUTLINES
from nle_optimizer.running import result_of
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.journal import Decision, Journal, journal_in
from nle_optimizer.scenario.scenario import Given, scenario_in
from nle_optimizer.studies.comparison.tables_text import heading, wrapped
from nle_optimizer.studies.earlier_run import folder_of, given_of
from nle_optimizer.studies.replanning.moves import WHAT, PlanMoves, moves_of
from nle_optimizer.studies.replanning.moves_frontier import MovesFrontier, moves_frontier
from nle_optimizer.studies.replanning.replanning import (
    Amended,
    ReplanRequest,
    amended,
    changes_in,
    setting_decided,
    with_journal,
)
from nle_optimizer.studies.runs import Listener, Run, run_of

if TYPE_CHECKING:
    import pandas as pd

PLAN = "allocation.csv"
CLAIMED = ("allocation", "unmatched", "exclusions")


FILE_OF_MOVES, FILE_OF_CURVE = "moves.csv", "moves_frontier.csv"


@dataclass(frozen=True, eq=False, repr=False)
class Replan(Run):
    """A plan that was made again, verified; `moves` and `moves_frontier` tell what differs and what more would buy.

    Attributes:
        asked: what was planned, and from where.
        differences: what differs from the run before, and how many pairs stay.
        curve: what more moves would buy, and why that is not known where it is not.
    """

    asked: Amended = field(kw_only=True)
    differences: PlanMoves = field(kw_only=True)
    curve: MovesFrontier = field(kw_only=True)

    def _boundaries(self) -> Path | None:
        remembered = self.asked.before.path / OUTLINES
        return remembered if remembered.is_file() else None

    def _further_files(self) -> Mapping[str, bytes]:
        tables = {FILE_OF_MOVES: self.differences.table, FILE_OF_CURVE: self.curve.table}
        return {**self.asked.given, **{name: csv_bytes(table) for name, table in tables.items()}}

    def _earlier(self, target: Path) -> Mapping[str, Any]:
        before, asked = self.asked.before, self.asked.asked
        return {
            "run": os.path.relpath(before.path, target),
            "allocation": before.plan,
            "decisions": len(before.journal),
            "max_moves": asked.max_moves,
            **({"keep_and_add": True} if asked.keep_and_add else {}),
            "newer_tables": asked.newer is not None,
        }


def replan(
    run: str | Path,
    *,
    changes: "str | Path | pd.DataFrame | None" = None,
    scenario: Given | None = None,
    sets: Sequence[str] = (),
    by: str = "",
    max_moves: int = 0,
    keep_and_add: bool = False,
    fill_from: str | Path | None = None,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Replan:
    """Plan again after an earlier run, and move as few pairs as can be.

    Every decision of earlier plans counts until it is taken back. Pairs that are agreed or started are pinned; every
    other pair that still stands is kept where that is possible; only then do the objectives count. Fits and distances
    are as in `run`.

    Args:
        run: the folder of the earlier run.
        changes: what was decided since: a data frame or a file with the columns of docs/reference/tables.md (changes);
            or the `decisions.csv` of a later run, which is carried out whole.
        scenario: newer settings and tables; None: those that were given to the run.
        sets: `KEY=VALUE` settings that are decided from now on; they enter the journal.
        by: who decides what `sets` says.
        max_moves: how many pairs that stand may be given up beyond those that have to be, from 0 up.
        keep_and_add: whether every pair that stands and still can be is kept, and pairs are only added.
        fill_from: a GIAS extract or a schools table, from which additions are filled by number.
        time_limit: seconds for each search, above 0; None: until it is done.
        progress: told the name of each step as it begins.

    Returns:
        The new plan; `write` makes its run folder.

    Raises:
        RunFolderError: the folder cannot be read, holds no allocation, or its journal was changed.
        InputError: a decision that cannot be carried out, or tables that no longer fit together.
        VerificationError: the new plan does not stand up to its own inputs.
        TypeError: something of another kind than the above is given.
    """
    if keep_and_add and max_moves:
        what = "--keep-and-add gives up no pair, and --max-moves lets some go; give one of them"
        raise InputError([Fault(Place(), "", what)])
    request = request_of(changes, scenario, sets, by, max_moves, fill_from, keep_and_add=keep_and_add)
    return replan_of(folder_of(run), request, time_limit, Listener(progress) if progress else Listener())


def request_of(
    changes: "str | Path | pd.DataFrame | None",
    scenario: Given | None,
    sets: Sequence[str],
    by: str,
    max_moves: int,
    fill_from: str | Path | None,
    *,
    keep_and_add: bool = False,
) -> ReplanRequest:
    """What `replan` is asked, read.

    Raises:
        InputError: a table or setting that is wrong.
    """
    check_range("--max-moves", max_moves, 0, inf)
    decided = changes_in(changes)
    return ReplanRequest(
        (*decided.changes, *(setting_decided(word, by) for word in sets)),
        decided.journal,
        None if scenario is None else scenario_in(scenario),
        max_moves,
        None if fill_from is None else Path(fill_from),
        decided.findings,
        keep_and_add,
    )


def replan_of(run: Path, request: ReplanRequest, time_limit: float | None, listener: Listener) -> Replan:
    """What `replan` gives for a request.

    Raises:
        RunFolderError, InputError, VerificationError: as `replan`.
    """
    asked = amended(run, request)
    scenario = asked.scenario if time_limit is None else asked.scenario.replace({"stop.seconds": time_limit})
    movable = asked.movable if time_limit is None else asked.movable.replace({"stop.seconds": time_limit})
    listener.step("what more moves would buy")
    curve = moves_frontier(prepare(movable, lambda _: None), len(asked.able), lambda: Stopping.within(time_limit))
    made = run_of(scenario, listener, complete=lambda result: with_journal(result, asked.journal))
    moves = moves_of(asked, made)
    further = {"moves": moves.table, "moves_frontier": curve.table}
    return Replan(**{**vars(made), "further": further}, asked=asked, differences=moves, curve=curve)


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
                FILE_OF_MOVES: moves_of(asked, again).table,
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
