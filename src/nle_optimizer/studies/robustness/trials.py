"""One draw: tables perturbed, and solved.

What is tried with a plan: other weights, estimates that are off, and how far one weight can move.

A scenario as it might be: needs and expertise somewhat off, NLEs that withdraw, schools that refuse.

Every draw is decided by lots on identifiers, the seed and the number of the draw alone, never by the order of rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.engine import KnownPrices
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.metrics import summary_of
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.memory import Memory
from nle_optimizer.model.preferences import identities, lots
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records
from nle_optimizer.running import solve
from nle_optimizer.scenario.columns import AREAS, PINNED
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Uncertainty
from nle_optimizer.studies.robustness.drawn import DrawOutcome, Pair, figures_of, kept
from nle_optimizer.studies.robustness.weights import Edge, End, edge, scaled

REFUSED = "refused-in-a-draw"
WITHDRAWN = "withdrawn"


def drawn(scenario: Scenario, rates: Uncertainty, draw: int) -> Scenario:
    """The scenario of one draw, counted from 0.

    Needs and expertise that are given move by at most the rate up or down, within 0 and 1; a word such as `high` counts
    as its number. Pairs that are required, agreed or started, and their sides, do not withdraw or refuse.
    """
    seed = scenario.settings.seed
    held_schools, held_nles = _held(scenario)
    schools = _moved(scenario.schools, "need", int(rates.needs * MILLION), seed, draw)
    nles = _moved(scenario.nles, "expertise", int(rates.expertise * MILLION), seed, draw)
    refuse = _happens(schools, rates.school_refuses, f"refuses {seed}", draw)
    refuse &= ~np.isin(schools.ids.astype(str), held_schools) & ~schools.given("left_out")
    withdraw = _happens(nles, rates.nle_withdraws, f"withdraws {seed}", draw)
    withdraw &= ~np.isin(nles.ids.astype(str), held_nles)
    tables = {
        "schools": _told(schools, "left_out", refuse, REFUSED),
        "nles": _told(nles, "status", withdraw, WITHDRAWN),
    }
    return scenario.with_tables(tables, scenario.document.copy())


def _held(scenario: Scenario) -> tuple[list[str], list[str]]:
    """Schools and NLEs of pairs that must be."""
    pairs = set(_required(scenario.pairs, "relation", "require")) | set(_required(scenario.current, "state", *PINNED))
    return sorted({school for school, _ in pairs}), sorted({nle for _, nle in pairs})


def _required(table: Records | None, column: str, *words: str) -> Iterator[tuple[str, str]]:
    if table is None or column not in table:
        return
    cells = table.values(column).tolist()
    for school, nle, cell in zip(table.values("school_id"), table.values("nle_id"), cells, strict=True):
        if set(words) & ({cell} if isinstance(cell, str) else set(cell)):
            yield str(school), str(nle)


def _uniform(table: Records, salt: str, draw: int) -> NDArray[np.uint64]:
    """A lot for every row, uniform over 64 bits."""
    return lots(identities(table.ids, salt, 0), draw)


def _happens(table: Records, chance: Decimal, salt: str, draw: int) -> Flags:
    """Rows to which something of a chance happens."""
    return np.asarray(_uniform(table, salt, draw) < np.uint64(int(chance * (2**64 - 1))), dtype=bool)


def _moved(table: Records, prefix: str, most: int, seed: int, draw: int) -> Records:
    """The table with every given share moved by at most `most` millionths."""
    if not most:
        return table
    columns = {}
    for area in AREAS:
        name = f"{prefix}_{area}"
        if name in table:
            column = table.column(name)
            by = (_uniform(table, f"{name} {seed}", draw) % np.uint64(2 * most + 1)).astype(np.int64) - most
            values: Integers = np.clip(column.values + by, 0, MILLION)
            columns[name] = Column(column.kind, np.where(column.given, values, column.values), column.given)
    return table.with_columns(columns)


def _told(table: Records, name: str, rows: Flags, word: str) -> Records:
    if not rows.any():
        return table
    column = table.column(name, Kind.TEXT)
    values = column.values.copy()
    values[rows] = word
    return table.with_columns({name: Column(column.kind, values, column.given | rows)})


@dataclass(frozen=True)
class Reweighted:
    """The plan made anew under other weights of the areas."""

    number: int
    weights: tuple[tuple[str, Decimal], ...]

    def __str__(self) -> str:
        return f"weights {self.number + 1}"


@dataclass(frozen=True)
class Perturbed:
    """The plan made anew with estimates that are off, and people who withdraw."""

    number: int

    def __str__(self) -> str:
        return f"estimates {self.number + 1}"


@dataclass(frozen=True)
class Scaled:
    """The plan made anew with the weight of one area halved or doubled, the others as they are."""

    area: str
    change: str

    def __str__(self) -> str:
        return f"{self.area} {self.change}"


CHANGES = {"halved": Decimal("0.5"), "doubled": Decimal(2)}
Trial = Reweighted | Perturbed | Scaled | Edge
Tried = DrawOutcome | End | str
"""What came of a trial; words where nothing could."""


class PlanContext:
    """A plan in one process, and whatever the stages of its scenario gave so far."""

    def __init__(self, scenario: Scenario, plan: Sequence[Pair]):
        self._scenario, self._plan = scenario, plan
        self._memory, self._known = Memory(), KnownPrices()

    def __call__(self, trial: Trial) -> Tried:
        """What came of a trial; where nothing could, why."""
        try:
            return self._tried(trial)
        except InputError as fault:
            return str(fault).splitlines()[0]

    def _tried(self, trial: Trial) -> Tried:
        scenario = self._scenario
        match trial:
            case Reweighted():
                return self._found(scenario.replace({"fit.weights": dict(trial.weights)}), self._memory)
            case Scaled():
                return self._found(scaled(scenario, trial.area, CHANGES[trial.change]), self._memory)
            case Perturbed():
                return self._found(drawn(scenario, scenario.settings.uncertainty, trial.number), None)
            case Edge():
                return edge(scenario, trial, self._stays_best)

    def _found(self, scenario: Scenario, memory: Memory | None) -> DrawOutcome | str:
        outcome = self._solved(scenario, memory)
        if outcome.status in ("infeasible", "unknown"):
            return outcome.status
        found, at = outcome.candidates, outcome.matched
        schools, nles = found.recipients.ids[found.recipient[at]], found.nles.ids[found.nle[at]]
        pairs = tuple(zip(schools.tolist(), nles.tolist(), strict=True))
        return DrawOutcome(pairs, figures_of(summary_of(outcome)), outcome.status, kept(outcome, self._plan))

    def _stays_best(self, scenario: Scenario) -> bool:
        """Whether no plan is found that is better, objective by objective."""
        try:
            outcome = self._solved(scenario, self._memory)
        except InputError:  # a pair that must be would be no candidate
            return False
        return outcome.status != "infeasible" and kept(outcome, self._plan).is_best(len(self._plan))

    def _solved(self, scenario: Scenario, memory: Memory | None) -> Outcome:
        quiet = nullcontext(lambda: False)
        return solve(scenario, lambda _: None, lambda _: None, quiet, memory, self._known)
