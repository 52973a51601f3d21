"""The second reading in SQL finds what today's checker finds, on random scenarios and in what somebody changed."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isqrt
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest

from nle_optimizer import Result, allocate, load_scenario
from nle_optimizer.cli.main import run_program
from nle_optimizer.errors import InputError, VerificationError
from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.pairs.candidates import REASONS, every_candidate
from nle_optimizer.evidence.verification.reading import PairReading, reading_of
from nle_optimizer.evidence.verification.sql import reading
from nle_optimizer.evidence.verification.sql.reading import SqlFinding, read_in_sql, run_statements, write_statements
from nle_optimizer.evidence.verification.sql.relations import KEYS
from nle_optimizer.evidence.verification.stages.entrance import Entrance, entrance
from nle_optimizer.records import Column
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario
from support.any_scenario import write_any_scenario
from support.carried_through import _run
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, school, write_scenario

MANY = int(os.environ.get("NLE_OPTIMIZER_CASES", "1"))
"""By how much the random cases are multiplied."""
NOTHING = Claim({}, {"status": "optimal"}, {})
CARRIED = (
    *("easting", "northing", "region", "local_authority", "phase", "faith", "diocese", "priority", "trust_id", "name"),
    *("need_leadership", "need_governance", "need_finance", "need_source", "supporters", "pupils", "days_waiting"),
    *("latest_grade", "previous_grade", "inspections", "best_grade_since_2005", "leadership_grade", "education_grade"),
    *("trust_long_held", "trust_share_below_good", "trust_declining", "same_structure", "days_since_inspection"),
)
"""Columns of a recipient that both readings work out."""

Rows = dict[Any, Any]


def _cells(column: Column) -> list[Any]:
    return [
        value if given else None for value, given in zip(column.values.tolist(), column.given.tolist(), strict=True)
    ]


def _recipients(come: Entrance) -> Rows:
    table, rules = come.recipients.table, [None if rule < 0 else rule for rule in come.recipients.rule.tolist()]
    columns = [_cells(table.column(name)) for name in CARRIED]
    rows = zip(*columns, come.recipients.formed.tolist(), rules, strict=True)
    return dict(zip(table.ids.tolist(), rows, strict=True))


def _supply(found: PairReading) -> Rows:
    return dict(zip(found.scenario.nles.ids.tolist(), found.supply.reason.tolist(), strict=True))


def _capacity(found: PairReading) -> Rows:
    capacity, ids = found.supply.capacity.tolist(), found.scenario.nles.ids.tolist()
    return {
        (nle, name): row[n]
        for name, row in zip(found.scenario.resources, capacity, strict=True)
        for n, nle in enumerate(ids)
    }


def _pairs(found: PairReading) -> tuple[Rows, Rows, Rows]:
    """Distance, fit and shares of each candidate; what it takes; and why each recipient without one has none."""
    candidates = every_candidate(found.ground, found.supply.available, found.placed)
    nles, schools = found.scenario.nles.ids, found.recipients.ids
    pairs: Rows = {}
    uses: Rows = {}
    for block in candidates.blocks:
        assert block.metres is not None and block.fit is not None
        keys = list(
            zip(nles[np.broadcast_to(block.nle, len(block))].tolist(), schools[block.rows].tolist(), strict=True)
        )
        areas = (found.ground.candidates.fitness.area(block, area).tolist() for area in AREAS)
        measured = zip(block.metres.tolist(), block.fit.tolist(), *areas, strict=True)
        pairs |= {
            key: tuple(None if each == -1 else each for each in row) for key, row in zip(keys, measured, strict=True)
        }
        uses |= dict(zip(keys, found.usage.of(block).T.tolist(), strict=True))
    having = {school for _, school in pairs}
    why = {
        school: REASONS[rank]
        for school, rank in zip(schools.tolist(), candidates.last.tolist(), strict=True)
        if school not in having
    }
    return pairs, uses, why


def _asked(database: duckdb.DuckDBPyConnection, query: str, keys: int) -> Rows:
    rows = database.execute(query).fetchall()
    return {row[0] if keys == 1 else row[:keys]: row[keys] if len(row) == keys + 1 else row[keys:] for row in rows}


def _front_is_read_alike(scenario: Scenario, folder: Path) -> None:
    """Recipients, exits, NLEs, capacities and candidate pairs are those of today's checker."""
    come = entrance(scenario, (), "null")
    found = reading_of(scenario, come.recipients, come.placed, None)
    pairs, uses, why = _pairs(found)
    write_statements(scenario, NOTHING, folder)
    with run_statements(folder) as database:
        assert _asked(database, "SELECT school_id, exit[1], exit[2] FROM excluded", 1) == come.left
        names = ", ".join(CARRIED)
        assert _asked(database, f"SELECT school_id, {names}, is_formed, rule FROM recipient", 1) == _recipients(come)
        assert _asked(database, "SELECT nle_id, coalesce(out_reason, '') FROM nle", 1) == _supply(found)
        assert _asked(database, "SELECT nle_id, resource, amount FROM has", 2) == _capacity(found)
        shares = ", ".join(f"fit_{area}" for area in AREAS)
        assert _asked(database, f"SELECT nle_id, school_id, metres, fit, {shares} FROM candidate", 2) == pairs
        takes = "SELECT nle_id, school_id, list(amount ORDER BY position) FROM uses GROUP BY ALL"
        assert _asked(database, takes, 2) == uses
        stops = "SELECT s.school_id, f.filter FROM stopped AS s JOIN filters AS f ON f.rank = s.stopped_by"
        assert _asked(database, stops, 1) == why


@pytest.mark.parametrize("seed", [*range(5 * MANY), 2104])
def test_who_may_be_matched_with_whom_is_read_alike(seed: int, tmp_path: Path) -> None:
    """In the last an area without a weight has a need and no expertise."""
    try:
        _front_is_read_alike(load_scenario(write_any_scenario(tmp_path, seed)), tmp_path / "sql")
    except (InputError, RefusedError) as refusal:
        assert str(refusal)


@pytest.mark.parametrize("seed", range(3 * MANY))
@pytest.mark.parametrize("demanding", [None, False, True])
def test_every_result_stands_in_sql(seed: int, demanding: bool | None, tmp_path: Path) -> None:
    try:
        write = write_any_scenario if demanding is None else write_random_scenario
        file = write(tmp_path, seed, **({} if demanding is None else {"demanding": demanding}))
        result = _run(load_scenario(file))
    except InputError as refusal:
        assert refusal.problems
        return
    assert read_in_sql(result.scenario, result.claim, tmp_path / "sql").findings == []


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A result with a row in every table: a limit by region, costs, a column of one's own."""
    folder = tmp_path_factory.mktemp("rich")
    schools = [
        school(n, region="London" if n % 2 else "East", priority=1 + n % 2, phase="primary", mine=f"x{n}")
        for n in range(1, 9)
    ]
    schools += [school(10, latest_grade=1), school(11, easting=600_000)]
    schools = [{"latest_grade": 3, **row} for row in schools]
    settings = {
        "eligibility": {"rules": [{"name": "ri", "when": {"latest_grade": 3}}]},
        "geography": {"max_distance_km": 80},
        "costs": {"per_match": 100},
        "constraints": [{"name": "most", "type": "quota", "by": "region", "maximum": 3}],
        "objectives": [{"schools_supported": {"by": "priority"}}, "fit", {"fit": {"weight": "priority"}}, "distance"],
    }
    nles = [
        nle(1, placements=2, region="London"),
        nle(2, placements=2, expertise_finance=0.25),
        nle(3, status="paused"),
    ]
    return allocate(load_scenario(write_scenario(folder, settings, schools, nles)))


def _read(
    result: Result, folder: Path, tables: Mapping[str, TextTable] | None = None, **summary: Any
) -> list[SqlFinding]:
    claim = result.claim
    changed = Claim({**claim.tables, **(tables or {})}, {**claim.summary, **summary}, claim.certificate)
    return list(read_in_sql(result.scenario, changed, folder).findings)


def _changed(cell: str) -> str:
    return re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), cell) if re.search(r"\d", cell) else cell + "x"


def test_a_change_of_any_cell_that_is_read_is_found(rich: Result, tmp_path: Path) -> None:
    assert _read(rich, tmp_path / "untouched") == []
    tables = {
        name: {
            column: [*cells[:-1], _changed(cells[-1])] if column not in KEYS[name] else cells
            for column, cells in table.items()
        }
        for name, table in rich.claim.tables.items()
        if name in KEYS
    }
    found = {(finding.table, finding.column) for finding in _read(rich, tmp_path / "changed", tables)}
    left = read_in_sql(rich.scenario, rich.claim, tmp_path / "left").not_read
    expected = {
        (f"{name}.csv", column) for name, table in tables.items() for column in table if column not in KEYS[name]
    }
    assert all(len(next(iter(table.values()))) > 0 for table in tables.values())
    assert expected - found == {(each.table, each.column) for each in left} & expected
    assert found <= expected | {("summary.json", "")}


def _without_last(table: TextTable) -> TextTable:
    return {column: cells[:-1] for column, cells in table.items()}


def _twice(table: TextTable) -> TextTable:
    return {column: [*cells, cells[-1]] for column, cells in table.items()}


def _backwards(table: TextTable) -> TextTable:
    return {column: list(reversed(cells)) for column, cells in table.items()}


def _one_more(table: TextTable) -> TextTable:
    return {column: [*cells, cells[-1] + "9"] for column, cells in table.items()}


def _new_column(table: TextTable) -> TextTable:
    return {**table, "new": ["1"] * len(next(iter(table.values())))}


@pytest.mark.parametrize("change", [_without_last, _twice, _backwards, _one_more, _new_column])
def test_rows_and_columns_that_are_lost_or_added_are_found(
    change: Callable[[TextTable], TextTable], rich: Result, tmp_path: Path
) -> None:
    tables = {name: change(rich.claim.tables[name]) for name in KEYS}
    found = {finding.table for finding in _read(rich, tmp_path, tables)}
    of_one_row = {name for name in KEYS if len(next(iter(rich.claim.tables[name].values()))) < 2}
    missed = {"breakdown.csv", *(f"{name}.csv" for name in of_one_row)} if change is _backwards else set()
    if change is _without_last:  # a pair that is not named leaves its school without a row
        missed = {"allocation.csv"}
    assert {f"{name}.csv" for name in KEYS} - found <= missed


def test_a_change_of_any_figure_that_is_read_is_found(rich: Result, tmp_path: Path) -> None:
    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [changed(inner) for inner in value]
        return value + 1 if type(value) in (int, float) else not value if isinstance(value, bool) else f"{value}x"

    parts = ("metrics", "counts", "needs", "capacity", "objectives", "constraints", "scenario", "rule")
    summary = {part: changed(rich.claim.summary[part]) for part in parts}
    summary["constraints"] = [
        {**row, "label": was["label"]}
        for row, was in zip(summary["constraints"], rich.claim.summary["constraints"], strict=True)
    ]
    found = {finding.key for finding in _read(rich, tmp_path, **summary)}
    for part in ("metrics", "counts", "needs"):
        assert {f"{part}.{name}" for name in rich.claim.summary[part]} <= found
    assert {"capacity.placements.available", "capacity.placements.used", "scenario", "rule"} <= found
    levels = len(rich.claim.summary["objectives"])
    assert {
        f"objectives[{n}].{what}" for n in range(1, levels + 1) for what in ("name", "sense", "value", "exact.value")
    } <= found
    rows = len(rich.claim.summary["constraints"])
    assert {
        f"constraints[{n}].{what}" for n in range(1, rows + 1) for what in ("name", "value", "maximum", "binding")
    } <= found


def test_pairs_that_break_a_limit_are_found(rich: Result, tmp_path: Path) -> None:
    table = rich.claim.tables["allocation"]
    moved = {column: list(cells) for column, cells in table.items()}
    moved["nle_id"] = ["N1"] * len(moved["nle_id"])
    assert any(
        finding.stage == "limits" and finding.key == "N1" for finding in _read(rich, tmp_path, {"allocation": moved})
    )


def test_what_is_published_decides_nothing_before_it_is_compared(rich: Result, tmp_path: Path) -> None:
    """Recipients, NLEs and candidates are the same whatever the run says."""
    tables = (
        "stood",
        "entry",
        "recipient",
        "excluded",
        "nle",
        "has",
        "candidate",
        "stopped",
        "takes",
        "level",
        "counts_in",
    )
    found = []
    for n, claim in enumerate((rich.claim, NOTHING)):
        write_statements(rich.scenario, claim, tmp_path / str(n))
        with run_statements(tmp_path / str(n)) as database:
            found.append([sorted(database.execute(f"FROM {table}").fetchall(), key=str) for table in tables])
    assert found[0] == found[1]


def test_the_shell_alone_gives_the_same_findings(rich: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no `duckdb` shell, its `.read` is done here."""
    tables = {
        "unmatched": {
            **rich.claim.tables["unmatched"],
            "nearest_km": ["1.000"] * len(rich.claim.tables["unmatched"]["name"]),
        }
    }
    tmp_path = tmp_path / "Anna's, 2022"
    ours = _read(rich, tmp_path, tables)
    assert ours
    lines = (tmp_path / "verify.sql").read_text().splitlines()
    if shell := shutil.which("duckdb"):
        script = "\n".join(
            [
                *(line for line in lines if line.startswith(".read")),
                ".mode csv",
                ".headers off",
                "SELECT 'start';",
                "FROM findings;",
            ]
        )
        told = subprocess.run([shell], input=script, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert told.split("start", 1)[1].count("nearest_km") == len(ours)
        return
    files = [line.removeprefix(".read ") for line in lines if line.startswith(".read")]
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as database:
        for name in files:
            for statement in duckdb.extract_statements(Path(name).read_text(encoding="utf-8")):
                database.execute(statement)
        rows = database.execute("FROM findings WHERE stage <> 'not read in SQL'").fetchall()
    assert sorted(SqlFinding(*("" if cell is None else cell for cell in row)) for row in rows) == sorted(ours)


def test_a_blank_stays_blank_where_a_later_inspection_gives_way(tmp_path: Path) -> None:
    """DuckDB's `least` and `greatest` pass over NULL, so that a blank would count as the other value."""
    dates = {
        "latest_inspected": "2023-01-01",
        "previous_inspected": "2019-01-01",
        "latest_grade": 2,
        "previous_grade": 3,
    }
    schools = [school(n, **dates, inspections=count) for n, count in enumerate(("", 1, 4))]
    file = write_scenario(tmp_path, {"as_of": "2022-09-01"}, schools)
    _front_is_read_alike(load_scenario(file), tmp_path / "sql")


def test_a_number_that_is_too_long_is_refused_and_not_rounded(tmp_path: Path) -> None:
    schools = [school(1), school(2, easting=600_000, northing=1_200_000)]
    file = write_scenario(tmp_path, {"geography": {"detour_factor": 1_000_000_000}}, schools)
    with pytest.raises(VerificationError, match=r"4_fit\.sql: a number is too long"):
        read_in_sql(load_scenario(file), NOTHING, tmp_path / "sql")


def test_roots_and_halves_are_exact_in_sql(tmp_path: Path) -> None:
    write_statements(load_scenario(write_scenario(tmp_path)), NOTHING, tmp_path / "sql")
    rng = Random(0)
    squares = [
        n
        for root in (1, 2, 10**6, 2**52 + 1, 2**62, *(rng.randrange(2**60) for _ in range(50)))
        for n in (root**2 - 1, root**2, root**2 + 1)
    ]
    signed = [(rng.randrange(-50, 50), rng.randrange(1, 9)) for _ in range(200)]
    with run_statements(tmp_path / "sql") as database:
        asked = ", ".join(f"({n}::HUGEINT)" for n in (0, *squares))
        assert database.execute(f"SELECT n, whole_root(n) FROM (VALUES {asked}) AS t(n)").fetchall() == [
            (n, isqrt(n)) for n in (0, *squares)
        ]
        pairs = ", ".join(f"({a}, {b})" for a, b in signed)
        found = database.execute(
            f"SELECT half_up_signed(a, b), to_even(abs(a), b) FROM (VALUES {pairs}) AS t(a, b)"
        ).fetchall()
        assert found == [((2 * a + b) // (2 * b), round(Fraction(abs(a), b))) for a, b in signed]


def test_verify_writes_and_runs_the_statements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["init", str(tmp_path / "example")]) == 0
    run, sql = str(tmp_path / "run"), str(tmp_path / "sql")
    assert run_program(["run", str(tmp_path / "example" / "scenario.yaml"), "--out", run]) == 0
    assert run_program(["verify", run, "--sql", sql]) == 0
    assert "verified in SQL" in capsys.readouterr().out
    assert run_program(["verify", run, "--sql", sql]) == 2
    written = {path.name for path in Path(sql).iterdir()}
    assert {"README.md", "verify.sql", "load.sql", "conditions.sql", *reading.STATEMENTS, "relations"} <= written
    named = re.findall(r"^\| `(\w+)` \|", (Path(sql) / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {path.stem for path in (Path(sql) / "relations").iterdir()} == set(named)
    table = Path(run) / "allocation.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("proposed", "agreed"), encoding="utf-8")
    assert run_program(["verify", run, "--sql", sql, "--force", "--format", "json"]) == 1
    assert '"column": "state"' in capsys.readouterr().out
