"""Cures against solving anew with what they ask for, against a plain search, and against the second reading."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.evidence.cures import capacity_cures
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.published_tables import publish
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.result import Result
from nle_optimizer.running import result_of
from support.scenarios import nle, school, write_scenario
from support.small_cases import cases, changed, outcome_of, plain, values


def capacity_cures_by_recipient(outcome: Outcome, most: int) -> dict[int, list[tuple[str, str, str, str]]]:
    found, told = capacity_cures(outcome, most), {}
    for recipient, cells in zip(found.recipient.tolist(), found.cells(outcome), strict=True):
        told.setdefault(recipient, []).append(cells)
    return told


def test_with_the_capacity_a_cure_asks_for_the_objective_is_as_good_as_it_says(tmp_path: Path) -> None:
    found = 0
    for place, given, chosen, outcome in cases(tmp_path, "cures", 30, plain):
        sense = outcome.problem.levels[0].sense
        for recipient, ((resource, nle_id, amount, price),) in capacity_cures_by_recipient(outcome, 1).items():
            number = [row["nle_id"] for row in given["nles"]].index(nle_id)
            places = given["nles"][number]["placements"] + int(amount)
            after = outcome_of(place / str(recipient), changed(given, "nles", number, placements=places), chosen)
            assert after is not None and (resource, amount) == ("placements", "1")
            assert sense * Decimal(price) >= 0
            assert sense * (values(after)[0] - values(outcome)[0]) >= sense * Decimal(price)
            found += 1
    assert found > 10


def test_the_cheapest_cure_is_the_dearest_pair_of_a_full_nle(tmp_path: Path) -> None:
    for _, given, _, outcome in cases(tmp_path, "cheapest", 30, plain):
        ids, level = outcome.problem.recipient_ids.tolist(), outcome.problem.levels[0]
        used = dict.fromkeys(outcome.problem.nle_ids.tolist(), 0)
        for pair in outcome.solution.matched.tolist():
            used[outcome.problem.nle_ids[outcome.problem.nle[pair]]] += 1
        full = {row["nle_id"] for row in given["nles"] if used.get(row["nle_id"]) == row["placements"]}
        for recipient in range(len(ids)):
            cures = capacity_cures_by_recipient(outcome, 99).get(recipient, [])
            own = [
                Decimal(level.sense * int(level.amounts[n])) / level.scale
                for n in range(outcome.problem.size)
                if outcome.problem.recipient[n] == recipient
                and outcome.problem.nle_ids[outcome.problem.nle[n]] in full
                and level.amounts[n] >= 0
                and not outcome.supported[recipient]
            ]
            assert [Decimal(price) for _, _, _, price in cures] == sorted(own, key=lambda price: -level.sense * price)


def test_a_cure_that_is_none_is_found_by_the_second_reading(tmp_path: Path) -> None:
    tried = 0
    wrong = {"cure_amount": "2", "cure_price": "0.123", "cure_id": "N99", "cure_kind": "days"}
    for _, _, _, outcome in cases(tmp_path, "tampered cures", 10, plain):
        claim = publish(outcome)
        assert check_claim(outcome.scenario, claim) == []
        right = claim.tables["unmatched"]
        if not any(right["cure_kind"]):
            continue
        line = next(n for n, kind in enumerate(right["cure_kind"]) if kind)
        for column, cell in wrong.items():
            cells = list(right[column])
            cells[line] = cell
            claim.tables["unmatched"] = {**right, column: cells}  # type: ignore[index]
            assert any("cure" in finding for finding in check_claim(outcome.scenario, claim))
            tried += 1
    assert tried


KINDS = {"too-far": "reach", "fit-below-minimum": "minimum_fit", "own-trust": "conflict"}
COLUMNS = {
    "reach": ("reach_nle_id", "reach_more_km", "reach_price"),
    "minimum_fit": ("minimum_fit_nle_id", "minimum_fit_needed", "minimum_fit_price"),
    "conflict": ("conflict_nle_id", "conflict", "conflict_price"),
}
SETTINGS: dict[str, Any] = {
    "objectives": ["fit"],
    "geography": {"max_distance_km": 20},
    "fit": {"minimum": 0.7},
    "conflicts": {"same_authority": False},
}
World = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def world(rng: Random) -> World:
    """Schools and NLEs on a line, so that distances and fits are read off the cells: fit is the one expertise."""
    where = lambda: {"easting": 400_000 + 500 * rng.randint(0, 120), "northing": 400_000}  # noqa: E731
    need = {"need_leadership": 1, "need_governance": 0, "need_finance": 0}
    schools = [school(n, **need, **where(), trust_id=rng.choice(["T1", "T2"])) for n in range(1, 7)]
    nles = [
        nle(n, **where(), placements=rng.randint(1, 2), trust_id=rng.choice(["T1", "T2"]))
        | {"expertise_leadership": rng.choice([0.2, 0.5, 0.7, 0.9, 1])}
        for n in range(1, 5)
    ]
    return schools, nles


@pytest.fixture(scope="module")
def solved_worlds(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[World, Result]]:
    """Eighty worlds with their results."""
    made = []
    for seed in range(80):
        schools, nles = world(Random(seed))
        folder = tmp_path_factory.mktemp("world")
        made.append(((schools, nles), allocate(load_scenario(write_scenario(folder, SETTINGS, schools, nles)))))
    return made


def obstacles(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    found = []
    if abs(one["easting"] - other["easting"]) > 20_000:
        found.append("too-far")
    if one["trust_id"] == other["trust_id"]:
        found.append("own-trust")
    if other["expertise_leadership"] < 0.7:
        found.append("fit-below-minimum")
    return found


def naive_cures(one: dict[str, Any], free: Sequence[dict[str, Any]]) -> dict[str, tuple[str, str, Decimal]]:
    """The least of each kind by NLEs with a free place: NLE, amount, price."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for other in free:
        stops = obstacles(one, other)
        if len(stops) == 1:
            metres, fit = abs(one["easting"] - other["easting"]), Decimal(str(other["expertise_leadership"]))
            amounts = {
                "too-far": f"{(metres - 20_000) / 1000:.3f}",
                "own-trust": "own-trust",
                "fit-below-minimum": str(fit.normalize()),
            }
            least = {"too-far": metres, "own-trust": 0, "fit-below-minimum": -fit}[stops[0]]
            cure = (least, -fit, metres, other["nle_id"], amounts[stops[0]])
            found.setdefault(KINDS[stops[0]], []).append(cure)
    return {kind: (min(own)[3], min(own)[4], -min(own)[1]) for kind, own in found.items()}


def told_cures(row: dict[str, str]) -> dict[str, tuple[str, str, Decimal]]:
    cells = {kind: [row[column] for column in columns] for kind, columns in COLUMNS.items()}
    return {kind: (nle_id, amount, Decimal(price)) for kind, (nle_id, amount, price) in cells.items() if nle_id}


def rows_of(table: Any) -> Iterator[dict[str, str]]:
    return (dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True))


def test_of_each_kind_the_least_is_told_that_a_plain_search_finds(solved_worlds: list[tuple[World, Result]]) -> None:
    told = dict.fromkeys(COLUMNS, 0)
    for (schools, nles), result in solved_worlds:
        assert verify(result) == []
        used = list(result.claim.tables["allocation"]["nle_id"])
        free = [other for other in nles if used.count(other["nle_id"]) < other["placements"]]
        by_id = {one["school_id"]: one for one in schools}
        for row in rows_of(result.claim.tables["unmatched"]):
            expected = naive_cures(by_id[row["school_id"]], free)
            assert told_cures(row) == expected
            for kind in expected:
                told[kind] += 1
    assert min(told.values()) > 5


def test_the_first_cure_is_by_a_resource_else_by_reach_then_minimum_fit_then_a_conflict(
    solved_worlds: list[tuple[World, Result]],
) -> None:
    seen = set()
    for _, result in solved_worlds:
        for row in rows_of(result.claim.tables["unmatched"]):
            seen.add(row["cure_kind"])
            others = [kind for kind in COLUMNS if row[COLUMNS[kind][0]]]
            if row["cure_kind"] != "placements":
                assert row["cure_kind"] == (others[0] if others else "")
                cells = [row[column] for column in COLUMNS[others[0]]] if others else [""] * 3
                assert [row[f"cure_{part}"] for part in ("id", "amount", "price")] == cells
    assert {"placements", "reach", "minimum_fit", "conflict"} <= seen


def lift(settings: dict[str, Any], kind: str, amount: str, row: dict[str, str]) -> dict[str, Any]:
    if kind == "reach":
        return {**settings, "geography": {"max_distance_km": float(Decimal(20) + Decimal(amount))}}
    if kind == "minimum_fit":
        return {**settings, "fit": {"minimum": float(amount)}}
    return {**settings, "conflicts": {**settings["conflicts"], "own_trust": False}}


def test_with_what_a_cure_lifts_the_objective_is_as_good_as_it_says(
    solved_worlds: list[tuple[World, Result]], tmp_path: Path
) -> None:
    tried = 0
    for seed, ((schools, nles), result) in enumerate(solved_worlds[:25]):
        before = Decimal(str(result.claim.summary["metrics"]["total_fit"]))
        for n, row in enumerate(rows_of(result.claim.tables["unmatched"])):
            for kind, (_, amount, price) in told_cures(row).items():
                settings = lift(SETTINGS, kind, amount, row)
                file = write_scenario(tmp_path / f"{seed} {n} {kind}", settings, schools, nles)
                lifted = result_of(load_scenario(file), brief=True)
                after = Decimal(str(lifted.claim.summary["metrics"]["total_fit"]))
                assert price >= 0 and after - before >= price - Decimal("0.000001")
                tried += 1
    assert tried > 20


def quota(maximum: int) -> list[dict[str, Any]]:
    return [{"name": "few", "type": "quota", "of": "schools", "where": {"region": "Leeds"}, "maximum": maximum}]


@pytest.mark.parametrize(("maximum", "kind"), [(1, ""), (2, "reach")])
def test_a_pair_that_would_break_a_limit_is_no_cure(maximum: int, kind: str, tmp_path: Path) -> None:
    schools = [school(1, region="Leeds"), school(2, region="Leeds", easting=480_000)]
    settings = {**SETTINGS, "constraints": quota(maximum)}
    result = allocate(load_scenario(write_scenario(tmp_path, settings, schools, [nle(1, placements=2)])))
    assert result.claim.tables["unmatched"]["cure_kind"] == [kind]
    assert verify(result) == []


def test_a_second_obstacle_leaves_no_cure_by_lifting_the_first(tmp_path: Path) -> None:
    schools = [school(1, easting=480_000, trust_id="T1")]
    result = allocate(load_scenario(write_scenario(tmp_path, SETTINGS, schools, [nle(1, trust_id="T1")])))
    assert result.claim.tables["unmatched"]["cure_kind"] == [""]


WRONG = ("", "{cell}1", "N4")


def test_no_cell_of_a_cure_can_be_altered_unseen(solved_worlds: list[tuple[World, Result]]) -> None:
    tried = set()
    for _, result in solved_worlds[:20]:
        table = result.claim.tables["unmatched"]
        for column in (name for columns in COLUMNS.values() for name in columns):
            line = next((n for n, cell in enumerate(table[column]) if cell), None)
            for wrong in WRONG if line is not None else ():
                assert line is not None
                cells = list(table[column])
                cells[line] = wrong.format(cell=cells[line])
                if cells[line] == table[column][line]:
                    continue
                claim = replace(result.claim, tables={**result.claim.tables, "unmatched": {**table, column: cells}})
                assert any("cure" in finding for finding in verify(replace(result, claim=claim)))
                tried.add(column)
    assert tried == {name for columns in COLUMNS.values() for name in columns}


def test_a_cure_leaves_every_group_its_least_share_whether_or_not_any_of_it_is_matched(tmp_path: Path) -> None:
    """Nobody in London is supported, so a pair in Leeds alone would leave London less than its share."""
    schools = [school(1, region="London", placements=2), school(2, region="Leeds")]
    nles = [nle(1, placements=1), nle(2, placements=1)]
    pairs = [
        {"nle_id": one, "school_id": other, "fit": 1 if other == "S1" else 0.1}
        for one in ("N1", "N2")
        for other in ("S1", "S2")
    ]
    share = {"name": "c", "type": "quota", "of": "pairs", "by": "region", "minimum_share": 0.4}
    settings = {"fit": {"minimum": 0.5}, "objectives": ["fit"]}
    for constraints, cures in (([share], ["placements", ""]), ([], ["placements", "minimum_fit"])):
        chosen = {**settings, "constraints": constraints}
        result = allocate(load_scenario(write_scenario(tmp_path, chosen, schools, nles, pairs=pairs)))
        assert verify(result) == []
        assert result.claim.tables["unmatched"]["cure_kind"] == cures
