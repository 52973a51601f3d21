"""`run`, `validate`, `verify` and `benchmark`.

`run`: the main job. `validate`: reads everything, reports every problem at once, solves nothing. `verify`: re-checks
a run folder from its own inputs. `benchmark`: matching rules side by side on the same cases.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.catalogue.limits import MOST_DRAWS, MOST_WORKERS
from nle_optimizer.cli.options import (
    INTERRUPTED,
    boundaries_option,
    code_option,
    force_option,
    format_option,
    grouped,
    print_findings,
    print_json,
    say,
    scenario_options,
    warn,
    workers_option,
)

if TYPE_CHECKING:
    from nle_optimizer.evidence.verification.sql.reading import SqlReading
    from nle_optimizer.scenario.scenario import Scenario
    from nle_optimizer.studies.benchmark.tables import Benchmark
    from nle_optimizer.studies.runs import Run


STEPS = 7
"""Steps of one run that the progress bar counts: five of `allocate`, verifying and writing."""


@click.command()
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Run folder; with several scenarios, a folder of them.")
@scenario_options
@code_option
@click.option("--rule", metavar="NAME", help="Matching rule; the same as --set rule=NAME.")
@click.option("--time-limit", type=float, metavar="S", help="Stop after so many seconds with the best found.")
@click.option("--strict", is_flag=True, help="Exit with 1 where schools are left out.")
@click.option("--no-report", is_flag=True, help="Leave out the files made for people to look at.")
@boundaries_option
@click.option("--no-inputs", is_flag=True, help="Do not keep the tables in the run folder.")
@workers_option
@force_option
@click.option("--digest", "with_digest", is_flag=True, help="Print a hash of all that the folder holds, but for times.")
@format_option
def run(
    scenarios: tuple[Path, ...],
    out: Path | None,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    allow_code: bool,
    rule: str | None,
    time_limit: float | None,
    strict: bool,
    no_report: bool,
    boundaries: Path | None,
    no_inputs: bool,
    workers: int | None,
    force: bool,
    with_digest: bool,
    form: str,
) -> None:
    """Solve scenarios, verify the results, write run folders and print summaries.

    The folder is runs/NAME unless --out says otherwise; it appears complete or not at all.
    """
    from nle_optimizer.cli.options import listener, steps
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.reports.run_folder import RUN_FOLDER
    from nle_optimizer.reports.verifying import digest_of
    from nle_optimizer.studies.runs import run_of

    how = {"allow_outside": allow_outside, "allow_code": allow_code}
    loaded = _load(scenarios, choose, sets, also={"rule": rule, "stop.seconds": time_limit}, **how)
    targets = [_target(out, scenario.settings.name, several=len(loaded) > 1) for scenario in loaded]
    if len(set(targets)) < len(targets):
        raise click.UsageError("two scenarios have the same name, and would share a run folder; run them one by one")
    for target in targets:
        refuse_existing(target, RUN_FOLDER, force=force)
    documents = []
    left_out = infeasible = False
    for scenario, target in zip(loaded, targets, strict=True):
        print_findings(scenario.findings)
        with steps(scenario.settings.name, STEPS) as step:
            made = run_of(scenario, listener(step), workers)
            step("writing")
            made.write(target, report=not no_report, boundaries=boundaries, inputs=not no_inputs, force=force)
        print_findings(made.scenario.findings[len(scenario.findings) :])
        infeasible |= made.status in ("infeasible", "unknown")
        left_out |= made.claim.summary["counts"]["unmatched"] > 0
        digest = {"digest": digest_of(target)} if with_digest else {}
        documents.append({**made.claim.summary, "run_folder": str(target), **digest})
        if form == "text":
            _tell(made, target)
            for own in digest.values():
                say(f"digest {own}")
    if form == "json":
        print_json(documents[0] if len(documents) == 1 else {"schema_version": 1, "runs": documents})
    if infeasible or (strict and left_out):
        raise click.exceptions.Exit(1)


def _load(files: tuple[Path, ...], choose: tuple[str, ...], sets: tuple[str, ...], **how: Any) -> "list[Scenario]":
    """Every scenario, before any is solved; the problems of all of them at once."""
    from nle_optimizer.cli.options import steps
    from nle_optimizer.errors import Fault, InputError
    from nle_optimizer.scenario.scenario import scenario_in

    loaded: list[Scenario] = []
    problems: list[Fault] = []
    with steps("reading", len(files)) as step:
        for file in files:
            step(f"reading {file.name}")
            try:
                loaded.append(scenario_in(file, choose, sets, **how))
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)
    return loaded


def _target(out: Path | None, name: str, *, several: bool) -> Path:
    if out is None:
        return Path("runs") / name
    return out / name if several else out


def _tell(made: "Run", target: Path) -> None:
    from nle_optimizer.reports.terminal import summary_text
    from nle_optimizer.studies.robustness.robustness import draws_lines

    say(summary_text(made, target))
    for line in () if made.draws is None else draws_lines(made.draws):
        say(line)


@click.command()
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(path_type=Path))
@scenario_options
@code_option
@format_option
def validate(
    scenarios: tuple[Path, ...],
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    allow_code: bool,
    form: str,
) -> None:
    """Read scenarios and their tables, and report every problem at once. Solves nothing.

    Exits with 1 where there are errors; findings only warn.
    """
    entries = [_entry(file, choose, sets, allow_outside, allow_code) for file in scenarios]
    if form == "json":
        told = [{**entry, "findings": [found.entry() for found in entry["findings"]]} for entry in entries]
        print_json({"schema_version": 1, "scenarios": told})
    else:
        for entry in entries:
            _tell_entry(entry)
    if any(entry["errors"] for entry in entries):
        raise click.exceptions.Exit(1)


def _entry(
    file: Path, choose: tuple[str, ...], sets: tuple[str, ...], allow_outside: bool, allow_code: bool
) -> dict[str, Any]:
    """What is wrong with a scenario, and its findings: as JSON has them, and as lines."""
    from nle_optimizer.errors import InfeasibleError, InputError
    from nle_optimizer.running import check
    from nle_optimizer.scenario.scenario import load_scenario

    entry: dict[str, Any] = {"scenario": str(file), "errors": [], "findings": []}
    try:
        scenario = load_scenario(file, choose=choose, sets=sets, allow_outside=allow_outside, allow_code=allow_code)
        entry["findings"] = list(scenario.findings)
        entry["findings"] = list(check(scenario))
    except InputError as error:
        entry["errors"] = [str(problem) for problem in error.problems]
    except InfeasibleError as error:
        entry["errors"] = list(error.clashes)
    return entry


def _tell_entry(entry: dict[str, Any]) -> None:
    for line in grouped(entry["findings"]):
        say(f"warning: {line}")
    for error in entry["errors"]:
        say(f"error: {error}")
    count = len(entry["errors"])
    verdict = "valid" if not count else f"{count} error{'s' if count != 1 else ''}"
    say(f"{entry['scenario']}: {verdict}")


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit with 4 where that nothing is better rests on a solver's word.")
@click.option("--against", type=click.Path(path_type=Path), metavar="SCENARIO", help="Compare the inputs with these.")
@scenario_options
@click.option("--no-reports", is_flag=True, help="Do not compare the page, the map and the workbook with the tables.")
@click.option(
    "--sql",
    "target",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read it in SQL too: write relations and statements into DIR, where the duckdb shell alone runs them.",
)
@force_option
@format_option
def verify(
    run_folder: Path,
    strict: bool,
    against: Path | None,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    no_reports: bool,
    target: Path | None,
    force: bool,
    form: str,
) -> None:
    """Re-check a run folder from its own inputs, with code that shares nothing with the solver.

    The verdict is `proved` where all that the run claims is worked out here, that nothing is better included; `correct,
    no claim` where its rule claims no such thing; `correct, best on a solver's word` where that was out of reach here;
    or `wrong`, with what is wrong. Exits with 0, 0, 0 (4 with --strict) and 1.

    --against compares settings and tables with a scenario at hand, such as the one that is said to have been run.
    """
    if against is None and (choose or sets or allow_outside):
        raise click.UsageError("--scenario, --set and --allow-outside are about a scenario; give --against too")
    from nle_optimizer.cli.options import ON_A_SOLVERS_WORD, steps
    from nle_optimizer.evidence.verification.findings import ON_WORD
    from nle_optimizer.folders import MANIFEST, refuse_existing
    from nle_optimizer.reports.run_folder import left_to_people, read_json
    from nle_optimizer.reports.verifying import SQL_FOLDER, digest_of, verify_in_sql
    from nle_optimizer.reports.verifying import verify as check
    from nle_optimizer.scenario.scenario import load_scenario

    if target is not None:
        refuse_existing(target, SQL_FOLDER, force=force)
    scenario = None
    if against is not None:
        scenario = load_scenario(against, choose=choose, sets=sets, allow_outside=allow_outside)
    with steps("verifying", 1 if target is None else 2) as step:
        step(f"verifying {run_folder.name}")
        found = check(run_folder, reports=not no_reports, against=scenario)
        if target is not None:
            step(f"reading {run_folder.name} in SQL")
        in_sql = None if target is None else verify_in_sql(run_folder, target, force=force)
    warn([*left_to_people(run_folder, read_json(run_folder / MANIFEST)), *found.notes])
    differs = found or (in_sql is not None and in_sql.findings)
    told = {"verified": not differs, "verdict": found.word, "digest": digest_of(run_folder)}
    if form == "json":
        more = {"findings": list(found), "on_a_solvers_word": list(found.believed), "notes": list(found.notes)}
        sql = {} if in_sql is None else {"sql": {"folder": str(target), **asdict(in_sql)}}
        print_json({"schema_version": 1, "run_folder": str(run_folder), **told, **more, **sql})
    else:
        for finding in found:
            say(finding)
        say(f"{run_folder}: {found.sentence}")
        if in_sql is not None:
            _print_sql(str(target), in_sql)
        say(f"digest {told['digest']}")
    if differs or (strict and found.word == ON_WORD):
        raise click.exceptions.Exit(1 if differs else ON_A_SOLVERS_WORD)


def _print_sql(folder: str, reading: "SqlReading") -> None:
    for finding in reading.findings:
        say(f"in SQL: {finding}")
    say(f"{folder}: {f'{len(reading.findings)} findings' if reading.findings else 'verified'} in SQL")
    left = (f"{each.table} ({each.column})" for each in reading.not_read)
    say(f"not read in SQL: {', '.join(left)}", err=True)


SHOWN = ("coverage", "total_fit", "min_fit", "gini_fit", "mean_distance_km", "blocking_pairs")
MOST_SENTENCES = 12
"""Sentences on a scenario that are printed; all of them stand in `benchmark.md`."""


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
    from nle_optimizer.cli.options import steps
    from nle_optimizer.scenario.scenario import scenario_in
    from nle_optimizer.studies.benchmark.tasks import benchmark as compared

    how: dict[str, Any] = {"allow_outside": allow_outside, "also": {"stop.seconds": time_limit}}
    loaded = [scenario_in(file, choose, sets, **how) for file in scenarios]
    for scenario in loaded:
        print_findings(scenario.findings)
    asked: dict[str, Any] = {"rules": rules, "draws": draws, "workers": workers, "properties": properties}
    try:
        with steps("benchmark", len(loaded)) as step:
            found = compared(loaded, **asked, out=out, resume=resume, report=not no_report, progress=step)
    except KeyboardInterrupt:
        if out is None:
            raise
        say(f"interrupted: what was tried is kept in {out}; the same with --resume goes on", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    if form == "json":
        print_json(found.document())
    else:
        _compare(found)
    if any(all(trial.reason for trial in trials.trials) for trials in found.trials):
        raise click.exceptions.Exit(1)


def _compare(found: "Benchmark") -> None:
    from nle_optimizer.studies.benchmark.tables import aim_of, leaderboard, left_out, sentences, titled

    for trials in found.trials:
        say(click.style(trials.scenario, bold=True))
        shown = [name for name in (aim_of(trials), *SHOWN) if name]
        lines = [["rule", *map(titled, shown), "missed", "seconds"], *leaderboard(trials, shown)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for name, *cells in lines:
            say("  ".join([f"  {name:<{widths[0]}}", *(f"{c:>{w}}" for c, w in zip(cells, widths[1:], strict=True))]))
    for row in found.searched:
        say(_found_of(row))
    for trials in found.trials:
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


def _counted(number: str, what: str) -> str:
    return f"{number} {what}" if number == "1" else f"{number} {what}s"
