"""How far NLEs travel, what that costs, and what stays as it was."""

from collections.abc import Callable, Mapping

import numpy as np

from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure, Metric, one, ratio
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.stages.conflicts import folded
from nle_optimizer.stages.current import stands


def _metres(measured: Measured) -> Integers:
    metres = measured.case.candidates.distance[measured.matched]
    return np.sort(metres[metres >= 0])


def _spread(name: str, amounts: Integers, scale: int) -> Mapping[str, Figure]:
    """Mean, median, 90 % and worst of ascending amounts."""
    n = len(amounts)
    if not n:
        return {f"{part}_{name}": None for part in ("total", "mean", "median", "p90", "max")}
    return {
        f"total_{name}": ratio(amounts.sum(), scale),
        f"mean_{name}": ratio(amounts.sum(), n, scale),
        f"median_{name}": ratio(amounts[(n - 1) // 2] + amounts[n // 2], 2 * scale),
        f"p90_{name}": ratio(amounts[-(-9 * n // 10) - 1], scale),
        f"max_{name}": ratio(amounts[-1], scale),
    }


def _minutes(measured: Measured) -> Mapping[str, Figure]:
    column = measured.case.candidates.from_table("travel_minutes")
    known = column.given[measured.matched]
    scale = MILLION if column.kind.value == "amount" else 1
    return _spread("travel_minutes", np.sort(column.values[measured.matched][known]), scale)


def _out_of_region(measured: Measured) -> Figure:
    found, matched = measured.case.candidates, measured.matched
    theirs = folded(found.recipients.values("region"))[found.recipient[matched]]
    ours = folded(found.nles.values("region"))[found.nle[matched]]
    return ratio(((theirs != ours) & (theirs != "") & (ours != "")).sum(), 1)


def _kept(measured: Measured) -> Figure:
    found = measured.case.candidates
    if found.current is None:
        return None
    standing = found.current.keys[stands(found.current.table)]
    return ratio(np.isin(found.keys[measured.matched], standing).sum(), 1)


PARTS = "total; mean; median (mean of the middle two); p90 (place ceil(0.9 n) from the least up); max"
_OF_DISTANCE: Callable[[Measured], Mapping[str, Figure]] = lambda m: _spread("distance_km", _metres(m), 1000)  # noqa: E731

JOURNEYS = (
    Metric("distance_km", "less", "km", f"over matched pairs of known distance: {PARTS}", _OF_DISTANCE),
    Metric("travel_minutes", "less", "minutes", f"over matched pairs with travel minutes: {PARTS}", _minutes),
    Metric(
        "out_of_region",
        "less",
        "pairs",
        "matched pairs whose recipient and NLE lie in different regions; those of an unknown region in none",
        one("out_of_region", _out_of_region),
    ),
    Metric(
        "total_cost",
        "less",
        "pounds",
        "sum of the cost of all matched pairs",
        one("total_cost", lambda m: ratio(m.case.cost[m.matched].sum(), MILLION)),
    ),
    Metric(
        "kept_pairs",
        "more",
        "pairs",
        "matched pairs that stand in data.current; nothing where there is no such table",
        one("kept_pairs", _kept),
    ),
)
