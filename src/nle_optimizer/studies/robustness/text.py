"""How a plan stands, on a terminal."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import click

from nle_optimizer.reports.words import amount_of_level, level_in_words, lost_in_words
from nle_optimizer.studies.comparison.layout import heading, wrapped
from nle_optimizer.studies.robustness.drawn import WORDS, Drawn
from nle_optimizer.studies.robustness.robustness import Robustness
from nle_optimizer.studies.robustness.under_error import UnderError
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
    yield from heading("What this plan loses when the weight of one area is halved or doubled, the others as they are")
    yield from _of_weights(found.under_error.section()["weights"])
    if found.estimates is not None:
        yield from heading(f"This plan, kept as it is, in {found.estimates.draws:,} draws around the estimates")
        yield from _this_plan(found.under_error)
        yield from heading(f"Plans made anew, one for each of the {found.estimates.draws:,} draws")
        yield from _figures(found, found.estimates)
        yield from _new_plans(found.under_error, len(found.estimates.found))
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


def _of_weights(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for area in dict.fromkeys(entry["area"] for entry in entries):
        own = [entry for entry in entries if entry["area"] == area]
        told = (f"{entry['change']} to {entry['weight']:g}: {lost_in_words(entry)}" for entry in own)
        yield f"  {area:<12} {'; '.join(told)}"


def _this_plan(under_error: UnderError) -> Iterator[str]:
    told = under_error.this_plan()
    compared, beyond = told["compared"], told["beyond_limits"]
    if not compared:
        yield from wrapped("What is left of it breaks a limit in every draw, so it cannot be compared.", "  ")
        return
    yield f"  {'':<24}{'planned':>12}{'mean':>12}   {'95 % of the draws':<24}loses to a new plan"
    entries = [entry for entry in (told, *told["others"]) if "level" in entry]
    for entry in sorted(entries, key=lambda each: int(each["level"])):
        name, regret = entry["objective"], entry["regret"]
        planned = amount_of_level(name, under_error.objectives[entry["level"] - 1]["value"])
        mean, low, high = (amount_of_level(name, entry[word]) for word in ("mean", "low", "high"))
        lost = f"in {regret['draws']:,} of {compared:,} draws"
        if regret["draws"] and regret["mean"] is not None:
            lost += f"; mean {amount_of_level(name, regret['mean'])}, most {amount_of_level(name, regret['greatest'])}"
        yield f"  {level_in_words(name):<24}{planned:>12}{mean:>12}   {f'{low} to {high}':<24}{lost}"
    yield from wrapped(
        f"In {told['as_good']:,} of {compared:,} draws it is as good as a new plan made with that knowledge. Each "
        f"other draw counts at the first objective in which the new plan is better; a mean is over all {compared:,}. "
        "Whoever withdraws or refuses is not replaced.",
        "  ",
    )
    if beyond:
        yield from wrapped(f"In {beyond:,} more draws what is left of it breaks a limit: it could not be kept.", "  ")
    if told["proved"] < compared:
        yield from wrapped(
            f"The new plan is proved best in {told['proved']:,} of these draws; in others it may lose to this one.",
            "  ",
        )


def _new_plans(under_error: UnderError, plans: int) -> Iterator[str]:
    told, pairs = under_error.section()["new_plans"], len(under_error.pairs)
    if plans:
        yield from wrapped(
            f"{told['same']:,} of {plans:,} are this plan; they lack {told['pairs_changed']['mean']:,.1f} of its "
            f"{pairs:,} pairs on average, at most {told['pairs_changed']['greatest']:,}.",
            "  ",
        )


def _figures(found: Robustness, drawn: Drawn) -> Iterator[str]:
    yield f"  {'':<18}{'plan':>12}{'mean':>12}   95 % of the draws"
    for name, numbers in drawn.intervals(found.plan).items():
        if name in SHOWN:
            plan, mean, low, high = (f"{number:,.2f}" for number in (found.plan[name], *numbers))
            yield f"  {name.replace('_', ' '):<18}{plan:>12}{mean:>12}   {low} to {high}"
