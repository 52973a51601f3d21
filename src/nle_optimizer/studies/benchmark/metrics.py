"""Every figure that rules are compared by.

Every metric by family. How far NLEs travel, what that costs, and what stays as it was. Who is served: coverage in all
and by group, and access before anybody is matched. How far preferences are met: ranks, blocking pairs, justified
envy.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np

from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.limits_left import places
from nle_optimizer.model.preferences import UNACCEPTABLE, blocking_pairs
from nle_optimizer.records import MILLION, Flags, Integers, as_text
from nle_optimizer.stages.current import stands
from nle_optimizer.stages.fit import folded
from nle_optimizer.studies.benchmark.measures import AIMS, FITS, LOAD, Figure, Measured, Metric, one, ratio


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


KEPT = 8
"""Cases and columns that are remembered: many allocations of one case are measured."""


@lru_cache(KEPT)
def _groups(case: Case, column: str) -> tuple[list[str], Integers]:
    texts = np.array(as_text(case.recipients.column(column)), dtype=str)
    values, code = np.unique(texts, return_inverse=True)
    return [str(value) for value in values], code.astype(np.int64)


def _coverages(measured: Measured, column: str) -> dict[str, Fraction]:
    values, code = _groups(measured.case, column)
    eligible = np.bincount(code, minlength=len(values)).tolist()
    served = np.bincount(code[measured.served], minlength=len(values)).tolist()
    return {value: Fraction(some, every) for value, some, every in zip(values, served, eligible, strict=True) if value}


def _by_group(measured: Measured) -> Mapping[str, Figure]:
    return {
        f"coverage_by[{column}={value}]": share
        for column in ("priority", "region", "phase")
        for value, share in _coverages(measured, column).items()
    }


def _gap(measured: Measured) -> Figure:
    shares = _coverages(measured, "region").values()
    most = max(shares, default=Fraction(0))
    return min(shares) / most if most else None


@lru_cache(KEPT)
def _access(case: Case) -> Mapping[str, Figure]:
    """Mean over the recipients of each region of the places per head within their reach."""
    found = case.candidates
    heads = np.maximum(np.bincount(found.nle, minlength=len(found.nles)), 1)
    per_head = np.minimum(places(case.problem), heads) / heads
    access = np.bincount(found.recipient, per_head[found.nle], minlength=len(found.recipients))
    values, code = _groups(case, "region")
    total, count = np.bincount(code, access, len(values)), np.bincount(code, minlength=len(values))
    return {
        f"access[region={value}]": float(total[n] / count[n]) for n, value in enumerate(values) if value and count[n]
    }


REACH = (
    Metric(
        "access",
        "more",
        "places a head",
        "before anybody is matched, mean over the recipients of a region of: sum over their candidate NLEs of places / "
        "recipients that could have that NLE (two-step floating catchment area)",
        lambda measured: _access(measured.case),
        "Luo and Wang (2003), doi:10.1068/b29120",
    ),
    Metric(
        "coverage",
        "more",
        "share",
        "recipients with at least one NLE / eligible recipients",
        one("coverage", lambda m: ratio(m.served.sum(), len(m.served))),
    ),
    Metric(
        "coverage_by",
        "more",
        "share",
        "the same among the recipients of a priority, region or phase; those blank there in none",
        _by_group,
    ),
    Metric(
        "coverage_gap_regions",
        "more",
        "share",
        "least coverage of a region / greatest coverage of a region",
        one("coverage_gap_regions", _gap),
    ),
)


def _mean_rank(measured: Measured) -> Figure:
    level = measured.preferences.recipients.level[measured.matched]
    known = level[level != UNACCEPTABLE]
    return ratio((known + 1).sum(), len(known))


def _rank_shares(measured: Measured) -> dict[str, Figure]:
    level = measured.preferences.recipients.level[measured.matched]
    known = level[level != UNACCEPTABLE]
    bounds = {"1": 1, "2": 2, "3": 3, "5": 5, "10": 10}
    return {f"rank_share[rank<={word}]": ratio((known < most).sum(), len(known)) for word, most in bounds.items()}


def _wanted(measured: Measured) -> Flags:
    """Pairs not matched that both sides accept, and that the recipient prefers to its worst, or has room for."""
    problem, place = measured.case.problem, measured.preferences.recipients.place
    worst = np.full(len(problem.recipient_ids), -1, dtype=np.int64)
    own = np.where(place[measured.matched] == UNACCEPTABLE, problem.size, place[measured.matched])
    np.maximum.at(worst, problem.recipient[measured.matched], own)
    free = measured.count < problem.supporters
    wanted = (place != UNACCEPTABLE) & (free[problem.recipient] | (place < worst[problem.recipient]))
    wanted[measured.matched] = False
    return np.asarray(wanted, dtype=bool)


def _keys(measured: Measured, pairs: Integers) -> Integers:
    """Numbers that order pairs by NLE, then by that NLE's preference; what it does not accept is last."""
    problem, place = measured.case.problem, measured.preferences.nles.place[pairs]
    return problem.nle[pairs] * (problem.size + 1) + np.where(place == UNACCEPTABLE, problem.size, place)


def _blocking(measured: Measured) -> Figure:
    return ratio(len(blocking_pairs(measured.case.problem, measured.preferences, measured.matched)), 1)


def _envious(measured: Measured) -> Figure:
    problem = measured.case.problem
    pairs = np.flatnonzero(_wanted(measured))
    lowest = np.full(len(problem.nle_ids), -1, dtype=np.int64)
    np.maximum.at(lowest, problem.nle[measured.matched], _keys(measured, measured.matched))
    envied = pairs[_keys(measured, pairs) < lowest[problem.nle[pairs]]]
    return ratio(len(np.unique(problem.recipient[envied])), 1)


def _ties(measured: Measured) -> Mapping[str, Figure]:
    orders = measured.preferences
    return {"ties[side=recipients]": ratio(orders.recipients.ties, 1), "ties[side=nles]": ratio(orders.nles.ties, 1)}


WISHES = (
    Metric(
        "ties",
        "neither",
        "pairs",
        "before anybody is matched: pairs in the orders of a side that only a lot under the seed puts after the one "
        "before",
        _ties,
    ),
    Metric(
        "mean_rank",
        "less",
        "rank",
        "mean over matched pairs of the NLE's place in the recipient's order, 1 first, ties sharing the best place",
        one("mean_rank", _mean_rank),
        "Featherstone (2020)",
    ),
    Metric(
        "rank_share",
        "more",
        "share",
        "matched pairs whose NLE is among the first 1, 2, 3, 5, 10 of the recipient's order / those with a rank",
        _rank_shares,
        "Featherstone (2020)",
    ),
    Metric(
        "blocking_pairs",
        "less",
        "pairs",
        "unmatched pairs that both accept, that the recipient prefers to its worst NLE or has room for, and that keep "
        "to every capacity and upper limit beside what the NLE prefers and what is required; orders made strict by lot",
        one("blocking_pairs", _blocking),
        "Gale and Shapley (1962), doi:10.2307/2312726",
    ),
    Metric(
        "justified_envy",
        "less",
        "recipients",
        "recipients that prefer, or have room for, an NLE that serves another which that NLE likes less",
        one("justified_envy", _envious),
        "Abdulkadiroglu and Sonmez (2003), doi:10.1257/000282803322157061",
    ),
)


METRICS = (*AIMS, *REACH, *FITS, *WISHES, *JOURNEYS, *LOAD)


def figures_of(measured: Measured) -> dict[str, Figure]:
    """Every figure of an allocation by name."""
    return {name: value for metric in METRICS for name, value in metric.figures(measured).items()}
