"""Every objective by name, and what a pair is worth under one.

What matched pairs and supported recipients add to a level that is a sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.model.objective_kinds import AdditiveObjective, NotAdditive, Stakes, ones
from nle_optimizer.records import MILLION, Integers, Kind, Records
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.setting_sections import BLEND_PARTS, Objective
from nle_optimizer.stages.conditions import as_held, holds
from nle_optimizer.stages.current import locate, stands
from nle_optimizer.stages.fit import area_fit


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
        raise InputError([Fault(Place(source), "travel_minutes", what, hint=hint)])
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


def _area(number: int) -> AdditiveObjective:
    area = AREAS[number]
    return AdditiveObjective(
        f"fit_{area}",
        "recipients",
        MILLION,
        f"sum over pairs of the share of the recipient's need in {area} that the NLE covers",
        lambda stakes: area_fit(stakes.candidates.needs, number, stakes.candidates.nle, stakes.candidates.recipient),
    )


SUMS = (
    AdditiveObjective(
        "schools_supported",
        "recipients",
        1,
        "number of recipients with at least one NLE",
        ones,
        once=True,
    ),
    AdditiveObjective("fit", "fit", MILLION, "sum of the fit of the pairs", _fit),
    *(_area(number) for number in range(len(AREAS))),
    AdditiveObjective("distance", "km", 1000, "sum of the distances of the pairs", _distance),
    AdditiveObjective(
        "travel_minutes",
        "minutes",
        MILLION,
        "sum of the pairs' travel times",
        _travel_minutes,
    ),
    AdditiveObjective("kept_pairs", "pairs", 1, "number of pairs that stand today and stay", _kept),
    AdditiveObjective("cost", "pounds", MILLION, "sum of the pairs' costs", _cost),
)
ADDITIVE = {objective.name: objective for objective in SUMS}

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

CATALOGUE: tuple[AdditiveObjective | NotAdditive, ...] = (*ADDITIVE.values(), BLEND, *NOT_ADDITIVE.values())
"""Every objective that a scenario may name."""


LARGEST_AMOUNT = 2**47
"""Greatest amount of a pair."""
HEAVIEST = 1_000_000_000 * MILLION
"""Greatest weight, in millionths."""


@dataclass(frozen=True, eq=False)
class Worth:
    """Whole amounts, to be maximised.

    Attributes:
        scale: units in 1 of what people read.
        pairs: shape (pairs,): for a matched pair.
        recipients: shape (recipients,): for a recipient with at least one NLE; 0 for those of one supporter,
            whose pairs say the same.
    """

    scale: int
    pairs: Integers
    recipients: Integers

    @property
    def greatest(self) -> int:
        """The greatest amount, without its sign."""
        return max(int(np.abs(part).max(initial=0)) for part in (self.pairs, self.recipients))

    def times(self, factors: Integers, recipient: Integers, scale: int = 1) -> "Worth":
        """Every amount times the factor of its recipient, shape (recipients,)."""
        return Worth(self.scale * scale, self.pairs * factors[recipient], self.recipients * factors)

    def stepped(self, step: int, sense: int) -> "Worth":
        """Every amount rounded down, in its own sense, to a multiple of `step`."""
        pairs, recipients = (sense * (sense * part // step * step) for part in (self.pairs, self.recipients))
        return Worth(self.scale, pairs, recipients)


def worth_of(objective: Objective, stakes: Stakes, path: str) -> Worth:
    """What pairs and recipients add to an additive level, its options applied but for `by`.

    Raises:
        InputError: amounts too large to be exact; a weight that is no number; a step that is no whole unit.
    """
    worth = (
        _blend(objective, stakes, path)
        if objective.name == "blend"
        else _plain(objective.name, stakes, sense_of(objective))
    )
    table, recipient = stakes.candidates.recipients, stakes.candidates.recipient
    if objective.where:
        worth = worth.times(holds(objective.where, table).astype(np.int64), recipient)
    if objective.weight is not None:
        factors, unit = _weights(table, objective.weight)
        if worth.greatest * int(factors.max(initial=0)) > LARGEST_AMOUNT:
            common = int(np.gcd.reduce(factors, initial=unit))
            factors, unit = factors // common, unit // common
        if worth.greatest * int(factors.max(initial=0)) > LARGEST_AMOUNT:
            what, hint = "the weighted amounts are too large to be exact", "weigh by rounder numbers"
            raise InputError([Fault(Place(), f"{path}.weight", what, hint=hint)])
        worth = worth.times(factors, recipient, unit)
    if objective.step is not None:
        step = int(objective.step * worth.scale)
        if step != objective.step * worth.scale:
            what = f"the step must be a multiple of 1/{worth.scale}, the unit of this level"
            raise InputError([Fault(Place(), f"{path}.step", what)])
        worth = worth.stepped(step, sense_of(objective))
    return worth


def sense_of(objective: Objective) -> int:
    """1 where the objective is to be maximised, -1 where it is to be minimised."""
    chosen = ADDITIVE.get(objective.name)
    return -1 if chosen is not None and chosen.sense == "minimise" else 1


def parts_of(objective: Objective) -> dict[str, Decimal]:
    """The objectives a level is made of, with their weights in people's units."""
    if objective.name != "blend":
        return {objective.name: Decimal(1)}
    parts: dict[str, Decimal] = {}
    for word, weight in objective.parts.items():
        parts[BLEND_PARTS[word]] = parts.get(BLEND_PARTS[word], Decimal(0)) + weight
    return parts


def _plain(name: str, stakes: Stakes, weight: int) -> Worth:
    """An objective's amounts times a weight."""
    chosen = ADDITIVE[name]
    pairs, several = weight * chosen.amounts(stakes), stakes.candidates.several
    once = several if chosen.once else np.zeros_like(several)
    pairs = np.where(once[stakes.candidates.recipient], 0, pairs)
    return Worth(chosen.scale, pairs, weight * once.astype(np.int64))


@dataclass(frozen=True)
class Blend:
    """A blend on the coarsest common scale on which every weight is whole."""

    scale: int
    weights: Mapping[str, int]


def blend_of(parts: Mapping[str, Decimal]) -> Blend:
    """The whole weights of a blend's parts, by the unit of each part's amounts."""
    shares = {name: Fraction(weight) / ADDITIVE[name].scale for name, weight in parts.items()}
    scale = lcm(*(share.denominator for share in shares.values()))
    return Blend(scale, {name: int(share * scale) for name, share in shares.items()})


def _blend(objective: Objective, stakes: Stakes, path: str) -> Worth:
    blend = blend_of(parts_of(objective))
    pairs = np.zeros(len(stakes.candidates), dtype=np.int64)
    recipients = np.zeros(len(stakes.candidates.recipients), dtype=np.int64)
    for name, weight in blend.weights.items():
        if _plain(name, stakes, 1).greatest * abs(weight) > LARGEST_AMOUNT:
            what = f"the amounts of {name} are too large to be exact; use rounder weights"
            raise InputError([Fault(Place(), f"{path}.blend", what)])
        part = _plain(name, stakes, weight)
        pairs, recipients = pairs + part.pairs, recipients + part.recipients
    return Worth(blend.scale, pairs, recipients)


def _weights(table: Records, name: str) -> tuple[Integers, int]:
    """A column as whole weights, and what 1 became."""
    column = table.column(name)
    if column.values.dtype == object:
        numbers = [as_held(Kind.AMOUNT, text) if text else Fraction(0) for text in column.values]
        if any(number is None or not 0 <= number <= HEAVIEST or number.denominator > 1 for number in numbers):
            what = "the column must hold numbers from 0 up with at most six decimal places"
            raise InputError([Fault(Place(table.source), name, what)])
        return np.array([int(number or 0) for number in numbers], dtype=np.int64), MILLION
    return np.where(column.given, column.values, 0), 1 if column.kind is Kind.COUNT else MILLION
