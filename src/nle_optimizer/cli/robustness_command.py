"""`robustness`: how firmly the pairs of a run stand."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.catalogue.limits import MOST_DRAWS
from nle_optimizer.cli.options import (
    code_option,
    force_option,
    format_option,
    print_json,
    say,
    workers_option,
)
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing

if TYPE_CHECKING:
    from nle_optimizer.evidence.claim import TextTable

DRAWS = 20
FILE = "robustness.csv"
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
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.studies.reopening import reopen
    from nle_optimizer.studies.robustness.robustness import robustness as found_by
    from nle_optimizer.studies.robustness.robustness import trials_of
    from nle_optimizer.studies.robustness.text import robustness_text

    if out is not None:
        refuse_existing(out, KIND, force=force)
    folder = reopen(run_folder, allow_code=allow_code).folder
    folder.scenario.permitted_rule()
    with steps("robustness", len(trials_of(folder.scenario, folder.claim, draws))) as step:
        found = found_by(folder.scenario, folder.claim, draws, workers, step)
    if out is not None:
        _write(out, found.table(), force=force)
    if form == "json":
        rows = [dict(zip(found.table(), row, strict=True)) for row in zip(*found.table().values(), strict=True)]
        told = {**found.section(), "under_error": found.under_error.section()}
        print_json({"schema_version": 1, "run": str(run_folder), **told, "rows": rows})
    else:
        say(robustness_text(found))


def _write(target: Path, table: "TextTable", *, force: bool) -> None:
    from nle_optimizer.delimited import csv_bytes

    with complete_folder(target, KIND, force=force) as folder:
        (folder / FILE).write_bytes(csv_bytes(table))
