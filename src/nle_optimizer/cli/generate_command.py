"""`nle-optimizer generate`: a synthetic England-like scenario of any size."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.cli.options import print_json, say

if TYPE_CHECKING:
    from nle_optimizer.sources.synthetic import SyntheticEngland


@click.command("generate")
@click.option("--schools", type=int, required=True, help="How many schools to draw.")
@click.option("--nles", type=int, required=True, help="How many NLEs to draw.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same bytes.")
@click.option("--region", "regions", multiple=True, help="Only this region; may be repeated. Default: all nine.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2022-09-01",
    show_default=True,
    help="The day by which everything is known.",
)
@click.option(
    "--twice-below-good",
    type=float,
    help="Share of schools whose last two grades are both 3 or 4. Default: as measured, 0.04.",
)
@click.option(
    "--keep-others",
    type=float,
    default=1.0,
    show_default=True,
    help="Share kept of the schools that are neither twice below Good nor an NLE's home.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--force", is_flag=True, help="Replace a folder that generate made before.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def generate_command(
    schools: int,
    nles: int,
    seed: int,
    regions: tuple[str, ...],
    as_of: datetime,
    twice_below_good: float | None,
    keep_others: float,
    out: Path,
    force: bool,
    style: str,
) -> None:
    """Make a synthetic England-like scenario: schools, trusts and NLEs, none of them real.

    Schools are clustered as England's are, and their phases, faiths, grades and trusts follow figures per
    authority measured from public extracts. NLEs are always synthetic.
    """
    from nle_optimizer.cli.progress import steps
    from nle_optimizer.sources.synthetic import generate, write_scenario

    with steps("generate", 4) as step:
        step("drawing")
        england = generate(
            schools,
            nles,
            seed,
            regions=regions,
            as_of=as_of.date(),
            twice_below_good=twice_below_good,
            keep_others=keep_others,
        )
        write_scenario(england, out, force=force, tell=step)
    scenario = (out / "scenario.yaml").as_posix()
    if style == "json":
        print_json(_document(england, scenario), indent=2)
    else:
        say(_summary(england, scenario))


def _summary(england: "SyntheticEngland", scenario: str) -> str:
    counts = england.counts
    drawn = counts["schools_drawn"]
    of_drawn = f" (of {drawn:,} drawn)" if drawn > counts["schools"] else ""
    return "\n".join(
        [
            f"Wrote {scenario}: all of it is synthetic, no school and no NLE is real.",
            f"  schools     {counts['schools']:>9,}{of_drawn}",
            f"  below Good  {counts['twice_below_good']:>9,} in both of their last two inspections",
            f"  trusts      {counts['trusts']:>9,}",
            f"  NLEs        {counts['nles']:>9,} with {counts['placements']:,} placements",
            f"Next: nle-optimizer run {scenario}",
        ]
    )


def _document(england: "SyntheticEngland", scenario: str) -> dict[str, Any]:
    request = england.request
    return {
        "schema_version": 1,
        "scenario": scenario,
        "synthetic": True,
        "seed": request.seed,
        "regions": list(request.regions),
        "as_of": request.as_of.isoformat(),
        "counts": england.counts,
        "next": f"nle-optimizer run {scenario}",
    }
