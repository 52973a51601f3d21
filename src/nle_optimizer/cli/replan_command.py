"""`replan` and `decisions`.

`replan`: a new allocation that disturbs an earlier one least. `decisions`: the journal of decisions of a run: shown,
exported, taken back, replayed.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.cli.options import (
    boundaries_option,
    code_option,
    force_option,
    format_option,
    print_findings,
    print_json,
    say,
    seconds,
)

if TYPE_CHECKING:
    from nle_optimizer.scenario.journal import Journal
    from nle_optimizer.studies.replanning.replanning import ReplanRequest
    from nle_optimizer.studies.replanning.replaying import Replan


SHOWN = 10
SUFFIX = "replanned"
STEPS = 8
"""Steps of a new plan that the progress bar counts."""


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
    from nle_optimizer.studies.replanning.replaying import request_of

    if keep_and_add and max_moves:
        raise click.UsageError("--keep-and-add gives up no pair, and --max-moves lets some go; give one of them")
    target = out or _beside(run_folder)
    _refuse(target, force=force)
    request = request_of(changes, newer, sets, by, max_moves, fill_from, keep_and_add=keep_and_add)
    made = _planned(run_folder, request, target, time_limit)
    made.write(target, report=not no_report, boundaries=boundaries, force=force)
    _tell(made, target, show, form)


def _beside(run_folder: Path) -> Path:
    return run_folder.with_name(f"{run_folder.name}-{SUFFIX}")


def _refuse(target: Path, *, force: bool) -> None:
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.reports.run_folder import RUN_FOLDER

    refuse_existing(target, RUN_FOLDER, force=force)


def _planned(run_folder: Path, request: "ReplanRequest", target: Path, time_limit: float | None = None) -> "Replan":
    from nle_optimizer.cli.options import listener, steps
    from nle_optimizer.studies.replanning.replaying import replan_of

    with steps(target.name, STEPS) as step:
        made = replan_of(run_folder, request, time_limit, listener(step))
    print_findings(made.scenario.findings)
    return made


def _tell(made: "Replan", target: Path, show: int, form: str) -> None:
    journal, moves = made.asked.journal, made.differences
    since = journal.decisions[len(made.asked.before.journal) :]
    if form == "json":
        figures = {"standing": moves.standing, "kept": moves.kept, "given_up": moves.given_up, "forced": moves.forced}
        told = {**figures, "rows": made.moves.rows(), "frontier": made.curve.table}
        decided = {"before": len(made.asked.before.journal), "since": [decision.cells() for decision in since]}
        print_json({**made.claim.summary, "run_folder": str(target), "moves": told, "decisions": decided})
    else:
        from nle_optimizer.reports.terminal import summary_text
        from nle_optimizer.studies.replanning.replaying import decided_text, moves_text

        say(summary_text(made, target))
        say(moves_text(moves if made.is_plan else None, made.curve, show))
        if len(journal):
            say(decided_text(journal, len(since), target))
    if not made.is_plan:
        raise click.exceptions.Exit(1)


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
        target = out or _beside(run_folder)
        _refuse(target, force=force)
        made = _undone(run_folder, numbers, (by, note, day), target)
        made.write(target, force=force)
        _tell(made, target, SHOWN, form)
    elif replay:
        _replay(run_folder, form, allow_code=allow_code)
    else:
        _show(run_folder, form)


def _undone(run_folder: Path, numbers: tuple[int, ...], told: tuple[str, str, str | None], target: Path) -> "Replan":
    from nle_optimizer.errors import Place
    from nle_optimizer.scenario.changes import UNDO, Change
    from nle_optimizer.scenario.official_cells import day_argument
    from nle_optimizer.studies.replanning.replanning import ReplanRequest

    by, note, text = told
    day = day_argument("--date", text)
    ordinal = day.toordinal() if day else 0
    undo = [Change(Place("--undo"), UNDO, number=number, by=by, note=note, day=ordinal) for number in numbers]
    return _planned(run_folder, ReplanRequest(undo), target)


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
