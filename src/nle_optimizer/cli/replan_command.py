"""`replan`: a new allocation that disturbs an earlier one least."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.cli.options import force_option, format_option, print_findings, print_json
from nle_optimizer.cli.run_command import Files, People, drawn, solve

if TYPE_CHECKING:
    from nle_optimizer.result import Result
    from nle_optimizer.studies.replanning.moves import Moves
    from nle_optimizer.studies.replanning.moves_frontier import MovesFrontier
    from nle_optimizer.studies.replanning.replanning import Amended

SHOWN = 10
FILE, CURVE = "moves.csv", "moves_frontier.csv"


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option(
    "--changes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What was decided since: a CSV file, or a workbook with a sheet Changes or Decisions.",
)
@click.option(
    "--scenario",
    "newer",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Newer settings and tables; by default those that the run folder kept.",
)
@click.option(
    "--max-moves",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="How many pairs that stand may be given up beyond those that have to be.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Run folder of the new plan; by default RUN-replanned.")
@click.option("--time-limit", type=float, metavar="S", help="Stop after so many seconds with the best found.")
@click.option("--no-report", is_flag=True, help="Leave out the files made for people to look at.")
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
    max_moves: int,
    out: Path | None,
    time_limit: float | None,
    no_report: bool,
    show: int,
    force: bool,
    form: str,
) -> None:
    """Plan again after an earlier run, and move as few pairs as can be.

    Pairs that are agreed or started are pinned. Every other pair of the earlier run that still stands is kept where
    that is possible; only then do the objectives count. The new run folder holds moves.csv, with the reason of each
    move, and moves_frontier.csv, with what more moves would buy.
    """
    from nle_optimizer.cli.frontier_command import stopping
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.preparation import prepare
    from nle_optimizer.reports.run_folder import RUN_FOLDER
    from nle_optimizer.studies.replanning.moves import moves_of
    from nle_optimizer.studies.replanning.moves_frontier import moves_frontier

    target = out or run_folder.with_name(f"{run_folder.name}-replanned")
    refuse_existing(target, RUN_FOLDER, force=force)
    asked = _asked(run_folder, changes, newer, max_moves)
    scenario = asked.scenario if time_limit is None else asked.scenario.replace({"stop.seconds": time_limit})
    print_findings(scenario.findings)
    curve = moves_frontier(prepare(scenario, lambda _: None), len(asked.able), lambda: stopping(time_limit))
    files = _files(asked, curve, drawn(None, (), wanted=not no_report))
    result = solve(scenario, target, files, force=force, keep_inputs=True)
    _tell(moves_of(asked, result), curve, result, target, show, form)
    if result.status in ("infeasible", "unknown"):
        raise click.exceptions.Exit(1)


def _asked(run_folder: Path, changes: Path | None, newer: Path | None, max_moves: int) -> "Amended":
    from nle_optimizer.scenario.changes import read_changes
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.replanning.replanning import amended

    decided = read_changes(changes) if changes else None
    print_findings(decided.findings if decided else ())
    return amended(run_folder, decided, load_scenario(newer) if newer else None, max_moves)


def _files(asked: "Amended", curve: "MovesFrontier", people: People) -> Files:
    """What makes the further files of the run folder."""
    from nle_optimizer.delimited import csv_bytes
    from nle_optimizer.studies.replanning.moves import moves_of

    def files(result: "Result") -> dict[str, bytes]:
        moves = moves_of(asked, result).table
        own = {FILE: csv_bytes(moves), CURVE: csv_bytes(curve.table)}
        return {**people(result, {"moves": moves}), **own}

    return files


def _tell(moves: "Moves", curve: "MovesFrontier", result: "Result", target: Path, show: int, form: str) -> None:
    if form == "json":
        rows = [dict(zip(moves.table, row, strict=True)) for row in zip(*moves.table.values(), strict=True)]
        figures = {"standing": moves.standing, "kept": moves.kept, "given_up": moves.given_up, "forced": moves.forced}
        told = {**figures, "rows": rows, "frontier": curve.table}
        print_json({**result.claim.summary, "run_folder": str(target), "moves": told})
        return
    from nle_optimizer.reports.terminal import summary_text
    from nle_optimizer.studies.replanning.text import moves_text

    click.echo(summary_text(result, target))
    click.echo(moves_text(moves, curve, show))
