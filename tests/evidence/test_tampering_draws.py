"""What a run says of its draws hangs together: a changed cell or figure is found, without drawing again."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification import checker
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.evidence.verification.random_draws import Left, left_of
from nle_optimizer.result import Result
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.studies.robustness.robustness import with_draws
from support.scenarios import nle, school, write_scenario

RATES = {"draws": 9, "needs": 0.3, "expertise": 0.2, "nle_withdraws": 0.3, "school_refuses": 0.2}
AREAS = ("leadership", "governance", "finance")
DRAWN = ("share_weights", "share_estimates", "stands")


def drawn(folder: Path, schools: int = 8, **settings: Any) -> Result:
    """A result with its draws, one pair of it agreed."""
    lot = Random(1)

    def cells(prefix: str) -> dict[str, Any]:
        return {f"{prefix}_{area}": lot.choice([0.2, 0.5, 0.9]) for area in AREAS}

    file = write_scenario(
        folder,
        {"objectives": ["fit"], "uncertainty": RATES, "data": {"current": "current.csv"}, **settings},
        [school(n, stands="yes", **cells("need")) for n in range(schools)],
        [nle(n, **cells("expertise"), placements=2) for n in range(3)],
        current=[{"school_id": "S1", "nle_id": "N1", "state": "agreed"}],
    )
    return with_draws(allocate(load_scenario(file)), 1, lambda _: None)[0]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return drawn(tmp_path_factory.mktemp("draws"))


@pytest.fixture(scope="module")
def known() -> dict[Any, Left | None]:
    """What is left of a plan of the result in each of its draws."""
    return {}


@pytest.fixture
def draws_once(result: Result, known: dict[Any, Left | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of a plan in a draw of the result is worked out once, whatever is changed of its claim."""

    def once(make: Callable[[], Scenario], plan: Sequence[tuple[str, str]], **named: Any) -> Left | None:
        assert isinstance(make, partial)
        key = make.func.__name__, make.args, tuple(plan)
        if key not in known:
            known[key] = left_of(make, plan=plan, **named)
        return known[key]

    monkeypatch.setattr(checker, "left_of", once)
    assert check_claim(result.scenario, result.claim) == check_claim(result.scenario, result.claim) == []


def test_an_honest_run_stands_though_its_schools_have_a_column_of_the_same_name(result: Result) -> None:
    assert check_claim(result.scenario, result.claim) == []
    assert "yes" not in result.claim.tables["allocation"]["stands"]
    assert list(result.claim.tables["allocation"])[-3:] == list(DRAWN)


def changed(claim: Claim, table: str, column: str, row: int, cell: str) -> Claim:
    cells = [*claim.tables[table][column]]
    cells[row] = cell
    return replace(claim, tables={**claim.tables, table: {**claim.tables[table], column: cells}})


def other(column: str, cell: str) -> Iterator[str]:
    """What somebody might write instead; another share of the draws of weights nobody can tell without drawing them."""
    yield ""
    yield cell + "1"
    yield {"firm": "likely", "yes": "no", "no": "yes"}.get(cell, "firm")
    if "." in cell and column != "share_weights":
        yield f"{(float(cell) + 1 / RATES['draws']) % 1:.4f}"
        yield f"{1 - float(cell):.4f}"
        yield f"-{cell}"
    if cell.isdecimal():
        yield str(int(cell) + 1)


ONE_IN = {"allocation": 1, "uncertainty": 2, "pair_shares": 2, "school_shares": 1, "this_plan": 4}
"""Tables, and of how many rows one is changed, another in each column."""
TABLES = list(ONE_IN)
BELIEVED = ("pairs_new", "pairs_in_common")
"""Pairs of a plan made anew under another weight: verification makes none, and nothing else tells of them."""


@pytest.mark.parametrize("table", TABLES)
def test_a_changed_cell_is_found(table: str, result: Result, draws_once: None) -> None:
    columns = result.claim.tables[table]
    for number, column in enumerate(DRAWN if table == "allocation" else columns):
        for row, cell in enumerate(columns[column]):
            is_of_weight = table == "this_plan" and columns["kind"][row] == "weights"
            if (row + number) % ONE_IN[table] or (is_of_weight and column in BELIEVED):
                continue
            for instead in other(column, cell):
                if instead != cell:
                    claim = changed(result.claim, table, column, row, instead)
                    assert check_claim(result.scenario, claim), f"{table}: {column} {row}: {cell} to {instead} passed"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if entries is None:
        yield path, value
        return
    for key, entry in entries:
        yield from leaves(entry, (*path, key))


@pytest.mark.parametrize("part", ["robustness", "under_error"])
def test_a_changed_figure_of_the_summary_is_found(part: str, result: Result, draws_once: None) -> None:
    for path, value in leaves(result.claim.summary[part]):
        for instead in (value + 0.001 if isinstance(value, float) else 3, None, "x", -1):
            summary = copy.deepcopy(dict(result.claim.summary))
            holder = summary[part]
            for key in path[:-1]:
                holder = holder[key]
            if holder[path[-1]] == instead:
                continue
            holder[path[-1]] = instead
            claim = Claim(result.claim.tables, summary, result.claim.certificate)
            assert check_claim(result.scenario, claim), f"{path}: {value} to {instead} passed"


def test_what_the_plan_kept_comes_to_is_worked_out_again_and_not_read(result: Result, draws_once: None) -> None:
    table = result.claim.tables["this_plan"]
    for column in ("pairs_left", "within_limits", "this_plan"):
        for row in (0, 5, len(table["case"]) - 1):
            cell = table[column][row]
            if not cell:
                continue
            instead = {"yes": "no", "no": "yes"}.get(cell) or str(Decimal(cell) - 1)
            findings = check_claim(result.scenario, changed(result.claim, "this_plan", column, row, instead))
            assert any(f"{column}: the inputs give {cell}" in each for each in findings), findings


@pytest.mark.parametrize("table", TABLES)
def test_a_row_or_column_that_is_missing_is_found(table: str, result: Result) -> None:
    columns = result.claim.tables[table]
    shorter = {name: list(cells)[1:] for name, cells in columns.items()}
    without = [{name: cells for name, cells in columns.items() if name != gone} for gone in columns if gone in DRAWN]
    for instead in (shorter, *without):
        claim = Claim({**result.claim.tables, table: instead}, result.claim.summary, result.claim.certificate)
        assert check_claim(result.scenario, claim)


def test_a_summary_that_tells_nothing_of_draws_is_found_where_tables_do(result: Result) -> None:
    summary = {name: part for name, part in result.claim.summary.items() if name != "robustness"}
    assert check_claim(result.scenario, Claim(result.claim.tables, summary, result.claim.certificate))


def test_an_agreed_pair_stands_in_every_draw_that_has_an_allocation(result: Result) -> None:
    table = result.claim.tables["allocation"]
    row = list(zip(table["school_id"], table["nle_id"], strict=True)).index(("S1", "N1"))
    assert [table[name][row] for name in DRAWN] == ["1.0000", "1.0000", "firm"]
    claim = changed(result.claim, "allocation", "share_estimates", row, "0.8889")
    for name, cell in (("share", "0.8889"), ("stands", "likely")):
        at = result.claim.tables["pair_shares"]
        rows = list(zip(at["school_id"], at["nle_id"], strict=True))
        claim = changed(claim, "pair_shares", name, rows.index(("S1", "N1")), cell)
    assert any("is required" in finding for finding in check_claim(result.scenario, claim))


@pytest.mark.parametrize(
    "settings",
    [
        {"fit": {"weights": {"finance": 2}}},
        {"fit": {"weights": {"leadership": 1, "governance": 0.333, "finance": 0.334}}},
        {"rule": "greedy"},
        {"uncertainty": {"draws": 5}},
        {"uncertainty": {"draws": 3, "nle_withdraws": 1}},
        {"constraints": [{"name": "few", "type": "quota", "of": "schools", "minimum": 5}], "uncertainty": RATES},
        {"objectives": ["leximin_fit", "load_balance"], "uncertainty": {**RATES, "draws": 2}, "schools": 4},
        {"objectives": [{"fit": {"within": "5%"}}, "schools_supported"], "uncertainty": {**RATES, "draws": 3}},
        {"objectives": [{"schools_supported": {"by": "priority"}}, "fit"], "rule": "max-min"},
        {"trust_first": {"mode": "off"}, "fit": {"minimum": 0.4, "measure": "weakest-area"}},
        {"capacity": {"multiply": {"placements": 0.8}}},
    ],
)
def test_honest_runs_of_many_kinds_stand(settings: dict[str, Any], tmp_path: Path) -> None:
    result = drawn(tmp_path, **settings)
    assert check_claim(result.scenario, result.claim) == []
