"""`replan` and `decisions`.

`replan`: a new allocation that disturbs an earlier one least. `decisions`: the journal of decisions of a run: shown,
exported, taken back, replayed.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.cli.options import (
    boundaries_option,
    code_option,
    force_option,
    format_option,
    outlines_of,
    print_findings,
    print_json,
    say,
    seconds,
)
from nle_optimizer.cli.run_command import Files, drawn, solve

if TYPE_CHECKING:
    from nle_optimizer.result import Result
    from nle_optimizer.scenario.changes import Change
    from nle_optimizer.scenario.journal import Journal
    from nle_optimizer.studies.replanning.moves import PlanMoves
    from nle_optimizer.studies.replanning.moves_frontier import MovesFrontier
    from nle_optimizer.studies.replanning.replanning import Amended, ReplanRequest


SHOWN = 10
FILE, CURVE = "moves.csv", "moves_frontier.csv"
SUFFIX = "replanned"


@dataclass(frozen=True)
class Making:
    """How a new plan is made and told.

    Attributes:
        out: its run folder; None: that of the earlier run with `-replanned`.
        time_limit: seconds; None: none.
        report: whether the files for people are made.
        boundaries: a file of outlines; None: those of the earlier run.
        show: rows of each kind in the text.
        force: whether a folder that exists is replaced.
        form: `text` or `json`.
    """

    out: Path | None
    time_limit: float | None = None
    report: bool = True
    boundaries: Path | None = None
    show: int = SHOWN
    force: bool = False
    form: str = "text"


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option(
    "--changes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What was decided since: a CSV file, or a workbook with a sheet Changes or Decisions; "
    "or the decisions.csv of a later run, which is carried out whole.",
)
@click.option(
    "--scenario",
    "newer",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Newer settings and tables; by default those that were given to the run. Decisions count all the same.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="Decide one setting, quota or reach, from now on; it enters the journal.",
)
@click.option("--by", default="", metavar="NAME", help="Who decides what --set says.")
@click.option(
    "--max-moves",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="How many pairs that stand may be given up beyond those that have to be.",
)
@click.option(
    "--keep-and-add",
    is_flag=True,
    help="Keep every pair that stands and still can be, and only add; where they cannot all stay, there is no plan.",
)
@click.option(
    "--fill-from",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A GIAS extract or a schools table, from which add-school and add-nle are filled by number.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Run folder of the new plan; by default RUN-replanned.")
@click.option("--time-limit", type=seconds, metavar="S", help="Stop after so many seconds with the best found.")
@click.option("--no-report", is_flag=True, help="Leave out the files made for people to look at.")
@boundaries_option
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=SHOWN,
    show_default=True,
    metavar="N",
    help="Rows of each kind in the text; the rest is counted. moves.csv and JSON hold them all.",
)
@force_option
@format_option
def replan(
    run_folder: Path,
    changes: Path | None,
    newer: Path | None,
    sets: tuple[str, ...],
    by: str,
    max_moves: int,
    keep_and_add: bool,
    fill_from: Path | None,
    out: Path | None,
    time_limit: float | None,
    no_report: bool,
    boundaries: Path | None,
    show: int,
    force: bool,
    form: str,
) -> None:
    """Plan again after an earlier run, and move as few pairs as can be.

    Every decision of earlier plans counts until it is taken back (`undo`). Pairs that are agreed or started are
    pinned. Every other pair of the earlier run that still stands is kept where that is possible; only then do the
    objectives count. The new run folder holds decisions.csv, the journal of all decisions; moves.csv, with the reason
    of each move; and moves_frontier.csv, with what more moves would buy. Outlines of the map are kept.
    """
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.replanning.replanning import ReplanRequest, changes_in

    if keep_and_add and max_moves:
        raise click.UsageError("--keep-and-add gives up no pair, and --max-moves lets some go; give one of them")
    decided = changes_in(changes)
    later = ReplanRequest(
        (*decided.changes, *(_setting(word, by) for word in sets)),
        decided.journal,
        load_scenario(newer) if newer else None,
        max_moves,
        fill_from,
        decided.findings,
        keep_and_add,
    )
    make_plan(run_folder, later, Making(out, time_limit, not no_report, boundaries, show, force, form))


def _setting(word: str, by: str) -> "Change":
    """The decision that `--set` stands for."""
    from nle_optimizer.errors import Fault, InputError, Place
    from nle_optimizer.scenario.changes import Change

    key, equals, value = word.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise InputError([Fault(Place("--set"), word, "write KEY=VALUE, such as geography.max_distance_km=40")])
    return Change(Place("--set"), "set", key=key.strip(), value=value.strip(), by=by)


def make_plan(run_folder: Path, later: "ReplanRequest", making: Making) -> None:
    """Make a new plan after an earlier run, write its folder, and print what moves."""
    from nle_optimizer.cli.frontier_command import stopping
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.preparation import prepare
    from nle_optimizer.reports.run_folder import RUN_FOLDER
    from nle_optimizer.studies.replanning.moves import moves_of
    from nle_optimizer.studies.replanning.moves_frontier import moves_frontier
    from nle_optimizer.studies.replanning.replanning import amended, with_journal

    limit = making.time_limit
    target = making.out or run_folder.with_name(f"{run_folder.name}-{SUFFIX}")
    refuse_existing(target, RUN_FOLDER, force=making.force)
    asked = amended(run_folder, later)
    scenario = asked.scenario if limit is None else asked.scenario.replace({"stop.seconds": limit})
    print_findings(scenario.findings)
    movable = asked.movable if limit is None else asked.movable.replace({"stop.seconds": limit})
    curve = moves_frontier(prepare(movable, lambda _: None), len(asked.able), lambda: stopping(limit))
    result = solve(
        scenario,
        target,
        _files(asked, curve, making),
        force=making.force,
        keep_inputs=True,
        complete=lambda made: with_journal(made, asked.journal),
        earlier=_earlier(asked, target),
    )
    print_findings(result.scenario.findings[len(scenario.findings) :])
    _tell(asked, moves_of(asked, result), curve, result, target, making)
    if not result.is_plan:
        raise click.exceptions.Exit(1)


def _earlier(asked: "Amended", target: Path) -> dict[str, Any]:
    """What the manifest tells of the run before."""
    return {
        "run": os.path.relpath(asked.before.path, target),
        "allocation": asked.before.plan,
        "decisions": len(asked.before.journal),
        "max_moves": asked.asked.max_moves,
        **({"keep_and_add": True} if asked.asked.keep_and_add else {}),
        "newer_tables": asked.asked.newer is not None,
    }


def _files(asked: "Amended", curve: "MovesFrontier", making: Making) -> Files:
    """What makes the further files of the run folder."""
    from nle_optimizer.delimited import csv_bytes
    from nle_optimizer.reports.view import OUTLINES
    from nle_optimizer.studies.replanning.moves import moves_of

    remembered = asked.before.path / OUTLINES
    boundaries = making.boundaries or (remembered if remembered.is_file() else None)
    people = drawn(boundaries, outlines_of(boundaries), wanted=making.report)

    def files(result: "Result") -> dict[str, bytes]:
        moves = moves_of(asked, result).table
        own = {FILE: csv_bytes(moves), CURVE: csv_bytes(curve.table)}
        return {**people(result, {"moves": moves}), **asked.given, **own}

    return files


def _tell(
    asked: "Amended", moves: "PlanMoves", curve: "MovesFrontier", result: "Result", target: Path, making: Making
) -> None:
    since = asked.journal.decisions[len(asked.before.journal) :]
    if making.form == "json":
        rows = _rows(moves.table)
        figures = {"standing": moves.standing, "kept": moves.kept, "given_up": moves.given_up, "forced": moves.forced}
        told = {**figures, "rows": rows, "frontier": curve.table}
        decided = {"before": len(asked.before.journal), "since": [decision.cells() for decision in since]}
        print_json({**result.claim.summary, "run_folder": str(target), "moves": told, "decisions": decided})
        return
    from nle_optimizer.reports.terminal import summary_text
    from nle_optimizer.studies.replanning.replaying import decided_text, moves_text

    say(summary_text(result, target))
    say(moves_text(moves if result.is_plan else None, curve, making.show))
    if len(asked.journal):
        say(decided_text(asked.journal, len(since), target))


def _rows(table: Any) -> Sequence[dict[str, str]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option(
    "--undo",
    "numbers",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="Take back a decision by its number and plan again; may be repeated. An undo can be taken back too.",
)
@click.option("--by", default="", metavar="NAME", help="With --undo: who decides so.")
@click.option("--note", default="", metavar="TEXT", help="With --undo: why.")
@click.option("--date", "day", metavar="DATE", help="With --undo: the day of the decision, as 2026-11-03.")
@click.option("--out", type=click.Path(path_type=Path), help="With --undo: the new run folder [RUN-replanned].")
@click.option("--replay", is_flag=True, help="Solve again from the first run that is at hand, and compare every plan.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    help="What to print to stdout; csv is decisions.csv as it stands.",
)
@code_option
@force_option
def decisions(
    run_folder: Path,
    numbers: tuple[int, ...],
    by: str,
    note: str,
    day: str | None,
    out: Path | None,
    replay: bool,
    form: str,
    allow_code: bool,
    force: bool,
) -> None:
    """Show, export, take back or replay the decisions that a run was planned by.

    A run folder is never changed: --undo makes a new plan beside it, in which the decision does not count, and whose
    journal says who took it back. --replay walks back to the first run that is still where its successor found it,
    solves each again with the decisions of its time, and says whether the same plans come out.
    """
    if numbers and replay:
        raise click.UsageError("--undo makes a new plan and --replay compares old ones; give one of them")
    if not numbers and (by or note or day or out):
        raise click.UsageError("--by, --note, --date and --out say how a decision is taken back; give --undo too")
    if numbers:
        _undo(run_folder, numbers, (by, note, day), Making(out, force=force, form="json" if form == "json" else "text"))
    elif replay:
        _replay(run_folder, form, allow_code=allow_code)
    else:
        _show(run_folder, form)


def _undo(run_folder: Path, numbers: tuple[int, ...], told: tuple[str, str, str | None], making: Making) -> None:
    from nle_optimizer.errors import Place
    from nle_optimizer.scenario.changes import UNDO, Change
    from nle_optimizer.scenario.official_cells import day_argument
    from nle_optimizer.studies.replanning.replanning import ReplanRequest

    by, note, text = told
    day = day_argument("--date", text)
    ordinal = day.toordinal() if day else 0
    undo = [Change(Place("--undo"), UNDO, number=number, by=by, note=note, day=ordinal) for number in numbers]
    make_plan(run_folder, ReplanRequest(undo), making)


def _journal(run_folder: Path) -> "Journal":
    from nle_optimizer.errors import RunFolderError
    from nle_optimizer.folders import MANIFEST
    from nle_optimizer.reports.run_folder import read_json
    from nle_optimizer.scenario.journal import journal_in

    if not (run_folder / MANIFEST).is_file():
        raise RunFolderError(f"{run_folder}: this is no run folder (it has no {MANIFEST})")
    return journal_in(run_folder, read_json(run_folder / "summary.json"))


def _show(run_folder: Path, form: str) -> None:
    journal = _journal(run_folder)
    if form == "csv":
        from nle_optimizer.delimited import csv_bytes

        say(csv_bytes(journal.table()).decode(), nl=False)
    elif form == "json":
        told = [
            {
                **decision.cells(),
                "number": decision.number,
                "stands": decision in journal.standing,
                "undone_by": journal.undone_by.get(decision.number),
                "hash": digest,
            }
            for decision, digest in zip(journal.decisions, journal.hashes, strict=True)
        ]
        print_json({"schema_version": 1, "run_folder": str(run_folder), "decisions": told})
    else:
        from nle_optimizer.studies.replanning.replaying import journal_text

        say(journal_text(journal))


def _replay(run_folder: Path, form: str, *, allow_code: bool) -> None:
    from nle_optimizer.cli.options import steps
    from nle_optimizer.studies.replanning.replaying import chain_of, replayed

    chain = chain_of(run_folder)
    with steps("replay", len(chain.runs)) as step:
        found = [replayed(chain, n, step, allow_code=allow_code) for n in range(len(chain.runs))]
    differing = [plan for plan in found if plan.differs]
    if form == "json":
        plans = [{"run": str(plan.run), "same": not plan.differs, "differs": list(plan.differs)} for plan in found]
        print_json({"schema_version": 1, "run_folder": str(run_folder), "from": chain.why, "plans": plans})
    else:
        for plan in found:
            what = f"differs in {', '.join(plan.differs)}" if plan.differs else "the same plan came out"
            say(f"{plan.run}: {what}")
        say(chain.why)
    if differing:
        raise click.exceptions.Exit(1)
