"""Changes by group, as rows, and what is scarce.

NLEs by region or authority: the best of one more, the mean, and several more, shared out as is best. The rows of
`marginal`: what one more, one fewer and several more change, in what people read. Where capacity is scarce and where
it idles, by region.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.evidence.alternates import in_its_unit, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.model.limits_left import places
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import MILLION, Integers, as_text
from nle_optimizer.studies.marginal.answers import (
    FROM_THE_PLAN,
    NETWORK,
    SOLVED,
    ChangeAnswer,
    Study,
    best_of,
    gained_and_lost,
    solved_again,
    unchanged,
    with_capacity,
)
from nle_optimizer.studies.marginal.places import same_sets, with_unit

Cell = Decimal | str | bool | None


@dataclass(frozen=True)
class MarginalRow:
    """A row: an identifier and a resource, and the changes.

    Attributes:
        particulars: further columns of the row, by name: a name, a capacity, the NLE of a group that is best.
        further: further changes, by name: so many more at once.
    """

    id: str
    resource: str
    more: ChangeAnswer
    fewer: ChangeAnswer
    particulars: Mapping[str, Cell]
    further: Mapping[str, ChangeAnswer] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, ChangeAnswer]:
        """Every change, by name."""
        return {"one_more": self.more, "one_fewer": self.fewer, **self.further}

    @property
    def method(self) -> str:
        """How the values were found; by solving again where any was."""
        methods = [answer.method for answer in self.answers.values()]
        return next((method for method in (SOLVED, FROM_THE_PLAN, NETWORK) if method in methods), methods[0])

    @property
    def is_exact(self) -> bool:
        """Whether all changes of the first objective are exact."""
        return all(answer.is_exact for answer in self.answers.values())

    def cells(self, levels: Sequence[AnyLevel]) -> dict[str, Cell]:
        """Every column, in order."""
        names = level_names(levels)
        sides = self.answers
        cells: dict[str, Cell] = {"id": self.id, "resource": self.resource}
        cells |= {side: _value(answer, levels, 0) for side, answer in sides.items()}
        for n, name in enumerate(names[1:], start=1):
            cells |= {f"{side}_{name}": _value(answer, levels, n) for side, answer in sides.items()}
        for side, answer in sides.items():
            cells |= {f"{side}_gained": "|".join(answer.gained), f"{side}_lost": "|".join(answer.lost)}
        cells |= {"method": self.method, "exact": self.is_exact}
        for side, answer in sides.items():
            low, high = _interval(answer, levels)
            cells |= {f"{side}_least": low, f"{side}_most": high, f"{side}_possible": answer.is_possible}
        return {**cells, **self.particulars}


def level_names(levels: Sequence[AnyLevel]) -> list[str]:
    """The objectives' names; the second of one name is followed by its number."""
    names: list[str] = []
    for level in levels:
        again = sum(name.split(" (")[0] == level.name for name in names)
        names.append(f"{level.name} ({again + 1})" if again else level.name)
    return names


def _value(answer: ChangeAnswer, levels: Sequence[AnyLevel], n: int) -> Decimal | None:
    """The change of a level; None where it is not possible or not known exactly."""
    if not answer.is_possible or n >= len(answer.least) or answer.least[n] != answer.most[n]:
        return None
    return in_its_unit(levels[n], answer.least[n])


def _interval(answer: ChangeAnswer, levels: Sequence[AnyLevel]) -> tuple[Decimal | None, Decimal | None]:
    """The least and greatest change of the first objective, as people read it."""
    if not answer.is_possible or not answer.least:
        return None, None
    ends = [in_its_unit(levels[0], end[0]) for end in (answer.least, answer.most)]
    return min(ends), max(ends)


def as_json(cell: Cell) -> Any:
    """A cell for programs: numbers as numbers, what is not known as null."""
    return float(cell) if isinstance(cell, Decimal) else cell


def as_csv(cell: Cell) -> str:
    """A cell for a file."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else written(cell) if isinstance(cell, Decimal) else cell


BLANK = "(blank)"
SEVERAL = {"two_more": 2, "five_more": 5, "ten_more": 10}
"""How many units more are shared out among the NLEs of a group."""
MOST = max(SEVERAL.values())
MEAN = Decimal("0.000001")


def by_column(study: Study, rows: Sequence[MarginalRow], column: str) -> list[MarginalRow]:
    """A row for each value of a column of the NLEs and each resource, blanks last.

    Args:
        study: the run.
        rows: those of each NLE and resource, in the order of the NLEs.
        column: of the NLE table.
    """
    problem = study.outcome.problem
    values = as_text(study.outcome.candidates.nles.column(column))
    resources = [resource.name for resource in problem.resources]
    groups: dict[tuple[bool, str, int], list[int]] = {}
    for number in range(len(resources)):
        for nle, value in enumerate(values):
            groups.setdefault((not value, value, number), []).append(nle)
    of_nle = [rows[number :: len(resources)] for number in range(len(resources))]
    return [
        _group(study, value or BLANK, number, nles, [of_nle[number][nle] for nle in nles])
        for (_, value, number), nles in sorted(groups.items(), key=lambda entry: entry[0])
    ]


def _group(study: Study, value: str, number: int, nles: list[int], rows: Sequence[MarginalRow]) -> MarginalRow:
    best, more = best_of([row.more for row in rows])
    least, fewer = best_of([row.fewer for row in rows])
    ids = study.outcome.problem.nle_ids
    several, shares = _several(study, number, nles, more)
    particulars: dict[str, Cell] = {
        "one_more_nle_id": "" if best is None else rows[best].id,
        "one_fewer_nle_id": "" if least is None else rows[least].id,
        "nles": Decimal(len(rows)),
        "mean": _mean(study, [row.more for row in rows]),
    }
    particulars |= {f"{side}_nle_ids": "|".join(ids[share].tolist()) for side, share in shares.items()}
    return MarginalRow(value, rows[0].resource, more, fewer, particulars, several)


def _mean(study: Study, answers: Sequence[ChangeAnswer]) -> Decimal | None:
    """The mean over the NLEs of what one more is worth at each, to six decimals; None where one is not known."""
    if not all(answer.is_exact and answer.least for answer in answers):
        return None
    total = in_its_unit(study.outcome.problem.levels[0], sum(answer.least[0] for answer in answers))
    return (total / len(answers)).quantize(MEAN)


Shared = tuple[dict[str, ChangeAnswer], dict[str, Integers]]
"""What several more are worth, and where they go: an NLE for each unit that adds something."""


def _several(study: Study, number: int, nles: list[int], one_more: ChangeAnswer) -> Shared:
    if isinstance(study.exchanges, Exchanges):
        most = _most_places(study.outcome.problem, number)[nles]
        if (most >= 0).all():
            return _by_network(study, study.exchanges, nles, most)
    return _by_solving(study, number, np.array(nles, dtype=np.int64), one_more)


def _most_places(problem: Problem, number: int) -> Integers:
    """How many places more each NLE has with units more of a resource, at most; -1 where a unit is not a place."""
    now = places(problem)
    more = np.array([places(with_unit(problem, number, unit * MILLION)) - now for unit in range(MOST + 1)])
    each = more == np.minimum(np.arange(MOST + 1)[:, None], more[-1])
    return np.where(each.all(axis=0), more[-1], -1)


def _by_network(study: Study, exchanges: Exchanges, nles: list[int], most: Integers) -> Shared:
    turns = exchanges.more_places(nles, most.tolist(), MOST)
    answers, shares = {}, {}
    for side, count in SEVERAL.items():
        some = turns[:count]
        values = (
            tuple(np.array([turn.values for turn in some]).sum(axis=0).tolist()) if some else (0,) * exchanges.levels
        )
        joined, left = (Counter(who for turn in some for who in getattr(turn, way)) for way in ("joined", "left"))
        found = study.outcome.found.copy()
        for who in {*joined, *left}:
            found[who] += joined[who] - left[who]
        gained, lost = gained_and_lost(study.outcome, found > 0)
        answers[side] = ChangeAnswer(NETWORK, True, values, values, gained, lost)
        shares[side] = np.array([turn.nle for turn in some], dtype=np.int64)
    return answers, shares


def _by_solving(study: Study, number: int, nles: Integers, one_more: ChangeAnswer) -> Shared:
    """Between what one way to share the units out gives and what all would, had every NLE of the group so many more."""
    answers: dict[str, ChangeAnswer] = {}
    shares: dict[str, Integers] = {}
    above: ChangeAnswer | None = None
    for side, count in reversed(SEVERAL.items()):
        nothing = (
            study.is_sum and study.levels and same_sets(study.outcome.problem, number, count * MILLION)[nles].all()
        )
        if nothing or (above is not None and above.is_exact and not above.most[0]):
            answers[side], shares[side] = unchanged(study.levels or 1), nles[:0]
        else:
            answers[side], shares[side] = _shared_out(study, number, nles, count)
            if above is not None and above.most and answers[side].most:
                answers[side] = _narrowed(answers[side], most=above.most[0])
        above = answers[side]
    below = one_more
    for side in SEVERAL:
        if below.least and answers[side].least:
            answers[side] = _narrowed(answers[side], least=below.least[0])
        below = answers[side]
    return {side: answers[side] for side in SEVERAL}, {side: shares[side] for side in SEVERAL}


def _narrowed(answer: ChangeAnswer, least: int | None = None, most: int | None = None) -> ChangeAnswer:
    """The answer where the first level is known to change by so much at least, or at most."""
    low = answer.least[0] if least is None else max(answer.least[0], least)
    high = answer.most[0] if most is None else min(answer.most[0], most)
    if (low, high) == (answer.least[0], answer.most[0]):
        return answer
    return replace(answer, least=(low,), most=(high,))


def _shared_out(study: Study, number: int, nles: Integers, count: int) -> tuple[ChangeAnswer, Integers]:
    outcome, resource = study.outcome, study.outcome.problem.resources[number]
    every = with_capacity(outcome, resource.name, nles, count * MILLION)
    most, found = solved_again(outcome, every, Stopping.within(study.seconds), relaxed=True)
    if found is None:
        return most, nles[:0]
    used = np.zeros(len(resource.capacity), dtype=np.int64)
    np.add.at(used, every.nle[found.matched], resource.use[found.matched])
    wanted = -(-np.maximum(used - resource.capacity, 0)[nles] // MILLION)
    if wanted.sum() <= count:
        return most, np.repeat(nles, wanted)
    order = np.argsort(-wanted, kind="stable")
    given = np.zeros_like(wanted)
    given[order] = np.clip(count - (np.cumsum(wanted[order]) - wanted[order]), 0, wanted[order])
    share = np.repeat(nles, given)
    least, _ = solved_again(
        outcome,
        with_capacity(outcome, resource.name, nles, given * MILLION),
        Stopping.within(study.seconds),
        relaxed=True,
    )
    if not (least.least and most.most):
        return least, share
    return replace(least, least=least.least[:1], most=most.most[:1]), share


@dataclass(frozen=True)
class Region:
    """The capacity of a region's NLEs in the first resource, and its schools that are left out.

    Attributes:
        capacity, used: of the available NLEs, in what people read.
        full: how many NLEs have less than one unit left.
        left_out: eligible schools of the region without an NLE.
        best: the most that one more unit at one of its NLEs adds to the first objective; None where not known.
    """

    name: str
    nles: int
    capacity: Decimal
    used: Decimal
    full: int
    left_out: int
    best: Decimal | None

    @property
    def word(self) -> str:
        """`scarce` where one more is worth something, `idle` where a unit is left and more is worth nothing."""
        if self.best:
            return "scarce"
        return "idle" if self.capacity - self.used >= 1 and self.best is not None else ""


def regions_of(outcome: Outcome, rows: list[MarginalRow]) -> list[Region]:
    """Every region that has an available NLE or an eligible school."""
    ours = np.array(as_text(outcome.candidates.nles.column("region")), dtype=object)
    theirs = np.array(as_text(outcome.recipients.column("region")), dtype=object)
    names = sorted({*ours.tolist(), *theirs.tolist()}, key=lambda name: (not name, name))
    resource = outcome.problem.resources[0]
    first = [row for row in rows if row.resource == resource.name]
    return [_region(outcome, name, ours == name, theirs == name, first) for name in names]


def _region(outcome: Outcome, name: str, ours: np.ndarray, theirs: np.ndarray, rows: list[MarginalRow]) -> Region:
    capacity, used = outcome.problem.resources[0].capacity[ours], outcome.used[0][ours]
    gains = [rows[n].more for n in np.flatnonzero(ours).tolist()]
    known = [gain.least[0] for gain in gains if gain.is_exact and gain.least]
    best = in_its_unit(outcome.problem.levels[0], max(known)) if known else None
    return Region(
        name or BLANK,
        int(ours.sum()),
        Decimal(int(capacity.sum())) / MILLION,
        Decimal(int(used.sum())) / MILLION,
        int((capacity - used < MILLION).sum()),
        int((theirs & ~outcome.supported).sum()),
        best,
    )
