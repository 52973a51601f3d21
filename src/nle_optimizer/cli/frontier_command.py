"""`frontier`: the exact trade-off between two objectives."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.cli.options import (
    force_option,
    format_option,
    print_findings,
    print_json,
    say,
    scenario_options,
    seconds,
)
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing

if TYPE_CHECKING:
    from nle_optimizer.engines.stopping import Stopping

POINTS, MOST_POINTS = 25, 10_000
TABLE, PAGE = "frontier.csv", "report.html"
KIND = FolderKind("frontier")


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--between",
    required=True,
    metavar="OBJECTIVE,OBJECTIVE",
    help="Two objectives, such as fit,distance or schools_supported,fit or min_fit,fit.",
)
@click.option(
    "--points",
    type=click.IntRange(2, MOST_POINTS),
    default=POINTS,
    show_default=True,
    metavar="N",
    help="Points at most; where there are more, those that stand out most.",
)
@scenario_options
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write frontier.csv and report.html here.")
@click.option("--time-limit", type=seconds, metavar="S", help="Seconds for each search.")
@force_option
@format_option
def frontier(
    scenario: Path,
    between: str,
    points: int,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    out: Path | None,
    time_limit: float | None,
    force: bool,
    form: str,
) -> None:
    """Tell what more of one objective costs of another, exactly.

    Sums are blended: every extreme point that some blend gives, with a round blend that gives it. Schools supported go
    by counts and the least fit by thresholds: every undominated point. Objectives that the scenario puts before the two
    are kept at their best.
    """
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.frontier.frontier import frontier as curve
    from nle_optimizer.studies.frontier.rows import document_of
    from nle_optimizer.studies.frontier.text import frontier_text

    if out is not None:
        refuse_existing(out, KIND, force=force)
    loaded = load_scenario(scenario, choose=choose, sets=sets, allow_outside=allow_outside)
    print_findings(loaded.findings)
    names = [name.strip() for name in between.split(",")]
    with steps(loaded.settings.name, points) as step, loaded.locating():
        found = curve(loaded, names, points, lambda: stopping(time_limit), step)
    document = {**document_of(found), "findings": [finding.entry() for finding in loaded.findings]}
    if out is not None:
        _write(out, found, document, force=force)
    if form == "json":
        print_json(document)
    else:
        say(frontier_text(found))
        say("" if out is None else f"\nTable and page: {out}", nl=out is not None)


def stopping(seconds: float | None) -> "Stopping":
    """When a search that begins now stops."""
    from nle_optimizer.engines.stopping import Stopping

    return Stopping(deadline=None if seconds is None else time.monotonic() + seconds)


def _write(target: Path, found: Any, document: dict[str, Any], *, force: bool) -> None:
    from nle_optimizer.delimited import csv_bytes
    from nle_optimizer.reports.page.frontier_page import frontier_page
    from nle_optimizer.studies.frontier.rows import table_of

    with complete_folder(target, KIND, force=force) as folder:
        (folder / TABLE).write_bytes(csv_bytes(table_of(found)))
        (folder / PAGE).write_bytes(frontier_page(document))
