"""How many NLEs each filter keeps from a school."""

import numpy as np

from nle_optimizer.evidence.around import in_portions
from nle_optimizer.records import Integers
from nle_optimizer.stages.obstacles import Between


def removed_by_filter(between: Between, recipients: Integers) -> list[dict[str, int]]:
    """For each of some recipients, ascending, how many NLEs every filter removes, in the order of the filters."""
    told: list[dict[str, int]] = []
    for rows, obstacles in in_portions(between, recipients, np.arange(len(between.nles))):
        removed = {code: pairs.sum(axis=0).tolist() for code, pairs in obstacles.codes.items() if pairs.any()}
        told += [{code: own[n] for code, own in removed.items() if own[n]} for n in range(len(rows))]
    return told
