"""Probabilistic serial as a rule: everybody's shares by eating, and one matching drawn from them.

The eating algorithm, in exact fractions.

One matching drawn from shares: each pair with exactly its probability, and no side above its number.

Dependent rounding: Gandhi, Khuller, Parthasarathy and Srinivasan (2006), doi:10.1145/1147954.1147956.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import cycle
from math import lcm
from random import Random

import numpy as np

from nle_optimizer.model.limits_left import in_places, places
from nle_optimizer.model.preferences import PreferenceOrders
from nle_optimizer.rules.rule import Agenda, Matching, Promise

Shares = dict[int, Fraction]
"""The probability of each pair, where above 0."""


def eaten(lists: Sequence[Sequence[int]], nle: Sequence[int], places: Sequence[int]) -> Shares:
    """What each recipient eats of each NLE's places by time 1, everybody at speed 1 and the best first.

    Bogomolnaia and Moulin (2001), doi:10.1006/jeth.2000.2710; with quotas Budish, Che, Kojima and Milgrom (2013),
    doi:10.1257/aer.103.2.585.

    Args:
        lists: for each recipient its pairs, best first; empty for one that eats nothing.
        nle: of each pair.
        places: of each NLE.
    """
    table = _Table(lists, nle, places)
    for recipient in range(len(lists)):
        table.sit_down(recipient)
    while table.now < 1 and table.eat():
        pass
    return dict(sorted(table.shares.items()))


class _Table:
    """Who eats of which NLE's places, since when, and what is left."""

    def __init__(self, lists: Sequence[Sequence[int]], nle: Sequence[int], places: Sequence[int]):
        self.lists, self.nle = lists, nle
        self.left = [Fraction(count) for count in places]
        self.eaters: list[list[int]] = [[] for _ in places]
        self.reached, self.since = [0] * len(lists), [Fraction(0)] * len(lists)
        self.now, self.shares = Fraction(0), Shares()

    def sit_down(self, recipient: int) -> None:
        """Let a recipient begin at the best NLE that has anything left."""
        own, at = self.lists[recipient], self.reached[recipient]
        while at < len(own) and not self.left[self.nle[own[at]]]:
            at += 1
        self.reached[recipient] = at
        if at < len(own):
            self.eaters[self.nle[own[at]]].append(recipient)
            self.since[recipient] = self.now

    def eat(self) -> bool:
        """Go on until an NLE is eaten up or the time is over; False where nobody eats."""
        ends = {n: self.left[n] / len(own) for n, own in enumerate(self.eaters) if own}
        if not ends:
            return False
        step = min(*ends.values(), 1 - self.now)
        self.now += step
        over = [n for n, end in ends.items() if self.now == 1 or end == step]
        for n in ends:
            self.left[n] -= step * len(self.eaters[n])
        for recipient in [whose for n in over for whose in self._rise(n)]:
            self.shares[self.lists[recipient][self.reached[recipient]]] = self.now - self.since[recipient]
            if self.now < 1:
                self.sit_down(recipient)
        return True

    def _rise(self, nle: int) -> list[int]:
        eaters, self.eaters[nle] = self.eaters[nle], []
        return eaters


Node = tuple[str, int]


def rounded(shares: Mapping[int, Fraction], recipient: Sequence[int], nle: Sequence[int], lot: Random) -> list[int]:
    """The pairs of one matching, ascending.

    Along a circle or a longest path of pairs that are undecided, shares are moved from every second pair to the others
    until one is decided; which way is drawn so that every share stays what it is on average. Sums at the nodes within
    stay, and those at the ends of a path only round.

    Args:
        shares: of each pair, above 0.
        recipient, nle: the sides of each pair.
        lot: what is drawn from.
    """
    whole = lcm(*(share.denominator for share in shares.values())) if shares else 1
    parts = {pair: int(share * whole) for pair, share in shares.items()}
    ends = {pair: (("recipient", recipient[pair]), ("nle", nle[pair])) for pair in parts}
    undecided: dict[Node, dict[int, None]] = {}
    for pair, part in parts.items():
        for node in ends[pair] if part < whole else ():
            undecided.setdefault(node, {})[pair] = None
    while undecided:
        path = _path(undecided, ends)
        _move(path, parts, whole, lot)
        for pair in path:
            if parts[pair] in (0, whole):
                for node in ends[pair]:
                    del undecided[node][pair]
                    if not undecided[node]:
                        del undecided[node]
    return sorted(pair for pair, part in parts.items() if part == whole)


def _path(undecided: Mapping[Node, Mapping[int, None]], ends: Mapping[int, tuple[Node, Node]]) -> list[int]:
    """The pairs of a circle, or of a path that goes on at neither end, one after the other."""
    start = next(iter(undecided))
    pairs, last = _walk(undecided, ends, start)
    if last is None:
        return pairs
    pairs, _ = _walk(undecided, ends, last)
    return pairs


def _walk(
    undecided: Mapping[Node, Mapping[int, None]], ends: Mapping[int, tuple[Node, Node]], start: Node
) -> tuple[list[int], Node | None]:
    """Walk until a node comes again, and keep the circle; or until nothing goes on: the pairs and the last node."""
    at = {start: 0}
    pairs: list[int] = []
    node = start
    while True:
        onward = next((pair for pair in undecided[node] if not pairs or pair != pairs[-1]), None)
        if onward is None:
            return pairs, node
        pairs.append(onward)
        one, other = ends[onward]
        node = other if node == one else one
        if node in at:
            return pairs[at[node] :], None
        at[node] = len(pairs)


def _move(path: Sequence[int], parts: dict[int, int], whole: int, lot: Random) -> None:
    signs = [sign for _, sign in zip(path, cycle((1, -1)), strict=False)]
    up, down = (
        min(whole - parts[pair] if sign == way else parts[pair] for pair, sign in zip(path, signs, strict=True))
        for way in (1, -1)
    )
    step = up if lot.randrange(up + down) < down else -down
    for pair, sign in zip(path, signs, strict=True):
        parts[pair] += sign * step


class ProbabilisticSerial:
    """Recipients eat of their best NLE's places until these are gone, then of the next; lots decide by the shares."""

    name = "probabilistic-serial"
    promise = Promise(
        summary="recipients eat places at equal speed, the best first; a lottery gives each NLE with the share eaten",
        guarantees="ordinally efficient, and no recipient prefers another's shares, for the order that lots make "
        "strict; every pair has exactly its share as probability",
        caveats="for places alone: different amounts and limits over many pairs are refused, and so are schools that "
        "may have several NLEs; priorities do not count",
        misreports="a recipient may gain, the less the more places there are",
        complexity="O(m (m + n)) steps in exact fractions",
        source="Bogomolnaia and Moulin (2001), doi:10.1006/jeth.2000.2710; Budish, Che, Kojima and Milgrom (2013), "
        "doi:10.1257/aer.103.2.585",
        by_ranks=True,
        random=True,
    )

    def __init__(self) -> None:
        self._known: tuple[PreferenceOrders, Shares] | None = None

    def refuses(self, agenda: Agenda) -> str | None:
        """Where pairs take different amounts, limits count many pairs, or a school may have several NLEs."""
        if not in_places(agenda.problem):
            return "it needs cases that take one place each, and no limit over many pairs"
        if (agenda.problem.supporters > 1).any():
            return "it needs schools that have one NLE each"
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Draw one matching."""
        problem = agenda.problem
        required = problem.required_pairs().tolist()
        lot = Random(f"probabilistic-serial {agenda.settings.seed} {draw}")
        drawn = rounded(self.shares(agenda), problem.recipient.tolist(), problem.nle.tolist(), lot)
        return Matching(np.sort(np.array([*required, *drawn], dtype=np.int64)))

    def shares(self, agenda: Agenda) -> dict[int, Fraction]:
        """The share of every pair; required pairs stand outside. Kept for further draws."""
        if self._known is None or self._known[0] is not agenda.preferences:
            self._known = (agenda.preferences, self._eaten(agenda))
        return self._known[1]

    def _eaten(self, agenda: Agenda) -> Shares:
        problem = agenda.problem
        required = problem.required_pairs()
        held = set(problem.recipient[required].tolist())
        barred = held | set(np.flatnonzero(problem.supporters < 1).tolist())
        left = places(problem) - np.bincount(problem.nle[required], minlength=len(problem.nle_ids))
        lists = [[] if whose in barred else own for whose, own in enumerate(agenda.preferences.recipients.lists())]
        return eaten(lists, problem.nle.tolist(), left.tolist())


PROBABILISTIC_SERIAL = ProbabilisticSerial()
