"""`init`: a small commented example to edit."""

from pathlib import Path

import click

from nle_optimizer.cli.options import say


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--xlsx", type=click.Path(path_type=Path), help="Write one workbook with drop-downs instead.")
def init(folder: Path | None, xlsx: Path | None) -> None:
    """Write a small commented example to edit: a folder of files, or one workbook."""
    if (folder is None) == (xlsx is None):
        raise click.UsageError("name a folder, or a workbook with --xlsx")
    from nle_optimizer.sources.example.writing import write_example, write_example_workbook

    if xlsx is not None:
        write_example_workbook(xlsx)
        say(f"{xlsx}: written. Run it: nle-optimizer run {xlsx}")
    if folder is not None:
        files = write_example(folder)
        for file in files:
            say(str(file))
        say(f"Run it: nle-optimizer run {folder / 'scenario.yaml'}")
