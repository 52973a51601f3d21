"""A plan under error: the draws, what they publish, and in words.

How firmly each pair of a plan stands: among optimal plans, under other weights, under draws around estimates. A
result with what the draws give that its scenario asks for: in the allocation, the summary and own tables. How a plan
stands, on a terminal.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

import click

from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.errors import EngineError
from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.reports.words import amount_of_level, level_in_words, lost_in_words
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import SHARE_COLUMNS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.comparison.tables_text import heading, wrapped
from nle_optimizer.studies.robustness.drawn import WORDS, Drawn, DrawOutcome, Pair, figures_of, pairs_of, word_of
from nle_optimizer.studies.robustness.trials import CHANGES, Perturbed, PlanContext, Reweighted, Scaled, Trial, Tried
from nle_optimizer.studies.robustness.weights import (
    Edge,
    PlanBeside,
    UnderError,
    WeightRange,
    edges_of,
    random_weights,
    ranges_of,
    weighted,
)
from nle_optimizer.studies.worker_processes import carried_out

WORTH_IT = 1_000_000
"""Candidate pairs of all trials together from which several processes are quicker: each takes a second to start."""


@dataclass(frozen=True, eq=False)
class Robustness:
    """What was found.

    Attributes:
        plan: counts and metrics of the plan.
        pairs: its pairs, each with the word of its firmness among optimal plans; blank where not told.
        ranges: how far each area's weight can move; of a plan that is not proved optimal none, and of a weight with too
            many digits to be moved in thousandths none.
        weights: draws of the weights.
        estimates: draws around the estimates, as many; None where these have no rates.
        under_error: the plan kept as it is, beside those made anew.
    """

    plan: dict[str, float]
    pairs: dict[Pair, str]
    ranges: tuple[WeightRange, ...]
    weights: Drawn
    estimates: Drawn | None
    under_error: UnderError

    def columns(self) -> TextTable:
        """For each pair of the plan its shares of the draws, and the word of the lesser one."""
        estimates = self.estimates
        shares = [self.weights.share(pair) for pair in self.pairs]
        others = ["" if estimates is None else estimates.share(pair) for pair in self.pairs]
        least = [min(float(cell) for cell in both if cell) for both in zip(shares, others, strict=True)]
        words = [word_of(share) for share in least]
        return dict(zip(SHARE_COLUMNS, (shares, others, words), strict=True))

    def table(self) -> TextTable:
        """`robustness.csv`: a row a pair of the plan."""
        return {
            "school_id": [school for school, _ in self.pairs],
            "nle_id": [nle for _, nle in self.pairs],
            "firmness": list(self.pairs.values()),
            **self.columns(),
        }

    def section(self) -> dict[str, Any]:
        """The part `robustness` of a summary."""
        counts, estimates = Counter(self.columns()["stands"]), self.estimates
        return {
            "draws": self.weights.draws,
            "without_allocation": {
                "weights": len(self.weights.failed),
                "estimates": None if estimates is None else len(estimates.failed),
            },
            "weights": [_as_numbers(each) for each in self.ranges],
            "pairs": {word: counts[word] for _, word in WORDS},
            "metrics": None if estimates is None else _rounded(estimates.intervals(self.plan)),
        }


def _as_numbers(found: WeightRange) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in vars(found).items()}


def _rounded(intervals: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {label: round(number, 6) for label, number in zip(("mean", "low", "high"), numbers, strict=True)}
        for name, numbers in intervals.items()
    }


def trials_of(scenario: Scenario, claim: Claim, draws: int) -> list[Trial]:
    """What is tried: both ends of each range of a plan proved optimal, each weight halved and doubled, all draws."""
    edges = edges_of(scenario) if claim.summary["status"] == "optimal" else []
    reweighted = [Reweighted(n, tuple(each.items())) for n, each in enumerate(random_weights(scenario, draws))]
    perturbed = [Perturbed(n) for n in range(draws)] if scenario.settings.uncertainty.has_rates else []
    return [*edges, *_scaled(scenario), *reweighted, *perturbed]


def _scaled(scenario: Scenario) -> list[Scaled]:
    return [Scaled(area, change) for area in weighted(scenario) for change in CHANGES]


def robustness(
    scenario: Scenario,
    claim: Claim,
    draws: int,
    workers: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Robustness:
    """How firmly each pair of a plan stands.

    Args:
        scenario: what was asked.
        claim: the plan.
        draws: how many draws of weights, and around the estimates where the scenario's `uncertainty` has rates.
        workers: processes; 1: this one alone; None: one a core where it is worth it. What is found is the same.
        tell: told of each trial that is done.

    Raises:
        EngineError: a process ended before it answered.
    """
    pairs, trials = pairs_of(claim), trials_of(scenario, claim, draws)
    tried: dict[Trial, Tried] = {}
    context = partial(PlanContext, scenario, pairs)
    with closing(
        carried_out(context, trials, _crew(workers, claim.summary["counts"]["pairs"] * len(trials)))
    ) as answers:
        for trial, answer in answers:
            if answer is None:
                raise EngineError(f"{trial}: its process ended before it answered, perhaps as memory ran out")
            tried[trial] = answer
            tell(str(trial))
    perturbed = [tried[trial] for trial in trials if isinstance(trial, Perturbed)]
    estimates = _drawn(perturbed) if scenario.settings.uncertainty.has_rates else None
    weights = scenario.settings.fit.weights
    under_error = UnderError(
        frozenset(pairs),
        claim.summary["objectives"],
        [_case("estimates", str(n), each) for n, each in enumerate(perturbed, start=1)],
        {
            (each.area, each.change, float(weights[each.area] * CHANGES[each.change])): _case(  # type: ignore[index]
                "weights", str(each), tried[each]
            )
            for each in _scaled(scenario)
        },
        estimates,
    )
    return Robustness(
        figures_of(claim.summary),
        dict(zip(pairs, claim.tables["allocation"]["firmness"], strict=True)),
        tuple(ranges_of(scenario, {trial: tried[trial] for trial in trials if isinstance(trial, Edge)})),
        _drawn(tried[trial] for trial in trials if isinstance(trial, Reweighted)),
        estimates,
        under_error,
    )


def _case(kind: str, name: str, tried: Tried) -> PlanBeside:
    return (
        PlanBeside(kind, name, tried, tried.status)
        if isinstance(tried, DrawOutcome)
        else PlanBeside(kind, name, None, str(tried))
    )


def _crew(workers: int | None, pairs: int) -> int:
    """Processes beside this one, for so many candidate pairs in all trials together."""
    several = workers if workers is not None else (os.cpu_count() or 1) if pairs >= WORTH_IT else 1
    return several if several > 1 else 0


def _drawn(tried: Iterable[Tried]) -> Drawn:
    each = list(tried)
    return Drawn(
        [found for found in each if isinstance(found, DrawOutcome)], [why for why in each if isinstance(why, str)]
    )


def with_draws(result: Result, workers: int | None, tell: Callable[[str], None]) -> tuple[Result, Robustness]:
    """The result with shares by pair, and what was found; as often as `uncertainty.draws` says.

    Settings that the tables decided are held, so that every draw is judged as the plan was.

    Args:
        result: one that has an allocation.
        workers, tell: as for `robustness`.
    """
    scenario = result.scenario.replace(result.in_force)
    found = robustness(scenario, result.claim, scenario.settings.uncertainty.draws, workers, tell)
    claim, shares = result.claim, found.columns()
    carried = {name: cells for name, cells in claim.tables["allocation"].items() if name not in shares}
    tables = {**claim.tables, "allocation": {**carried, **shares}, **_of_draws(found)}
    summary: Summary = {**claim.summary, "robustness": found.section(), "under_error": found.under_error.section()}
    return replace(result, claim=replace(claim, tables=tables, summary=summary)), found


def _of_draws(found: Robustness) -> dict[str, TextTable]:
    this_plan, drawn = {"this_plan": found.under_error.table()}, found.estimates
    if drawn is None:
        return this_plan
    shares = {"pair_shares": drawn.shares(found.pairs), "school_shares": drawn.schools(found.pairs)}
    return {**this_plan, "uncertainty": drawn.figures(found.plan), **shares}


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


def _range(each: WeightRange) -> str:
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
