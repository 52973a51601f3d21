"""How far weights may move, and what this plan loses in draws and under other weights.

How far the weight of an area can move before another plan is better, found by bisection. A plan under error: this
plan kept as it is, and what plans made anew have of it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np

from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.robustness.drawn import WORDS, AtObjective, Drawn, DrawOutcome, Pair, interval

End = tuple[Decimal, Decimal | None]
"""The last weight found at which a plan is best on the way, and the next at which it is not, if there is one."""
FARTHEST = 8
"""How many times its weight an area is tried with at most; down it is tried to nothing."""
FINENESS = 1000
"""Weights are tried in steps of a thousandth of the weight as it is."""
WHOLE = 1000
"""Random weights are drawn in steps of a thousandth of their sum."""


@dataclass(frozen=True)
class WeightRange:
    """How far the weight of one area can move, the others as they are.

    Attributes:
        area: which.
        weight: as it is.
        low, high: the plan is still a best one at these.
        below, above: another plan is better at these; None where none was found down to 0, or up to 8 times the weight.
    """

    area: str
    weight: Decimal
    low: Decimal
    high: Decimal
    below: Decimal | None
    above: Decimal | None


@dataclass(frozen=True)
class Edge:
    """One end of a range: the area, and the number of thousandths of its weight that is tried last on that side."""

    area: str
    last: int

    def __str__(self) -> str:
        return f"{self.area} {'up' if self.last > FINENESS else 'down'}"


def edges_of(scenario: Scenario) -> list[Edge]:
    """Both ends for every area with a weight; the only one is not tried with nothing."""
    areas = weighted(scenario)
    down = 0 if len(areas) > 1 else FINENESS // FARTHEST
    return [Edge(area, last) for area in areas for last in (down, FINENESS * FARTHEST)]


def edge(scenario: Scenario, which: Edge, stays_best: Callable[[Scenario], bool]) -> End:
    """How far a plan stays a best one on one side.

    Args:
        scenario: as it was planned.
        which: the area and the side.
        stays_best: whether the plan is a best one of a scenario.

    Raises:
        InputError: weights that are moved in thousandths have more digits than a scenario may say.
    """
    weight = _weight(scenario, which.area)

    def is_best(thousandths: int) -> bool:
        return stays_best(scaled(scenario, which.area, Decimal(thousandths) / FINENESS))

    good, bad = FINENESS, which.last
    if is_best(bad):
        return weight * bad / FINENESS, None
    while abs(bad - good) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if is_best(middle) else (good, middle)
    return weight * good / FINENESS, weight * bad / FINENESS


def ranges_of(scenario: Scenario, found: Mapping[Edge, object]) -> Iterator[WeightRange]:
    """The range of each area of which both ends were found."""
    for area in weighted(scenario):
        ends = [end for which, end in found.items() if which.area == area and isinstance(end, tuple)]
        if len(ends) == 2:
            (low, below), (high, above) = ends
            yield WeightRange(area, _weight(scenario, area), low, high, below, above)


def _weight(scenario: Scenario, area: str) -> Decimal:
    return Decimal(scenario.settings.fit.weights.get(area, 0))  # type: ignore[call-overload]


def weighted(scenario: Scenario) -> list[str]:
    """The areas that have a weight."""
    return [area for area in AREAS if _weight(scenario, area)]


def scaled(scenario: Scenario, area: str, times: Decimal) -> Scenario:
    """The scenario with the weight of one area so many times as great.

    Raises:
        InputError: that weight has more digits than a scenario may say.
    """
    weights = {name: weight * (times if name == area else 1) for name, weight in scenario.settings.fit.weights.items()}
    return scenario.replace({"fit.weights": weights})


def random_weights(scenario: Scenario, draws: int) -> Iterator[dict[str, Decimal]]:
    """Weights of the areas that have one, drawn under the seed, uniform over all that sum to one."""
    from random import Random

    lot = Random(f"weights {scenario.settings.seed}")
    areas = weighted(scenario)
    for _ in range(draws):
        cuts = sorted(lot.randint(0, WHOLE) for _ in areas[1:])
        parts = np.diff([0, *cuts, WHOLE]).tolist()
        yield {area: Decimal(max(1, part)) / WHOLE for area, part in zip(areas, parts, strict=True)}


COLUMNS = (
    *("kind", "case", "status", "pairs_left", "within_limits", "pairs_new", "pairs_in_common"),
    *("level", "objective", "this_plan", "new_plan", "needed", "against"),
)
FIT = "fit"
PLACES = 6
"""Decimal places of a figure in the summary."""
EXACT = Context(prec=100)
Objective = Mapping[str, Any]
"""An entry of `objectives` in a summary."""
Key = tuple[str, int]
"""An objective by its name, and its number among those of that name: a draw may lack a group, and so an objective."""


@dataclass(frozen=True)
class PlanBeside:
    """The plan beside the one made anew for it.

    Attributes:
        kind: `estimates` or `weights`.
        name: the number of the draw, or the area and what became of its weight.
        found: what came of it; None where there is no plan made anew.
        status: of that, or why there is none.
    """

    kind: str
    name: str
    found: DrawOutcome | None
    status: str

    @property
    def is_compared(self) -> bool:
        """Whether there is a plan made anew, and what is left of the plan keeps to every limit."""
        return self.found is not None and self.found.kept.within_limits

    @property
    def levels(self) -> Sequence[AtObjective]:
        """Objective by objective; none where the two cannot be compared."""
        return () if self.found is None else self.found.kept.levels


@dataclass(frozen=True, eq=False)
class UnderError:
    """What becomes of a plan when what it rests on is otherwise.

    Attributes:
        pairs: of the plan.
        objectives: of the plan, in order.
        estimates: the draws around the estimates; empty where these have no rates.
        weights: by area and change of its weight, the new weight and what came of it.
        drawn: the plans made for the draws around the estimates; None where these have no rates.
    """

    pairs: frozenset[Pair]
    objectives: Sequence[Objective]
    estimates: Sequence[PlanBeside]
    weights: Mapping[tuple[str, str, float], PlanBeside]
    drawn: Drawn | None

    def table(self) -> TextTable:
        """`this_plan.csv`: a row an objective of each case; one alone where the plans cannot be compared."""
        rows = [row for case in (*self.estimates, *self.weights.values()) for row in self._rows(case)]
        columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
        return dict(zip(COLUMNS, map(list, columns), strict=True))

    def _rows(self, case: PlanBeside) -> Iterator[Sequence[str]]:
        found, told = case.found, [case.kind, case.name, case.status]
        if found is None:
            yield (*told, *[""] * (len(COLUMNS) - len(told)))
            return
        in_common = str(len(self.pairs & set(found.pairs)))
        told += [str(found.kept.left), "yes" if case.is_compared else "no", str(len(found.pairs)), in_common]
        for n, at in enumerate(case.levels, start=1):
            amounts = (exact(amount) for amount in (at.this_plan, at.new_plan, at.needed))
            yield (*told, str(n), at.objective, *amounts, at.against)
        if not case.levels:
            yield (*told, *[""] * (len(COLUMNS) - len(told)))

    def section(self) -> dict[str, Any]:
        """The part `under_error` of a summary."""
        return {
            "this_plan": None if self.drawn is None else self.this_plan(),
            "new_plans": None if self.drawn is None else self._new_plans(self.drawn),
            "weights": [self._of_weight(*key, case) for key, case in self.weights.items()],
        }

    def this_plan(self) -> dict[str, Any]:
        """The plan kept: the objective that carries fit, then the others, in order."""
        compared = [case for case in self.estimates if case.is_compared]
        at = carries_fit(self.objectives)
        told = [self._at(n, key, compared) for n, key in enumerate(keyed(self.objectives), start=1)]
        return {
            **(told[at] if told else {}),
            "compared": len(compared),
            "beyond_limits": sum(case.found is not None for case in self.estimates) - len(compared),
            "as_good": sum(not any(level.against == "behind" for level in case.levels) for case in compared),
            "proved": sum(case.status == "optimal" for case in compared),
            "others": [each for n, each in enumerate(told) if n != at],
        }

    def _at(self, level: int, key: Key, compared: Sequence[PlanBeside]) -> dict[str, Any]:
        found = [each for case in compared for own, each in _by_key(case.levels) if own == key]
        values = sorted(each.this_plan for each in found)
        low, high = interval(values) if values else (None, None)
        numbers = {"mean": _mean(values), "low": low, "high": high}
        return {
            "level": level,
            "objective": key[0],
            **{name: rounded(number) for name, number in numbers.items()},
            "regret": {"draws": sum(each.against == "behind" for each in found), **_loss(found)},
        }

    def _new_plans(self, drawn: Drawn) -> dict[str, Any]:
        changed = [len(self.pairs - set(each.pairs)) for each in drawn.found]
        words = Counter(drawn.schools(self.pairs)["stands"])
        return {
            "same": sum(self.pairs == set(each.pairs) for each in drawn.found),
            "pairs_changed": {"mean": rounded(_mean(changed)), "greatest": max(changed, default=None)},
            "schools": {word: words[word] for _, word in WORDS},
        }

    def _of_weight(self, area: str, change: str, weight: float, case: PlanBeside) -> dict[str, Any]:
        """What the plan loses: at the objective that decides, or nothing at the one that carries fit."""
        at = next((n for n, level in enumerate(case.levels) if level.decides), carries_fit(self.objectives))
        told: dict[str, Any] = dict.fromkeys(("level", "objective", "this_plan", "new_plan", "regret"))
        if at < len(case.levels):
            level = case.levels[at]
            regret = rounded(level.loss) if level.is_amount or not level.decides else None
            amounts = {"this_plan": rounded(level.this_plan), "new_plan": rounded(level.new_plan), "regret": regret}
            told = {"level": at + 1, "objective": level.objective, **amounts}
        return {"area": area, "change": change, "weight": weight, **told}


def _loss(found: Sequence[AtObjective]) -> dict[str, float | None]:
    """Mean and greatest loss at an objective; of a leximin none is told, as the difference is no amount."""
    if not all(each.is_amount for each in found):
        return {"mean": None, "greatest": None}
    losses = [each.loss for each in found]
    return {"mean": rounded(_mean(losses)), "greatest": rounded(max(losses, default=None))}


def carries_fit(objectives: Sequence[Objective]) -> int:
    """Where the first objective stands that counts fit: by its name, or in a part of a blend; without one the first."""
    told = enumerate((str(each["name"]).partition("[")[0], each.get("parts") or {}) for each in objectives)
    return next((n for n, (name, parts) in told if any(FIT in part.split("_") for part in (name, *parts))), 0)


def keyed(objectives: Sequence[Objective]) -> list[Key]:
    """A key for each objective."""
    return _keys([str(each["name"]) for each in objectives])


def _by_key(levels: Sequence[AtObjective]) -> Iterator[tuple[Key, AtObjective]]:
    return zip(_keys([level.objective for level in levels]), levels, strict=True)


def _keys(names: Sequence[str]) -> list[Key]:
    numbers = {name: count() for name in names}
    return [(name, next(numbers[name])) for name in names]


def _mean(values: Sequence[Fraction] | Sequence[int]) -> Fraction | None:
    return Fraction(sum(values)) / len(values) if values else None


def rounded(number: Fraction | None) -> float | None:
    """To six decimal places, from the exact number, halves to the even one."""
    return None if number is None else float(round(number, PLACES))


def exact(number: Fraction) -> str:
    """A decimal with every place it has: scales divide a power of ten."""
    return format(EXACT.divide(EXACT.create_decimal(number.numerator), number.denominator), "f")
