"""`validate`: reads everything, reports every problem at once, solves nothing."""

from pathlib import Path
from typing import Any

import click

from nle_optimizer.cli.options import code_option, format_option, grouped, print_json, say, scenario_options


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
    from nle_optimizer.allocation import check
    from nle_optimizer.errors import InfeasibleError, InputError
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
