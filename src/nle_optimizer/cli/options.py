"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def scenario_options(command: Command) -> Command:
    """--scenario, --set and --allow-outside."""
    for option in (
        click.option("--allow-outside", is_flag=True, help="Let the scenario's paths leave the folder of its file."),
        click.option(
            "--set",
            "sets",
            multiple=True,
            metavar="KEY=VALUE",
            help="Set one dotted key; beats everything else.",
        ),
        click.option(
            "--scenario",
            "choose",
            multiple=True,
            metavar="NAME",
            help="Apply an override or named scenario of the file.",
        ),
    ):
        command = option(command)
    return command


def format_option(command: Command) -> Command:
    """--format text|json."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        help="What to print to stdout.",
    )(command)


def force_option(command: Command) -> Command:
    """--force."""
    return click.option("--force", is_flag=True, help="Replace a folder that exists.")(command)


def workers_option(command: Command) -> Command:
    """--workers of draws."""
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes for the draws; by default one a core where it is worth it.",
    )(command)


def boundaries_option(command: Command) -> Command:
    """--boundaries."""
    return click.option(
        "--boundaries",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="GeoJSON of regions, whose outlines the map shows.",
    )(command)


def outlines_of(boundaries: Path | None) -> Any:
    """The outlines in a file; none, with a warning, where it cannot be used: the rest is written all the same."""
    if boundaries is None:
        return ()
    from nle_optimizer.errors import InputError
    from nle_optimizer.reports.view.boundaries import read_outlines

    try:
        return read_outlines(boundaries)
    except InputError as error:
        print_findings([f"{error}; the map is drawn without outlines"])
        return ()


def print_json(value: Any) -> None:
    """Print one JSON document."""
    import json
    import sys

    shows_everything = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(value, ensure_ascii=not shows_everything, indent=1, allow_nan=False))


def print_findings(findings: Any) -> None:
    """Print warnings to stderr."""
    for finding in findings:
        click.echo(f"warning: {finding}", err=True)
