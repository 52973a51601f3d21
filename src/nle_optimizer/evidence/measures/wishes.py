"""How far preferences are met: ranks, blocking pairs, justified envy."""

from collections.abc import Mapping

import numpy as np

from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure, Metric, one, ratio
from nle_optimizer.model.blocking import blocking_pairs
from nle_optimizer.model.preferences import UNACCEPTABLE
from nle_optimizer.records import Flags, Integers


def _mean_rank(measured: Measured) -> Figure:
    level = measured.preferences.recipients.level[measured.matched]
    known = level[level != UNACCEPTABLE]
    return ratio((known + 1).sum(), len(known))


def _rank_shares(measured: Measured) -> dict[str, Figure]:
    level = measured.preferences.recipients.level[measured.matched]
    known = level[level != UNACCEPTABLE]
    bounds = {"1": 1, "2": 2, "3": 3, "5": 5, "10": 10}
    return {f"rank_share[rank<={word}]": ratio((known < most).sum(), len(known)) for word, most in bounds.items()}


def _wanted(measured: Measured) -> Flags:
    """Pairs not matched that both sides accept, and that the recipient prefers to its worst, or has room for."""
    problem, place = measured.case.problem, measured.preferences.recipients.place
    worst = np.full(len(problem.recipient_ids), -1, dtype=np.int64)
    own = np.where(place[measured.matched] == UNACCEPTABLE, problem.size, place[measured.matched])
    np.maximum.at(worst, problem.recipient[measured.matched], own)
    free = measured.count < problem.supporters
    wanted = (place != UNACCEPTABLE) & (free[problem.recipient] | (place < worst[problem.recipient]))
    wanted[measured.matched] = False
    return np.asarray(wanted, dtype=bool)


def _keys(measured: Measured, pairs: Integers) -> Integers:
    """Numbers that order pairs by NLE, then by that NLE's preference; what it does not accept is last."""
    problem, place = measured.case.problem, measured.preferences.nles.place[pairs]
    return problem.nle[pairs] * (problem.size + 1) + np.where(place == UNACCEPTABLE, problem.size, place)


def _blocking(measured: Measured) -> Figure:
    return ratio(len(blocking_pairs(measured.case.problem, measured.preferences, measured.matched)), 1)


def _envious(measured: Measured) -> Figure:
    problem = measured.case.problem
    pairs = np.flatnonzero(_wanted(measured))
    lowest = np.full(len(problem.nle_ids), -1, dtype=np.int64)
    np.maximum.at(lowest, problem.nle[measured.matched], _keys(measured, measured.matched))
    envied = pairs[_keys(measured, pairs) < lowest[problem.nle[pairs]]]
    return ratio(len(np.unique(problem.recipient[envied])), 1)


def _ties(measured: Measured) -> Mapping[str, Figure]:
    orders = measured.preferences
    return {"ties[side=recipients]": ratio(orders.recipients.ties, 1), "ties[side=nles]": ratio(orders.nles.ties, 1)}


WISHES = (
    Metric(
        "ties",
        "neither",
        "pairs",
        "before anybody is matched: pairs in the orders of a side that only a lot under the seed puts after the one "
        "before",
        _ties,
    ),
    Metric(
        "mean_rank",
        "less",
        "rank",
        "mean over matched pairs of the NLE's place in the recipient's order, 1 first, ties sharing the best place",
        one("mean_rank", _mean_rank),
        "Featherstone (2020)",
    ),
    Metric(
        "rank_share",
        "more",
        "share",
        "matched pairs whose NLE is among the first 1, 2, 3, 5, 10 of the recipient's order / those with a rank",
        _rank_shares,
        "Featherstone (2020)",
    ),
    Metric(
        "blocking_pairs",
        "less",
        "pairs",
        "unmatched pairs that both accept, that the recipient prefers to its worst NLE or has room for, and that keep "
        "to every capacity and upper limit beside what the NLE prefers and what is required; orders made strict by lot",
        one("blocking_pairs", _blocking),
        "Gale and Shapley (1962), doi:10.2307/2312726",
    ),
    Metric(
        "justified_envy",
        "less",
        "recipients",
        "recipients that prefer, or have room for, an NLE that serves another which that NLE likes less",
        one("justified_envy", _envious),
        "Abdulkadiroglu and Sonmez (2003), doi:10.1257/000282803322157061",
    ),
)
