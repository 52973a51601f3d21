"""`recruit`: where more NLEs would add most."""

from pathlib import Path
from typing import Any

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

SEARCHES, MOST_SEARCHES, MOST_RECRUITS = 60, 100_000, 10_000
RECRUITS, NLES = "recruits.csv", "nles.csv"
KIND = FolderKind("recruitment")


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(1, MOST_RECRUITS), required=True, metavar="K", help="How many recruits.")
@click.option(
    "--places",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Possible recruits: an NLE table, each row once. By default the centre of every local authority, as often as "
    "it helps.",
)
@click.option("--like", metavar="NLE_ID", help="The NLE whose expertise, capacity and reach recruits have where blank.")
@click.option(
    "--searches",
    type=click.IntRange(0, MOST_SEARCHES),
    default=SEARCHES,
    show_default=True,
    metavar="N",
    help="Choices to work out at most beyond taking the best one after the other.",
)
@scenario_options
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write recruits.csv and nles.csv here.")
@click.option("--time-limit", type=seconds, metavar="S", help="Seconds for each search.")
@force_option
@format_option
def recruit(
    scenario: Path,
    count: int,
    places: Path | None,
    like: str | None,
    searches: int,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    out: Path | None,
    time_limit: float | None,
    force: bool,
    form: str,
) -> None:
    """Find where so many more NLEs would add most to the first objective.

    Proved where that can be, else with an upper bound on any other choice. recruits.csv holds the recruits as an NLE
    table, nles.csv all NLEs with them: run --set data.nles=DIR/nles.csv plans with both.
    """
    from nle_optimizer.cli.frontier_command import stopping
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.recruitment.recruit import Asked
    from nle_optimizer.studies.recruitment.recruit import recruit as found_by
    from nle_optimizer.studies.recruitment.text import recruitment_text

    if out is not None:
        refuse_existing(out, KIND, force=force)
    loaded = load_scenario(scenario, choose=choose, sets=sets, allow_outside=allow_outside)
    print_findings(loaded.findings)
    with steps(loaded.settings.name, count + searches) as step, loaded.locating():
        found = found_by(loaded, Asked(count, places, like, searches), lambda: stopping(time_limit), step)
    if out is not None:
        _write(out, found, force=force)
    if form == "json":
        print_json({**found.document(), "findings": [finding.entry() for finding in loaded.findings]})
    else:
        say(recruitment_text(found))
        say("" if out is None else f"\nRecruits: {out / RECRUITS}", nl=out is not None)


def _write(target: Path, found: Any, *, force: bool) -> None:
    from nle_optimizer.delimited import csv_bytes
    from nle_optimizer.records import as_text

    nles = found.after.scenario.nles
    with complete_folder(target, KIND, force=force) as folder:
        (folder / RECRUITS).write_bytes(csv_bytes(found.table()))
        (folder / NLES).write_bytes(csv_bytes({name: as_text(column) for name, column in nles.columns.items()}))
