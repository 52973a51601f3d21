"""Every objective by name."""

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.model.objectives.objective import NotAdditive, Objective, Stakes, ones
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.current import stands
from nle_optimizer.stages.fit import area_fit
from nle_optimizer.stages.given_pairs import locate


def _fit(stakes: Stakes) -> Integers:
    return stakes.candidates.fit


def _distance(stakes: Stakes) -> Integers:
    return stakes.candidates.distance


def _travel_minutes(stakes: Stakes) -> Integers:
    minutes = stakes.candidates.from_table("travel_minutes")
    if not minutes.given.all():
        found = stakes.candidates
        blank = np.flatnonzero(~minutes.given)
        first = f"{found.nles.ids[found.nle[blank[0]]]}, {found.recipients.ids[found.recipient[blank[0]]]}"
        what = f"{len(blank)} candidate pairs have no travel time, the first of them {first}"
        source = "" if found.given is None else found.given.table.source
        hint = "fill them, or set geography.max_travel_minutes, under which such pairs are no candidates"
        raise InputError([Problem(Place(source), "travel_minutes", what, hint=hint)])
    return minutes.values


def _cost(stakes: Stakes) -> Integers:
    """Pounds in millionths: per match, and per day of the resource `days`."""
    per_match = int(stakes.costs.per_match * MILLION)
    amounts = np.full(len(stakes.candidates), per_match, dtype=np.int64)
    if stakes.costs.per_day:
        numerator, denominator = stakes.costs.per_day.as_integer_ratio()
        amounts += stakes.use["days"] * numerator // denominator
    return amounts


def _kept(stakes: Stakes) -> Integers:
    """1 for each pair that stands today."""
    current = stakes.candidates.current
    kept = np.zeros(len(stakes.candidates), dtype=np.int64)
    if current is not None:
        at, found = locate(current.keys[stands(current.table)], stakes.candidates.keys)
        kept[at[found]] = 1
    return kept


def _area(number: int) -> Objective:
    area = AREAS[number]
    return Objective(
        f"fit_{area}",
        "maximise",
        "recipients",
        MILLION,
        f"sum over pairs of the share of the recipient's need in {area} that the NLE covers",
        lambda stakes: area_fit(stakes.candidates.needs, number, stakes.candidates.nle, stakes.candidates.recipient),
    )


ADDITIVE = {
    objective.name: objective
    for objective in (
        Objective(
            "schools_supported",
            "maximise",
            "recipients",
            1,
            "number of recipients with at least one NLE",
            ones,
            once=True,
        ),
        Objective("fit", "maximise", "fit", MILLION, "sum of the fit of the pairs", _fit),
        *(_area(number) for number in range(len(AREAS))),
        Objective("distance", "minimise", "km", 1000, "sum of the distances of the pairs", _distance),
        Objective(
            "travel_minutes",
            "minimise",
            "minutes",
            MILLION,
            "sum of the pairs' travel times",
            _travel_minutes,
        ),
        Objective("kept_pairs", "maximise", "pairs", 1, "number of pairs that stand today and stay", _kept),
        Objective("cost", "minimise", "pounds", MILLION, "sum of the pairs' costs", _cost),
    )
}

NOT_ADDITIVE = {
    objective.name: objective
    for objective in (
        NotAdditive(
            "min_fit",
            "maximise",
            "fit",
            "least fit of any matched pair",
            "bottleneck assignment: Gross (1959), RAND P-1630",
        ),
        NotAdditive(
            "leximin_fit",
            "maximise",
            "fit",
            "least fit of any recipient, then the next, and so on; unmatched counts as 0",
            "lexicographic bottleneck: Burkard and Rendl (1991), doi:10.1016/0167-6377(91)90018-K",
        ),
        NotAdditive(
            "load_balance",
            "minimise",
            "share of capacity",
            "greatest less least share of capacity in use, over NLEs with a candidate, of the first resource",
        ),
        NotAdditive(
            "region_gap",
            "minimise",
            "share of recipients",
            "greatest less least share of recipients supported, over the regions",
        ),
    )
}

BLEND = NotAdditive("blend", "maximise", "weighted sum", "sum of its parts times their weights")

CATALOGUE: tuple[Objective | NotAdditive, ...] = (*ADDITIVE.values(), BLEND, *NOT_ADDITIVE.values())
"""Every objective that a scenario may name."""
