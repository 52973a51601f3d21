"""A point of a trade-off curve."""

from dataclasses import dataclass

from nle_optimizer.records import Integers


@dataclass(frozen=True, eq=False)
class Point:
    """One allocation, and what it is worth on both objectives.

    Attributes:
        first, second: values of the two, in their maximising orientation.
        matched: the matched pairs.
        proved: whether it is proved that neither can be bettered without giving up of the other.
        limit: the least fit or the number of schools that was asked for; None where none was.
        weights: the whole weights of both objectives under which it was found; None where it was not.
    """

    first: int
    second: int
    matched: Integers
    proved: bool
    limit: int | None = None
    weights: tuple[int, int] | None = None

    @property
    def values(self) -> tuple[int, int]:
        """Both values."""
        return self.first, self.second


def undominated(points: list[Point]) -> list[Point]:
    """Those that no other betters on both, the best on the first objective first; one of each pair of values."""
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (-one.first, -one.second)):
        if not best or point.second > best[-1].second:
            best.append(point)
    return best
