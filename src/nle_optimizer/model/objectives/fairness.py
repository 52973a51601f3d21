"""Objectives that are no sums over pairs: the least fit, leximin, balance of load, and the gap between regions."""

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.model.constraints.presences import PresenceBook
from nle_optimizer.model.constraints.sums import sum_of
from nle_optimizer.model.constraints.tally import NO_ROW, Tally, followed, grouped
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level, Leximin, Share, Spread
from nle_optimizer.model.objectives.objective import Stakes
from nle_optimizer.records import MILLION, Flags
from nle_optimizer.scenario.objective_setting import Objective
from nle_optimizer.stages.conditions import holds


def fair_level(name: str, objective: Objective, counted: Flags, stakes: Stakes, path: str) -> LeastFit | Leximin:
    """`min_fit` or `leximin_fit` of the recipients that count, shape (recipients,).

    Raises:
        InputError: a recipient that may have several NLEs, so that no pair's fit is its fit.
    """
    several = np.flatnonzero(stakes.several)
    if len(several):
        table = stakes.candidates.recipients
        what = f"{objective.name} needs recipients of one supporter, and {table.ids[several[0]]} may have more"
        raise InputError([Problem(Place(), path, what, hint="leave the column supporters blank, or take fit")])
    kind = LeastFit if objective.name == "min_fit" else Leximin
    return kind(name, stakes.candidates.fit, counted[stakes.candidates.recipient])


def spread_of(objective: Objective, stakes: Stakes, book: PresenceBook) -> AnyLevel:
    """`load_balance` or `region_gap`; 0 throughout where there is nothing to compare."""
    shares = _loads(stakes) if objective.name == "load_balance" else _regions(objective, stakes, book)
    if not shares:
        return Level(objective.name, -1, MILLION, np.zeros(len(stakes.candidates), dtype=np.int64))
    return Spread(objective.name, shares)


def _loads(stakes: Stakes) -> tuple[Share, ...]:
    """For each NLE with a candidate and capacity, the share of its first resource in use."""
    found, resource = stakes.candidates, next(iter(stakes.use))
    capacity, use = stakes.capacity[resource], stakes.use[resource]
    ends = np.searchsorted(found.nle, np.arange(len(found.nles) + 1))
    nothing = np.zeros(0, dtype=np.int64)
    return tuple(
        Share(found.nles.ids[n], pairs, use[pairs], nothing, nothing, int(capacity[n]))
        for n in range(len(found.nles))
        if capacity[n] > 0 and len(pairs := np.arange(ends[n], ends[n + 1]))
    )


def _regions(objective: Objective, stakes: Stakes, book: PresenceBook) -> tuple[Share, ...]:
    """For each region of recipients that meet `where`, the share of them that is supported."""
    found = stakes.candidates
    keys, row = grouped("region", found.recipients.column("region"), holds(objective.where, found.recipients))
    wholes = np.bincount(row[row > NO_ROW], minlength=len(keys))
    tally = Tally(keys, followed(row, found.recipient), "recipient", "schools")
    shares = []
    for n, key in enumerate(keys):
        sum_ = sum_of(tally, np.flatnonzero(tally.row == n), found.recipient, stakes.several, book)
        parts = (sum_.pairs, sum_.amounts, sum_.presences, sum_.presence_amounts)
        shares.append(Share(key.removeprefix("region="), *parts, int(wholes[n])))
    return tuple(shares)
