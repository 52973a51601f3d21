"""Trees evaluated again where the levels before are held at other values than when the tree was made."""

import numpy as np

from nle_optimizer.engines.decomposition.bound import VOID, evaluate
from nle_optimizer.engines.decomposition.case import Case
from nle_optimizer.model.solution import Branch, Leaf, Tree
from nle_optimizer.records import Integers


def restated(tree: Tree, root: Case, fixed_in: Integers, fixed_out: Integers) -> Tree:
    """The same multipliers, with the bounds that they prove of another case of the same pairs."""
    if isinstance(tree, Branch):
        matched, unmatched = (
            restated(tree.matched, root, _with(fixed_in, tree.pair), fixed_out),
            restated(tree.unmatched, root, fixed_in, _with(fixed_out, tree.pair)),
        )
        return Branch(tree.pair, matched, unmatched)
    if tree.bound == VOID:
        return tree
    return Leaf(tree.multipliers, evaluate(root, tree.multipliers, fixed_in, fixed_out))


def _with(fixed: Integers, pair: int) -> Integers:
    return np.append(fixed, pair)
