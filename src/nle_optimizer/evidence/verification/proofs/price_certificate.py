"""A certificate by prices: its totals, and the pairs that stand in every optimum.

A certificate by prices, from its text to what it proves. What prices sum to: each step's value is what the limits are
worth at them, so that nothing is better.

Which pairs stand in every optimal allocation: read off the prices, by who could change places for nothing.

A school may go to another NLE at no loss where the amounts equal the prices at every level. A pair is in every
optimum unless such a move closes a circle of moves; places that are free, and schools that may be left out for
nothing, close it through an outside that everybody shares.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels import (
    SUMMARY,
    AnyLevel,
    DerivedLevel,
    Fairness,
    bound_of,
    check_heading,
    entries_of,
)
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.usage import ALLOCATION
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass, Instance, Pool, Prover, check_trivial
from nle_optimizer.evidence.verification.proofs.price_proof import (
    UNLIMITED,
    ClaimedStep,
    Fits,
    PricedRows,
    PriceProof,
    StandingRow,
    check_row_signs,
    check_thresholds,
    read_steps,
)
from nle_optimizer.evidence.verification.proofs.prices import FILE, check_signs, is_whole, leading, read_prices
from nle_optimizer.evidence.verification.proofs.trees import TreeInstance
from nle_optimizer.records import Flags, Integers


class PriceTotals:
    """Everything about prices that shows only when all pairs have been looked at."""

    def __init__(self, proof: PriceProof, matched: Pairs, places: Integers, findings: Findings):
        self._proof, self._matched, self._findings = proof, matched, findings
        self._room = np.where(places == UNLIMITED, 0, places)
        self._rows = proof.rows.standing(matched, places, findings)
        self._load = np.bincount(np.asarray(matched.nle, dtype=np.int64), minlength=len(places)) < places
        self._degree = np.bincount(matched.rows, minlength=len(proof.supporters)) < proof.supporters
        self._values = [exact_total(step.to_maximise(matched, proof.measures).tolist()) for step in proof.steps]

    def check(self) -> None:
        """Check signs, room, and every step's value and bound."""
        proof, findings = self._proof, self._findings
        held, prices = proof.held, proof.prices
        check_signs(prices.takers[held], self._degree, proof.ids.tolist(), "school", findings)
        check_signs(prices.givers[held], self._load, proof.nle_ids.tolist(), "NLE", findings)
        check_row_signs(self._rows, held, findings)
        for n, step in enumerate(proof.steps):
            bound = self._bound(held, n) + proof.own[n] if step.held else self._shown_below(n)
            self._check_step(n, bound)

    def _bound(self, prefix: Sequence[int], n: int) -> int:
        """What all limits are worth at the prices of a step."""
        prices = self._proof.prices
        total = dot(self._proof.supporters, prices.takers[n]) + dot(self._room, prices.givers[n])
        return total + sum(row.prices[n] * (_limit(row, prefix) or 0) for row in self._rows)

    def _shown_below(self, n: int) -> int:
        """The bound of a step that is not held, where the steps before it keep their values."""
        prices, prefix, where = self._proof.prices, self._proof.prefix(n), f"{FILE}: level {n + 1}"
        for side, names in ((prices.takers, self._proof.ids), (prices.givers, self._proof.nle_ids)):
            tuples = side[prefix]
            for at in np.flatnonzero(tuples.any(axis=0)).tolist():
                if leading(tuples[:, at].tolist()) < 0:
                    self._findings.add(f"{FILE}: below 0", f"{where}: {names[at]}: the prices are below 0")
        for row in self._rows:
            if leading([row.prices[m] for m in prefix]) and _limit(row, prefix) is None:
                self._findings.add(f"{FILE}: constraints", f"{where}: {row.label} has no limit that could be priced")
        surplus = self._proof.surplus[n]
        totals = [self._bound(prefix, m) + more for m, more in zip(prefix, surplus, strict=True)]
        for m, total in zip(prefix[:-1], totals[:-1], strict=True):
            if total != self._values[m]:
                what = f"the prices give {total} for level {m + 1}, which is {self._values[m]}"
                self._findings.add(f"{FILE}: bound", f"{where}: {what}")
        return totals[-1]

    def _check_step(self, n: int, bound: int) -> None:
        step, where, value = self._proof.steps[n], f"level {n + 1}", self._values[n]
        check_heading(FILE, where, step.entry, step.level, self._findings)
        sign = -1 if step.minimised else 1
        said = step.entry.get("bound")
        ours = {"scale": step.level.scale, "value": sign * value, "bound": sign * value if step.held else -1}
        for word, number in ours.items():
            if not is_whole(step.entry.get(word)) or step.entry[word] != number:
                self._findings.differs(FILE, where, word, number, step.entry.get(word))
        if step.held and bound != value:
            what = f"the prices prove a bound of {sign * bound}, and the value is {sign * value}"
            self._findings.add(f"{FILE}: bound", f"{FILE}: {where}: {what}")
        elif not step.held and bound > -1:
            what = f"the prices prove a bound of {bound}, and it must be below 0 ({said})"
            self._findings.add(f"{FILE}: bound", f"{FILE}: {where}: {what}")


def _limit(row: StandingRow, prefix: Sequence[int]) -> int | None:
    """The limit that the tuple of a row's prices stands for; 0 where it has no price."""
    sign = leading([row.prices[n] for n in prefix])
    return row.limit(sign) if sign else 0


def dot(numbers: Integers, prices: Integers) -> int:
    """The sum of products, in integers of any size."""
    some = np.flatnonzero(prices)
    return sum(a * b for a, b in zip(numbers[some].tolist(), prices[some].tolist(), strict=True))


def exact_total(amounts: Sequence[Any]) -> int:
    """The sum of whole numbers of any size."""
    return sum(int(amount) for amount in amounts)


def check_levels(
    levels: Sequence[AnyLevel],
    values: Sequence[int],
    is_sum: Sequence[bool],
    steps: Sequence[ClaimedStep],
    fits: Mapping[int, Fits],
    entries: Sequence[Mapping[str, Any]],
    findings: Findings,
) -> None:
    """Check that every level said to be proved by prices has the steps that prove it.

    Args:
        levels, values: the objectives, and what they come to.
        is_sum: whether the steps of each can stand for it.
        steps: the steps of all levels.
        fits: of the levels that thresholds stand for, the fits that there are.
        entries: what the summary says of each level.
        findings: what is wrong.
    """
    loose = ""
    for n, (level, value) in enumerate(zip(levels, values, strict=True)):
        own = [step for step in steps if step.of == n]
        complete = bool(own)
        if n >= len(entries) or entries[n].get("proof") == "trivial":
            continue
        if isinstance(level, Fairness):
            complete = not fits[n].needed or check_thresholds(own, fits[n], findings)
        if loose or not complete or not is_sum[n]:
            what = loose or "the certificate has no step for it, or it is no sum over pairs"
            findings.add(f"{FILE}: steps", f"{FILE}: level {n + 1} of the objectives is not proved: {what}")
        if entries[n].get("proof") != "prices":
            findings.differs(
                SUMMARY, f"objectives: level {n + 1}", "proof", "prices or trivial", entries[n].get("proof")
            )
        if isinstance(level, DerivedLevel) and level.least(_turned(level, value)) != _turned(level, value):
            loose = f"level {n + 1} before it is held only within a limit"


def _turned(level: DerivedLevel, value: int) -> int:
    return -value if level.minimised else value


NOBODY, HELD = -1, -2


def check_firmness(
    sweep: CandidatePass, proof: PriceProof, firmness: Sequence[str], findings: Findings, *, limited: bool
) -> None:
    """Check the column `firmness` of the allocation, where every recipient may have one NLE.

    Args:
        sweep: the matched pairs, and the places.
        proof: prices, and who could change places at no loss.
        firmness: the column.
        findings: what is wrong.
        limited: whether constraints may forbid some of the moves, so that only too few firm pairs are found.
    """
    if (proof.supporters > 1).any() or (sweep.fit < 0).any():
        return
    firm = _firm(sweep, proof)
    pairs = sweep.matching.pairs
    assert not isinstance(pairs.nle, int)
    for line, row, nle, stands in zip(sweep.matching.lines, pairs.rows, pairs.nle, firm, strict=True):
        ours = "all" if stands else "some"
        if firmness[line] != ours and (stands or not limited):
            label = f"school {sweep.ids[row]}, NLE {sweep.nle_ids[nle]}"
            findings.differs(ALLOCATION, label, "firmness", ours, firmness[line])


def _firm(sweep: CandidatePass, proof: PriceProof) -> Flags:
    """For each matched pair, whether no circle of free moves takes it apart."""
    pairs, outside = sweep.matching.pairs, len(sweep.nle_ids)
    owner = np.full(len(sweep.ids), NOBODY, dtype=np.int64)
    owner[pairs.rows] = pairs.nle
    for nle, rows in sweep.required.items():
        kept = np.array(rows, dtype=np.int64)
        owner[kept[owner[kept] == nle]] = HELD
    movers, targets = _moves(owner, proof, outside)
    sources = np.where(owner[movers] == NOBODY, outside, owner[movers])
    component = _components(sources, targets, _outside_links(sweep, proof, outside), outside + 1)
    moved = movers[component[sources] == component[targets]]
    loose = np.zeros(len(sweep.ids), dtype=bool)
    loose[moved] = True
    return np.asarray(~loose[pairs.rows])


def _moves(owner: Integers, proof: PriceProof, outside: int) -> tuple[Integers, Integers]:
    """School and new NLE of every move at no loss; the outside stands for being left out."""
    droppable = np.flatnonzero((owner >= 0) & ~proof.prices.takers[proof.held].any(axis=0))
    rows = [droppable, *(rows for rows, _ in proof.tied)]
    targets = [np.full(len(droppable), outside), *(nles for _, nles in proof.tied)]
    every, where = np.concatenate(rows), np.concatenate(targets)
    free = owner[every] != HELD
    return every[free], where[free]


def _outside_links(sweep: CandidatePass, proof: PriceProof, outside: int) -> tuple[Integers, Integers]:
    """Moves through places: into one that is free, and out of one that may stay free for nothing."""
    pairs = sweep.matching.pairs
    load = np.bincount(np.asarray(pairs.nle, dtype=np.int64), minlength=outside)
    room = np.flatnonzero(load < sweep.places)
    idle = np.flatnonzero((load > 0) & ~proof.prices.givers[proof.held].any(axis=0))
    return (
        np.concatenate([room, np.full(len(idle), outside)]),
        np.concatenate([np.full(len(room), outside), idle]),
    )


def _components(sources: Integers, targets: Integers, links: tuple[Integers, Integers], nodes: int) -> Integers:
    """The strong component of each node (Tarjan 1972, doi:10.1137/0201010), without recursion."""
    every = np.unique(np.concatenate([sources, links[0]]) * nodes + np.concatenate([targets, links[1]]))
    heads = (every % nodes).tolist()
    starts = np.searchsorted(every // nodes, np.arange(nodes + 1)).tolist()
    order, low, component = [0] * nodes, [0] * nodes, [NOBODY] * nodes
    stack: list[int] = []
    count = 0
    for root in range(nodes):
        if order[root]:
            continue
        path = [(root, starts[root])]
        while path:
            node, edge = path.pop()
            if not order[node]:
                count += 1
                order[node] = low[node] = count
                stack.append(node)
            if edge < starts[node + 1]:
                path.append((node, edge + 1))
                head = heads[edge]
                if not order[head]:
                    path.append((head, starts[head]))
                elif component[head] == NOBODY:
                    low[node] = min(low[node], order[head])
                continue
            _close(node, order, low, stack, component)
            if path and component[node] == NOBODY:
                low[path[-1][0]] = min(low[path[-1][0]], low[node])
    return np.array(component, dtype=np.int64)


def _close(node: int, order: list[int], low: list[int], stack: list[int], component: list[int]) -> None:
    """Name a component once its first node is done."""
    if low[node] != order[node]:
        return
    while True:
        member = stack.pop()
        component[member] = node
        if member == node:
            return


class PriceCertificate:
    """Prices of every limit, step by step."""

    def __init__(self, instance: Instance, entries: Any, summary: Mapping[str, Any]):
        findings = self._findings = instance.findings
        self._instance, self._proof = instance, None
        fair = {n: level for n, level in enumerate(instance.levels) if isinstance(level, Fairness)}
        self._fits = {n: Fits(level, instance.matched) for n, level in fair.items()}
        trivial = any(entry.get("proof") == "trivial" for entry in entries_of(summary))
        self._pool = Pool(instance) if trivial else None
        steps = read_steps(entries, instance.levels, findings)
        prices = None
        if steps:
            prices = read_prices(entries, instance.position, instance.nle_position, "nles", findings)
        if steps and prices is not None:
            rows = PricedRows(instance.families, prices, instance.supporters)
            ids, nle_ids = instance.recipients.ids, instance.nle_ids
            self._proof = PriceProof(
                steps, prices, rows, instance.measures, instance.supporters, ids, nle_ids, findings
            )

    @property
    def provers(self) -> Sequence[Prover]:
        """Who must be shown the candidate pairs."""
        fits: list[Prover] = [_adding(each) for each in self._fits.values()]
        pool = [] if self._pool is None else [self._pool.collect]
        return [*fits, *pool] if self._proof is None else [self._proof.add, *fits, *pool]

    @property
    def first_prices(self) -> Integers | None:
        """By NLE, the price of a place in the first step; None where there is none."""
        return None if self._proof is None or not self._proof.held else self._proof.prices.givers[self._proof.held[0]]

    def check(self, summary: Mapping[str, Any], sweep: CandidatePass, values: Sequence[int]) -> None:
        """Check everything that shows only when all pairs have been looked at."""
        if self._pool is not None:
            self._check_trivial(self._pool.ground(sweep), summary, sweep)
        if self._proof is not None:
            matched = sweep.matching.pairs.with_fit(np.maximum(sweep.fit, 0))
            PriceTotals(self._proof, matched, sweep.places, self._findings).check()
        steps = () if self._proof is None else self._proof.steps
        is_sum = [self._instance.is_sum(level, sweep) for level in self._instance.levels]
        check_levels(self._instance.levels, values, is_sum, steps, self._fits, entries_of(summary), self._findings)

    def _check_trivial(self, ground: TreeInstance, summary: Mapping[str, Any], sweep: CandidatePass) -> None:
        """Check the bounds of levels that no prices prove."""
        both = zip(entries_of(summary), self._instance.levels, strict=False)
        for n, (entry, level) in enumerate(both, start=1):
            bound = bound_of(entry)
            if entry.get("proof") == "trivial" and is_whole(bound):
                check_trivial(f"level {n}", level, bound, ground, sweep, self._instance)

    def check_firmness(self, sweep: CandidatePass, firmness: Sequence[str]) -> None:
        """Check which pairs stand in every optimum."""
        if self._proof is not None:
            limited = bool(self._instance.families)
            check_firmness(sweep, self._proof, firmness, self._findings, limited=limited)


def _adding(fits: Fits) -> Prover:
    return lambda shown: fits.add(shown.fitting().pairs)
