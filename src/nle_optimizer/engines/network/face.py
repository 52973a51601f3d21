"""Where the network engine stands: the face of circulations that keep all levels so far, and one of them."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.known_prices import Side
from nle_optimizer.engines.network.core import Scores
from nle_optimizer.engines.network.core import solve as solve_on_core
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.engines.network.potentials import potentials_near, reduced_values
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best circulation of a face for some amounts, and potentials that prove it."""

    amounts: Integers
    flow: Integers
    potential: Integers

    @property
    def value(self) -> int:
        """The sum of the amounts over the matched pairs."""
        return int(self.amounts @ self.flow[: len(self.amounts)])


@dataclass
class Face:
    """The circulations that keep every level held so far.

    Attributes:
        network: its bounds leave free only what may still change.
        guide: a score that says which pairs look promising; it only saves time.
        flow: a circulation of the face.
        core: the arcs that mattered so far; None before the first level.
    """

    network: Network
    guide: Scores
    flow: Integers
    core: Flags | None = None

    def best(self, amounts: Integers, near: tuple[Side, Side] | None = None) -> Optimum:
        """The optimum for amounts of the pairs; nothing is held.

        Args:
            amounts: shape (pairs,).
            near: prices of the recipients and of the NLEs that are roughly right, which only save time.
        """
        values = self.network.with_pair_values(amounts)
        start = None if near is None else potentials_near(self.network, values, *near)
        flow, potential, self.core = solve_on_core(self.network, values, self.guide, self.flow, self.core, near=start)
        return Optimum(amounts, flow, potential)

    def hold(self, optimum: Optimum) -> None:
        """Keep to the circulations that are as good."""
        values = self.network.with_pair_values(optimum.amounts)
        self.flow = optimum.flow
        self.network = self.network.held(reduced_values(self.network, values, optimum.potential), self.flow)

    @property
    def matched(self) -> Integers:
        """Indices of the matched pairs."""
        return np.flatnonzero(self.flow[: self.network.pairs])
