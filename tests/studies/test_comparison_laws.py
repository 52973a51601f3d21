"""What holds for any two runs, tried on random scenarios and on what becomes of them when something is changed."""

import csv
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario
from nle_optimizer.errors import InputError
from nle_optimizer.reports.run_folder import Circumstances, write_run_folder
from nle_optimizer.studies.comparison.comparison import compare
from nle_optimizer.studies.comparison.text import comparison_text
from support.random_scenarios import write_random_scenario
from support.scenarios import read_table, write_table

SEEDS = range(12)
STATES = {"allocation": "supported", "unmatched": "unmatched", "exclusions": "excluded"}
CHANGES: tuple[Mapping[str, Any], ...] = (
    {"geography.max_distance_km": 15},
    {"seed": 99},
    {"capacity.multiply": {"placements": 2}},
    {"fit.minimum": 0.4},
    {"objectives": ["schools_supported", "distance"]},
    {},
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Gives, for a seed, the folders of two related runs."""
    home = tmp_path_factory.mktemp("runs")

    @cache
    def of(seed: int) -> tuple[Path, Path]:
        try:
            return _related_runs(home / str(seed), seed)
        except InputError:  # the random scenario contradicts itself
            return of(seed + 1000)

    return of


def _related_runs(home: Path, seed: int) -> tuple[Path, Path]:
    rng = Random(seed)
    home.mkdir()
    file = write_random_scenario(home, seed)
    _run(file, {}, home / "first", keep_inputs=True)
    for table in ("schools", "nles"):
        if rng.random() < 0.5:
            _change_rows(home / f"{table}.csv", rng)
    _run(file, rng.choice(CHANGES), home / "second", keep_inputs=rng.random() < 0.8)
    return home / "first", home / "second"


def _run(file: Path, changes: Mapping[str, Any], target: Path, *, keep_inputs: bool) -> None:
    result = allocate(load_scenario(file).replace(changes))
    circumstances = Circumstances(["test"], datetime.now(UTC), {})
    write_run_folder(result, target, circumstances, force=False, keep_inputs=keep_inputs)


def _change_rows(file: Path, rng: Random) -> None:
    """Drop a row, or change the needs or expertise of one."""
    rows = read_table(file)
    row = rng.choice(rows)
    if len(rows) > 1 and rng.random() < 0.5:
        rows.remove(row)
    else:
        row |= {name: "0.125" for name in row if name.startswith(("need_", "expertise_")) and name != "need_source"}
    write_table(file, rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_changed_between_a_run_and_itself(seed: int, runs: Any) -> None:
    for folder in runs(seed):
        found = compare(folder, folder)
        assert found.inputs.not_kept or found.same
        assert (found.schools.changes, found.pairs.gained, found.pairs.lost, found.settings) == ((), (), (), ())
        assert found.warnings == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_way_round_everything_is_mirrored(seed: int, runs: Any) -> None:
    first, second = runs(seed)
    there, back = compare(first, second).document(), compare(second, first).document()
    for document in (there, back):
        del document["cautions"], document["warnings"]
    assert _sorted(_mirror(there)) == _sorted(back)


OPPOSITE = {"first": "second", "gained": "lost", "added": "removed", "columns_added": "columns_removed"}
OPPOSITE |= {"rows_first": "rows_second"} | {other: one for one, other in OPPOSITE.items()}
OPPOSITE |= {"rows_second": "rows_first"}


def _mirror(value: Any) -> Any:
    if isinstance(value, dict):
        mirrored = {OPPOSITE.get(key, key): _mirror(entry) for key, entry in value.items()}
        flow = {"first", "second", "schools"} == set(value)
        if isinstance(value.get("difference"), float):
            mirrored["difference"] = 0.0 - value["difference"]
        return {**mirrored, "schools": value["schools"]} if flow else mirrored
    return [_mirror(entry) for entry in value] if isinstance(value, list | tuple) else value


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return sorted((_sorted(entry) for entry in value), key=lambda entry: json.dumps(entry, sort_keys=True))
    return value


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_gained_less_pairs_lost_is_the_difference_of_matched_pairs(seed: int, runs: Any) -> None:
    folders = runs(seed)
    pairs = compare(*folders).pairs
    before, after = (_matched(folder) for folder in folders)
    assert len(pairs.gained) - len(pairs.lost) == len(after) - len(before)
    assert {(pair.school_id, pair.nle_id) for pair in pairs.gained} == after - before
    assert {(pair.school_id, pair.nle_id) for pair in pairs.lost} == before - after
    assert pairs.kept == len(before & after)


def _matched(folder: Path) -> set[tuple[str, str]]:
    with (folder / "allocation.csv").open(encoding="utf-8", newline="") as file:
        return {(row["school_id"], row["nle_id"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_school_of_either_run_is_accounted_for(seed: int, runs: Any) -> None:
    folders = runs(seed)
    found = compare(*folders)
    before, after = (_states(folder) for folder in folders)
    expected = Counter((before.get(school, "absent"), after.get(school, "absent")) for school in before | after)
    assert {(flow.first, flow.second): flow.schools for flow in found.schools.flows} == expected
    changed = {school for school in before | after if before.get(school) != after.get(school)}
    assert [change.school_id for change in found.schools.changes] == sorted(changed)
    moved = {move.school_id for move in found.pairs.moved}
    touched = {pair.school_id for pair in (*found.pairs.gained, *found.pairs.lost)}
    assert touched - changed == moved


def _states(folder: Path) -> dict[str, str]:
    return {row["school_id"]: state for name, state in STATES.items() for row in read_table(folder / f"{name}.csv")}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_difference_leads_from_the_first_figure_to_the_second(seed: int, runs: Any) -> None:
    figures = compare(*runs(seed)).figures
    for figure in (*figures.counts, *figures.metrics, *figures.capacity):
        if figure.first is None or figure.second is None:
            assert figure.difference is None
        else:
            exact = Fraction(str(figure.second)) - Fraction(str(figure.first))
            assert figure.difference == float(exact)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_document_is_plain_json_and_the_text_says_no_more_than_it_was_asked_for(seed: int, runs: Any) -> None:
    found = compare(*runs(seed))
    document = found.document()
    assert json.loads(json.dumps(document, allow_nan=False))["schema_version"] == 1
    none, some = comparison_text(found, 0), comparison_text(found, 1000)
    assert len(none.splitlines()) <= len(some.splitlines())
    assert "... and" not in some
