"""Published generalised assignment problems come out at their published optima, through the command line."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import verify
from nle_optimizer.cli.main import run_program
from support.scenarios import write_scenario

INSTANCES = Path(__file__).parents[2] / ".." / "shared" / "data" / "instances"

pytestmark = pytest.mark.skipif(not INSTANCES.is_dir(), reason="the published instances are not beside this project")


@dataclass(frozen=True)
class Instance:
    """Costs and days, one row an agent, and what each agent has."""

    costs: list[list[int]]
    days: list[list[int]]
    capacity: list[int]


def read_instance(name: str) -> Instance:
    """An instance of the folder: agents and tasks, costs, days, capacities."""
    words = iter(int(word) for word in (INSTANCES / "gap" / name).read_text(encoding="ascii").split())
    agents, tasks = next(words), next(words)
    costs, days = ([[next(words) for _ in range(tasks)] for _ in range(agents)] for _ in range(2))
    return Instance(costs, days, [next(words) for _ in range(agents)])


def published() -> dict[tuple[str, str], int]:
    """The published optimum of each instance and sense."""
    with (INSTANCES / "optima.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("gap/")]
    return {(row["file"].removeprefix("gap/"), row["sense"]): int(row["optimum"]) for row in rows}


def run(folder: Path, name: str, sense: str, **stop: int) -> tuple[dict[str, Any], int]:
    """Run an instance: its summary, and the total cost of the matched pairs."""
    instance = read_instance(name)
    most = max(max(row) for row in instance.costs)
    scenario = write_scenario(
        folder,
        {
            "objectives": ["schools_supported", "fit"],
            "capacity": {"resources": ["days"]},
            "data": {"pairs": {"file": "pairs.csv", "only": True}},
            "stop": stop,
        },
        [{"school_id": f"S{n}"} for n in range(len(instance.costs[0]))],
        [{"nle_id": f"N{n}", "days": days} for n, days in enumerate(instance.capacity)],
        pairs=[
            {"nle_id": f"N{i}", "school_id": f"S{j}", "fit": cost if sense == "maximise" else most - cost, "days": days}
            for i, row in enumerate(instance.costs)
            for j, (cost, days) in enumerate(zip(row, instance.days[i], strict=True))
        ],
    )
    assert run_program(["run", str(scenario), "--out", str(folder / "run"), "--no-report"]) == 0
    assert verify(folder / "run") == []
    summary = json.loads((folder / "run" / "summary.json").read_text(encoding="utf-8"))
    with (folder / "run" / "allocation.csv").open(encoding="utf-8", newline="") as file:
        pairs = [(int(row["nle_id"][1:]), int(row["school_id"][1:])) for row in csv.DictReader(file)]
    return summary, sum(instance.costs[i][j] for i, j in pairs)


EASY = sorted(published()) if INSTANCES.is_dir() else []
EASY = [key for key in EASY if key[0] not in ("c10100", "d05100")]
EASY = [key for key in EASY if (key[0][:4], key[1]) not in (("gap3", "maximise"), ("gap4", "minimise"))]


@pytest.mark.parametrize(("name", "sense"), EASY)
def test_the_cost_is_the_published_optimum_and_proved(name: str, sense: str, tmp_path: Path) -> None:
    summary, cost = run(tmp_path, name, sense)
    assert summary["counts"]["unmatched"] == 0
    assert cost == published()[name, sense]
    assert summary["status"] == "optimal"


def test_the_hard_instance_d05100_comes_within_a_five_thousandth(tmp_path: Path) -> None:
    _, cost = run(tmp_path, "d05100", "minimise", work=0)
    optimum = published()["d05100", "minimise"]
    assert optimum <= cost <= optimum * 1.0002
