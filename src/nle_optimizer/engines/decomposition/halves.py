"""Good allocations to few NLEs: near-best choices for each half of the recipients, and every two that fill the limits.

At the prices of the linear relaxation an allocation is worth the bound, less what every recipient forgoes, less the
price of whatever is left of a limit. Few choices forgo little: they are listed for either half of the recipients, and
sorted by what they use, so that those of the other half that leave next to nothing are found by binary search.

Meeting in the middle is due to Horowitz and Sahni (1974), Computing partitions with applications to the knapsack
problem, doi:10.1145/321812.321823.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.case import OPEN, Case, Floats
from nle_optimizer.engines.decomposition.programme import relaxed_prices
from nle_optimizer.records import Integers

MOST_CHOICES = 1_000_000
"""Choices listed for a half."""

MOST_SEARCHES = 100_000_000
"""Choices looked up in the list of the other half, all in all."""

MOST_MEETINGS = 4_000_000
"""Pairs of choices looked at at once; more than these for one search are too many to be told apart by their use."""

STEPS = 2000
"""Into how many steps the gap is cut where losses are counted."""

WIDENING = 1.25
"""How much more may be forgone, from one look to the next."""

NARROWEST = 0.02
"""Share of the gap that may be forgone at first."""

KEYS = 3
"""Limits by which choices are sorted."""


@dataclass(frozen=True, eq=False)
class Terms:
    """What each pair is worth, uses and forgoes, with a pair of no use for every recipient left unmatched.

    Attributes:
        pair: shape (options,): position of the pair; -1 for none.
        recipient, value: shape (options,).
        use: shape (limits, options): every limit is an upper one.
        limit, price: shape (limits,).
        loss: shape (options,): in whole steps.
    """

    pair: Integers
    recipient: Integers
    value: Integers
    use: Integers
    limit: Integers
    price: Floats
    loss: Integers


@dataclass(frozen=True, eq=False)
class Choices:
    """Choices for some recipients: each is another with one recipient's best pair replaced; the first replaces none.

    Attributes:
        best: options that the first takes.
        parent, option: shape (choices,).
        loss, value: shape (choices,).
        use: shape (limits, choices).
    """

    best: Integers
    parent: Integers
    option: Integers
    loss: Integers
    value: Integers
    use: Integers
