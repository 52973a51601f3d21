"""A constraint as counts of the matched pairs, one by one, with what they break in words."""

from dataclasses import dataclass
from fractions import Fraction

from nle_optimizer.model.constraints.requirement import Requirement
from nle_optimizer.records import MILLION, Integers, shortest


@dataclass(frozen=True)
class Standing:
    """What a row of a constraint counts in an allocation, and what it may.

    Attributes:
        name, label, type: of the constraint, the row, and the constraint's type.
        unit: what is counted, in words.
        scale: units of the figures in 1 of what people read.
        value: the count.
        minimum, maximum: its limits; None for none.
    """

    name: str
    label: str
    type: str
    unit: str
    scale: int
    value: int
    minimum: Fraction | None
    maximum: Fraction | None

    @property
    def binds(self) -> bool:
        """Whether the count stands at a limit."""
        return self.value in (self.minimum, self.maximum)

    def violation(self) -> str | None:
        """What limit the count breaks, in words; None where it breaks none."""
        counted = f"{self.label}: {self._shown(self.value)} {self.unit}"
        if self.minimum is not None and self.value < self.minimum:
            return f"{counted}, and at least {self._shown(self.minimum)} are needed"
        if self.maximum is not None and self.value > self.maximum:
            return f"{counted}, and at most {self._shown(self.maximum)} are allowed"
        return None

    def _shown(self, amount: int | Fraction) -> str:
        return shortest(int(Fraction(amount) * MILLION / self.scale), 6)


def standings(requirement: Requirement, matched: Integers) -> list[Standing]:
    """How every row of a constraint stands where the given pairs are matched."""
    asked, tally, units = requirement.asked, requirement.tally, requirement.units
    counted: list[dict[int, int]] = [{} for _ in tally.keys]
    everything: dict[int, int] = {}
    for pair in matched.tolist():
        unit, row = int(units[pair]), int(tally.row[pair])
        everything[unit] = 1 if tally.amounts is None else int(tally.amounts[pair])
        if row >= 0:
            counted[row][unit] = everything[unit]
    whole = sum(everything.values())
    found = []
    for n, label, limit in requirement.limits():
        least = None if limit.lower is None else Fraction(limit.lower)
        most = None if limit.upper is None else Fraction(limit.upper)
        if limit.share is not None:
            bound = limit.share * whole + Fraction(limit.excess, limit.share.denominator)
            least, most = (bound, None) if limit.is_lower else (None, bound)
        value = sum(counted[n].values())
        found.append(Standing(asked.name, label, asked.type, tally.shown, tally.scale, value, least, most))
    return found


def violations(requirement: Requirement, matched: Integers) -> list[str]:
    """Every limit of a constraint that an allocation breaks, in words for people."""
    return [told for standing in standings(requirement, matched) if (told := standing.violation()) is not None]
