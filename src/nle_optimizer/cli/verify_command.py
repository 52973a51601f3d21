"""`verify`: re-checks a run folder from its own inputs."""

from pathlib import Path

import click

from nle_optimizer.cli.options import format_option, print_json, say, warn


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@format_option
def verify(run_folder: Path, form: str) -> None:
    """Re-check a run folder from its own inputs, with code that shares nothing with the solver.

    Exits with 1 where anything does not stand, naming what is wrong.
    """
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.folders import MANIFEST
    from nle_optimizer.reports.run_folder import left_to_people, read_json
    from nle_optimizer.reports.verification import verify as check

    with steps("verifying", 1) as step:
        step(f"verifying {run_folder.name}")
        wrong = check(run_folder)
    warn(left_to_people(run_folder, read_json(run_folder / MANIFEST)))
    if form == "json":
        print_json({"schema_version": 1, "run_folder": str(run_folder), "verified": not wrong, "findings": wrong})
    else:
        for finding in wrong:
            say(finding)
        say(f"{run_folder}: {f'{len(wrong)} findings' if wrong else 'verified'}")
    if wrong:
        raise click.exceptions.Exit(1)
