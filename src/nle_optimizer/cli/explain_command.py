"""`explain`: why, why not, and what it would take."""

from pathlib import Path

import click

from nle_optimizer.cli.options import format_option, print_json, say, seconds


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.argument("ids", nargs=-1, metavar="ID [ID]")
@click.option("--left-out", "every", is_flag=True, help="Explain every school that is left out, instead of ID.")
@click.option(
    "--time-limit", type=seconds, metavar="S", help="Seconds for a search, where a price needs solving again."
)
@format_option
def explain(run_folder: Path, ids: tuple[str, ...], every: bool, time_limit: float | None, form: str) -> None:
    """Tell why a school has the NLE it has or none, who else could, and what that would cost.

    ID is a school or an NLE, or one of each for everything about that pair: an identifier, or a name that only one has.
    A left-out school is told what it would take, an excluded one what would bring it back.
    """
    from nle_optimizer.studies.explaining.explain import explain as answer
    from nle_optimizer.studies.explaining.explain import left_out
    from nle_optimizer.studies.explaining.text import explanation_text

    if every == bool(ids) or len(ids) > 2:
        raise click.UsageError("give one or two: a school, an NLE, or one of each; or --left-out alone")
    if every:
        rows = left_out(run_folder)
        if form == "json":
            print_json({"schema_version": 1, "run": str(run_folder), "rows": rows})
        else:
            say("\n\n".join(explanation_text(row) for row in rows))
        return
    told = answer(run_folder, ids, time_limit)
    if form == "json":
        print_json(told)
    else:
        say(explanation_text(told))
