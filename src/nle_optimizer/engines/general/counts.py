"""Numbers for a solver to branch on: whether a recipient is supported, and how many pairs of a kind a limit counts.

They say nothing new of whole allocations, but they divide them better than single pairs do. Without one pair another
takes its place and the bound hardly falls; without a school, or with one pair more out of region, much has to change.
"""

import numpy as np

from nle_optimizer.engines.general.draft import Draft, groups
from nle_optimizer.model.problem import Problem, Row

_KINDS = 2
"""A limit counts pairs where they have so few different amounts in it: a share has two."""


def add_counts(draft: Draft, problem: Problem) -> None:
    """Add a count for each recipient of one supporter, and for each kind of pairs that a limit over pairs counts."""
    for recipient, pairs in groups(problem.recipient, len(problem.recipient_ids)):
        if len(pairs) > 1 and problem.supporters[recipient] == 1:
            draft.add_count(pairs, 1)
    for row in problem.rows:
        amounts = np.unique(row.amounts)
        if len(amounts) <= _KINDS < len(row.pairs) and not len(row.presences):
            _add_kinds(draft, row)


def _add_kinds(draft: Draft, row: Row) -> None:
    """The limit once more, over the counts of its kinds."""
    amounts = np.unique(row.amounts)
    kinds = [row.pairs[row.amounts == amount] for amount in amounts]
    columns = [draft.add_count(pairs, len(pairs)) for pairs in kinds]
    draft.rows.add(np.array(columns, np.int64), amounts, row.lower, row.upper)
