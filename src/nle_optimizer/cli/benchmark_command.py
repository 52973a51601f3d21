"""`benchmark`, and the lists of what there is.

`benchmark`: matching rules side by side on the same cases. `schema`, `policies`, `objectives`, `constraints`,
`rules`: what there is to choose from.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.catalogue.limits import MOST_DRAWS, MOST_WORKERS
from nle_optimizer.cli.options import INTERRUPTED, format_option, print_findings, print_json, say, scenario_options
from nle_optimizer.folders import MANIFEST, FolderKind, complete_folder, is_ours, recover, refuse_existing

if TYPE_CHECKING:
    from nle_optimizer.scenario.scenario import Scenario
    from nle_optimizer.studies.benchmark.trial import Trials


SHOWN = ("coverage", "total_fit", "min_fit", "gini_fit", "mean_distance_km", "blocking_pairs")
MOST_SENTENCES = 12
"""Sentences on a scenario that are printed; all of them stand in `benchmark.md`."""
KIND = FolderKind("benchmark")
FEW_TASKS = 8
"""Tasks up to which this process is quicker alone."""
Rows = Sequence[dict[str, str]]


@click.command()
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rules", metavar="NAME,NAME", help="Rules to try; by default the usual ones; `all`: every one.")
@click.option("--draws", type=click.IntRange(1, MOST_DRAWS), default=1, metavar="N", help="Draws of each random rule.")
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    metavar="N",
    help="Processes; by default one a core where it is worth it.",
)
@click.option("--time-limit", type=float, metavar="S", help="Let each rule that searches stop after so many seconds.")
@scenario_options
@click.option(
    "--properties",
    is_flag=True,
    help="On small cases, search for blocking pairs, Pareto improvements and the best misreport of everybody.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="New folder for the tables and the page.")
@click.option("--resume", is_flag=True, help="Go on in --out: what was tried there is not tried again.")
@click.option("--no-report", is_flag=True, help="Leave out the page.")
@format_option
def benchmark(
    scenarios: tuple[Path, ...],
    rules: str | None,
    draws: int,
    workers: int | None,
    time_limit: float | None,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    properties: bool,
    out: Path | None,
    resume: bool,
    no_report: bool,
    form: str,
) -> None:
    """Try matching rules on the same cases, and compare them by every metric.

    A rule that cannot be carried out is named with the reason, and the others finish. The tables are the same for any
    number of workers.
    """
    from nle_optimizer.scenario.scenario import load_scenario
    from nle_optimizer.studies.benchmark.tasks import permitting, rules_asked

    names = rules_asked(rules)
    sets = sets if time_limit is None else (*sets, f"stop.seconds={time_limit}")
    _refuse(out, resume)
    loaded = [load_scenario(file, choose=choose, sets=sets, allow_outside=allow_outside) for file in scenarios]
    loaded = [permitting(scenario, names) for scenario in loaded]
    for scenario in loaded:
        print_findings(scenario.findings)
    found = _tried(loaded, names, draws, workers, out)
    searched = [row for scenario in loaded for row in _searched(scenario, names)] if properties else []
    if out is not None:
        _write(out, loaded, found, searched, page=not no_report)
    _print(loaded, found, searched, form)
    if any(all(trial.reason for trial in trials.trials) for trials in found):
        raise click.exceptions.Exit(1)


def _refuse(out: Path | None, resume: bool) -> None:
    if resume and out is None:
        raise click.UsageError("--resume goes on in a folder; name it by --out")
    if out is None:
        return
    recover(out, KIND)
    if is_ours(out, KIND) and not resume:
        raise click.UsageError(f"{out}: it exists already; give --resume to go on in it, or choose another --out")
    refuse_existing(out, KIND, force=resume)


def _tried(
    loaded: "Sequence[Scenario]", names: Sequence[str], draws: int, workers: int | None, out: Path | None
) -> "list[Trials]":
    from nle_optimizer.cli.options import steps
    from nle_optimizer.studies.benchmark.tasks import KeptTasks, tasks_of, tried

    tasks = tasks_of(loaded, names, draws)
    crew = workers or ((os.cpu_count() or 1) if draws > 1 and len(tasks) > FEW_TASKS else 1)
    with steps("benchmark", len(tasks)) as step:
        if out is None:
            return tried(loaded, tasks, crew, None, lambda task: step(task.rule))
        if not is_ours(out, KIND):
            with complete_folder(out, KIND, force=False):
                pass
        with KeptTasks(out) as kept:
            try:
                return tried(loaded, tasks, crew, kept, lambda task: step(task.rule))
            except KeyboardInterrupt:
                say(f"interrupted: what was tried is kept in {out}; the same with --resume goes on", err=True)
                raise click.exceptions.Exit(INTERRUPTED) from None


def _searched(scenario: "Scenario", rules: list[str]) -> list[dict[str, str]]:
    from nle_optimizer.studies.properties import properties_of

    return [found.row(scenario.settings.name) for found in properties_of(scenario, rules)]


def _counted(number: str, what: str) -> str:
    return f"{number} {what}" if number == "1" else f"{number} {what}s"


def _write(out: Path, loaded: "Sequence[Scenario]", found: "list[Trials]", searched: Rows, *, page: bool) -> None:
    import json

    from nle_optimizer.delimited import csv_bytes
    from nle_optimizer.studies.benchmark.tables import markdown, tables_of

    files: dict[str, bytes] = {}
    document = _document(loaded, found, searched)
    for name, (header, rows) in tables_of(found).items():
        files[f"{name}.csv"] = csv_bytes({column: [row[column] for row in rows] for column in header})
    if searched:
        files["properties.csv"] = csv_bytes({name: [row[name] for row in searched] for name in searched[0]})
    files["benchmark.json"] = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    files["benchmark.md"] = markdown(found).encode()
    if page:
        files["report.html"] = _page(found, document["rows"])
    with complete_folder(out, KIND, force=True) as folder:
        for name, content in {**files, MANIFEST: json.dumps(_manifest(found)).encode()}.items():
            (folder / name).write_bytes(content)


def _page(found: "list[Trials]", rows: Rows) -> bytes:
    from nle_optimizer.reports.page.benchmark_page import benchmark_page
    from nle_optimizer.studies.benchmark.tables import left_out, sentences

    fits = {
        trials.scenario: {
            trial.rule: (trial.fit / 1_000_000).tolist() for trial in trials.trials if trial.fit is not None
        }
        for trials in found
    }
    return benchmark_page(rows, fits, [told for trials in found for told in (*sentences(trials), *left_out(trials))])


def _left_out(found: "list[Trials]") -> Iterator[tuple[str, str, str]]:
    for trials in found:
        for trial in trials.trials:
            if trial.reason:
                yield trials.scenario, trial.rule, trial.reason


def _document(loaded: "Sequence[Scenario]", found: "list[Trials]", searched: Rows) -> dict[str, Any]:
    from nle_optimizer.studies.benchmark.tables import figure_rows, sentences

    failed = [dict(zip(("scenario", "rule", "reason"), entry, strict=True)) for entry in _left_out(found)]
    rows = [row for trials in found for row in figure_rows(trials)]
    said = [{"scenario": trials.scenario, "sentences": list(sentences(trials))} for trials in found]
    document = {"schema_version": 1, "rows": rows, "left_out": failed, "said": said}
    findings = [
        {"scenario": scenario.settings.name, **finding.entry()} for scenario in loaded for finding in scenario.findings
    ]
    return {**document, "properties": list(searched), "findings": findings}


def _manifest(found: "list[Trials]") -> dict[str, Any]:
    """Command and times, which alone differ from one benchmark to the next."""
    import sys

    seconds: dict[str, float] = {}
    for trials in found:
        for trial in trials.trials:
            seconds[trial.rule] = round(seconds.get(trial.rule, 0.0) + trial.seconds, 4)
    command = ["nle-optimizer", *sys.argv[1:]]
    return {"command": command, "seconds": seconds}


def _print(loaded: "Sequence[Scenario]", found: "list[Trials]", searched: Rows, form: str) -> None:
    from nle_optimizer.studies.benchmark.tables import aim_of, leaderboard, left_out, sentences, titled

    if form == "json":
        print_json(_document(loaded, found, searched))
        return
    for trials in found:
        say(click.style(trials.scenario, bold=True))
        shown = [name for name in (aim_of(trials), *SHOWN) if name]
        lines = [["rule", *map(titled, shown), "missed", "seconds"], *leaderboard(trials, shown)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for name, *cells in lines:
            say("  ".join([f"  {name:<{widths[0]}}", *(f"{c:>{w}}" for c, w in zip(cells, widths[1:], strict=True))]))
    for row in searched:
        say(_found_of(row))
    for trials in found:
        told = list(sentences(trials))
        for sentence in told[:MOST_SENTENCES]:
            say(f"{trials.scenario}: {sentence}")
        if len(told) > MOST_SENTENCES:
            say(f"{trials.scenario}: {len(told) - MOST_SENTENCES} more such sentences stand in benchmark.md")
        for sentence in left_out(trials):
            say(f"{trials.scenario}: {sentence}")


def _found_of(row: dict[str, str]) -> str:
    """What a search found of a rule, in a sentence."""
    gain = f"; {row['example']}" if row["example"] else ""
    better = {"yes": "a Pareto improvement", "no": "no Pareto improvement"}.get(row["pareto_improvement"], "")
    found_of = [_counted(row["blocking_pairs"], "blocking pair"), *([better] if better else [])]
    sides = _counted(row["school_misreports"], "school"), _counted(row["nle_misreports"], "NLE")
    gainers = f"who may gain by a misreport: {sides[0]}, {sides[1]}"
    if not row["school_misreports"]:
        gainers = "misreports are not searched for"
    return f"{row['scenario']}: {row['rule']}: {', '.join([*found_of, gainers])}{gain}"


@click.command()
def schema() -> None:
    """Print the JSON Schema of the scenario file, for editors."""
    from nle_optimizer.scenario.validation import scenario_schema

    print_json(scenario_schema())


@click.command()
@format_option
def policies(form: str) -> None:
    """List the eligibility policies, with their source and the columns they need."""
    from nle_optimizer.scenario.policies import POLICIES

    if form == "json":
        entries = [
            {
                "name": policy.name,
                "title": policy.title,
                "source": policy.source,
                "columns": policy.columns,
                "rules": [rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) for rule in policy.rules],
                "note": policy.note,
            }
            for policy in POLICIES.values()
        ]
        print_json({"schema_version": 1, "policies": entries})
        return
    for policy in POLICIES.values():
        needs = f"\n    needs: {', '.join(policy.columns)}" if policy.columns else ""
        note = f"\n    note: {policy.note}" if policy.note else ""
        say(f"{policy.name}: {policy.title}\n    source: {policy.source}{needs}{note}")


@click.command()
@format_option
def objectives(form: str) -> None:
    """List the objectives, with sense, unit, formula and source."""
    from nle_optimizer.model.objectives import CATALOGUE

    if form == "json":
        names = ("name", "sense", "unit", "formula", "source")
        entries = [{name: getattr(objective, name) for name in names} for objective in CATALOGUE]
        print_json({"schema_version": 1, "objectives": entries})
        return
    for entry in CATALOGUE:
        say(f"{entry.name}: {entry.sense}, in {entry.unit}: {entry.formula}\n    source: {entry.source}")


@click.command()
@format_option
def constraints(form: str) -> None:
    """List the types of constraints, with what each counts and the columns and settings it takes."""
    from nle_optimizer.model.constraints.constraint_types import CONSTRAINTS
    from nle_optimizer.scenario.setting_sections import KEYS

    if form == "json":
        entries = [
            {"name": kind.name, "counts": kind.counts, "columns": kind.columns, "settings": list(KEYS[kind.name])}
            for kind in CONSTRAINTS.values()
        ]
        print_json({"schema_version": 1, "constraints": entries})
        return
    for kind in CONSTRAINTS.values():
        say(f"{kind.name}: {kind.counts}\n    columns: {kind.columns}\n    settings: {', '.join(KEYS[kind.name])}")


@click.command()
@format_option
def rules(form: str) -> None:
    """List the matching rules, with what each promises and where that ends."""
    from dataclasses import asdict

    from nle_optimizer.rules.registry import RULES, promise_of

    if form == "json":
        print_json({"schema_version": 1, "rules": [{"name": name, **asdict(promise_of(name))} for name in RULES]})
        return
    for name in RULES:
        promise = promise_of(name)
        facts = {
            "promises": promise.guarantees,
            "but": promise.caveats,
            "ranks": promise.ranks,
            "misreporting": promise.misreports,
            "takes": promise.complexity,
            "source": promise.source,
        }
        say("\n    ".join([f"{name}: {promise.summary}", *(f"{key}: {text}" for key, text in facts.items())]))


@click.command()
@format_option
def metrics(form: str) -> None:
    """List the metrics of `benchmark`, with sense, unit, formula and source."""
    from nle_optimizer.studies.benchmark.metrics import METRICS

    if form == "json":
        names = ("name", "sense", "unit", "formula", "source")
        entries = [{name: getattr(metric, name) for name in names} for metric in METRICS]
        print_json({"schema_version": 1, "metrics": entries})
        return
    for entry in METRICS:
        say(f"{entry.name}: {entry.sense}, in {entry.unit}: {entry.formula}\n    source: {entry.source}")
