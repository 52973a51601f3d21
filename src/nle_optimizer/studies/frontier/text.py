"""A trade-off curve on a terminal."""

from decimal import Decimal
from typing import Any

import click

from nle_optimizer.scenario.yaml_text import value_text
from nle_optimizer.studies.comparison.layout import wrapped
from nle_optimizer.studies.frontier.frontier import Frontier
from nle_optimizer.studies.frontier.rows import command_of, figures_of, rows_of

WIDTHS = {"supported": 10, "mean_fit": 10, "mean_distance_km": 9}
HEADINGS = {"supported": "supported", "mean_fit": "mean fit", "mean_distance_km": "mean km"}
PLACES = {"supported": 0, "mean_fit": 3, "mean_distance_km": 1}


def frontier_text(found: Frontier) -> str:
    """Every point in a line, where the scenario stands, and how to run a point."""
    one, other = found.between
    lines = [click.style(f"Trade-off between {one} and {other}", bold=True), *wrapped(_kind(found), "", ""), ""]
    lines.append(_line("", one, other, [HEADINGS[name] for name in WIDTHS]))
    lines += [_figures(str(row["point"]), row, found) for row in rows_of(found)]
    if found.own is not None:
        lines.append(_figures("now", figures_of(found, found.own), found))
    n = len(found.points) // 2
    if command_of(found.settings[n]):
        lines += ["", f"To run point {n + 1}:", f"  {command_of(found.settings[n])}"]
    return "\n".join(lines)


def _kind(found: Frontier) -> str:
    held = (
        f" while {', '.join(value_text(level.model_dump()) for level in found.held)} is at its best"
        if found.held
        else ""
    )
    what = "extreme point that a blend of the two can give" if found.kind == "supported" else "undominated point"
    count = f"{len(found.points):,}"
    known = f"Every {what}{held}." if found.complete else f"{count} points of more{held}; --points asks for more."
    proved = sum(point.proved for point in found.points)
    doubt = "" if proved == len(found.points) else f" {len(found.points) - proved:,} of them are not proved."
    return known + doubt


def _line(number: str, one: str, other: str, rest: list[str]) -> str:
    return f"{number:>5} {one[:18]:>18} {other[:18]:>18}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(rest, WIDTHS.values(), strict=True)
    )


def _figures(number: str, row: dict[str, Any], found: Frontier) -> str:
    one, other = (_shown(row[name], 3) for name in found.between)
    return _line(number, one, other, [_shown(row[name], PLACES[name]) for name in WIDTHS])


def _shown(value: Decimal | int | None, places: int) -> str:
    if value is None:
        return "-"
    return f"{value:,.{0 if value == int(value) and places == 3 else places}f}"
