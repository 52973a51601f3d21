"""`compare`: what changed between two run folders."""

from pathlib import Path
from typing import Any

import click

from nle_optimizer.cli.options import format_option, print_json, say, warn

SHOWN = 3


@click.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=SHOWN,
    show_default=True,
    metavar="N",
    help="Entries of each kind in the text; the rest is counted. JSON holds them all.",
)
@click.option("--page", type=click.Path(path_type=Path), metavar="FILE", help="Write it as a page too, with a map.")
@format_option
def compare(first: Path, second: Path, show: int, page: Path | None, form: str) -> None:
    """Tell what changed from one run folder to another.

    Settings and input rows that differ, figures side by side, schools that gained, lost or changed their
    support, each with its reason then and now, and NLEs whose use changed. Nothing is solved or verified;
    files that were changed since the run are warned of.
    """
    from nle_optimizer.studies.comparison.comparison import compare as difference
    from nle_optimizer.studies.comparison.text import comparison_text

    comparison = difference(first, second)
    warn(comparison.warnings)
    if page is not None:
        _write_page(page, comparison.document(), first, second)
    if form == "json":
        print_json(comparison.document())
    else:
        say(comparison_text(comparison, show))


def _write_page(page: Path, document: dict[str, Any], first: Path, second: Path) -> None:
    from nle_optimizer.reports.page.compare_page import compare_page
    from nle_optimizer.reports.view.reading import read_inputs

    page.write_bytes(compare_page(document, *(read_inputs((first, second), name) for name in ("schools", "nles"))))
