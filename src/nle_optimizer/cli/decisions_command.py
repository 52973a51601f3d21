"""`decisions`: the journal of decisions of a run: shown, exported, taken back, replayed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.cli.options import force_option, print_json, say
from nle_optimizer.cli.replan_command import Making, make_plan

if TYPE_CHECKING:
    from nle_optimizer.scenario.journal import Journal


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
        _replay(run_folder, form)
    else:
        _show(run_folder, form)


def _undo(run_folder: Path, numbers: tuple[int, ...], told: tuple[str, str, str | None], making: Making) -> None:
    from nle_optimizer.errors import Place
    from nle_optimizer.scenario.changes import UNDO, Change
    from nle_optimizer.sources.england.cells import day_argument
    from nle_optimizer.studies.replanning.replanning import Asked

    by, note, text = told
    day = day_argument("--date", text)
    ordinal = day.toordinal() if day else 0
    undo = [Change(Place("--undo"), UNDO, number=number, by=by, note=note, day=ordinal) for number in numbers]
    make_plan(run_folder, Asked(undo), making)


def _journal(run_folder: Path) -> "Journal":
    from nle_optimizer.errors import RunFolderError
    from nle_optimizer.folders import MANIFEST
    from nle_optimizer.scenario.journal import FILE, Journal, read_journal

    if not (run_folder / MANIFEST).is_file():
        raise RunFolderError(f"{run_folder}: this is no run folder (it has no {MANIFEST})")
    return read_journal(run_folder / FILE) if (run_folder / FILE).is_file() else Journal()


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
        from nle_optimizer.studies.replanning.text import journal_text

        say(journal_text(journal))


def _replay(run_folder: Path, form: str) -> None:
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.studies.replanning.replaying import chain_of, replayed

    chain = chain_of(run_folder)
    with steps("replay", len(chain.runs)) as step:
        found = [replayed(chain, n, step) for n in range(len(chain.runs))]
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
