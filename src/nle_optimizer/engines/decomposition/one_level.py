"""One level from its case to its allocation, its bound and the tree that proves it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.decomposition.bound import VOID, Pricing
from nle_optimizer.engines.decomposition.branching import CLOSE, Branching, bound_of, first_allocation, improve
from nle_optimizer.engines.decomposition.case import TINY, Floats, KnapsackCase
from nle_optimizer.engines.decomposition.meet_in_the_middle import meet
from nle_optimizer.engines.decomposition.packing import SearchLimits, solve_whole
from nle_optimizer.engines.decomposition.patterns import relaxed_prices, solve_pairs
from nle_optimizer.engines.decomposition.search import SIZE, Search, Workers
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import EngineError, InfeasibleError
from nle_optimizer.model.problem import LevelOutcome, Tree
from nle_optimizer.records import Integers

STEPS = 400
"""Steps of an ascent of a level."""

FIRST_STEPS = 40
"""Steps of the first ascent of a tiny one, where an allocation to aim at leads on faster."""

SMALL = 3000
"""Pairs up to which a level is also put to the solver as a whole, and branched on."""

FEW_NLES = 8
"""NLEs up to which good choices for two halves of the recipients are put together."""

FEW_LIMITS = 20
"""Limits of NLEs and over many pairs up to which they are."""

FEW_PAIRS = 200
"""Pairs up to which that is not worth its while."""

GUIDING_NODES = 100
"""Nodes for what a guide leads to."""

SOLVER_NODES = 2000
"""Nodes that the solver may look at for the whole of a small level."""

FIRST_NODES = 20
"""Nodes for a first allocation of a large level, where prices alone lead to none."""

WHOLE = SearchLimits(nodes=600, slice=6)
"""How hard the patterns of a small level are branched on."""

FEW_ROUNDS = 4
"""Rounds of neighbourhoods of a small level, before the solver sees the whole."""

ROUNDS = 70
"""Rounds of neighbourhoods of a level, where nothing else ends it: about a minute at national size on two cores."""

FEW_NODES = 50
"""Cases of a tiny level looked at before anything else."""

SETTLED_NODES = 80
"""Cases looked at where the solver has settled the level in its own word, or where many were looked at before."""

NEARLY = 5e-4
"""Gap above which multipliers and leaves alone will not prove in so few cases what the solver has settled."""

NODES = 400
"""Cases that branch and bound may look at in a level."""


@dataclass
class Work:
    """Units of work: one is a round of neighbourhoods or a case of branch and bound.

    Attributes:
        most: how many there may be; None for as many as each level's own measure allows.
        done: how many were done.
    """

    most: int | None
    done: int = 0

    def up_to(self, measure: int) -> int:
        """How many more there may be of a step that takes at most `measure`."""
        return measure if self.most is None else max(0, min(measure, self.most - self.done))


@dataclass
class LevelSearch:
    """The optimisation of one level.

    Attributes:
        case: the level's case.
        rows: how many of its sides are rows.
        required: positions of required pairs.
        guide: shape (pairs,): amounts that lead to good allocations; None for the level's own.
        stopped: why it ended before it was proved; None if it was.
    """

    case: KnapsackCase
    rows: int
    required: Integers
    crew: Workers
    work: Work
    stop: Stopping
    tell: Callable[[int, int], None]
    guide: Integers | None = None
    stopped: str | None = None

    def optimise(self, matched: Integers | None) -> tuple[Integers, Tree, LevelOutcome] | None:
        """The best allocation found, its proof and its outcome; None where no allocation was found in time.

        Args:
            matched: an allocation that keeps every limit; None where none is known.

        Raises:
            InfeasibleError: there is no allocation.
        """
        nothing = np.zeros(0, dtype=np.int64)
        free = np.ones(self.case.size, dtype=bool)
        free[self.required] = False
        part = self.case.part(free, self.required)
        pricing = Pricing.of(part)
        prices = self._prices(pricing)
        self.branching = Branching(self.case, self.rows, matched, 0, self.stop)
        self.branching.taken = self._start(pricing, prices, matched)
        tree: Tree = self.branching.leaf(prices, self.required, nothing)
        tree, prices = self._tightened(tree, pricing, prices)
        word = None
        met = self._met(tree, part)
        if met:
            tree, prices = self._tightened(tree, pricing, prices)
        if met or self.case.size <= TINY:
            tree = self._branched(tree, prices, NODES if met else FEW_NODES)
        if self.branching.taken is None and self.case.size > TINY:
            word = self._ask_solver(part, prices)
        self._search(tree, part, prices)
        if not self._enough(tree) and self.case.size <= SMALL and self.work.up_to(1):
            tree, prices = self._tightened(tree, pricing, prices)
            word = self._ask_solver(part, prices)
            tree = self._branched(tree, prices, self._nodes(tree, met, word))
        elif not self._enough(tree):
            tree, prices = self._tightened(tree, pricing, prices)
        return self._result(tree, word)

    def _prices(self, pricing: Pricing) -> Floats:
        """Good prices: those of the linear relaxation, improved."""
        prices = self._first_prices(pricing)
        steps = STEPS if pricing.case.size > TINY else FIRST_STEPS
        return improve(pricing, prices, -np.inf, steps, self.stop).prices

    def _tightened(self, tree: Tree, pricing: Pricing, prices: Floats) -> tuple[Tree, Floats]:
        """The better of a leaf and the one that an ascent towards the value found proves, and its prices."""
        if self.branching.taken is None or self._enough(tree):
            self._report(tree)
            return tree, prices
        target = self.branching.best - self.case.worth(self.required)
        least = target + CLOSE * self.branching.step
        ascent = improve(pricing, prices, least, STEPS, self.stop, target=float(target))
        leaf = self.branching.leaf(ascent.prices, self.required, np.zeros(0, dtype=np.int64))
        if leaf.bound < bound_of(tree):
            tree, prices = leaf, ascent.prices
        self._report(tree)
        return tree, prices

    def _first_prices(self, pricing: Pricing) -> Floats:
        if pricing.case.size > TINY:
            (prices,) = self.crew.ask(relaxed_prices, [(pricing.case,)], self.stop)
            if prices is not None:
                return prices
        return np.zeros(len(pricing.least))

    def _start(self, pricing: Pricing, prices: Floats, matched: Integers | None) -> Integers | None:
        """The better of the allocation known and the one that the prices suggest."""
        first = self._whole(pricing.case, first_allocation(pricing, prices))
        if not self.case.allows(first):
            return matched
        if matched is not None and self.case.worth(matched) >= self.case.worth(first):
            return matched
        return first

    def _whole(self, part: KnapsackCase, taken: Integers) -> Integers:
        """Positions in the case of pairs of a part, with the required ones."""
        return np.sort(np.concatenate([self.required, part.pair[taken]]))

    def _ask_solver(self, part: KnapsackCase, prices: Floats) -> int | None:
        """Put the level to the solver as a whole; the bound in its word, None where it gave none."""
        if self.branching.taken is not None:
            answer = solve_whole(part, prices, self._inside(part), WHOLE, self.crew, self.stop)
        else:
            nodes = SOLVER_NODES if self.case.size <= SMALL else FIRST_NODES
            (answer,) = self.crew.ask(solve_pairs, [(part, nodes, self.stop.seconds_left)], self.stop)
        if answer is None:
            return None
        if answer.infeasible and self.branching.taken is None:
            raise InfeasibleError(["the hard limits cannot all be met"])
        if answer.taken is not None:
            self._accept(self._whole(part, answer.taken))
        if answer.bound is None:
            return None
        return answer.bound + self.case.worth(self.required)

    def _branched(self, tree: Tree, prices: Floats, most: int) -> Tree:
        if self._enough(tree):
            return tree
        allowed = self.work.up_to(most)
        self.branching.nodes, self.branching.open = allowed, False
        found = self.branching.tree(self.required, np.zeros(0, dtype=np.int64), prices)
        self.work.done += allowed - self.branching.nodes
        if not self.branching.open and self.branching.taken is None:
            raise InfeasibleError(["the hard limits cannot all be met"])
        return found if bound_of(found) < bound_of(tree) else tree

    def _nodes(self, tree: Tree, met: bool, word: int | None) -> int:
        """How many cases to look at after the solver gave its word."""
        best, bound = self.branching.best, bound_of(tree)
        if word == best and bound - best > NEARLY * max(1, abs(bound)) and self.case.size > TINY:
            return 0
        return SETTLED_NODES if met or word == best else NODES

    def _inside(self, part: KnapsackCase) -> Integers:
        """The positions in a part of the pairs of the best allocation."""
        assert self.branching.taken is not None
        return part.positions(np.setdiff1d(self.branching.taken, self.required, assume_unique=True))

    def _search(self, tree: Tree, part: KnapsackCase, prices: Floats) -> None:
        """Rounds of neighbourhoods, where there are enough NLEs for them and an allocation to start from."""
        if self.branching.taken is None or self._enough(tree):
            return
        if self.guide is not None:
            part = replace(part, value=self.guide[part.pair])
            prices = self._prices(Pricing.of(part))
        if part.capacity.shape[1] <= SIZE:
            if self.guide is not None:
                self._ask_for_guidance(part)
            return
        search = Search(Pricing.of(part), prices, self._begin(part, prices), self.crew)
        for _ in range(self.work.up_to(ROUNDS if self.case.size > SMALL else FEW_ROUNDS)):
            if self.stop.reason() or self._enough(tree):
                return
            search.round(self.stop)
            self.work.done += 1
            self._accept(self._whole(part, search.taken))
            self._report(tree)

    def _met(self, tree: Tree, part: KnapsackCase) -> bool:
        """Whether two halves put together made a better allocation, where NLEs are few and the level leads well."""
        few = part.capacity.shape[1] <= FEW_NLES and part.capacity.size + part.sides.count <= FEW_LIMITS
        apt = few and FEW_PAIRS < part.size <= SMALL and part.supporters.max(initial=0) <= 1
        if not apt or self.guide is not None or self.branching.taken is None or self._enough(tree):
            return False
        (found,) = self.crew.ask(meet, [(part, part.worth(self._inside(part)))], self.stop)
        if found is None:
            return False
        self._accept(self._whole(part, found))
        return True

    def _begin(self, part: KnapsackCase, prices: Floats) -> Integers:
        """Where a search begins: at the best allocation, or at what the prices of the guide suggest if it is better."""
        inside = self._inside(part)
        if self.guide is None:
            return inside
        first = first_allocation(Pricing.of(part), prices)
        self._accept(self._whole(part, first))
        return first if part.allows(first) and part.worth(first) > part.worth(inside) else inside

    def _ask_for_guidance(self, part: KnapsackCase) -> None:
        """What the solver makes of the guide."""
        (answer,) = self.crew.ask(solve_pairs, [(part, GUIDING_NODES, self.stop.seconds_left)], self.stop)
        if answer is not None and answer.taken is not None:
            self._accept(self._whole(part, answer.taken))

    def _accept(self, taken: Integers) -> None:
        """Take an allocation that is no worse on the level and keeps every limit."""
        if self.case.worth(taken) >= self.branching.best and self.case.allows(taken):
            self.branching.taken = taken

    def _report(self, tree: Tree) -> None:
        value, bound = self.branching.best, bound_of(tree)
        if self.branching.taken is None:
            self.stop.tell("no allocation yet")
            return
        self.stop.tell(f"gap {100 * (bound - value) / max(1, abs(bound)):.3f} %")
        self.tell(value, bound)

    def _enough(self, tree: Tree) -> bool:
        return self.branching.taken is not None and self.stop.good_enough(self.branching.best, bound_of(tree))

    def _result(self, tree: Tree, word: int | None) -> tuple[Integers, Tree, LevelOutcome] | None:
        taken, bound = self.branching.taken, bound_of(tree)
        if taken is None:
            if bound == VOID:
                raise InfeasibleError(["the hard limits cannot all be met"])
            self.stopped = self.stop.reason() or "work"
            return None
        value = self.branching.best
        proof = "multipliers" if type(tree).__name__ == "Leaf" else "leaves"
        if word is not None and value <= word < bound:
            bound, proof = word, "solver"
        if value > bound:
            raise EngineError(f"an allocation is worth {value} where the bound is {bound}")
        if value < bound:
            self.stopped = self.stop.reason() or ("gap" if self.stop.good_enough(value, bound) else "work")
        return taken, tree, LevelOutcome(value, bound, proof)
