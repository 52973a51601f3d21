"""A result with what the draws give that its scenario asks for: in the allocation, the summary and own tables."""

from collections.abc import Callable
from dataclasses import replace

from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.result import Result
from nle_optimizer.studies.robustness.robustness import Robustness, robustness


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
    summary = {**claim.summary, "robustness": found.section(), "under_error": found.under_error.section()}
    return replace(result, claim=replace(claim, tables=tables, summary=summary)), found


def _of_draws(found: Robustness) -> dict[str, TextTable]:
    this_plan, drawn = {"this_plan": found.under_error.table()}, found.estimates
    if drawn is None:
        return this_plan
    shares = {"pair_shares": drawn.shares(found.pairs), "school_shares": drawn.schools(found.pairs)}
    return {**this_plan, "uncertainty": drawn.figures(found.plan), **shares}
