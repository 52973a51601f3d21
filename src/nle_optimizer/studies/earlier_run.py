"""A run that was made before, opened again.

What an earlier run leaves behind: its plan, the decisions it was made by, and the tables as they were given. A run
folder opened again: its case prepared from its own inputs, and its allocation as the solution.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.evidence.outcome import Case, Outcome
from nle_optimizer.files import sha256
from nle_optimizer.model.problem import LevelOutcome, Solution
from nle_optimizer.preparation import prepare
from nle_optimizer.records import Flags, Integers, Records, Texts, as_text
from nle_optimizer.reports.resolved_scenario import GIAS, inputs_of, read_settings, resolved_text
from nle_optimizer.reports.run_folder import GIVEN, RunFolder, read_run_folder
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import ENDED, TABLES
from nle_optimizer.scenario.journal import Journal, journal_in
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.stages.current import locate


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


def reopen(run: Result | str | Path, *, allow_code: bool = False) -> Reopened:
    """Open a run for questions about its allocation.

    Args:
        run: its folder, or its result.
        allow_code: whether code of one's own may run that is its rule, where a question needs it.

    Raises:
        RunFolderError: the folder cannot be read, a file was changed since the run, or nobody was matched because no
            allocation was found.
        TypeError: it is neither.
    """
    folder = _held(run) if isinstance(run, Result) else _unchanged(folder_of(run), allow_code)
    status = folder.claim.summary["status"]
    if status in ("infeasible", "unknown"):
        raise RunFolderError(f"{folder.path}: the run is {status}, so there is no allocation to ask about")
    case = prepare(folder.scenario, lambda _: None)
    return Reopened(folder, case.solved_by(_solution(folder, case)))


def folder_of(run: Any) -> Path:
    """The path of a run folder that is asked for.

    Raises:
        TypeError: it is no path.
    """
    if not isinstance(run, str | Path):
        raise TypeError(f"the path of a run folder is needed, not {type(run).__name__}")
    return Path(run)


def _held(result: Result) -> RunFolder:
    """What the folder of a result will hold; it goes by the name of the scenario."""
    return RunFolder(Path(result.scenario.settings.name), result.scenario.replace(result.in_force), result.claim, {})


def _unchanged(path: Path, allow_code: bool) -> RunFolder:
    folder = read_run_folder(path, allow_code=allow_code)
    if changed := folder.changed_files():
        what = "; ".join(changed)
        raise RunFolderError(f"{path}: {what}. Run the scenario again, so that answers are about what was decided")
    return folder


def _solution(folder: RunFolder, case: Case) -> Solution:
    matched, firm = _matched(folder, case)
    claimed = folder.claim.summary["objectives"]
    values = [level.value(case.problem, matched) for level in case.problem.levels]
    stopped, engine = folder.claim.summary.get("stopped"), folder.claim.summary["engine"]
    if folder.claim.summary["status"] == "completed":
        return Solution(engine, matched, (), in_every_optimum=firm, stopped=stopped, completed=True)
    levels = [
        LevelOutcome(value, _bound(entry, level.sense, value), proof=entry.get("proof") or "")
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


GIVEN_TABLES = "inputs/given"
"""The tables as they were given, where decisions made others of them."""

Pair = tuple[str, str]
"""School and NLE."""


@dataclass(frozen=True)
class Matched:
    """A pair that the earlier run matched.

    Attributes:
        row: its row in `allocation.csv`.
        state: `proposed`, `offered`, `agreed` or `started`.
        fit: as the run gave it.
        taken: what it takes of each resource, as text.
    """

    row: int
    state: str
    fit: str
    taken: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class EarlierRun:
    """An earlier run.

    Attributes:
        path: its folder.
        scenario: its settings and tables, from its own inputs.
        given: the same as they were given, before any decision.
        journal: the decisions.
        plan: the SHA-256 of its allocation.
        matched: the pairs it matched, by school and NLE.
        ended: the state of each pair that had ended by then, and what it took of each resource, as text.
        trusts: the trust that each school was matched with there or earlier (`trust_first.mode: optimise`).
        waiting: eligible schools that it left without an NLE.
    """

    path: Path
    scenario: Scenario
    given: Scenario
    journal: Journal
    plan: str
    matched: Mapping[Pair, Matched]
    ended: Mapping[Pair, tuple[str, Mapping[str, str]]]
    trusts: Mapping[str, str]
    waiting: frozenset[str]


def earlier_run(path: Path) -> EarlierRun:
    """Open the folder of an earlier run.

    Raises:
        RunFolderError: as `reopen`; or its journal is not as it was written.
    """
    opened = reopen(path)
    folder, trusts = opened.folder, opened.outcome.trusts
    table = folder.claim.tables["allocation"]
    resources = [name for name in folder.scenario.resources if name in table]
    columns = (table[name] for name in ("school_id", "nle_id", "state", "fit", *resources))
    matched = {
        (school, nle): Matched(row, state, fit, dict(zip(resources, taken, strict=True)))
        for row, (school, nle, state, fit, *taken) in enumerate(zip(*columns, strict=True), start=2)
    }
    given = given_of(folder)
    gone_to = _matched_since(given, folder.scenario)
    if trusts is not None:
        problem, pairs = trusts.problem, trusts.solution.matched
        schools, homes = problem.recipient_ids[problem.recipient[pairs]], problem.nle_ids[problem.nle[pairs]]
        gone_to |= dict(zip(schools.tolist(), homes.tolist(), strict=True))
    waiting = frozenset(folder.claim.tables["unmatched"]["school_id"])
    ended = {pair: told for pair, told in rows_of(folder.scenario) if told[0] in ENDED}
    journal = journal_in(path, folder.claim.summary)
    plan = sha256((path / "allocation.csv").read_bytes())
    return EarlierRun(path, folder.scenario, given, journal, plan, matched, ended, gone_to, waiting)


def given_of(folder: RunFolder) -> Scenario:
    """Settings and tables as they were given; each setting with the origin that the file tells of it.

    Raises:
        RunFolderError: they cannot be read.
    """
    file = folder.path / GIVEN
    if not file.is_file():
        file, scenario = folder.scenario.file, folder.scenario
    else:
        try:
            scenario = load_scenario(file)
        except InputError as error:
            raise RunFolderError(f"{folder.path}: the run folder cannot be read:\n{error}") from error
    scenario.document.remember({key: setting.origin for key, setting in read_settings(file).items()})
    return scenario


def _matched_since(given: Scenario, scenario: Scenario) -> dict[str, str]:
    """Schools of which a plan says that a trust takes them, and the tables as given do not."""
    before, now = given.schools, scenario.schools
    told = dict(zip(before.ids.tolist(), before.values("matched_trust_id").tolist(), strict=True))
    columns = (now.values(name).tolist() for name in ("school_id", "matched_trust_id", "trust_decision"))
    return {
        school: trust
        for school, trust, decision in zip(*columns, strict=True)
        if trust and decision == "proposed" and not told.get(school)
    }


def given_files(given: Scenario, now: Scenario) -> dict[str, bytes]:
    """The files by which a run folder tells settings and tables as they were given.

    Args:
        given: settings and tables as they were given.
        now: the same as the run has them; tables that are the same are not told twice.
    """
    if given.own_rule is not None:  # a replan has the rule optimal, so code is not kept
        given = given.replace({"rule": "optimal"})
    tables = {name: table for name in TABLES if (table := getattr(given, name)) is not None}
    other = {name: table for name, table in tables.items() if getattr(now, name) is not table}
    paths = {name: f"{GIVEN_TABLES if name in other else 'inputs'}/{name}.csv" for name in tables}
    register = {} if given.gias is None else {GIAS: inputs_of(given)[GIAS]}
    return {
        GIVEN: resolved_text(given, {**paths, **register}, {}).encode(),
        **{paths[name]: _csv(table) for name, table in other.items()},
    }


def _csv(table: Records) -> bytes:
    return csv_bytes({name: as_text(column) for name, column in table.columns.items()})


def rows_of(scenario: Scenario) -> Iterator[tuple[Pair, tuple[str, Mapping[str, str]]]]:
    """The pairs of a scenario's current table, each with its state and the resources that the table says it takes."""
    table = scenario.current
    if table is None:
        return
    resources = {name: as_text(table.column(name)) for name in scenario.resources if name in table}
    states = table.column("state").or_else("proposed").tolist()
    pairs = zip(table.values("school_id").tolist(), table.values("nle_id").tolist(), strict=True)
    for n, (pair, state) in enumerate(zip(pairs, states, strict=True)):
        yield pair, (state, {name: texts[n] for name, texts in resources.items() if texts[n]})
