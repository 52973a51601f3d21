"""`nle-optimizer import`: official extracts to scenario tables."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nle_optimizer.cli.options import print_json, say

if TYPE_CHECKING:
    from nle_optimizer.sources.england.importer import ImportSummary

FILE = click.Path(path_type=Path)


@click.group("import")
def import_() -> None:
    """Turn official extracts into scenario tables."""


@import_.command("england")
@click.option("--gias", type=FILE, required=True, help="Establishments, GIAS layout of any width (CSV).")
@click.option("--ofsted", type=FILE, help="Grades and dates of full inspections, Ofsted layout (CSV).")
@click.option("--trust-links", type=FILE, help="Which school belongs to which trust, GIAS groups (CSV).")
@click.option("--finance", type=FILE, help="Income and in-year balance of schools in pounds (CSV).")
@click.option("--cases", type=FILE, help="School ids and whatever else is known; only these are written (CSV).")
@click.option("--nles", type=FILE, help="Your NLE list; blanks are filled from home_school_id (CSV).")
@click.option("--urn-links", type=FILE, help="Predecessors and successors, GIAS links (CSV).")
@click.option("--region", "regions", multiple=True, metavar="NAME", help="Only this region; may be repeated.")
@click.option(
    "--local-authority",
    "authorities",
    multiple=True,
    metavar="NAME",
    help="Only this authority; may be repeated.",
)
@click.option("--as-of", metavar="DATE", help="Day up to which facts count. [default: latest date in the files]")
@click.option("--out", type=FILE, required=True, help="Folder to write.")
@click.option("--force", is_flag=True, help="Replace an earlier import; files put there by hand are kept.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def england(
    gias: Path,
    ofsted: Path | None,
    trust_links: Path | None,
    finance: Path | None,
    cases: Path | None,
    nles: Path | None,
    urn_links: Path | None,
    regions: tuple[str, ...],
    authorities: tuple[str, ...],
    as_of: str | None,
    out: Path,
    force: bool,
    form: str,
) -> None:
    """Write schools, trusts and a scenario that runs from England's official extracts.

    Needs that nobody assessed are declared proxies (column need_source); so is trust quality. What every
    column means stands in docs/reference/import-england.md.
    """
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.sources.england.cells import day_argument
    from nle_optimizer.sources.england.importer import EnglandFiles, import_england

    files = EnglandFiles(gias, ofsted, trust_links, finance, cases, nles, urn_links)
    with steps("import", 4) as step:
        summary = import_england(
            files,
            out,
            regions=regions,
            local_authorities=authorities,
            as_of=day_argument("--as-of", as_of),
            force=force,
            tell=step,
        )
    if form == "json":
        print_json({**summary.to_dict(), "out": str(summary.out), "next": _next(summary)}, indent=2)
    else:
        say(_text(summary))


def _text(summary: "ImportSummary") -> str:
    from nle_optimizer.sources.england.summary_text import summary_text

    return summary_text(summary, _next(summary))


def _next(summary: "ImportSummary") -> str:
    return f"nle-optimizer run {summary.out / 'scenario.yaml'}"
