"""What an engine tells whoever watches it: a curve of value and bound over time."""

from collections.abc import Callable

Watch = Callable[[float, int, int], None]
"""Told the seconds since the start, and the value and bound of the level being optimised."""


def unwatched(seconds: float, value: int, bound: int) -> None:
    """Nobody watches."""
