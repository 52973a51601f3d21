"""What stands today: pairs that are free to move, pairs that are pinned, and what ended pairs used up."""

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.scenario.columns import ENDED, PINNED

UNLIMITED_BY_TIME = "placements"
"""The resource that an ended pair gives back; what was used of any other is gone."""


def stands(current: Records) -> Flags:
    """Rows of pairs that stand: proposed, offered, agreed or started."""
    return _in_state(current, "proposed", "offered", *PINNED)


def pinned(current: Records) -> Flags:
    """Rows of pairs that must be matched again: agreed or started."""
    return _in_state(current, *PINNED)


def support_finished(current: Records | None) -> dict[str, str]:
    """The schools and trusts whose support has finished and of whom no pair stands, with what shows it."""
    if current is None:
        return {}
    standing = set(current.values("school_id")[stands(current)].tolist())
    over = current.take(_in_state(current, "finished"))
    nles: dict[str, list[str]] = {}
    for school, nle in zip(over.values("school_id"), over.values("nle_id"), strict=True):
        if school not in standing:
            nles.setdefault(school, []).append(nle)
    return {school: f"support by {', '.join(names)} finished" for school, names in nles.items()}


def _in_state(current: Records, *states: str) -> Flags:
    words = current.column("state").or_else("proposed")
    return np.fromiter((word in states for word in words), dtype=bool, count=len(current))


def used_up(
    current: Records | None, nles: Records, schools: Records, pairs: Records | None, resources: tuple[str, ...]
) -> Integers:
    """What pairs that ended took of each NLE, shape (resources, nles), in millionths; of placements nothing.

    A pair of a school or trust, or an NLE, that no table has took nothing.

    Raises:
        InputError: a pair that ended, of which nothing says how much it took.
    """
    used = np.zeros((len(resources), len(nles)), dtype=np.int64)
    if current is None:
        return used
    place = {nle_id: n for n, nle_id in enumerate(nles.ids)}
    ended = current.take(_in_state(current, *ENDED) & _known(current, nles, schools))
    problems = []
    for r, name in enumerate(resources):
        if name == UNLIMITED_BY_TIME:
            continue
        given = (_cells(ended, name), _cells(pairs, name), _cells(schools, name))
        for row, nle_id, school_id in zip(ended.rows, ended.values("nle_id"), ended.values("school_id"), strict=True):
            of_pair, of_school = (school_id, nle_id), (school_id,)
            taken = given[0].get(of_pair, given[1].get(of_pair, given[2].get(of_school)))
            if taken is None:
                what = f"how much {name} the pair {nle_id}, {school_id} took is not known; fill the cell"
                problems.append(Problem(Place(current.source, row=int(row)), name, what))
            else:
                used[r, place[nle_id]] += taken
    if problems:
        raise InputError(problems)
    return used


def _known(current: Records, nles: Records, schools: Records) -> Flags:
    recipients = {*schools.ids.tolist(), *schools.values("trust_id").tolist()}
    nle_ids = set(nles.ids.tolist())
    pairs = zip(current.values("school_id"), current.values("nle_id"), strict=True)
    return np.fromiter((school in recipients and nle in nle_ids for school, nle in pairs), bool, len(current))


def _cells(table: Records | None, name: str) -> dict[tuple[str, ...], int]:
    """The filled cells of a column, by school and NLE, or by school."""
    if table is None or name not in table:
        return {}
    keys = [table.values(key).tolist() for key in ("school_id", "nle_id") if key in table.spec.key]
    column = table.column(name)
    return {
        key: value
        for *key_parts, value, given in zip(*keys, column.values.tolist(), column.given.tolist(), strict=True)
        if given
        for key in [tuple(key_parts)]
    }
