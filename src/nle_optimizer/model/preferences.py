"""Who prefers whom, lots that break ties, and pairs that block.

Who prefers whom: each recipient's order of its candidate NLEs, and each NLE's order of its recipients. Lots: whole
numbers that depend on identifiers, a seed and the number of a draw alone, never on the order of rows. Blocking pairs:
recipients and NLEs that would both rather have each other than what they have.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.errors import Fault, Finding, InputError, Place
from nle_optimizer.model.limits_left import holdable, room_in
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import TEXT_KINDS, Column, Flags, Integers, Kind, Texts
from nle_optimizer.scenario.columns import OWN, owner_of
from nle_optimizer.scenario.settings import Preferences as Wishes
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.candidates import Candidates

Lots = NDArray[np.uint64]


def mixed(keys: Lots) -> Lots:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def identities(ids: Texts, side: str, seed: int) -> Lots:
    """A number for each identifier of a side (`recipient`, `nle`), under a seed."""
    salt = f"{side}:{seed}:".encode()
    digests = b"".join(hashlib.blake2b(salt + str(name).encode(), digest_size=8).digest() for name in ids)
    return np.frombuffer(digests, dtype="<u8")


def lots(identities: Lots, draw: int) -> Lots:
    """What each of some identities draws; draw 0, 1, ... are independent."""
    return mixed(identities ^ mixed(np.array([draw + 1], dtype=np.uint64)))


MOST_NAMED = 3
UNACCEPTABLE = -1
BLANK = np.iinfo(np.int64).max
"""A blank comes after everything else."""


@dataclass(frozen=True, eq=False)
class Order:
    """The order in which the agents of one side prefer their pairs.

    Attributes:
        agents: how many there are.
        agent: shape (pairs,): whose pair it is.
        place: shape (pairs,): its place in that agent's order, 0 first; `UNACCEPTABLE` where it is in none.
        level: shape (pairs,): the place of the first pair that is liked as well, before lots were drawn.
        pairs: the acceptable pairs, agent by agent, best first.
        ends: shape (agents + 1,): where each agent's begin in `pairs`.
        ties: how many pairs only a lot put after the one before.
    """

    agents: int
    agent: Integers
    place: Integers
    level: Integers
    pairs: Integers
    ends: Integers
    ties: int

    def lists(self) -> list[list[int]]:
        """The acceptable pairs of each agent, best first; made once, to be read alone."""
        return self._lists

    @cached_property
    def _lists(self) -> list[list[int]]:
        pairs = self.pairs.tolist()
        return [pairs[start:end] for start, end in pairwise(self.ends.tolist())]


@dataclass(frozen=True, eq=False)
class PreferenceOrders:
    """Both sides' orders; a pair that either finds unacceptable, or that its NLE could not hold, is in neither."""

    recipients: Order
    nles: Order


def preferences_of(problem: Problem, candidates: Candidates, settings: Settings) -> PreferenceOrders:
    """The orders that a scenario asks for: by its preference columns, or by the ranks of the pairs table.

    An agent that has a rank in any pair finds its unranked pairs unacceptable. A pair that takes more than its NLE has
    in all is in no order. Lots settle ties.

    Raises:
        InputError: a preference names a column that holds no numbers.
    """
    sides = _sides(problem, settings.preferences)
    keys = [_keys(side, candidates) for side in sides]
    acceptable = keys[0][0] & keys[1][0] & holdable(problem)
    theirs = lots(identities(problem.nle_ids, "nle", settings.seed), 0)[problem.nle]
    ours = lots(identities(problem.recipient_ids, "recipient", settings.seed), 0)[problem.recipient]
    orders = [
        order_of(side.agents, side.agent, mine[1], lot, acceptable)
        for side, mine, lot in zip(sides, keys, (theirs, ours), strict=True)
    ]
    return PreferenceOrders(*orders)


def closed_by_ranks(problem: Problem, candidates: Candidates) -> tuple[Flags, Flags]:
    """The pairs that their recipient, and that their NLE, gave no rank though it ranks others; shapes (pairs,).

    Pairs that their NLE could not hold are not among them.
    """
    can = holdable(problem)
    recipients, nles = (can & ~_accepted(side, candidates)[0] for side in _sides(problem))
    return recipients, nles


def ranks_in_part(problem: Problem, candidates: Candidates, rule: str) -> Iterator[Finding]:
    """What to know of ranks under a rule that goes by them: who ranks some of its candidates only, a side each."""
    ids = (problem.recipient_ids, problem.nle_ids)
    for side, names, closed in zip(_sides(problem), ids, closed_by_ranks(problem, candidates), strict=True):
        left_out = np.bincount(side.agent[closed], minlength=side.agents)
        count = np.bincount(side.agent[holdable(problem)], minlength=side.agents)
        who = np.flatnonzero(left_out)
        if len(who):
            shown = [f"{names[n]} ranks {count[n] - left_out[n]} of {count[n]}" for n in who[:MOST_NAMED].tolist()]
            got = ", ".join(shown) + (f" and {len(who) - MOST_NAMED:,} more" if len(who) > MOST_NAMED else "")
            what = f"ranks for some candidates only: under the rule {rule} whoever gives any accepts no other"
            place = Place("" if candidates.given is None else candidates.given.table.source)
            yield Finding(place, side.rank, what, got, "give every candidate a rank, or none", code="ranks-in-part")


def order_of(
    agents: int, agent: Integers, keys: Sequence[Integers], lot: NDArray[np.uint64], acceptable: Flags
) -> Order:
    """Order pairs by agent, then by keys, the first counting most and less being better, then by lot."""
    pairs = np.flatnonzero(acceptable)
    own = [agent[pairs], *(key[pairs] for key in keys)]
    pairs = pairs[np.lexsort((lot[pairs], *reversed(own)))]
    mine = agent[pairs]
    ends = np.searchsorted(mine, np.arange(agents + 1))
    at = np.arange(len(pairs)) - ends[mine]
    alike = np.zeros(len(pairs), dtype=bool)
    alike[1:] = mine[1:] == mine[:-1]
    for key in keys:
        alike[1:] &= key[pairs[1:]] == key[pairs[:-1]]
    place = np.full(len(agent), UNACCEPTABLE, dtype=np.int64)
    level = place.copy()
    place[pairs] = at
    level[pairs] = np.maximum.accumulate(np.where(alike, 0, np.arange(len(pairs)))) - ends[mine]
    return Order(agents, agent, place, level, pairs, ends, int(alike.sum()))


@dataclass(frozen=True, eq=False)
class _Side:
    name: str
    agent: Integers
    agents: int
    rank: str
    columns: Sequence[str]


def _sides(problem: Problem, wishes: Wishes | None = None) -> tuple[_Side, _Side]:
    wishes = wishes or Wishes()
    return (
        _Side("recipients", problem.recipient, len(problem.recipient_ids), "school_rank", wishes.recipients),
        _Side("nles", problem.nle, len(problem.nle_ids), "nle_rank", wishes.nles),
    )


def _accepted(side: _Side, candidates: Candidates) -> tuple[Flags, Flags, Column]:
    """Which pairs the agents of a side find acceptable, which of them they order by rank, and the ranks."""
    ranked = candidates.from_table(side.rank)
    ranks = np.zeros(side.agents, dtype=bool)
    ranks[side.agent[ranked.given]] = True
    by_rank = ranks[side.agent]
    return ranked.given | ~by_rank, by_rank, ranked


def _keys(side: _Side, candidates: Candidates) -> tuple[Flags, list[Integers]]:
    """Which pairs the agents of a side find acceptable, and the keys that order them."""
    keys = [_key(side.name, n, name, candidates) for n, name in enumerate(side.columns)]
    accepted, by_rank, ranked = _accepted(side, candidates)
    rank = np.where(by_rank, np.where(ranked.given, ranked.values, BLANK), 0)
    return accepted, [rank, *(np.where(by_rank, 0, key) for key in keys)]


def _key(side: str, number: int, name: str, candidates: Candidates) -> Integers:
    """A column of the pairs as a key, less being better."""
    word = name.removeprefix("-")
    cells = _cells(word, candidates)
    if cells.kind in TEXT_KINDS or cells.kind in (Kind.NAMES, Kind.DEGREES):
        what = f"{word} holds text, and only numbers, dates and yes/no can be put in an order"
        raise InputError([Fault(Place(), f"preferences.{side}.{number}", what, name)])
    values = cells.values.astype(np.int64)
    return np.where(cells.given, -values if name.startswith("-") else values, BLANK)


def _cells(name: str, candidates: Candidates) -> Column:
    if name == "fit":
        return Column(Kind.AMOUNT, candidates.fit, np.ones(len(candidates), dtype=bool))
    if name in ("distance", "distance_km"):
        return Column(Kind.KILOMETRES, candidates.distance, candidates.distance >= 0)
    owner, column = owner_of(name, None if candidates.given is None else candidates.given.table)
    if owner == "pairs":
        return candidates.from_table(column)
    if owner == "nles":
        return candidates.nles.column(column).take(candidates.nle)
    if name in OWN:
        raise InputError([Fault(Place(), "preferences", "this column puts nothing in an order", name)])
    return candidates.recipients.column(column).take(candidates.recipient)


NOBODY = np.iinfo(np.int64).max
"""The place of the worst partner of somebody who still has room: anybody is better."""


def blocking_pairs(problem: Problem, preferences: PreferenceOrders, matched: Integers) -> Integers:
    """The pairs that block a matching, ascending.

    A pair blocks that is not matched, that both accept, where the recipient has fewer NLEs than it may have or likes
    this one better than its worst; and where the NLE can take it within every limit, if need be by dropping
    recipients that it likes less. Required pairs are not dropped. Likes are strict: lots have settled ties.
    (Gale and Shapley 1962, doi:10.2307/2312726; with sizes as McDermid and Manlove 2010, Journal of
    Combinatorial Optimization 19.)

    Args:
        problem: limits and sizes.
        preferences: both sides' orders.
        matched: indices of the matched pairs, ascending.
    """
    wanting = _wanting(problem, preferences.recipients, matched)
    wanting[matched] = False
    wanting &= preferences.nles.place != UNACCEPTABLE
    found = np.flatnonzero(wanting)
    found = found[_has_room(problem, preferences.nles, matched, found)]
    if not any(row.upper is not None for row in problem.rows):
        return found
    return found[_within_rows(problem, preferences, matched, found)]


def _wanting(problem: Problem, order: Order, matched: Integers) -> Flags:
    """Pairs that their recipient would take, for the worst NLE it has if it has all that it may."""
    worst = np.full(order.agents, -1, dtype=np.int64)
    free = matched[~_required(problem)[matched]]
    np.maximum.at(worst, problem.recipient[free], np.where(order.place[free] < 0, NOBODY, order.place[free]))
    has = np.bincount(problem.recipient[matched], minlength=order.agents)
    worst[has < problem.supporters] = NOBODY
    return np.asarray((order.place >= 0) & (order.place < worst[problem.recipient]), dtype=bool)


def _required(problem: Problem) -> Flags:
    return np.zeros(problem.size, dtype=bool) if problem.required is None else problem.required


def _has_room(problem: Problem, order: Order, matched: Integers, found: Integers) -> Flags:
    """Which pairs their NLE can take beside the required ones and those that it likes better."""
    kept = np.where(_required(problem)[matched] | (order.place[matched] < 0), -1, order.place[matched])
    in_order = np.lexsort((kept, problem.nle[matched]))
    pairs, kept = matched[in_order], kept[in_order]
    span = problem.size + 2
    at = np.searchsorted(problem.nle[pairs] * span + kept + 1, problem.nle[found] * span + order.place[found] + 1)
    start = np.searchsorted(problem.nle[pairs], problem.nle[found])
    fits = np.ones(len(found), dtype=bool)
    for resource in problem.resources:
        used = np.append(0, np.cumsum(resource.use[pairs]))
        fits &= used[at] - used[start] + resource.use[found] <= resource.capacity[problem.nle[found]]
    return fits


def _within_rows(problem: Problem, preferences: PreferenceOrders, matched: Integers, found: Integers) -> Flags:
    """Which pairs also keep to the rows, once the recipient and the NLE have dropped all that they may."""
    room, required = room_in(problem), _required(problem)
    for pair in matched.tolist():
        room.take(pair)
    fits = np.zeros(len(found), dtype=bool)
    for n, pair in enumerate(found.tolist()):
        own = matched[problem.nle[matched] == problem.nle[pair]]
        place = preferences.nles.place
        dropped = own[~required[own] & ((place[own] > place[pair]) | (place[own] < 0))].tolist()
        theirs = matched[problem.recipient[matched] == problem.recipient[pair]]
        if len(theirs) >= problem.supporters[problem.recipient[pair]]:
            theirs = theirs[~required[theirs]]
            likes = preferences.recipients.place[theirs]
            dropped.append(int(theirs[np.argmax(np.where(likes < 0, NOBODY, likes))]))
        before = room.excess()
        for other in dropped:
            room.give_back(other)
        if room.fits(pair):
            room.take(pair)
            fits[n] = room.excess() <= before
            room.give_back(pair)
        for other in reversed(dropped):
            room.take(other)
    return fits
