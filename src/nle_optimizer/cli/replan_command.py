"""`replan`: a new allocation that disturbs an earlier one least."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.cli.options import force_option, format_option, print_findings, print_json
from nle_optimizer.cli.run_command import drawn, solve

if TYPE_CHECKING:
    from nle_optimizer.result import Result

SHOWN = 10
FILE = "moves.csv"


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
    move.
    """
    from nle_optimizer.delimited import csv_bytes
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.reports.run_folder import RUN_FOLDER
    from nle_optimizer.scenario.changes import read_changes
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.replanning.moves import moves_of
    from nle_optimizer.studies.replanning.replanning import amended
    from nle_optimizer.studies.replanning.text import moves_text

    target = out or run_folder.with_name(f"{run_folder.name}-replanned")
    refuse_existing(target, RUN_FOLDER, force=force)
    decided = read_changes(changes) if changes else None
    print_findings(decided.findings if decided else ())
    asked = amended(run_folder, decided, load_scenario(newer) if newer else None, max_moves)
    scenario = asked.scenario
    if time_limit is not None:
        scenario = scenario.replace({"stop.seconds": time_limit})
    print_findings(scenario.findings)
    people = drawn(None, (), wanted=not no_report)

    def files(result: "Result") -> dict[str, bytes]:
        return {**people(result), FILE: csv_bytes(moves_of(asked, result).table)}

    result = solve(scenario, target, files, force=force, keep_inputs=True)
    moves = moves_of(asked, result)
    if form == "json":
        rows = [dict(zip(moves.table, row, strict=True)) for row in zip(*moves.table.values(), strict=True)]
        figures = {"standing": moves.standing, "kept": moves.kept, "given_up": moves.given_up, "forced": moves.forced}
        print_json({**result.claim.summary, "run_folder": str(target), "moves": {**figures, "rows": rows}})
    else:
        from nle_optimizer.reports.terminal import summary_text

        click.echo(summary_text(result, target))
        click.echo(moves_text(moves, show))
    if result.status in ("infeasible", "unknown"):
        raise click.exceptions.Exit(1)
