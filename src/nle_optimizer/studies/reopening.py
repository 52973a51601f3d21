"""A run folder opened again: its case prepared from its own inputs, and its allocation as the solution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.errors import RunFolderError
from nle_optimizer.evidence.outcome import Case, Outcome
from nle_optimizer.model.solution import LevelOutcome, Solution
from nle_optimizer.preparation import prepare
from nle_optimizer.records import Flags, Integers, Texts
from nle_optimizer.reports.run_folder import RunFolder, read_run_folder
from nle_optimizer.stages.given_pairs import locate


@dataclass(frozen=True, eq=False)
class Reopened:
    """A run as it stands.

    Attributes:
        folder: what the run folder holds.
        outcome: the same case and allocation in integers. The certificate is not carried over: bounds that the
            run proved equal the values, and others are those that it claims.
    """

    folder: RunFolder
    outcome: Outcome


def reopen(path: Path, *, allow_code: bool = False) -> Reopened:
    """Open a run folder for questions about its allocation.

    Args:
        path: the folder.
        allow_code: whether code of one's own may run that is its rule, where a question needs it.

    Raises:
        RunFolderError: it cannot be read, a file was changed since the run, or nobody was matched because no
            allocation was found.
    """
    folder = read_run_folder(path, allow_code=allow_code)
    changed = folder.changed_files()
    if changed:
        what = "; ".join(changed)
        raise RunFolderError(f"{path}: {what}. Run the scenario again, so that answers are about what was decided")
    status = folder.claim.summary["status"]
    if status in ("infeasible", "unknown"):
        raise RunFolderError(f"{path}: the run is {status}, so there is no allocation to ask about")
    case = prepare(folder.scenario, lambda _: None)
    return Reopened(folder, case.solved_by(_solution(folder, case)))


def _solution(folder: RunFolder, case: Case) -> Solution:
    matched, firm = _matched(folder, case)
    claimed = folder.claim.summary["objectives"]
    values = [level.value(case.problem, matched) for level in case.problem.levels]
    stopped, engine = folder.claim.summary.get("stopped"), folder.claim.summary["engine"]
    if folder.claim.summary["status"] == "completed":
        return Solution(engine, matched, (), in_every_optimum=firm, stopped=stopped, completed=True)
    levels = [
        LevelOutcome(value, _bound(entry, level.sense, value), proof=entry.get("proof", ""))
        for value, entry, level in zip(values, claimed, case.problem.levels, strict=True)
    ]
    return Solution(engine, matched, tuple(levels), in_every_optimum=firm, stopped=stopped)


def _bound(entry: Mapping[str, Any], sense: int, value: int) -> int:
    """The bound of a level as the run claims it, in the maximising orientation."""
    return value if entry["proved"] else sense * int(entry["exact"]["bound"])


def _matched(folder: RunFolder, case: Case) -> tuple[Integers, Flags | None]:
    """The candidate pairs of the allocation, ascending, and whether each stands in every optimum, where told."""
    table, candidates = folder.claim.tables["allocation"], case.candidates
    nle, known = _rows(table["nle_id"], case.problem.nle_ids)
    recipient, also_known = _rows(table["school_id"], case.problem.recipient_ids)
    pairs, found = locate(nle * len(case.recipients) + recipient, candidates.keys)
    strangers = np.flatnonzero(~(known & also_known & found))
    if len(strangers):
        school, nle_id = table["school_id"][strangers[0]], table["nle_id"][strangers[0]]
        raise RunFolderError(
            f"{folder.path}: allocation.csv: {school} with {nle_id} is no candidate pair of its inputs"
        )
    order = np.argsort(pairs)
    told = table["firmness"]
    firm = np.array([word == "all" for word in told], dtype=bool)[order] if all(told) else None
    return pairs[order], firm


def _rows(wanted: Sequence[str], ids: Texts) -> tuple[Integers, Flags]:
    """Where each identifier stands among ascending ones, and whether it stands there at all."""
    index = {str(identifier): row for row, identifier in enumerate(ids)}
    rows = np.array([index.get(identifier, -1) for identifier in wanted], dtype=np.int64)
    return rows, rows >= 0
