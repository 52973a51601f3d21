"""The shipped scenarios: made by the commands their README names, as large as they claim, and readable."""

import csv
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from nle_optimizer.cli.source_commands import generate_command
from nle_optimizer.scenario.scenario import load_scenario

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
FILES = ("nles.csv", "scenario.yaml", "schools.csv", "trusts.csv")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shipped_commands() -> list[list[str]]:
    lines = (SCENARIOS / "README.md").read_text(encoding="utf-8").splitlines()
    return [shlex.split(line)[2:] for line in lines if line.startswith("nle-optimizer generate")]


@pytest.mark.parametrize("command", shipped_commands(), ids=lambda command: Path(command[-1]).name)
def test_shipped_tables_are_what_the_commands_give(command: list[str], tmp_path: Path) -> None:
    assert command[-2] == "--out"
    shipped = ROOT / command[-1]
    arguments = [*command[:-1], str(tmp_path / shipped.name)]
    result = CliRunner().invoke(generate_command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    for name in FILES:
        assert (tmp_path / shipped.name / name).read_bytes() == (shipped / name).read_bytes()


@pytest.mark.parametrize(("name", "eligible", "nles"), [("region", 200, 60), ("england", 2_500, 500)])
def test_shipped_scenarios_have_the_size_they_claim(name: str, eligible: int, nles: int) -> None:
    folder = SCENARIOS / name
    assert left_after_trusts(table(folder / "schools.csv"), table(folder / "trusts.csv")) == pytest.approx(
        eligible, rel=0.05
    )
    leaders = table(folder / "nles.csv")
    assert len(leaders) == nles
    assert sum(int(leader["placements"]) for leader in leaders) < 0.6 * eligible
    assert all(path.stat().st_size < 1_000_000 for path in folder.iterdir())


def left_after_trusts(schools: list[dict[str, str]], trusts: list[dict[str, str]]) -> int:
    """Schools below Good twice, less those without a trust that good trusts within 30 km can take."""
    cases = [school for school in schools if school["latest_grade"] > "2" and school["previous_grade"] > "2"]
    cases = [school for school in cases if school["establishment_status"] != "Closed"]
    alone = [school for school in cases if not school["trust_id"]]
    places = [trust for trust in trusts if _is_good(trust) for _ in range(int(trust["capacity"]))]
    near = np.linalg.norm(_places(alone)[:, None] - _places(places)[None], axis=2) <= 30_000
    suits = np.array([[school["phase"] in trust["phases"].split("|") for trust in places] for school in alone])
    matched = maximum_bipartite_matching(csr_matrix(near & suits), perm_type="column")
    return len(cases) - int((matched >= 0).sum())


def _is_good(trust: dict[str, str]) -> bool:
    if trust["high_quality"]:
        return trust["high_quality"] == "yes"
    return int(trust["inspected"]) >= 5 and float(trust["share_good"]) >= 0.8


def _places(rows: list[dict[str, str]]) -> np.ndarray:
    return np.array([(float(row["easting"]), float(row["northing"])) for row in rows])


@pytest.mark.parametrize("file", sorted(SCENARIOS.rglob("*.yaml")), ids=lambda path: path.parent.name + "-" + path.stem)
def test_every_shipped_scenario_reads_without_a_finding(file: Path) -> None:
    scenario = load_scenario(file)
    assert scenario.findings == ()
    assert "ynthetic" in scenario.settings.title


def test_shipped_variants_state_a_base_and_a_change() -> None:
    variants = sorted(SCENARIOS.glob("*.yaml"))
    assert len(variants) >= 4
    for variant in variants:
        assert "base: " in variant.read_text(encoding="utf-8")
        assert variant.name in (SCENARIOS / "README.md").read_text(encoding="utf-8")
