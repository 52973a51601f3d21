"""`frontier`, `recruit` and `sweep`.

`frontier`: the exact trade-off between two objectives. `recruit`: where more NLEs would add most. `sweep`: many what-
ifs, each verified, in one table.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.catalogue.limits import MOST_POINTS, MOST_RECRUITS, MOST_SEARCHES, MOST_SEEDS, MOST_WORKERS
from nle_optimizer.cli.options import (
    INTERRUPTED,
    code_option,
    force_option,
    format_option,
    print_findings,
    print_json,
    say,
    scenario_options,
    seconds,
)
from nle_optimizer.errors import on_one_line

if TYPE_CHECKING:
    from nle_optimizer.studies.sweep.conduct import Swept, Watch
    from nle_optimizer.studies.sweep.plan import Plan
    from nle_optimizer.studies.sweep.points import Wanted


POINTS = 25


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
    from nle_optimizer.cli.options import steps
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.frontier import FRONTIER, document_of, frontier_text
    from nle_optimizer.studies.frontier import frontier as curve

    if out is not None:
        refuse_existing(out, FRONTIER, force=force)
    loaded = load_scenario(scenario, choose=choose, sets=sets, allow_outside=allow_outside)
    print_findings(loaded.findings)
    names = [name.strip() for name in between.split(",")]
    with steps(loaded.settings.name, points) as step:
        found = curve(loaded, between=names, points=points, time_limit=time_limit, progress=step)
    if out is not None:
        found.write(out, force=force)
    if form == "json":
        print_json(document_of(found))
    else:
        say(frontier_text(found))
        say("" if out is None else f"\nTable and page: {out}", nl=out is not None)


SEARCHES = 60


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
    from nle_optimizer.cli.options import steps
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.recruitment import RECRUITMENT, recruitment_text
    from nle_optimizer.studies.recruitment import recruit as found_by

    if out is not None:
        refuse_existing(out, RECRUITMENT, force=force)
    loaded = load_scenario(scenario, choose=choose, sets=sets, allow_outside=allow_outside)
    print_findings(loaded.findings)
    asked: dict[str, Any] = {"count": count, "places": places, "like": like, "searches": searches}
    with steps(loaded.settings.name, count + searches) as step:
        found = found_by(loaded, **asked, time_limit=time_limit, progress=step)
    if out is not None:
        found.write(out, force=force)
    if form == "json":
        print_json(found.document())
    else:
        say(recruitment_text(found))
        say("" if out is None else f"\nRecruits: {out / 'recruits.csv'}", nl=out is not None)


WELL = ("optimal", "feasible", "completed")


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--grid", multiple=True, metavar="KEY=V,V", help="Try these values; several are combined each with each.")
@click.option("--zip", "zipped", multiple=True, metavar="KEY=V,V", help="Likewise, but first with first and so on.")
@click.option("--table", type=click.Path(path_type=Path), help="CSV: a column a dotted key, a row a point.")
@click.option("--scenarios", metavar="NAME,NAME", help="Start from each of these named scenarios of the file.")
@click.option(
    "--seeds", type=click.IntRange(1, MOST_SEEDS), metavar="N", help="Repeat each point with N seeds in a row."
)
@scenario_options
@code_option
@click.option("--workers", type=click.IntRange(1, MOST_WORKERS), metavar="N", help="Processes; by default one a core.")
@click.option("--scheduler", metavar="ADDRESS", help="Let the workers of this Dask scheduler do it: tcp://HOST:8786.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results; by default runs/NAME-sweep.")
@click.option("--resume", is_flag=True, help="Go on in a folder that exists; nothing is worked out twice.")
@click.option("--dry-run", is_flag=True, help="Check, list and count the points; solve nothing.")
@click.option("--fail-fast", is_flag=True, help="End at the first point that cannot be carried out.")
@click.option("--keep-runs", is_flag=True, help="Keep the run folder of each case under runs/ in the folder.")
@click.option("--no-report", is_flag=True, help="Leave out the page, report.html.")
@click.option("--yes", is_flag=True, help="More than a million points are meant.")
@format_option
def sweep(
    scenario: Path,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    allow_code: bool,
    workers: int | None,
    scheduler: str | None,
    out: Path | None,
    resume: bool,
    dry_run: bool,
    fail_fast: bool,
    keep_runs: bool,
    no_report: bool,
    yes: bool,
    form: str,
    **parts: Any,
) -> None:
    """Solve and verify many what-ifs of a scenario; write sweep.csv (a row a point), sweep.sqlite and report.html.

    What the options leave open, the file's own `sweep` section says. Exits with 1 where a point could not be
    carried out; an infeasible point is an answer.
    """
    if scheduler is None and not dry_run:
        from nle_optimizer.studies.worker_processes import make_ready

        make_ready()
    from nle_optimizer.studies.sweep.conduct import carry_out, crew_of, default_folder, refuse_both
    from nle_optimizer.studies.sweep.plan import plan_sweep

    refuse_both(workers, scheduler)
    allowed: dict[str, Any] = {"allow_outside": allow_outside, "allow_code": allow_code, "may_be_huge": yes}
    plan = plan_sweep(scenario, _wanted(**parts), choose=choose, sets=sets, **allowed)
    print_findings(plan.bases[0].findings)
    if dry_run:
        _list(plan, form)
        return
    folder = out or default_folder(plan)
    try:
        with _bar(plan.name) as watch:
            crew = crew_of(workers, scheduler)
            how = {"resume": resume, "fail_fast": fail_fast, "keep_runs": keep_runs, "report": not no_report}
            swept = carry_out(plan, folder, crew, **how, watch=watch)
    except KeyboardInterrupt:
        say(f"interrupted: what is finished is kept in {folder}; the same with --resume goes on", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    _tell(swept, folder, form)
    if any(status in swept.statuses for status in ("error", "lost")):
        raise click.exceptions.Exit(1)


def _wanted(
    grid: tuple[str, ...], zipped: tuple[str, ...], table: Path | None, scenarios: str | None, seeds: int | None
) -> "Wanted":
    from nle_optimizer.studies.sweep.points import Wanted, parse_axis

    names = [name.strip() for name in (scenarios or "").split(",") if name.strip()]
    return Wanted(parse_axis(grid, "--grid"), parse_axis(zipped, "--zip"), table, names, seeds)


def _list(plan: "Plan", form: str) -> None:
    """Print every point, and how many there are."""
    from nle_optimizer.studies.sweep.points import said

    points = [
        {"point": n, "scenario": planned.point.choice, "name": planned.point.label, "settings": said(planned.point)}
        for n, planned in enumerate(plan.points, start=1)
    ]
    cases = len({planned.task.key for planned in plan.points})
    if form == "json":
        print_json({"schema_version": 1, "scenario": plan.name, "count": len(points), "cases": cases, "points": points})
        return
    for point, planned in zip(points, plan.points, strict=True):
        named = [word for word in (planned.point.choice, planned.point.label) if word]
        settings = [f"{key}={value}" for key, value in said(planned.point).items()]
        say(f"{point['point']:>6}  {'  '.join(named + settings)}")
    same = "" if cases == len(points) else f", {cases} of them different"
    say(f"{len(points):,} points{same}; nothing was solved")


def _tell(swept: "Swept", folder: Path, form: str) -> None:
    """Print what came of the sweep."""
    if form == "json":
        print_json(
            {
                "schema_version": 1,
                "folder": str(folder),
                "points": swept.points,
                "computed": swept.computed,
                "reused": swept.reused,
                "statuses": swept.statuses,
                "findings": [finding.entry() for finding in swept.plan.bases[0].findings],
                "rows": list(swept.rows),
            }
        )
        return
    for row in swept.rows:
        if row["status"] not in WELL:
            say(f"point {row['point']}: {row['status']}{': ' if row['error'] else ''}{row['error']}", err=True)
    told = ", ".join(f"{count:,} {status}" for status, count in swept.statuses.items())
    say(f"{swept.points:,} points: {told}")
    say(f"{swept.computed:,} cases worked out and verified, {swept.reused:,} were there already")
    say(f"Table: {folder / 'sweep.csv'}")


@contextmanager
def _bar(name: str) -> Iterator["Watch"]:
    """A bar with the time left on stderr, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _done, _of, _failed: None
        return
    from tqdm import tqdm

    layout = "{desc} {bar:24} {n_fmt}/{total_fmt} {elapsed}, {remaining} left{postfix}"
    with tqdm(total=0, delay=1.0, leave=False, file=sys.stderr, bar_format=layout, desc=on_one_line(name)) as bar:

        def watch(done: int, of: int, failed: int) -> None:
            bar.total = of
            if failed:
                bar.set_postfix_str(f"{failed} failed", refresh=False)
            bar.update(done - bar.n)

        yield watch
