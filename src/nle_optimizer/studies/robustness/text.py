"""How a plan stands, on a terminal."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import click

from nle_optimizer.studies.comparison.layout import heading, wrapped
from nle_optimizer.studies.robustness.draws import WORDS, Drawn
from nle_optimizer.studies.robustness.robustness import Robustness
from nle_optimizer.studies.robustness.weights import Range

SHOWN = ("supported", "total_fit", "mean_fit", "min_fit", "mean_distance_km", "max_distance_km")


def robustness_text(found: Robustness) -> str:
    """How far weights can move, and how many pairs stand how firmly."""
    table = found.table()
    lines = [click.style("How firmly the plan stands", bold=True)]
    firm = Counter(word for word in found.pairs.values() if word)
    if firm:
        lines.append(
            f"{firm['all']:,} of {len(found.pairs):,} pairs stand in every best plan, {firm['some']:,} in some."
        )
    lines += heading("How far the weight of one area can move, the others as they are")
    lines += [_range(each) for each in found.ranges]
    around = "" if found.by_estimates is None else " and around the estimates"
    lines += heading(f"Pairs by the share of {found.draws:,} draws of weights{around} in which they stand")
    lines += _words(Counter(table["stands"]))
    return "\n".join(lines)


def _range(each: Range) -> str:
    tried = " (more was not tried)" if each.above is None else ""
    ends = f"{_short(each.low)} and {_short(each.high)}{tried}"
    return f"  {each.area:<12} is {_short(each.weight)}; the plan stays a best one between {ends}"


def _short(number: Decimal) -> str:
    return f"{float(number):.4g}"


def _words(counts: Mapping[str, int]) -> list[str]:
    ends = {word: f"from {least:.0%}" for least, word in WORDS}
    return [f"  {word:<8} ({ends[word]}): {counts.get(word, 0):,}" for _, word in WORDS]


def drawn_text(found: Drawn) -> str:
    """What draws around the estimates gave: an interval for what matters most, and how firmly the pairs stand."""
    lines = heading(f"Around the estimates, {found.draws:,} draws")
    figures = found.figures()
    rows = {name: cells for name, *cells in zip(*figures.values(), strict=True)}
    lines.append(f"  {'':<18}{'plan':>12}{'mean':>12}   95 % of the draws")
    for name in SHOWN:
        if name in rows and rows[name][1]:
            plan, mean, low, high = (f"{float(cell):,.2f}" for cell in rows[name][:4])
            lines.append(f"  {name.replace('_', ' '):<18}{plan:>12}{mean:>12}   {low} to {high}")
    shares = found.shares()
    planned = [word for word, own in zip(shares["stands"], shares["in_plan"], strict=True) if own == "yes"]
    counts = Counter(planned)
    lines += ["  Pairs of the plan by the share of draws in which they stand:"]
    lines += [f"  {line}" for line in _words(counts)]
    if found.failed:
        lines += wrapped(f"{len(found.failed):,} draws have no allocation: {found.failed[0]}", "  ")
    return "\n".join(lines)
