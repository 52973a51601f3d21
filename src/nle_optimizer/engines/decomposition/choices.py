"""All the choices that some recipients can make between them and forgo little."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.options import STEPS, Options
from nle_optimizer.records import Integers

MOST = 600_000
"""Choices listed at most."""


@dataclass(frozen=True, eq=False)
class Choices:
    """Choices for some recipients: the first takes everybody's best option, each other replaces one in its parent.

    Attributes:
        best: options of the first.
        parent, option: shape (choices,): the choice it is made from, and the option that it takes instead.
        loss, value: shape (choices,).
        use: shape (limits, choices).
    """

    best: Integers
    parent: Integers
    option: Integers
    loss: Integers
    value: Integers
    use: Integers

    def options(self, choice: int, recipient: Integers) -> list[int]:
        """The options that a choice takes, given the recipient of every option."""
        taken = dict(zip(recipient[self.best].tolist(), self.best.tolist(), strict=True))
        while choice:
            own = int(self.option[choice])
            taken[int(recipient[own])] = own
            choice = int(self.parent[choice])
        return list(taken.values())


def choices_of(options: Options, own: Integers) -> Choices:
    """The choices that forgo least, so many losses deep as keeps them few enough.

    Args:
        own: the options of some recipients, ascending.
    """
    first = np.diff(options.recipient[own], prepend=-1) > 0
    best, others = own[first], own[~first]
    starts = np.flatnonzero(np.diff(options.recipient[others], prepend=-1))
    groups = [group.tolist() for group in np.split(others, starts[1:])]
    most, size = _depth([options.loss[group] for group in groups])
    instead = np.empty(len(options.pair), dtype=np.int64)
    instead[own] = best[np.cumsum(first) - 1]
    parent, option, loss, value = (np.zeros(size, dtype=np.int64) for _ in range(4))
    use = np.zeros((len(options.limit), size), dtype=np.int64)
    value[0], use[:, 0], end = options.value[best].sum(), options.use[:, best].sum(axis=1), 1
    for group in groups:
        known = end
        for other in group:
            made = np.flatnonzero(loss[:known] <= most - options.loss[other])
            new = slice(end, end + len(made))
            parent[new], option[new], loss[new] = made, other, loss[made] + options.loss[other]
            value[new] = value[made] + (options.value[other] - options.value[instead[other]])
            use[:, new] = use[:, made] + (options.use[:, other] - options.use[:, instead[other]])[:, None]
            end = new.stop
    return Choices(best, parent, option, loss, value, use)


def _depth(losses: list[Integers]) -> tuple[int, int]:
    """The greatest loss at which there are at most `MOST` choices, and how many there are; -1 and 1 for none."""
    counts = np.zeros(STEPS + 1)
    counts[0] = 1.0
    for group in losses:
        counts = counts + sum(np.concatenate([np.zeros(loss), counts[: len(counts) - loss]]) for loss in group.tolist())
    upto = np.cumsum(counts)
    most = int(np.searchsorted(upto, MOST, side="right")) - 1
    return most, int(upto[most]) if most >= 0 else 1
