"""What a place more, or fewer, at each NLE is worth, found anew by walks between the NLEs; alternates that are missing.

A school may move from its NLE to another, be left out, or be taken on: each is a step from an NLE (or from outside) to
another, worth the difference of the first objective's amounts. With a place more at a full NLE the best walk from
outside to it is worth the gain; with a place fewer the best walk from it to the outside is the loss. Values come from
all candidate pairs, not from the certificate. Where constraints forbid some of the steps, prices bound the values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from nle_optimizer.evidence.verification.constraints import Family
from nle_optimizer.evidence.verification.findings import Findings, number_in
from nle_optimizer.evidence.verification.levels import AnyLevel, DerivedLevel
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass, Instance
from nle_optimizer.records import Integers

FILE, ALTERNATES = "nles.csv", "alternates.csv"
MOST_NODES = 700
"""NLEs and limits up to which everybody may move for an alternate: see docs/reference/decisions.md."""
HELD = -1
NOWHERE = -(2**62)


class OnePlace:
    """Is shown all candidate pairs, and then judges the columns `one_more` and `one_fewer`.

    Args:
        instance: what is claimed.
        required: by NLE, the recipients that it must have, which stay where they are.
    """

    def __init__(self, instance: Instance, required: Mapping[int, Sequence[int]]):
        self._instance = instance
        self._level: AnyLevel | None = instance.levels[0] if instance.levels else None
        self._outside = len(instance.nle_ids)
        self._owner = np.full(len(instance.recipients), self._outside, dtype=np.int64)
        self._own = np.zeros(len(instance.recipients), dtype=np.int64)
        self._steps: list[tuple[Integers, Integers]] = []
        self.is_exact = (
            isinstance(self._level, DerivedLevel) and not instance.families and bool((instance.supporters <= 1).all())
        )
        if self.is_exact:
            matched = instance.matched
            self._owner[matched.rows] = matched.nle
            self._owner[instance.supporters == 0] = HELD
            for rows in required.values():
                self._owner[list(rows)] = HELD
            self._own[matched.rows] = self._amounts(matched)

    def _amounts(self, pairs: Pairs) -> Integers:
        assert isinstance(self._level, DerivedLevel)
        return np.asarray(self._level.to_maximise(pairs, self._instance.measures), dtype=np.int64)

    def look_at(self, pairs: Pairs) -> None:
        """Note the best step between any two NLEs among some candidate pairs."""
        if not self.is_exact or not len(pairs):
            return
        nle = np.broadcast_to(pairs.nle, len(pairs))
        tail = self._owner[pairs.rows]
        moves = np.flatnonzero((tail != HELD) & (tail != nle))
        keys = tail[moves] * (self._outside + 1) + nle[moves]
        self._steps.append(_best_of_each(keys, self._amounts(pairs)[moves] - self._own[pairs.rows[moves]]))

    def check(
        self,
        table: Mapping[str, Sequence[str]],
        sweep: CandidatePass,
        prices: Integers | None,
        findings: Findings,
    ) -> None:
        """Check both columns; either both are blank throughout, or every cell is checked.

        Args:
            table: the columns of `nles.csv`.
            sweep: the matched pairs, and the places.
            prices: by NLE, the price of a place in the first objective, in its maximising orientation; None where
                the certificate has none.
            findings: what is wrong.
        """
        said = {name: list(table[name]) for name in ("one_more", "one_fewer")}
        if (
            not any(cell for cells in said.values() for cell in cells)
            or list(table["nle_id"]) != sweep.nle_ids.tolist()
        ):
            return
        if not isinstance(self._level, DerivedLevel):
            findings.add(
                FILE, f"{FILE}: one_more and one_fewer must be blank: the first objective is no sum over pairs"
            )
        elif self.is_exact and not (sweep.fit < 0).any():
            for name, values in self._values(sweep, findings).items():
                self._compare(name, said[name], values, sweep, findings)
        else:
            self._check_bounds(said, sweep, prices, findings)

    def _values(self, sweep: CandidatePass, findings: Findings) -> dict[str, list[int | None]]:
        """The changes by NLE, in the maximising orientation; None where a change is not possible."""
        tails, heads, worth = self._walks(sweep)
        places, load = sweep.places, self._load(sweep)
        nodes = self._outside + 1
        into = _best_walks(nodes, self._outside, tails, heads, worth)
        out = _best_walks(nodes, self._outside, heads, tails, worth)
        if into is None or out is None:
            findings.add(FILE, f"{FILE}: one_more, one_fewer: exchanges gain value, so the allocation is not the best")
            return {}
        full = (load >= places).tolist()
        more = [max(0, int(into[nle])) if full[nle] else 0 for nle in range(self._outside)]
        fewer = [None if out[nle] <= NOWHERE // 2 or not places[nle] else int(out[nle]) for nle in range(self._outside)]
        return {"one_more": list(more), "one_fewer": [loss if full[n] else 0 for n, loss in enumerate(fewer)]}

    def _load(self, sweep: CandidatePass) -> Integers:
        return np.bincount(np.asarray(sweep.matching.pairs.nle, dtype=np.int64), minlength=self._outside)

    def _walks(self, sweep: CandidatePass) -> tuple[Integers, Integers, Integers]:
        """Every step: tail, head, and what it adds."""
        keys = np.concatenate([np.zeros(0, np.int64), *(keys for keys, _ in self._steps)])
        worth = np.concatenate([np.zeros(0, np.int64), *(worth for _, worth in self._steps)])
        rows = sweep.matching.pairs.rows
        leaving = rows[self._owner[rows] != HELD]
        load = self._load(sweep)
        room, used = np.flatnonzero(load < sweep.places), np.flatnonzero(load > 0)
        outside = self._outside
        tails = [keys // (outside + 1), self._owner[leaving], room, np.full(len(used), outside)]
        heads = [keys % (outside + 1), np.full(len(leaving), outside), np.full(len(room), outside), used]
        idle = np.zeros(len(room) + len(used), dtype=np.int64)
        return np.concatenate(tails), np.concatenate(heads), np.concatenate([worth, -self._own[leaving], idle])

    def _compare(
        self, name: str, said: Sequence[str], values: Sequence[int | None], sweep: CandidatePass, findings: Findings
    ) -> None:
        assert isinstance(self._level, DerivedLevel)
        sense, scale = -1 if self._level.minimised else 1, self._level.scale
        for nle, (cell, value) in enumerate(zip(said, values, strict=True)):
            ours = None if value is None or not sweep.supply.available[nle] else Decimal(sense * value) / scale
            if number_in(cell) != ours:
                findings.differs(FILE, f"NLE {sweep.nle_ids[nle]}", name, ours, cell)

    def _check_bounds(
        self, said: Mapping[str, Sequence[str]], sweep: CandidatePass, prices: Integers | None, findings: Findings
    ) -> None:
        """One more gains at most its price, and one fewer loses at least it: the optimum is concave in the places."""
        assert isinstance(self._level, DerivedLevel)
        sense, scale = -1 if self._level.minimised else 1, self._level.scale
        for nle in range(self._outside):
            label = f"NLE {sweep.nle_ids[nle]}"
            more, fewer = (number_in(said[name][nle]) for name in ("one_more", "one_fewer"))
            price = None if prices is None else Decimal(int(prices[nle])) / scale
            if more is not None and not _between(0, sense * more, price):
                findings.differs(FILE, label, "one_more", f"a gain of at most {price}", said["one_more"][nle])
            if fewer is not None and not _between(max(0, price or 0), -sense * fewer, None):
                findings.differs(FILE, label, "one_fewer", f"a loss of at least {price}", said["one_fewer"][nle])
            if not sweep.supply.available[nle] and (more, fewer) != (None, None):
                findings.differs(FILE, label, "one_more", "", said["one_more"][nle])


def _between(least: Decimal | int, number: Decimal, most: Decimal | None) -> bool:
    """Whether a number lies between two; what is none does not."""
    return not number.is_nan() and least <= number and (most is None or number <= most)


def _best_of_each(keys: Integers, worth: Integers) -> tuple[Integers, Integers]:
    """The greatest worth of each key."""
    if not len(keys):
        return keys, worth
    order = np.argsort(keys, kind="stable")
    firsts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    return keys[order][firsts], np.maximum.reduceat(worth[order], firsts)


def _best_walks(nodes: int, start: int, tails: Integers, heads: Integers, worth: Integers) -> Integers | None:
    """The greatest worth of a walk from the start to each node (Bellman 1958); None where a circle gains."""
    best = np.full(nodes, NOWHERE, dtype=np.int64)
    best[start] = 0
    for _ in range(nodes + 1):
        reached = np.flatnonzero(best[tails] > NOWHERE)
        after = best.copy()
        np.maximum.at(after, heads[reached], best[tails[reached]] + worth[reached])
        if (after == best).all():
            return best
        best = after
    return None


class DirectMoves:
    """Moves into spare capacity, everybody else staying: each is an alternate unless there are better ones.

    Told of recipients that may have one NLE, have no more, and whose own pair is not required; where there are limits
    over many pairs, of those without an NLE whom no such limit concerns.

    Args:
        instance: what is claimed.
        table: the columns of `alternates.csv`.
        roomy: pairs that are not matched, and whose NLE has room.
        required: by NLE, the recipients that it must have.
    """

    def __init__(
        self,
        instance: Instance,
        table: Mapping[str, Sequence[str]],
        roomy: Pairs,
        required: Mapping[int, Sequence[int]],
    ):
        self._instance, self._table = instance, table
        first = instance.levels[0] if instance.levels else None
        self._level = first if isinstance(first, DerivedLevel) else None
        held = np.zeros(len(instance.recipients), dtype=bool)
        held[[row for rows in required.values() for row in rows]] = True
        degree = np.bincount(instance.matched.rows, minlength=len(held))
        held |= (degree > 0) if instance.families else (degree > 1)
        pairs = roomy.keep((instance.supporters == 1)[roomy.rows] & ~held[roomy.rows])
        for family in instance.families:
            pairs = pairs.keep((family.codes(pairs) < 0) & (not _has_share(family)))
        self._pairs = pairs

    def check(self, most: int) -> None:
        """Note recipients of which fewer alternates are told than there are, up to so many, or worse ones."""
        instance, pairs = self._instance, self._pairs
        told, worst = set(zip(self._table["school_id"], self._table["nle_id"], strict=True)), self._worst()
        gains = [0] * len(pairs) if self._level is None else self._changes(pairs)
        schools, nles = instance.recipients.ids[pairs.rows], instance.nle_ids[np.asarray(pairs.nle)]
        for school, nle, gain in zip(schools.tolist(), nles.tolist(), gains, strict=True):
            count, least = worst.get(school, (0, None))
            better = least is not None and gain > least
            if (school, nle) not in told and (count < most or better):
                what = "would do better than one that is told" if better else "has room"
                where = f"{ALTERNATES}: school {school}: NLE {nle}"
                instance.findings.add(f"{ALTERNATES}: missing", f"{where}: it {what}, and is missing")

    def check_count(self, sweep: CandidatePass, most: int) -> None:
        """Note recipients of which fewer alternates are told than there are where everybody may move.

        Told where the network is small enough for that, and nobody is required.
        """
        instance = self._instance
        if sweep.required or len(instance.nle_ids) >= MOST_NODES:
            return
        own = np.bincount(instance.matched.rows, minlength=len(instance.recipients))
        count = Counter(self._table["school_id"])
        for row in np.flatnonzero((instance.supporters == 1) & (sweep.choices > own)).tolist():
            school, there = str(instance.recipients.ids[row]), min(most, int(sweep.choices[row] - own[row]))
            if count[school] < there:
                instance.findings.differs(ALTERNATES, f"school {school}", "rows", there, count[school])

    def _changes(self, pairs: Pairs) -> list[int]:
        """What each pair changes in place of its recipient's own."""
        assert self._level is not None
        matched, measures = self._instance.matched, self._instance.measures
        own = np.zeros(len(self._instance.recipients), dtype=object)
        own[matched.rows] = self._level.to_maximise(matched, measures)
        return list(self._level.to_maximise(pairs, measures) - own[pairs.rows])

    def _worst(self) -> dict[str, tuple[int, Decimal | None]]:
        """Of each recipient how many alternates are told, and the worst change, more being better."""
        worst: dict[str, tuple[int, Decimal | None]] = {}
        unit = 0 if self._level is None else self._level.scale * (-1 if self._level.minimised else 1)
        for school, cell in zip(self._table["school_id"], self._table["change_in_objective"], strict=True):
            number = number_in(cell)
            change = None if number is None or number.is_nan() or not unit else number * unit
            count, least = worst.get(school, (0, change))
            worst[school] = (count + 1, None if least is None or change is None else min(least, change))
        return worst


def _has_share(family: Family) -> bool:
    """Whether a limit of the family is a share of all that is matched, so that every pair counts."""
    limits = [family.limits(row) for row in family.rows()]
    return any(each.lower_share is not None or each.upper_share is not None for each in limits)
