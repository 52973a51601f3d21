"""`marginal`: what one more and one fewer of everything is worth."""

from pathlib import Path

import click

from nle_optimizer.cli.options import force_option, format_option, print_json, say, seconds

SHOWN = 20
FILE = "marginal.csv"


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option(
    "--by",
    type=click.Choice(["nle", "region", "local_authority", "school", "budget"]),
    default="nle",
    show_default=True,
    help="One more place (or day) at an NLE; one and several more in a group of them; one more supporter of a school; "
    "one more unit of a constraint's limit.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write every row to this CSV file too, or to marginal.csv in this folder.",
)
@click.option(
    "--time-limit", type=seconds, metavar="S", help="Seconds for each search, where a value needs solving again."
)
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=SHOWN,
    show_default=True,
    metavar="N",
    help="Rows in the text; the rest is counted. JSON and --out hold them all.",
)
@force_option
@format_option
def marginal(
    run_folder: Path, by: str, out: Path | None, time_limit: float | None, show: int, force: bool, form: str
) -> None:
    """Tell what one more and one fewer of everything in a run is worth, and who would be served.

    Values are changes of the first objective if everybody else moves as is best. Where the run is a network they
    are exact and read off its one solution; elsewhere the problem is solved again for each, and a value that is not
    proved is an interval.
    """
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.studies.marginal.marginal import Told
    from nle_optimizer.studies.marginal.marginal import marginal as found_by
    from nle_optimizer.studies.marginal.text import marginal_text

    target = None if out is None else _target(out, force=force)
    with steps("marginal values", 1) as step:

        def begin(count: int) -> None:
            if step.bar is not None:
                step.bar.total = max(1, count)

        found = found_by(run_folder, by, time_limit, Told(begin, step))
    if target is not None:
        _write(target, found.table())
    if form == "json":
        print_json(found.document())
    else:
        say(marginal_text(found, show))
        say("" if target is None else f"\nAll rows: {target}", nl=target is not None)


def _target(out: Path, *, force: bool) -> Path:
    """The file to write; it is refused before anything is computed."""
    from nle_optimizer.errors import RunFolderError

    target = out if out.suffix == ".csv" else out / FILE
    if target.exists() and not force:
        raise RunFolderError(f"{target}: it exists already; choose another --out, or give --force to replace it")
    return target


def _write(target: Path, table: dict[str, list[str]]) -> None:
    from nle_optimizer.delimited import write_columns

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    write_columns(partial, {**table})
    partial.replace(target)
