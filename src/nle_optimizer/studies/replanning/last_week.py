"""What an earlier run leaves behind: the pairs it matched, those that ended, and the schools it gave to trusts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.records import Column, Records, as_text
from nle_optimizer.scenario.columns import ENDED
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.reopening import reopen

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
class LastWeek:
    """An earlier run.

    Attributes:
        path: its folder.
        scenario: its settings and tables, from its own inputs.
        matched: the pairs it matched, by school and NLE.
        ended: the state of each pair that had ended by then, and what it took of each resource, as text.
        trusts: the trust that each school was matched with there (`trust_first.mode: optimise`).
        waiting: eligible schools that it left without an NLE.
    """

    path: Path
    scenario: Scenario
    matched: Mapping[Pair, Matched]
    ended: Mapping[Pair, tuple[str, Mapping[str, str]]]
    trusts: Mapping[str, str]
    waiting: frozenset[str]


def last_week(path: Path) -> LastWeek:
    """Open the folder of an earlier run.

    Raises:
        RunFolderError: as `reopen`.
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
    gone_to: dict[str, str] = {}
    if trusts is not None:
        problem, pairs = trusts.problem, trusts.solution.matched
        schools, homes = problem.recipient_ids[problem.recipient[pairs]], problem.nle_ids[problem.nle[pairs]]
        gone_to = dict(zip(schools.tolist(), homes.tolist(), strict=True))
    waiting = frozenset(folder.claim.tables["unmatched"]["school_id"])
    ended = {pair: told for pair, told in rows_of(folder.scenario) if told[0] in ENDED}
    return LastWeek(path, folder.scenario, matched, ended, gone_to, waiting)


def rows_of(scenario: Scenario) -> Iterator[tuple[Pair, tuple[str, Mapping[str, str]]]]:
    """The pairs of a scenario's current table, each with its state and the resources that the table says it takes."""
    table = scenario.current
    if table is None:
        return
    resources = {name: _texts(table, name) for name in scenario.resources if name in table}
    states = table.column("state").or_else("proposed").tolist()
    pairs = zip(table.values("school_id").tolist(), table.values("nle_id").tolist(), strict=True)
    for n, (pair, state) in enumerate(zip(pairs, states, strict=True)):
        yield pair, (state, {name: texts[n] for name, texts in resources.items() if texts[n]})


def _texts(table: Records, name: str) -> list[str]:
    column: Column = table.column(name)
    return as_text(column)
