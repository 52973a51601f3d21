"""Published assignment problems come out at their published optima, through the command line."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.cli.main import run_program
from support.scenarios import write_scenario

INSTANCES = Path(__file__).parents[2] / ".." / "shared" / "data" / "instances"

pytestmark = pytest.mark.skipif(not INSTANCES.is_dir(), reason="the published instances are not beside this project")


def read_costs(file: Path) -> tuple[int, dict[tuple[int, int], int]]:
    """The size of an instance, and the cost of every pair that may be matched; both sides count from 1."""
    size, *numbers = (int(word) for word in file.read_text(encoding="ascii").split())
    if file.name.startswith("assignp"):
        return size, {(i, j): cost for i, j, cost in zip(*[iter(numbers)] * 3, strict=True)}
    return size, {(n // size + 1, n % size + 1): cost for n, cost in enumerate(numbers)}


def published() -> dict[str, int]:
    """The published least cost of each instance."""
    with (INSTANCES / "optima.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["file"]: int(row["optimum"]) for row in csv.DictReader(file) if row["file"].startswith("assignment/")
        }


def run(folder: Path, name: str, seed: int = 0) -> tuple[dict[str, Any], Path, int]:
    """Run an instance; its summary, its run folder, and the constant that costs were taken from."""
    size, costs = read_costs(INSTANCES / name)
    most = max(costs.values())
    scenario = write_scenario(
        folder,
        {
            "objectives": ["schools_supported", "fit"],
            "data": {"pairs": {"file": "pairs.csv", "only": True}},
            "seed": seed,
        },
        [{"school_id": f"S{n}"} for n in range(1, size + 1)],
        [{"nle_id": f"N{n}", "placements": 1} for n in range(1, size + 1)],
        pairs=[{"nle_id": f"N{i}", "school_id": f"S{j}", "fit": most - cost} for (i, j), cost in costs.items()],
    )
    assert run_program(["run", str(scenario), "--out", str(folder / "run"), "--no-inputs", "--no-report"]) == 0
    summary = json.loads((folder / "run" / "summary.json").read_text(encoding="utf-8"))
    return summary, folder / "run", most


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[dict[str, Any], Path, int]]]:
    names = ("assign100", "assign200", "assignp800")
    yield {name: run(tmp_path_factory.mktemp(name), f"assignment/{name}.txt") for name in names}


@pytest.mark.parametrize("name", ["assign100", "assign200", "assignp800"])
def test_the_cost_is_the_published_optimum(name: str, runs: dict[str, tuple[dict[str, Any], Path, int]]) -> None:
    summary, _, most = runs[name]
    supported, fit = (objective["value"] for objective in summary["objectives"])
    assert supported * most - fit == published()[f"assignment/{name}.txt"]


@pytest.mark.parametrize("name", ["assign100", "assign200", "assignp800"])
def test_every_school_is_supported_and_the_optimum_proved(
    name: str, runs: dict[str, tuple[dict[str, Any], Path, int]]
) -> None:
    summary, _, _ = runs[name]
    assert summary["counts"]["unmatched"] == 0
    assert summary["status"] == "optimal"


@pytest.mark.parametrize("name", ["assign100", "assign200", "assignp800"])
def test_the_costs_of_the_matched_pairs_add_up_to_the_published_optimum(
    name: str, runs: dict[str, tuple[dict[str, Any], Path, int]]
) -> None:
    _, costs = read_costs(INSTANCES / "assignment" / f"{name}.txt")
    with (runs[name][1] / "allocation.csv").open(encoding="utf-8", newline="") as file:
        pairs = [(int(row["nle_id"][1:]), int(row["school_id"][1:])) for row in csv.DictReader(file)]
    assert sum(costs[pair] for pair in pairs) == published()[f"assignment/{name}.txt"]


def test_another_seed_has_the_same_cost(tmp_path: Path) -> None:
    summary, _, most = run(tmp_path, "assignment/assign100.txt", seed=7)
    supported, fit = (objective["value"] for objective in summary["objectives"])
    assert supported * most - fit == published()["assignment/assign100.txt"]
