"""Why: the answer about a school, an NLE or a pair of a run."""

from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import as_text
from nle_optimizer.studies.explaining.asked import Whom, whom
from nle_optimizer.studies.explaining.excluded import excluded
from nle_optimizer.studies.explaining.nle import nle
from nle_optimizer.studies.explaining.pair import pair
from nle_optimizer.studies.explaining.prices import Prices
from nle_optimizer.studies.explaining.school import school, schools
from nle_optimizer.studies.reopening import Reopened, reopen

SHOWN = ("name", "phase", "region", "local_authority", "trust_id", "priority")


def explain(path: Path, words: tuple[str, ...], seconds: float | None = None) -> dict[str, Any]:
    """The answer about one or two of a run, as a document for programs.

    Args:
        path: the run folder.
        words: identifiers, or names that only one has: a school, an NLE, or one of each.
        seconds: how long a search may take where prices need solving again.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation.
        InputError: nobody is meant, several are, or two of one side.
    """
    run = reopen(path)
    found = [whom(run.outcome, word) for word in words]
    return {"schema_version": 1, "run": str(path), **explained(run, found, seconds)}


def explained(run: Reopened, found: list[Whom], seconds: float | None = None) -> dict[str, Any]:
    """The answer about some of a reopened run."""
    outcome, prices = run.outcome, Prices(run.outcome)
    if len(found) == 1:
        return {"about": found[0].side, **_one(run, prices, found[0])}
    sides = {each.side: each for each in found}
    if len(found) != 2 or len(sides) != 2:
        what = "name a school, an NLE, or one of each"
        raise InputError([Problem(Place(), "ID", what, ", ".join(each.id for each in found))])
    theirs, ours = sides["school"], sides["nle"]
    told: dict[str, Any] = {"about": "pair", "school_id": theirs.id, "nle_id": ours.id, **_objective(outcome)}
    if theirs.index is None or ours.index is None:
        out = [_one(run, prices, each) for each in (theirs, ours) if each.index is None]
        return {**told, "is_candidate": False, "is_matched": False, "out": out}
    return {**told, **pair(outcome, prices, theirs.index, ours.index, seconds)}


def left_out(path: Path) -> list[dict[str, Any]]:
    """The answers about every school that is left out, by identifier.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation.
    """
    return every_left_out(reopen(path))


def every_left_out(run: Reopened) -> list[dict[str, Any]]:
    """The same of a reopened run."""
    outcome, prices = run.outcome, Prices(run.outcome)
    rows = np.flatnonzero(~outcome.supported)
    ids = outcome.recipients.ids[rows].tolist()
    columns = {
        name: as_text(outcome.recipients.column(name).take(rows)) for name in SHOWN if name in outcome.recipients
    }
    told = []
    for n, (identifier, facts) in enumerate(zip(ids, schools(run, prices, rows), strict=True)):
        own = {name: cells[n] for name, cells in columns.items() if cells[n]}
        told.append({"about": "school", "school_id": str(identifier), **own, **_objective(outcome), **facts})
    return told


def _one(run: Reopened, prices: Prices, one: Whom) -> dict[str, Any]:
    outcome = run.outcome
    key = f"{one.side}_id"
    if one.side == "nle":
        return {key: one.id, **_facts(outcome, one), **_objective(outcome), **nle(run, prices, one.id, one.index)}
    told = {key: one.id, **_facts(outcome, one), **_objective(outcome)}
    if one.index is not None:
        return {**told, **school(run, prices, one.index)}
    return {**told, "state": "excluded", **(excluded(outcome, one.id) or {})}


def _facts(outcome: Outcome, one: Whom) -> dict[str, Any]:
    """The filled cells that tell who it is."""
    scenario = outcome.scenario
    live = outcome.recipients if one.side == "school" else outcome.candidates.nles
    table = scenario.schools if one.side == "school" else scenario.nles
    own = live.take(live.ids == one.id) if one.index is not None else table.take(table.ids == one.id)
    return {name: cell for name in SHOWN if name in own.spec.columns and (cell := as_text(own.column(name))[0])}


def _objective(outcome: Outcome) -> dict[str, Any]:
    level = outcome.problem.levels[0] if outcome.problem.levels else None
    return {} if level is None else {"objective": level.name, "sense": "maximise" if level.sense > 0 else "minimise"}
