"""`explain`, `marginal`, `robustness`, `compare` and `report`.

`explain`: why, why not, and what it would take. `marginal`: what one more and one fewer of everything is worth.
`robustness`: how firmly the pairs of a run stand. `compare`: what changed between two run folders. `report`: the
files that people look at, made again from a run folder; a copy that is fit to send.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.catalogue.limits import MOST_DRAWS
from nle_optimizer.cli.options import (
    boundaries_option,
    code_option,
    force_option,
    format_option,
    print_json,
    say,
    seconds,
    warn,
    workers_option,
)
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing

if TYPE_CHECKING:
    from nle_optimizer.evidence.claim import TextTable
    from nle_optimizer.studies.marginal.marginal import By


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.argument("ids", nargs=-1, metavar="ID [ID]")
@click.option("--left-out", "every", is_flag=True, help="Explain every school that is left out, instead of ID.")
@click.option(
    "--time-limit", type=seconds, metavar="S", help="Seconds for a search, where a price needs solving again."
)
@format_option
def explain(run_folder: Path, ids: tuple[str, ...], every: bool, time_limit: float | None, form: str) -> None:
    """Tell why a school has the NLE it has or none, who else could, and what that would cost.

    ID is a school or an NLE, or one of each for everything about that pair: an identifier, or a name that only one has.
    A left-out school is told what it would take, an excluded one what would bring it back.
    """
    from nle_optimizer.studies.explaining.explain import explain as answer

    told = answer(run_folder, *ids, left_out=every, time_limit=time_limit)
    if form == "json":
        print_json(told.document)
    else:
        say(told.text)


MOST_ROWS = 20


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option(
    "--by",
    type=click.Choice(["nle", "region", "local_authority", "school", "budget"]),
    default="nle",
    show_default=True,
    help="One more place (or day) at an NLE; one and several more in a group of them; one more supporter of a school; "
    "one more unit of a constraint's limit.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write every row to this CSV file too, or to marginal.csv in this folder.",
)
@click.option(
    "--time-limit", type=seconds, metavar="S", help="Seconds for each search, where a value needs solving again."
)
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=MOST_ROWS,
    show_default=True,
    metavar="N",
    help="Rows in the text; the rest is counted. JSON and --out hold them all.",
)
@force_option
@format_option
def marginal(
    run_folder: Path, by: "By", out: Path | None, time_limit: float | None, show: int, force: bool, form: str
) -> None:
    """Tell what one more and one fewer of everything in a run is worth, and who would be served.

    Values are changes of the first objective if everybody else moves as is best. Where the run is a network they
    are exact and read off its one solution; elsewhere the problem is solved again for each, and a value that is not
    proved is an interval.
    """
    from nle_optimizer.cli.options import steps
    from nle_optimizer.studies.marginal.marginal import file_for, marginal_text
    from nle_optimizer.studies.marginal.marginal import marginal as found_by

    target = None if out is None else file_for(out, force=force)
    with steps("marginal values", 1) as step:
        found = found_by(run_folder, by=by, time_limit=time_limit, progress=step)
    if target is not None:
        found.write(target, force=force)
    if form == "json":
        print_json(found.document())
    else:
        say(marginal_text(found, show))
        say("" if target is None else f"\nAll rows: {target}", nl=target is not None)


DRAWS = 20
ROBUSTNESS = "robustness.csv"
KIND = FolderKind("robustness")


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option(
    "--draws",
    type=click.IntRange(1, MOST_DRAWS),
    default=DRAWS,
    show_default=True,
    metavar="N",
    help="Draws of the areas' weights, and as many around the estimates where `uncertainty` has rates.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write robustness.csv here.")
@code_option
@workers_option
@force_option
@format_option
def robustness(
    run_folder: Path, draws: int, allow_code: bool, workers: int | None, out: Path | None, force: bool, form: str
) -> None:
    """Tell how far the weight of each area can move before another plan is better, and how firmly each pair stands.

    Where `uncertainty` has rates, also what this plan is worth in draws around the estimates, kept as it is, and what
    it loses to a plan made anew.

    A pair is firm where it stands in nine of ten draws, and a toss-up below three of ten. Draws depend on the seed
    alone.
    """
    from nle_optimizer.cli.options import steps
    from nle_optimizer.studies.earlier_run import reopen
    from nle_optimizer.studies.robustness.robustness import robustness as found_by
    from nle_optimizer.studies.robustness.robustness import robustness_text, trials_of

    if out is not None:
        refuse_existing(out, KIND, force=force)
    folder = reopen(run_folder, allow_code=allow_code).folder
    folder.scenario.permitted_rule()
    with steps("robustness", len(trials_of(folder.scenario, folder.claim, draws))) as step:
        found = found_by(folder.scenario, folder.claim, draws, workers, step)
    if out is not None:
        _write_robustness(out, found.table(), force=force)
    if form == "json":
        rows = [dict(zip(found.table(), row, strict=True)) for row in zip(*found.table().values(), strict=True)]
        told = {**found.section(), "under_error": found.under_error.section()}
        print_json({"schema_version": 1, "run": str(run_folder), **told, "rows": rows})
    else:
        say(robustness_text(found))


def _write_robustness(target: Path, table: "TextTable", *, force: bool) -> None:
    from nle_optimizer.delimited import csv_bytes

    with complete_folder(target, KIND, force=force) as folder:
        (folder / ROBUSTNESS).write_bytes(csv_bytes(table))


SHOWN = 3


@click.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=SHOWN,
    show_default=True,
    metavar="N",
    help="Entries of each kind in the text; the rest is counted. JSON holds them all.",
)
@click.option("--page", type=click.Path(path_type=Path), metavar="FILE", help="Write it as a page too, with a map.")
@format_option
def compare(first: Path, second: Path, show: int, page: Path | None, form: str) -> None:
    """Tell what changed from one run folder to another.

    Settings and input rows that differ, figures side by side, schools that gained, lost or changed their
    support, each with its reason then and now, and NLEs whose use changed. Nothing is solved or verified;
    files that were changed since the run are warned of.
    """
    from nle_optimizer.studies.comparison.comparison import compare as difference
    from nle_optimizer.studies.comparison.text import comparison_text

    comparison = difference(first, second)
    warn(comparison.warnings)
    if page is not None:
        comparison.write_page(page)
    if form == "json":
        print_json(comparison.document())
    else:
        say(comparison_text(comparison, show))


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--share", type=click.Path(path_type=Path), metavar="DIR", help="Write a copy fit to send into DIR.")
@click.option("--names", is_flag=True, help="With --share: show NLEs by name and where they are.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="With --share: the secret of pseudonyms.")
@click.option("--images", "pictures", is_flag=True, help="Write every chart as SVG and PNG too, into images/.")
@click.option("--record", "logs", is_flag=True, help="Write the record of the decision too, into record/.")
@boundaries_option
@force_option
def report(
    run: Path,
    share: Path | None,
    names: bool,
    key: Path | None,
    pictures: bool,
    logs: bool,
    boundaries: Path | None,
    force: bool,
) -> None:
    """Make the page, workbook and map of a run folder again, or with --share a copy that names no NLE.

    --images writes the charts for slides. --record writes logs of assumptions, data and decisions, a statement of how
    the result was verified, and a draft of the algorithmic transparency record, with blanks for people to fill.

    What people wrote in the workbook or the record stays, unless --force is given; a file that is replaced and is not
    as it was made is kept beside the new one, as workbook.kept.xlsx.

    Nothing is solved or verified. In a shared copy NLEs have pseudonyms, which stay the same as long as the secret
    does (RUN/share.key, made when it is first needed), and stand at the middle of their authority.
    """
    from nle_optimizer.reports.files_for_people import report as made_again

    made = made_again(
        run, share=share, names=names, key=key, images=pictures, record=logs, boundaries=boundaries, force=force
    )
    warn(made.remarks)
    for file in made.files:
        say(str(file))
