"""`benchmark`: matching rules side by side on the same cases."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.cli.options import format_option, print_json, scenario_options

if TYPE_CHECKING:
    from nle_optimizer.scenario.scenario import Scenario
    from nle_optimizer.studies.benchmark.trial import Trials

SHOWN = ("coverage", "total_fit", "min_fit", "gini_fit", "mean_distance_km", "blocking_pairs")


@click.command()
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rules", metavar="NAME,NAME", help="Rules to try; by default the usual ones; `all`: every one.")
@click.option("--draws", type=click.IntRange(min=1), default=1, metavar="N", help="Draws of each random rule.")
@scenario_options
@click.option(
    "--properties",
    is_flag=True,
    help="On small cases, search for blocking pairs, Pareto improvements and the best misreport of everybody.",
)
@click.option("--out", type=click.Path(path_type=Path), help="New folder for benchmark.csv and winners_losers.csv.")
@format_option
def benchmark(
    scenarios: tuple[Path, ...],
    rules: str | None,
    draws: int,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    properties: bool,
    out: Path | None,
    form: str,
) -> None:
    """Try matching rules on the same cases, and compare them by every metric.

    A rule that cannot be carried out is named with the reason, and the others finish.
    """
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.benchmark.asked import rules_asked
    from nle_optimizer.studies.benchmark.trial import trials_of

    names = rules_asked(rules)
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise click.UsageError(f"{out}: it exists already; choose another --out")
    loaded = [load_scenario(file, choose=choose, sets=sets, allow_outside=allow_outside) for file in scenarios]
    found = [trials_of(scenario, names, draws) for scenario in loaded]
    searched = [row for scenario in loaded for row in _searched(scenario, names)] if properties else []
    if out is not None:
        _write(out, found, searched)
    _print(found, searched, form)


def _searched(scenario: "Scenario", rules: list[str]) -> list[dict[str, str]]:
    from nle_optimizer.studies.properties.search import properties_of

    return [found.row(scenario.settings.name) for found in properties_of(scenario, rules)]


def _counted(number: str, what: str) -> str:
    return f"{number} {what}" if number == "1" else f"{number} {what}s"


def _write(out: Path, found: "list[Trials]", searched: list[dict[str, str]]) -> None:
    from nle_optimizer.delimited import write_columns
    from nle_optimizer.studies.benchmark.tables import HEADER, WINNERS, figure_rows, winner_rows

    out.mkdir(parents=True, exist_ok=True)
    for name, header, rows in (("benchmark", HEADER, figure_rows), ("winners_losers", WINNERS, winner_rows)):
        every = [row for trials in found for row in rows(trials)]
        write_columns(out / f"{name}.csv", {column: [row[column] for row in every] for column in header})
    if searched:
        write_columns(out / "properties.csv", {name: [row[name] for row in searched] for name in searched[0]})


def _print(found: "list[Trials]", searched: list[dict[str, str]], form: str) -> None:
    from nle_optimizer.studies.benchmark.tables import figure_rows, leaderboard

    left_out = [(t.scenario, trial.rule, trial.reason) for t in found for trial in t.trials if trial.reason]
    if form == "json":
        failed = [dict(zip(("scenario", "rule", "reason"), entry, strict=True)) for entry in left_out]
        rows = [row for trials in found for row in figure_rows(trials)]
        print_json({"schema_version": 1, "rows": rows, "left_out": failed, "properties": searched})
        return
    for trials in found:
        click.echo(click.style(trials.scenario, bold=True))
        for line in [["rule", *SHOWN, "missed"], *leaderboard(trials, SHOWN)]:
            click.echo(f"  {line[0]:<25}" + "".join(f"{cell:>17}" for cell in line[1:]))
    for row in searched:
        gain = f"; {row['example']}" if row["example"] else ""
        better = {"yes": "a Pareto improvement", "no": "no Pareto improvement"}.get(row["pareto_improvement"], "")
        found_of = [_counted(row["blocking_pairs"], "blocking pair"), *([better] if better else [])]
        sides = _counted(row["school_misreports"], "school"), _counted(row["nle_misreports"], "NLE")
        gainers = f"who may gain by a misreport: {sides[0]}, {sides[1]}"
        click.echo(f"{row['scenario']}: {row['rule']}: {', '.join([*found_of, gainers])}{gain}")
    for scenario, rule, reason in left_out:
        click.echo(f"{scenario}: {rule} is left out: {reason}")
