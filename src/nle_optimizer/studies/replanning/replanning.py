"""A new plan that disturbs an earlier one least."""

from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.evidence.outcome import Case
from nle_optimizer.preparation import prepare
from nle_optimizer.scenario.changes import Changes
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.given_pairs import locate
from nle_optimizer.studies.replanning.amendments import Amendments, amendments_of
from nle_optimizer.studies.replanning.applying import apply
from nle_optimizer.studies.replanning.last_week import LastWeek, Pair, last_week
from nle_optimizer.studies.replanning.rebuilding import rebuilt
from nle_optimizer.studies.replanning.trusts_kept import ORIGIN, keep_trust_matches, kept_from_trusts

KEPT = "kept_pairs"


@dataclass(frozen=True, eq=False)
class Amended:
    """What is to be planned, and from where.

    Attributes:
        before: the earlier run.
        desk: what was decided since.
        scenario: settings and tables as they are now; the current table holds what stands.
        max_moves: how many more of the pairs that stand may be given up than have to be.
        able: pairs that stand and are candidates still.
    """

    before: LastWeek
    desk: Amendments
    scenario: Scenario
    max_moves: int
    able: frozenset[Pair]


def amended(path: Path, changes: Changes | None, newer: Scenario | None, max_moves: int) -> Amended:
    """The scenario of an earlier run as it is now: decisions carried out, what stands kept as far as can be.

    Args:
        path: the run folder.
        changes: what was decided since; None for nothing.
        newer: newer settings and tables; None for those of the run.
        max_moves: how many pairs that stand may be given up beyond those that have to be, from 0 up.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation.
        InputError: a change that cannot be carried out, or tables that no longer fit together.
    """
    before = last_week(path)
    desk = amendments_of(newer or before.scenario, before, newer_tables=newer is not None)
    apply(desk, changes.standing if changes else ())
    keep_trust_matches(desk, before)
    document = desk.scenario.document.copy()
    document.set("data.current", str(path / "allocation.csv"), ORIGIN)
    document.set("rule", "optimal", ORIGIN)
    if desk.scenario.pairs is None and changes is not None:
        document.set("data.pairs", str(changes.file), ORIGIN)
    scenario = rebuilt(desk, document, str(path / "allocation.csv"))
    standing = {school for school, nle in desk.states if desk.stands((school, nle))}
    scenario = kept_from_trusts(scenario, standing | {school for school, _ in desk.required()})
    case = prepare(scenario, lambda _: None)
    return Amended(before, desk, _keeping(scenario, case, max_moves), max_moves, _able(case, desk))


def _able(case: Case, desk: Amendments) -> frozenset[Pair]:
    """The pairs that stand and are candidates."""
    current = case.candidates.current
    if current is None:
        return frozenset()
    found = locate(current.keys, case.candidates.keys)[1]
    columns = (current.table.values(name)[found].tolist() for name in ("school_id", "nle_id"))
    return frozenset(pair for pair in zip(*columns, strict=True) if desk.stands(pair))


def _keeping(scenario: Scenario, case: Case, max_moves: int) -> Scenario:
    """The scenario that keeps as many pairs as it can before anything else, but for so many moves."""
    objectives = [level.model_dump() for level in case.objectives if level.name != KEPT]
    document = scenario.document.copy()
    if scenario.current is not None and len(scenario.current):
        objectives.insert(0, {KEPT: {"within": max_moves} if max_moves else {}})
    document.set("objectives", objectives, ORIGIN)
    return scenario.under(document)
