"""Preferences in which one agent states another order than its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from math import factorial
from typing import Literal

import numpy as np

from nle_optimizer.model.preferences import UNACCEPTABLE, Order, Preferences

Side = Literal["recipients", "nles"]


def statements(own: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every order of some of the pairs, the others unacceptable; its own among them."""
    for length in range(len(own) + 1):
        yield from permutations(own, length)


def count_of_statements(length: int) -> int:
    """How many orders of some of so many pairs there are."""
    return sum(factorial(length) // factorial(length - chosen) for chosen in range(length + 1))


def stated(wishes: Preferences, side: Side, agent: int, order: Sequence[int]) -> Preferences:
    """The preferences in which an agent of a side states an order; what it leaves out is in neither side's order."""
    other_side: Side = "nles" if side == "recipients" else "recipients"
    mine, theirs = getattr(wishes, side), getattr(wishes, other_side)
    lists = [list(own) for own in mine.lists()]
    dropped = set(lists[agent]) - set(order)
    lists[agent] = list(order)
    others = [[pair for pair in own if pair not in dropped] for own in theirs.lists()]
    changed = {side: _order(mine, lists), other_side: _order(theirs, others)}
    return Preferences(changed["recipients"], changed["nles"])


def _order(before: Order, lists: Sequence[Sequence[int]]) -> Order:
    pairs = np.array([pair for own in lists for pair in own], dtype=np.int64)
    ends = np.append(0, np.cumsum([len(own) for own in lists])).astype(np.int64)
    place = np.full(len(before.agent), UNACCEPTABLE, dtype=np.int64)
    place[pairs] = np.arange(len(pairs)) - ends[before.agent[pairs]]
    return replace(before, place=place, level=place, pairs=pairs, ends=ends)
