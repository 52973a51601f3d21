"""What any change of an optimal allocation is worth if everybody else moves as is best, exactly and without solving.

Whatever is changed by one unit (a place, a supporter, a pair that must be or must not be), the new optimum differs from
the old by one circle in the residual network, so its worth is that of a best path (Ahuja, Magnanti and Orlin, Network
Flows, 1993, chapter 9). The network is that of the whole problem, for with one more place the first level itself moves.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from nle_optimizer.engines.exchanges.changes import Circles, Exchanged, Ways
from nle_optimizer.engines.exchanges.graph import NONE, circulation_of, exchange_graph
from nle_optimizer.engines.exchanges.in_turn import Optimum, Turn
from nle_optimizer.engines.exchanges.paths import FAR, all_losses, priced, ranks, tuple_columns, walks
from nle_optimizer.engines.network.graph import refusal_of
from nle_optimizer.errors import Fault, Place, UnsupportedError
from nle_optimizer.model.levels import AnyLevel, Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers, stretches
from nle_optimizer.scenario.setting_sections import NO_SUMS

BESIDE = 3
"""Amounts that are added to those of a path: of the pairs at its ends, and of a supporter more."""


def levels_of_exchanges(problem: Problem, proved: int) -> int | str:
    """On how many levels, from the first, exchanges can be valued; or, in words, why on none.

    Args:
        problem: what was solved, by whichever engine.
        proved: how many of its levels, from the first, its allocation is proved to be best on.
    """
    levels = 0
    while levels < min(proved, len(problem.levels)) and _is_sum(problem.levels[levels]):
        levels += 1
    if not levels:
        return "the first objective is not proved, or is no sum over pairs"
    return refusal_of(replace(problem, levels=problem.levels[:levels])) or levels


def _is_sum(level: AnyLevel) -> bool:
    """Whether an objective is a sum over pairs, and not one that only has nothing to compare here."""
    return isinstance(level, Level) and level.name not in NO_SUMS


class Exchanges:
    """An optimal allocation of a network problem, to be asked what its changes are worth.

    Every method takes indices, of NLEs, recipients or pairs, and gives as many changes. Each change is on its own.

    Attributes:
        problem: what was solved.
        levels: how many of its levels count, see `levels_of_exchanges`; later ones are not looked at.
    """

    def __init__(self, problem: Problem, matched: Integers, levels: int) -> None:
        """Prepare for questions.

        Args:
            problem: what was solved.
            matched: indices of the matched pairs.
            levels: as `levels_of_exchanges` has it.

        Raises:
            EngineError: the problem is no network, the allocation breaks a limit, or it is not the best.
            UnsupportedError: the amounts are too large to be added up along an exchange.
        """
        self.problem, self.levels = problem, levels
        self._at = circulation_of(problem, matched)
        amounts = [np.append(level.amounts, 0) for level in problem.levels[:levels] if isinstance(level, Level)]
        greatest = [int(own.max() - own.min()) for own in amounts]
        columns = tuple_columns([*greatest, 1], int(self._at.stays.sum()) + BESIDE)
        if columns is None:
            what = "the amounts are too large to be added up along an exchange; use rounder weights or a `step`"
            raise UnsupportedError([Fault(Place(), "objectives", what)])
        self._columns = columns
        self._pair_worth = columns.pack(np.stack([*amounts, np.zeros_like(amounts[0])]).T)
        self._graph = graph = exchange_graph(self._at, self._pair_worth)
        value = self._worth(graph.added, graph.removed)
        value[:, -1] -= 1  # a step: the last entry of all
        self._ways = Ways(priced(graph.nodes, graph.tail, graph.head, value))

    @cached_property
    def _optimum(self) -> Optimum:
        return Optimum(self._at, self._graph, self._columns, self._pair_worth, self._ways.arcs.price)

    @cached_property
    def _by_recipient(self) -> Integers:
        """All pairs, by recipient."""
        return np.argsort(self.problem.recipient, kind="stable")

    @cached_property
    def _first(self) -> Integers:
        """Where each recipient's pairs begin among them."""
        owner = self.problem.recipient[self._by_recipient]
        return np.searchsorted(owner, np.arange(len(self.problem.recipient_ids) + 1))

    def one_more_place(self, nles: Integers) -> Exchanged:
        """Each of some NLEs could take one recipient more; nought where it has room already."""
        arcs = self._at.network.nle_arcs.start + nles
        return self._changes(self._head(arcs), self._tail(arcs), ~self._at.can_rise[arcs]).unless_worse()

    def more_places(self, nles: Sequence[int], most: Sequence[int], count: int) -> list[Turn]:
        """So many places more among some NLEs, one after the other where each adds most; see `Optimum.more_places`."""
        return self._optimum.more_places(nles, most, count)

    def one_fewer_place(self, nles: Integers) -> Exchanged:
        """Each of some NLEs could take one recipient fewer; nought where it has room to spare.

        Impossible where required pairs or lower limits need the place, or where there is none.
        """
        arcs = self._at.network.nle_arcs.start + nles
        start = np.where(self._at.network.upper[arcs] > 0, self._tail(arcs), NONE)
        return self._changes(start, self._head(arcs), ~self._at.can_rise[arcs])

    def one_more_supporter(self, recipients: Integers, less: Integers | None = None) -> Exchanged:
        """Each of some recipients could have one NLE more; nought where it has fewer than it may have.

        Args:
            recipients: indices.
            less: shape (recipients, levels): what the further NLE adds less than the pair's amounts say, as where an
                objective counts a recipient once; None for nothing.
        """
        arcs = self._at.network.recipient_arcs.start + recipients
        steps, owner, start = self._first_steps(recipients)
        full, end = ~self._at.can_rise[arcs], self._tail(arcs)
        found = self._changes(start, end[owner], full[owner], steps, less=None if less is None else less[owner])
        return found.best_of_each(owner, len(recipients)).unless_worse()

    def one_fewer_supporter(self, recipients: Integers) -> Exchanged:
        """Each of some recipients could have one NLE fewer; nought where it has fewer than it may have.

        Impossible where required pairs or lower limits need it, or where it may have none.
        """
        arcs = self._at.network.recipient_arcs.start + recipients
        end = np.where(self._at.network.upper[arcs] > 0, self._graph.node_of[1 + recipients], NONE)
        own = self._graph.own[recipients]
        return self._changes(self._tail(arcs), end, ~self._at.can_rise[arcs], removed=own)

    def higher_maximum(self, rows: Integers) -> Exchanged:
        """Each of some rows could hold one pair more; nought where it does not stand at its upper limit."""
        arcs = self._at.network.row_arcs.start + rows
        at_limit = ~self._at.can_rise[arcs]
        return self._changes(self._head(arcs), self._tail(arcs), at_limit).unless_worse()

    def lower_maximum(self, rows: Integers) -> Exchanged:
        """Each of some rows may hold one pair fewer; impossible where its lower limit, or a required pair, needs it."""
        arcs = self._at.network.row_arcs.start + rows
        start = np.where(self._at.can_fall[arcs], self._tail(arcs), NONE)
        return self._changes(start, self._head(arcs), ~self._at.can_rise[arcs])

    def higher_minimum(self, rows: Integers) -> Exchanged:
        """Each of some rows must hold one pair more; impossible where no allocation does."""
        arcs = self._at.network.row_arcs.start + rows
        start = np.where(self._at.can_rise[arcs], self._head(arcs), NONE)
        return self._changes(start, self._tail(arcs), ~self._at.can_fall[arcs])

    def lower_minimum(self, rows: Integers) -> Exchanged:
        """Each of some rows need hold one pair fewer; nought where it stands above its lower limit."""
        arcs = self._at.network.row_arcs.start + rows
        at_limit = ~self._at.can_fall[arcs] & (self._at.network.lower[arcs] > 0)
        return self._changes(self._tail(arcs), self._head(arcs), at_limit).unless_worse()

    def forced(self, pairs: Integers) -> Exchanged:
        """Each of some pairs must be matched; nought where it is.

        A recipient of one supporter gives up the NLE that it has.
        """
        recipients = self.problem.recipient[pairs]
        end, own = self._graph.node_of[1 + recipients], self._graph.own[recipients]
        return self._changes(self._nle(pairs), end, self._at.flow[pairs] == 0, pairs, own)

    def best_forced(self, pairs: Integers, count: int, *ties: Integers) -> tuple[Integers, Exchanged]:
        """Of each recipient the best of some pairs to be forced, best first, and what each changes.

        All ways between all nodes are found at once, which is worth it for many pairs and up to some hundred NLEs.

        Args:
            pairs: indices of pairs that are not matched.
            count: how many of each recipient.
            ties: shapes (pairs,): what decides between pairs whose values are equal, least first.
        """
        arcs, recipients = self._ways.arcs, self.problem.recipient[pairs]
        start, end, own = self._nle(pairs), self._graph.node_of[1 + recipients], self._graph.own[recipients]
        loss = all_losses(arcs)
        able = np.flatnonzero((start != NONE) & (end != NONE))
        able = able[loss[0, start[able], end[able]] < FAR]
        pairs, start, end, own = (part[able] for part in (pairs, start, end, own))
        worth = self._worth(pairs, own)
        worth += arcs.price[end] - arcs.price[start] - loss[:, start, end].T
        place = ranks(recipients[able], -self._columns.unpack(worth)[:, :-1], *(key[able] for key in ties))
        chosen = np.flatnonzero(place < count)
        chosen = chosen[np.lexsort((place[chosen], recipients[able][chosen]))]
        between, way = np.unique(start[chosen] * self.nodes + end[chosen], return_inverse=True)
        found, possible = walks(arcs, loss, *np.divmod(between, self.nodes)), np.ones(len(chosen), dtype=bool)
        circles = Circles(self.problem, self._graph, self._columns, found, way, pairs[chosen], own[chosen])
        return pairs[chosen], Exchanged(possible, worth[chosen], circles)

    @property
    def nodes(self) -> int:
        """How many nodes there are to go through: NLEs, rows, recipients of several supporters, and the outside."""
        return self._graph.nodes

    def refused(self, pairs: Integers) -> Exchanged:
        """Each of some pairs must not be matched; nought where it is not.

        Impossible where it is required, or where a lower limit needs it.
        """
        steps, owner, start = self._first_steps(self.problem.recipient[pairs])
        end = np.where(self._at.can_fall[pairs], self._nle(pairs), NONE)
        matched = self._at.flow[pairs] > 0
        found = self._changes(start, end[owner], matched[owner], steps, pairs[owner])
        return found.best_of_each(owner, len(pairs))

    def _first_steps(self, recipients: Integers) -> tuple[Integers, Integers, Integers]:
        """What each recipient can begin with: the pair joined, or `NONE`; which recipient it is; and the node reached.

        A recipient of one supporter joins another NLE, or leaves; another is a node itself.
        """
        owner, place = stretches(self._first[recipients], self._first[recipients + 1])
        pairs = self._by_recipient[place]
        single = self.problem.supporters[recipients] <= 1
        kept = single[owner] & (self._at.flow[pairs] == 0)
        pairs, owner = pairs[kept], owner[kept]
        arcs = self._at.network.recipient_arcs.start + recipients
        beside = np.where(single, self._tail(arcs), self._head(arcs))
        return (
            np.concatenate([pairs, np.full(len(recipients), NONE)]),
            np.concatenate([owner, np.arange(len(recipients))]),
            np.concatenate([self._nle(pairs), beside]),
        )

    def _tail(self, arcs: Integers) -> Integers:
        """The nodes at which arcs of the network begin."""
        return self._graph.node_of[self._at.network.tail[arcs]]

    def _head(self, arcs: Integers) -> Integers:
        """The nodes at which arcs of the network end."""
        return self._graph.node_of[self._at.network.head[arcs]]

    def _nle(self, pairs: Integers) -> Integers:
        """The nodes of the NLEs of pairs."""
        return self._head(pairs)

    def _worth(self, added: Integers, removed: Integers) -> Integers:
        """What pairs matched anew, and pairs given up, add to the levels, packed; no steps."""
        return np.asarray(self._pair_worth[added] - self._pair_worth[removed])

    def _changes(
        self,
        start: Integers,
        end: Integers,
        changes: Flags,
        added: Integers | None = None,
        removed: Integers | None = None,
        less: Integers | None = None,
    ) -> Exchanged:
        """The best change of each kind: a way from start to end, and pairs added and removed beside.

        Args:
            start, end: nodes; `NONE` where there is no way.
            changes: False where nothing changes, which is always possible.
            added, removed: pairs, `NONE` for none.
            less: shape (n, levels): taken off the values.
        """
        none = np.full(len(start), NONE, dtype=np.int64)
        added, removed = (none if pairs is None else np.where(changes, pairs, NONE) for pairs in (added, removed))
        sought = np.flatnonzero(changes & (start != NONE) & (end != NONE))
        found = self._ways.between(start[sought], end[sought])
        possible, way = ~changes, none.copy()
        possible[sought], way[sought] = found.exists, np.arange(len(sought))
        worth = self._worth(added, removed)
        worth[sought] += found.value
        if less is not None:
            worth -= self._columns.pack(np.concatenate([less, np.zeros((len(less), 1), np.int64)], axis=1))
        worth[~possible | ~changes] = 0
        return Exchanged(possible, worth, Circles(self.problem, self._graph, self._columns, found, way, added, removed))
