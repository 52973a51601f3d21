"""Where so many more NLEs would add most to a scenario."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from nle_optimizer.allocation import allocate
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import InputError, Place, Problem, UnsupportedError, VerificationError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.exchanging import written
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.preparation import prepare
from nle_optimizer.records import Records, as_text
from nle_optimizer.reports.verification import verify
from nle_optimizer.result import Result
from nle_optimizer.scenario.own_code import rule_name
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.recruitment.market import Market, is_possible
from nle_optimizer.studies.recruitment.places import centres, chosen_rows, filled, listed
from nle_optimizer.studies.recruitment.search import Found, best_choice


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked for.

    Attributes:
        count: how many recruits.
        places: a table of possible ones; None for the centre of each authority.
        like: the NLE whom they resemble where their cells are blank; None for nobody.
        most_searches: how many choices may be worked out beyond the greedy one.
    """

    count: int
    places: Path | None
    like: str | None
    most_searches: int


@dataclass(frozen=True, eq=False)
class Recruitment:
    """The recruits, and what they add.

    Attributes:
        recruits: the chosen, in the order in which they add most.
        possible: how many places there were to choose from.
        level: the first objective.
        values: of the first objective without recruits, and with the first 1, 2, ... of them, maximising orientation.
        found: the choice, and the bound on any other.
        is_submodular: whether the guarantee of the greedy choice holds.
        before, after: the scenario without and with them, verified.
    """

    recruits: Records
    possible: int
    level: AnyLevel
    values: tuple[int, ...]
    found: Found
    is_submodular: bool
    before: Result
    after: Result

    @property
    def is_exact(self) -> bool:
        """Whether it is proved that no other choice adds more."""
        return self.found.bound <= self.values[-1]

    def amount(self, value: int) -> Decimal:
        """A value of the first objective in its own sense and unit."""
        return Decimal(self.level.sense * value) / Decimal(self.level.scale)

    def table(self) -> TextTable:
        """The recruits as an NLE table, with what each adds to those before it."""
        own = {name: as_text(column) for name, column in self.recruits.columns.items()}
        gains = zip(self.values[1:], self.values, strict=False)
        return {**own, "adds": [written(self.amount(more - less)) for more, less in gains]}

    def document(self) -> dict[str, Any]:
        """The answer for programs."""
        table = self.table()
        return {
            "schema_version": 1,
            "scenario": self.before.scenario.settings.name,
            "objective": self.level.name,
            "without": float(self.amount(self.values[0])),
            "with": float(self.amount(self.values[-1])),
            "bound": float(self.amount(self.found.bound)),
            "exact": self.is_exact,
            "guarantee": "1 - 1/e" if self.is_submodular else None,
            "places": self.possible,
            "choices_worked_out": self.found.searches,
            "supported_without": self.before.claim.summary["counts"]["supported"],
            "supported_with": self.after.claim.summary["counts"]["supported"],
            "rows": [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)],
        }


def recruit(
    scenario: Scenario,
    asked: Asked,
    stopping: Callable[[], Stopping] = Stopping,
    tell: Callable[[str], None] = lambda _: None,
) -> Recruitment:
    """Find where so many more NLEs would add most.

    Raises:
        InputError: no such NLE to resemble, a table of places that is wrong, or fewer places than recruits.
        UnsupportedError: the scenario's rule is not `optimal`, or it has no allocation without recruits.
    """
    if scenario.settings.rule != "optimal":
        what = f"the rule {rule_name(scenario.settings.rule)} has no objective that recruits could add to; use optimal"
        raise UnsupportedError([Problem(scenario.document.place(("rule",)), "rule", what)])
    possible = centres(scenario) if asked.places is None else listed(asked.places, scenario)
    possible = filled(possible, scenario, asked.like)
    tell("candidates")
    market = _market(scenario, possible, asked.count if asked.places is None else 1, stopping)
    if not market.problem.levels:
        what, hint = (
            "no objective counts anybody, so recruits would add nothing",
            "see why nobody is eligible: validate",
        )
        raise InputError([Problem(scenario.document.place(("objectives",)), "objectives", what, hint=hint)])
    _refuse_too_many(market, asked.count, len(possible))
    found = best_choice(market, asked.count, asked.most_searches, tell)
    values = tuple(market.worth(tuple(sorted(found.order[:n]))).values[0] for n in range(asked.count + 1))
    chosen = chosen_rows(possible, found.order)
    tell("verifying")
    before, after = _verified(scenario), _verified(_with(scenario, chosen))
    level, submodular = market.problem.levels[0], market.is_submodular
    return Recruitment(chosen, len(possible), level, values, found, submodular, before, after)


def _with(scenario: Scenario, recruits: Records) -> Scenario:
    return scenario.with_tables({"nles": scenario.nles.joined(recruits)}, scenario.document.copy())


def _market(scenario: Scenario, possible: Records, repeats: int, stopping: Callable[[], Stopping]) -> Market:
    case = prepare(_with(scenario, possible), lambda _: None)
    wanted = set(possible.ids.tolist())
    numbers = {str(nle): n for n, nle in enumerate(case.problem.nle_ids)}
    out = sorted(wanted - numbers.keys())
    if out:
        reasons = dict(zip(case.supply.nles.ids.tolist(), case.supply.reason.tolist(), strict=True))
        what = f"this recruit would be out ({reasons[out[0]]}); fill its cells, or choose another --like"
        raise InputError([Problem(Place(), "--places", what, out[0])])
    recruits = [numbers[str(nle)] for nle in possible.ids]
    return Market(case.problem, recruits, repeats, scenario.settings.engine, scenario.settings.seed, stopping)


def _refuse_too_many(market: Market, count: int, places: int) -> None:
    if not is_possible(market):
        what = "without recruits no allocation meets every requirement; `run` tells what clashes"
        raise UnsupportedError([Problem(Place(), "constraints", what)])
    if count > places * market.repeats:
        what = f"there are {places * market.repeats} places to choose from"
        raise InputError([Problem(Place(), "--count", what, str(count), "give more --places")])


def _verified(scenario: Scenario) -> Result:
    result = allocate(scenario)
    if wrong := verify(result):
        raise VerificationError(wrong)
    return result
