"""Constraints from the scenario file to the run folder: kept, told, and run again from the folder alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.scenarios import nle, read_table, school, write_scenario

Program = Callable[..., Any]

SCHOOLS = [school(n, theme="ab"[n % 2], supporters=2 if n == 1 else "") for n in range(1, 7)]
NLES = [nle(1, placements=4), nle(2, placements=4)]
LIMITS: list[dict[str, Any]] = [
    {"name": "half", "type": "quota", "where": {"theme": "a"}, "maximum": 1},
    {"name": "each", "type": "quota", "of": "pairs", "by": "nle.nle_id", "maximum": 3.5},
    {"name": "near", "type": "budget", "of": "cost", "where": {"distance_km": {"min": 2, "not": 3}}, "maximum": 250.5},
    {"name": "mix", "type": "quota", "where": {"theme": "b"}, "minimum_share": 0.5},
]


@pytest.fixture
def limited(tmp_path: Path) -> Path:
    settings = {"constraints": LIMITS, "costs": {"per_match": 100}, "objectives": ["fit"]}
    settings["fit"] = {"measure": "need-covered"}
    return write_scenario(tmp_path / "limited", settings, schools=SCHOOLS, nles=NLES)


def test_limits_are_kept_and_told_by_name(program: Program, limited: Path, tmp_path: Path) -> None:
    ended = program("run", limited, "--out", tmp_path / "run")
    assert ended.code == 0, ended.err
    rows = read_table(tmp_path / "run" / "allocation.csv")
    themes = {row["school_id"]: row["theme"] for row in rows}
    assert list(themes.values()).count("a") == 1
    told = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))["constraints"]
    assert [entry["label"] for entry in told] == ["half", "each[nle.nle_id=N1]", "each[nle.nle_id=N2]", "near", "mix"]
    assert told[0] == {
        "name": "half",
        "label": "half",
        "type": "quota",
        "unit": "schools",
        "value": 1,
        "minimum": None,
        "maximum": 1,
        "binding": True,
    }
    assert [entry["maximum"] for entry in told[1:]] == [3, 3, 250.5, None]
    assert told[4]["minimum"] == len(themes) / 2
    assert told[4]["value"] == len(themes) - 1
    assert "Limits reached, " in ended.out
    assert "of 5: half" in ended.out


def test_a_run_with_limits_can_be_run_again_from_its_folder(program: Program, limited: Path, tmp_path: Path) -> None:
    assert program("run", limited, "--out", tmp_path / "run").code == 0
    assert program("run", tmp_path / "run" / "scenario.resolved.yaml", "--out", tmp_path / "again").code == 0
    for name in ("allocation.csv", "summary.json", "unmatched.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert program("verify", tmp_path / "run").code == 0


def test_a_school_that_found_fewer_nles_than_it_asked_for_is_told(program: Program, tmp_path: Path) -> None:
    pairs = [{"nle_id": "N2", "school_id": "S1", "relation": "forbid"}]
    settings = {"objectives": ["fit"], "fit": {"measure": "need-covered"}}
    file = write_scenario(tmp_path, settings, schools=SCHOOLS, nles=NLES, pairs=pairs)
    ended = program("run", file, "--out", tmp_path / "run")
    (first,) = (row for row in read_table(tmp_path / "run" / "allocation.csv") if row["school_id"] == "S1")
    assert first["why"].endswith("; found 1 of the 2 NLEs asked for.")
    counts = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))["counts"]
    assert counts["part_supported"] == 1
    assert "100% of those eligible, 1 in part" in ended.out


def test_a_limit_can_be_changed_by_its_name(program: Program, limited: Path, tmp_path: Path) -> None:
    words = ("--set", "constraints.half.maximum=0", "--set", "constraints.half.where.theme=b", "--set", "seed=3")
    ended = program("run", limited, "--out", tmp_path / "run", *words, "--set", "constraints.mix.minimum_share=0")
    assert ended.code == 0, ended.err
    assert {row["theme"] for row in read_table(tmp_path / "run" / "allocation.csv")} == {"a"}


def test_validate_tells_of_a_limit_that_nobody_could_meet(program: Program, limited: Path) -> None:
    ended = program("validate", limited, "--set", "constraints.half.minimum=1", "--set", "constraints.half.maximum=9")
    assert ended.code == 0
    ended = program("validate", limited, "--set", "constraints.half.minimum=4", "--set", "constraints.half.maximum=9")
    assert ended.code == 1
    assert (
        "constraints.half.minimum: half could not be met: all its candidate pairs together give 3 schools" in ended.out
    )


def test_the_types_of_constraints_are_listed_with_what_they_count(program: Program) -> None:
    ended = program("constraints")
    assert ended.out.startswith("quota: schools: recipients with at least one NLE")
    assert ended.out.count("    settings: ") == ended.out.count("    columns: ") == 5
