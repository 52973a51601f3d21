"""What an earlier run leaves behind: its plan, the decisions it was made by, and the tables as they were given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.files import sha256
from nle_optimizer.records import Records, as_text
from nle_optimizer.reports.resolved import resolved_text
from nle_optimizer.reports.run_folder import RunFolder
from nle_optimizer.reports.settings import read_settings
from nle_optimizer.scenario.columns import ENDED, TABLES
from nle_optimizer.scenario.journal import FILE, Journal, read_journal
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.studies.reopening import reopen

GIVEN = "scenario.given.yaml"
"""Settings and tables of a replanned run as they were given, before any decision."""
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
    journal = read_journal(path / FILE) if (path / FILE).is_file() else Journal()
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
    return {
        GIVEN: resolved_text(given, paths, {}).encode(),
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
