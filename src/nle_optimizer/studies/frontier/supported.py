"""All extreme supported points between two sums, by the weights of the line through two neighbours.

Aneja and Nair (1979), Bicriteria transportation problem, Management Science 25(1), doi:10.1287/mnsc.25.1.73.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from math import gcd

from nle_optimizer.studies.frontier.point import Point

Weighted = Callable[[int, int], Point]
"""The point that is best under the weights of both objectives; among equals the best on the first."""


def supported_points(first: Point, last: Point, best: Weighted, most: int) -> tuple[list[Point], bool]:
    """The extreme supported points, the best on the first objective first.

    Args:
        first: best on the first objective, and among those on the second.
        last: best on the second objective, and among those on the first.
        best: finds the best point under weights.
        most: points at most, at least 2; where there are more, those that stand out most are found.

    Returns:
        The points, and whether these are all.
    """
    found = {first.values: first, last.values: last}
    waiting: list[tuple[int, tuple[int, int], tuple[int, int]]] = []

    def look_between(left: Point, right: Point) -> None:
        width, height = left.first - right.first, right.second - left.second
        if width > 0 and height > 0:
            heappush(waiting, (-width * height, left.values, right.values))

    look_between(first, last)
    while waiting and len(found) < most:
        _, left, right = heappop(waiting)
        width, height = left[0] - right[0], right[1] - left[1]
        divisor = gcd(width, height)
        point = best(height // divisor, width // divisor)
        if height * (point.first - left[0]) + width * (point.second - left[1]) > 0:
            found[point.values] = point
            look_between(found[left], point)
            look_between(point, found[right])
    return sorted(found.values(), key=lambda point: -point.first), not waiting
