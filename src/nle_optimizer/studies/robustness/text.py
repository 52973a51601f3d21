"""How a plan stands, on a terminal."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import click

from nle_optimizer.studies.comparison.layout import heading, wrapped
from nle_optimizer.studies.robustness.drawn import WORDS, Drawn
from nle_optimizer.studies.robustness.robustness import Robustness
from nle_optimizer.studies.robustness.weights import Range

SHOWN = ("supported", "total_fit", "mean_fit", "min_fit", "mean_distance_km", "max_distance_km")


def robustness_text(found: Robustness) -> str:
    """How firmly a plan stands, with a heading of its own."""
    lines = [click.style("How firmly the plan stands", bold=True)]
    firm = Counter(word for word in found.pairs.values() if word)
    if firm:
        lines.append(
            f"{firm['all']:,} of {len(found.pairs):,} pairs stand in every best plan, {firm['some']:,} in some."
        )
    return "\n".join([*lines, *draws_lines(found)])


def draws_lines(found: Robustness) -> Iterator[str]:
    """How far weights can move, within what the figures lie, and how many pairs stand how firmly."""
    if found.ranges:
        yield from heading("How far the weight of one area can move, the others as they are")
        yield from map(_range, found.ranges)
    if found.estimates is not None:
        yield from heading(f"Around the estimates, {found.estimates.draws:,} draws")
        yield from _figures(found, found.estimates)
    around = "" if found.estimates is None else " and around the estimates"
    yield from heading(f"Pairs by the share of {found.weights.draws:,} draws of weights{around} in which they stand")
    counts = Counter(found.columns()["stands"])
    yield from (f"  {word:<8} (from {least:.0%}): {counts[word]:,}" for least, word in WORDS)
    for kind, drawn in (("of weights", found.weights), ("around the estimates", found.estimates)):
        if drawn is not None and drawn.failed:
            yield from wrapped(f"{len(drawn.failed):,} draws {kind} have no allocation: {drawn.failed[0]}", "  ")


def _range(each: Range) -> str:
    tried = " (more was not tried)" if each.above is None else ""
    ends = f"{_short(each.low)} and {_short(each.high)}{tried}"
    return f"  {each.area:<12} is {_short(each.weight)}; the plan stays a best one between {ends}"


def _short(number: Decimal) -> str:
    return f"{float(number):.4g}"


def _figures(found: Robustness, drawn: Drawn) -> Iterator[str]:
    yield f"  {'':<18}{'plan':>12}{'mean':>12}   95 % of the draws"
    for name, numbers in drawn.intervals(found.plan).items():
        if name in SHOWN:
            plan, mean, low, high = (f"{number:,.2f}" for number in (found.plan[name], *numbers))
            yield f"  {name.replace('_', ' '):<18}{plan:>12}{mean:>12}   {low} to {high}"
