"""`run`, `validate` and `verify`.

`run`: the main job. `validate`: reads everything, reports every problem at once, solves nothing. `verify`: re-checks
a run folder from its own inputs.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.cli.options import (
    boundaries_option,
    code_option,
    force_option,
    format_option,
    grouped,
    outlines_of,
    print_findings,
    print_json,
    say,
    scenario_options,
    warn,
    workers_option,
)

if TYPE_CHECKING:
    from nle_optimizer.evidence.claim import TextTable
    from nle_optimizer.result import Result
    from nle_optimizer.studies.robustness.robustness import Robustness


Files = Callable[["Result"], dict[str, bytes]]
"""Makes files of a run folder from its result, by their path in it."""
People = Callable[["Result", Mapping[str, "TextTable"]], dict[str, bytes]]
"""Makes the files for people of a result and of further tables beside it."""

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
    if rule is not None:
        sets = (*sets, f"rule={rule}")
    if time_limit is not None:
        sets = (*sets, f"stop.seconds={time_limit}")
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.reports.run_folder import RUN_FOLDER
    from nle_optimizer.reports.verifying import digest_of

    loaded = _load(scenarios, choose, sets, allow_outside, allow_code)
    targets = [_target(out, scenario.settings.name, several=len(loaded) > 1) for scenario in loaded]
    if len(set(targets)) < len(targets):
        raise click.UsageError("two scenarios have the same name, and would share a run folder; run them one by one")
    for target in targets:
        refuse_existing(target, RUN_FOLDER, force=force)
    people = drawn(None if no_inputs else boundaries, outlines_of(boundaries), wanted=not no_report)
    documents = []
    left_out = infeasible = False
    for scenario, target in zip(loaded, targets, strict=True):
        print_findings(scenario.findings)
        draws = Draws(workers)
        result = solve(
            scenario, target, lambda made: people(made, {}), force=force, keep_inputs=not no_inputs, complete=draws
        )
        print_findings(result.scenario.findings[len(scenario.findings) :])
        infeasible |= result.status in ("infeasible", "unknown")
        left_out |= result.claim.summary["counts"]["unmatched"] > 0
        digest = {"digest": digest_of(target)} if with_digest else {}
        documents.append({**result.claim.summary, "run_folder": str(target), **digest})
        if form == "text":
            from nle_optimizer.reports.terminal import summary_text

            say(summary_text(result, target))
            for line in (*draws.lines(), *(f"digest {own}" for own in digest.values())):
                say(line)
    if form == "json":
        print_json(documents[0] if len(documents) == 1 else {"schema_version": 1, "runs": documents})
    if infeasible or (strict and left_out):
        raise click.exceptions.Exit(1)


def _load(
    files: tuple[Path, ...], choose: tuple[str, ...], sets: tuple[str, ...], allow_outside: bool, allow_code: bool
) -> list[Any]:
    """Every scenario, before any is solved; the problems of all of them at once."""
    from nle_optimizer.cli.options import steps
    from nle_optimizer.errors import Fault, InputError
    from nle_optimizer.scenario.scenario import load_scenario

    how: dict[str, Any] = {"choose": choose, "sets": sets, "allow_outside": allow_outside, "allow_code": allow_code}
    loaded: list[Any] = []
    problems: list[Fault] = []
    with steps("reading", len(files)) as step:
        for file in files:
            step(f"reading {file.name}")
            try:
                loaded.append(load_scenario(file, **how))
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)
    return loaded


def _target(out: Path | None, name: str, *, several: bool) -> Path:
    if out is None:
        return Path("runs") / name
    return out / name if several else out


def drawn(boundaries: Path | None, outlines: Any, *, wanted: bool) -> People:
    """What makes the files for people of a result: none where they are not wanted.

    Args:
        boundaries: the file of outlines to be kept beside them.
        outlines: the outlines in it.
        wanted: whether there are to be any.
    """

    def files(result: "Result", further: Mapping[str, "TextTable"]) -> dict[str, bytes]:
        from nle_optimizer.reports.files_for_people import files_for_people
        from nle_optimizer.reports.view import view_of

        return files_for_people(view_of(result, further).with_outlines(outlines), boundaries if outlines else None)

    return files if wanted else lambda *_: {}


class Draws:
    """Adds to a result what draws give, where its scenario asks for draws; keeps what was found.

    Args:
        workers: processes; None: one a core where it is worth it.
    """

    def __init__(self, workers: int | None):
        self._workers = workers
        self._found: Robustness | None = None

    def __call__(self, result: "Result") -> "Result":
        """The result, with shares of the draws by pair."""
        draws = result.scenario.settings.uncertainty.draws
        if not draws or result.status in ("infeasible", "unknown"):
            return result
        from nle_optimizer.cli.options import steps
        from nle_optimizer.studies.robustness.robustness import trials_of, with_draws

        with steps("draws", len(trials_of(result.scenario, result.claim, draws))) as step:
            drawn, self._found = with_draws(result, self._workers, step)
        return drawn

    def lines(self) -> "Iterable[str]":
        """What was found, for a terminal."""
        from nle_optimizer.studies.robustness.robustness import draws_lines

        return () if self._found is None else draws_lines(self._found)


def as_it_is(result: "Result") -> "Result":
    """The result."""
    return result


def solve(
    scenario: Any,
    target: Path,
    files: Files,
    *,
    force: bool,
    keep_inputs: bool,
    complete: Callable[["Result"], "Result"] = as_it_is,
    earlier: Mapping[str, Any] | None = None,
) -> "Result":
    """Solve a scenario, complete and verify the result, and write its run folder, with further files by their path."""
    from nle_optimizer.cli.options import steps, stop_when_interrupted
    from nle_optimizer.errors import VerificationError
    from nle_optimizer.evidence.verification.checker import check_claim
    from nle_optimizer.reports.run_folder import Circumstances, write_run_folder
    from nle_optimizer.running import result_of

    started = datetime.now().astimezone()
    with steps(scenario.settings.name, STEPS) as step:
        result = complete(result_of(scenario, step, step.detail, stop_when_interrupted()))
        step("verifying")
        wrong = check_claim(result.scenario, result.claim)
        if wrong:
            raise VerificationError(
                ["the result does not stand up to its own inputs; nothing was written", *wrong[:20]]
            )
        step("writing")
        circumstances = Circumstances(_command_line(), started, step.seconds, earlier)
        write_run_folder(result, target, circumstances, force=force, keep_inputs=keep_inputs, more=files(result))
    return result


def _command_line() -> list[str]:
    import sys

    return ["nle-optimizer", *sys.argv[1:]]


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
            _print(entry)
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


def _print(entry: dict[str, Any]) -> None:
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
@format_option
def verify(
    run_folder: Path,
    strict: bool,
    against: Path | None,
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    no_reports: bool,
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
    from nle_optimizer.folders import MANIFEST
    from nle_optimizer.reports.run_folder import left_to_people, read_json
    from nle_optimizer.reports.verifying import digest_of
    from nle_optimizer.reports.verifying import verify as check

    scenario = None if against is None else _load((against,), choose, sets, allow_outside, False)[0]
    with steps("verifying", 1) as step:
        step(f"verifying {run_folder.name}")
        found = check(run_folder, reports=not no_reports, against=scenario)
    warn([*left_to_people(run_folder, read_json(run_folder / MANIFEST)), *found.notes])
    told = {"verified": not found, "verdict": found.word, "digest": digest_of(run_folder)}
    if form == "json":
        more = {"findings": list(found), "on_a_solvers_word": list(found.believed), "notes": list(found.notes)}
        print_json({"schema_version": 1, "run_folder": str(run_folder), **told, **more})
    else:
        for finding in found:
            say(finding)
        say(f"{run_folder}: {found.sentence}")
        say(f"digest {told['digest']}")
    if found or (strict and found.word == ON_WORD):
        raise click.exceptions.Exit(1 if found else ON_A_SOLVERS_WORD)
