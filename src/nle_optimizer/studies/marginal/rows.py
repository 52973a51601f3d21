"""The rows of `marginal`: what one more, one fewer and several more change, in what people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from nle_optimizer.evidence.exchanging import in_its_unit, written
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.studies.marginal.answers import FROM_THE_PLAN, NETWORK, SOLVED, Answer

Cell = Decimal | str | bool | None


@dataclass(frozen=True)
class Row:
    """A row: an identifier and a resource, and the changes.

    Attributes:
        particulars: further columns of the row, by name: a name, a capacity, the NLE of a group that is best.
        further: further changes, by name: so many more at once.
    """

    id: str
    resource: str
    more: Answer
    fewer: Answer
    particulars: Mapping[str, Cell]
    further: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, Answer]:
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


def _value(answer: Answer, levels: Sequence[AnyLevel], n: int) -> Decimal | None:
    """The change of a level; None where it is not possible or not known exactly."""
    if not answer.is_possible or n >= len(answer.least) or answer.least[n] != answer.most[n]:
        return None
    return in_its_unit(levels[n], answer.least[n])


def _interval(answer: Answer, levels: Sequence[AnyLevel]) -> tuple[Decimal | None, Decimal | None]:
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
