"""The eating algorithm, in exact fractions."""

from collections.abc import Sequence
from fractions import Fraction

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
