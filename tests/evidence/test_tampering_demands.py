"""Results with days, constraints, fairness and what stands today: each stands, and whatever is altered is found."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from nle_optimizer import Result, allocate, load_scenario
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification import check_claim
from support.scenarios import nle, school, write_scenario

WORDS = {"explanation", "why", "clashes", "repairs", "title"}
"""Sentences for people."""


def _schools(count: int, **cells: Any) -> list[dict[str, Any]]:
    return [
        school(n, region="NS"[n % 2], trust_id=f"T{n % 3}", need_leadership=0.9, need_governance=n / 10, **cells)
        for n in range(1, count + 1)
    ]


def _nles(count: int, **cells: Any) -> list[dict[str, Any]]:
    return [nle(n, region="NS"[n % 2], expertise_leadership=n / 8, **cells) for n in range(1, count + 1)]


CURRENT = [
    {"school_id": "S1", "nle_id": "N2", "state": "agreed"},
    {"school_id": "S2", "nle_id": "N1", "state": "offered"},
    {"school_id": "S3", "nle_id": "N3", "state": "proposed"},
]
AGREED = ("S1", "N2")
"""The two sides of a pair that is agreed: their prices may be greater without proving less."""
NORTH = {"name": "north", "type": "quota", "where": {"region": "N"}, "maximum": 1}
ASKED: dict[str, dict[str, Any]] = {
    "network": {
        "settings": {"objectives": ["schools_supported", "min_fit", "kept_pairs", "fit"], "constraints": [NORTH]},
        "schools": _schools(5),
        "nles": _nles(4),
        "current": CURRENT,
    },
    "leximin": {"settings": {"objectives": ["leximin_fit", "distance"]}, "schools": _schools(4), "nles": _nles(3)},
    "decomposition": {
        "settings": {"objectives": ["schools_supported", "fit"], "capacity": {"resources": ["days"]}},
        "schools": [{**row, "days": (3, 5, 7, 10)[n % 4]} for n, row in enumerate(_schools(9))],
        "nles": _nles(4, days=12),
    },
    "cp-sat": {
        "settings": {
            "engine": "cp-sat",
            "fit": {"measure": "need-covered"},
            "objectives": ["schools_supported", "load_balance", "fit"],
            "constraints": [NORTH, {"name": "together", "type": "keep_together"}],
        },
        "schools": _schools(5, supporters=2),
        "nles": _nles(4, placements=2),
    },
}


@pytest.fixture(scope="module", params=list(ASKED))
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    asked = dict(ASKED[request.param])
    settings = asked.pop("settings")
    file = write_scenario(tmp_path_factory.mktemp(request.param), settings, **asked)
    found = allocate(load_scenario(file))
    assert found.claim.summary["engine"] == {"leximin": "network"}.get(request.param, request.param)
    return found


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in pairs:
            if key not in WORDS:
                yield from _places(entry, (*path, key))
    elif path:
        yield path


def _changed(document: Any, path: tuple[Any, ...]) -> Any:
    document = copy.deepcopy(document)
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    holder[path[-1]] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int | float) else "x"
    return document


def test_an_honest_result_stands(result: Result) -> None:
    assert check_claim(result.scenario, result.claim) == []


def test_a_changed_figure_of_the_summary_is_found(result: Result) -> None:
    for path in _places(result.claim.summary):
        summary = _changed(result.claim.summary, path)
        claim = Claim(result.claim.tables, summary, result.claim.certificate)
        assert check_claim(result.scenario, claim), f"{path} was changed and passed"


def test_a_changed_figure_of_the_certificate_is_found(result: Result) -> None:
    for path in _places(result.claim.certificate):
        if path[-1] in AGREED or ("tree" in path and path[-1] != "knapsack"):
            continue
        certificate = _changed(result.claim.certificate, path)
        claim = Claim(result.claim.tables, result.claim.summary, certificate)
        assert check_claim(result.scenario, claim), f"{path} was changed and passed"


def test_a_changed_cell_of_the_allocation_is_found(result: Result) -> None:
    for column in result.claim.tables["allocation"]:
        if column in WORDS | {"next_best_nle_id"}:
            continue
        tables = copy.deepcopy(dict(result.claim.tables))
        tables["allocation"][column][0] += "1"  # type: ignore[index]
        claim = Claim(tables, result.claim.summary, result.claim.certificate)
        assert check_claim(result.scenario, claim), f"{column} was changed and passed"


def _trees(certificate: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(n, level["tree"]) for n, level in enumerate(certificate["levels"]) if level.get("tree")]


def _leaves(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for side in ("matched", "unmatched"):
        if side in tree:
            yield from _leaves(tree[side])
    if "pair" not in tree:
        yield tree


def test_prices_of_schools_that_are_halved_in_every_leaf_prove_too_little(result: Result) -> None:
    for n, tree in _trees(dict(result.claim.certificate)):
        if not any(leaf.get("recipients") for leaf in _leaves(tree)):
            continue
        certificate = copy.deepcopy(dict(result.claim.certificate))
        for leaf in _leaves(certificate["levels"][n]["tree"]):
            leaf["recipients"] = {name: price // 2 for name, price in leaf.get("recipients", {}).items()}
        assert check_claim(result.scenario, Claim(result.claim.tables, result.claim.summary, certificate))


def test_a_tree_that_calls_every_case_impossible_is_found(result: Result) -> None:
    for n, _ in _trees(dict(result.claim.certificate)):
        certificate = copy.deepcopy(dict(result.claim.certificate))
        certificate["levels"][n]["tree"] = {"void": True}
        assert check_claim(result.scenario, Claim(result.claim.tables, result.claim.summary, certificate))


def test_a_gap_that_is_left_makes_the_status_feasible(result: Result) -> None:
    """A bound loosened everywhere is honest, and then the status may no longer be optimal."""
    summary = copy.deepcopy(dict(result.claim.summary))
    certificate = copy.deepcopy(dict(result.claim.certificate))
    if certificate["method"] != "bounds":
        return
    entry = summary["objectives"][-1]
    better = 1 if entry["sense"] == "maximise" else -1
    bound = entry["exact"]["bound"] + better
    entry["exact"]["bound"] = certificate["levels"][-1]["bound"] = bound
    entry |= {"bound": bound / entry["exact"]["scale"], "gap": 1 / max(1, abs(bound)), "proved": False}
    assert any(
        "status" in finding
        for finding in check_claim(result.scenario, Claim(result.claim.tables, summary, certificate))
    )
    summary |= {"status": "feasible", "stopped": "work"}
    assert check_claim(result.scenario, Claim(result.claim.tables, summary, certificate)) == []


def test_a_step_or_level_that_is_left_out_is_found(result: Result) -> None:
    for n, level in enumerate(result.claim.certificate["levels"]):
        if level["name"] == "leximin_fit" and level["value"] == 0:
            continue  # a step that adds nothing to the one before proves as much without
        certificate = copy.deepcopy(dict(result.claim.certificate))
        del certificate["levels"][n]
        assert check_claim(result.scenario, Claim(result.claim.tables, result.claim.summary, certificate)), n


def test_a_certificate_of_another_method_is_found(result: Result) -> None:
    for method in {"prices", "bounds", "clash", "none"} - {result.claim.certificate["method"]}:
        certificate = {**result.claim.certificate, "method": method}
        assert check_claim(result.scenario, Claim(result.claim.tables, result.claim.summary, certificate)), method


@pytest.mark.parametrize("status", ["feasible", "infeasible", "unknown", "completed", "x"])
def test_another_status_is_found(result: Result, status: str) -> None:
    summary = {**result.claim.summary, "status": status}
    assert check_claim(result.scenario, Claim(result.claim.tables, summary, result.claim.certificate))
