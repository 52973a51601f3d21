"""`validate`: reads everything, reports every problem at once, solves nothing."""

from pathlib import Path

import click

from nle_optimizer.cli.options import format_option, print_json, scenario_options


@click.command()
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(path_type=Path))
@scenario_options
@format_option
def validate(
    scenarios: tuple[Path, ...],
    choose: tuple[str, ...],
    sets: tuple[str, ...],
    allow_outside: bool,
    form: str,
) -> None:
    """Read scenarios and their tables, and report every problem at once. Solves nothing.

    Exits with 1 where there are errors; findings only warn.
    """
    entries = [_entry(file, choose, sets, allow_outside) for file in scenarios]
    if form == "json":
        print_json({"schema_version": 1, "scenarios": entries})
    else:
        for entry in entries:
            _print(entry)
    if any(entry["errors"] for entry in entries):
        raise click.exceptions.Exit(1)


def _entry(
    file: Path, choose: tuple[str, ...], sets: tuple[str, ...], allow_outside: bool
) -> dict[str, list[str] | str]:
    from nle_optimizer.allocation import check
    from nle_optimizer.errors import InfeasibleError, InputError
    from nle_optimizer.scenario.scenario import load_scenario

    findings: list[str] = []
    try:
        scenario = load_scenario(file, choose=choose, sets=sets, allow_outside=allow_outside)
        findings = [str(finding) for finding in scenario.findings]
        check(scenario)
    except InputError as error:
        return {"scenario": str(file), "errors": [str(p) for p in error.problems], "findings": findings}
    except InfeasibleError as error:
        return {"scenario": str(file), "errors": list(error.clashes), "findings": findings}
    return {"scenario": str(file), "errors": [], "findings": findings}


def _print(entry: dict[str, list[str] | str]) -> None:
    for finding in entry["findings"]:
        click.echo(f"warning: {finding}")
    for error in entry["errors"]:
        click.echo(f"error: {error}")
    count = len(entry["errors"])
    verdict = "valid" if not count else f"{count} error{'s' if count != 1 else ''}"
    click.echo(f"{entry['scenario']}: {verdict}")
