"""Wrong usage and wrong input end with 2, in words on stderr, without a traceback and without a trace on disk."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nle_optimizer.studies.runs
from support.scenarios import nle, school, write_scenario

Program = Callable[..., Any]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write_scenario(tmp_path, {"overrides": {"nearer": {"geography.max_distance_km": 30}}})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rum"], "there is no command 'rum'; did you mean run?"),
        (["polices"], "did you mean policies?"),
        (["xyzzy"], "there is no command 'xyzzy'; see nle-optimizer --help"),
        (["run"], "Missing argument 'SCENARIOS...'"),
        (["validate"], "Missing argument"),
        (["verify"], "Missing argument"),
        (["init"], "name a folder, or a workbook with --xlsx"),
        (["run", "x.yaml", "--ot", "y"], "No such option"),
        (["run", "x.yaml", "--format", "xml"], "'xml' is not one of 'text', 'json'"),
        (["run", "x.yaml", "--time-limit", "soon"], "'soon' is not a valid float"),
    ],
)
def test_wrong_usage_ends_with_2_and_the_nearest_name(program: Program, words: list[str], said: str) -> None:
    ended = program(*words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "geografy.within=none"], "geografy: unknown key; got geografy; did you mean geography?"),
        (["--set", "objectives=[fitt]"], "unknown objective; got fitt; did you mean fit?"),
        (["--set", "eligibility.policy=tsio-2023"], "unknown policy; got tsio-2023; did you mean tsio-2022?"),
        (["--set", "engine=netwrk"], "unknown engine; got netwrk; did you mean network?"),
        (["--rule", "optimall"], "unknown rule; got optimall; did you mean optimal?"),
        (["--scenario", "neerer"], "there is no such override; got neerer; did you mean nearer?"),
        (["--set", "seed"], "write KEY=VALUE"),
        (["--time-limit", "-3"], "must be greater than 0"),
        (["--time-limit", "nan"], "a number is needed"),
    ],
)
def test_an_unknown_name_ends_with_2_and_the_nearest(
    program: Program, scenario: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    ended = program("run", scenario, "--out", tmp_path / "run", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not (tmp_path / "run").exists()


UNSUPPORTED: list[tuple[dict[str, Any], str]] = []


@pytest.mark.parametrize(("settings", "said"), UNSUPPORTED)
def test_what_nothing_can_carry_out_yet_is_refused_by_run(
    program: Program, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    ended = program("run", write_scenario(tmp_path, settings), "--out", tmp_path / "run")
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("settings", "said"), UNSUPPORTED)
def test_what_nothing_can_carry_out_yet_is_told_by_validate(
    program: Program, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    ended = program("validate", write_scenario(tmp_path, settings))
    assert ended.code == 1
    assert said in ended.out


def test_a_lower_limit_that_nobody_could_meet_is_refused_in_its_place(program: Program, tmp_path: Path) -> None:
    limit = {"name": "all", "type": "quota", "by": "region", "minimum": 2}
    rows = [school(1, region="North East"), school(2, region="London"), school(3, region="London")]
    file = write_scenario(tmp_path, {"constraints": [limit], "suitability": {"phase": "ignore"}}, schools=rows)
    ended = program("run", file, "--out", tmp_path / "run")
    assert ended.code == 2
    assert "scenario.yaml:" in ended.err
    assert (
        "constraints.all.minimum: all[region=North East] could not be met: all its candidate pairs together give "
        "1 school; got 2 schools; lower it, or widen who can be matched" in ended.err
    )


def test_a_forced_engine_that_cannot_is_refused_with_a_way_out(program: Program, tmp_path: Path) -> None:
    rows = [school(1, days=3), school(2, days=5)]
    file = write_scenario(tmp_path, {"engine": "network"}, schools=rows, nles=[nle(1, days=20)])
    ended = program("run", file, "--out", tmp_path / "run")
    assert ended.code == 2
    assert re.search(r"scenario.yaml:\d+:\d+: engine: the network engine cannot", ended.err)
    assert "different amounts of days" in ended.err
    assert "offer: {days: 10, override: true}" in ended.err


@pytest.mark.parametrize(
    ("objectives", "words"),
    [
        (
            [{"schools_supported": {"engine": "highs"}}, {"fit": {"engine": "network"}}],
            r"scenario.yaml:\d+:\d+: objectives.1.fit.engine: the network engine cannot solve this: it can only begin, "
            "and highs solves the levels before; cp-sat and highs solve levels of every kind, after any other engine",
        ),
        (
            ["schools_supported", {"load_balance": {"engine": "network"}}],
            r"scenario.yaml:\d+:\d+: objectives.1.load_balance.engine: the network engine cannot solve this: "
            "load_balance compares shares and is no sum over pairs; cp-sat and highs solve levels of every kind",
        ),
        (
            ["fit", {"distance": {"engine": "hihgs"}}],
            r"scenario.yaml:\d+:\d+: objectives.1.distance.engine: unknown engine; got hihgs; did you mean highs\?",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "validate"])
def test_an_engine_that_cannot_solve_its_level_is_refused_in_its_line(
    program: Program, tmp_path: Path, command: str, objectives: list[Any], words: str
) -> None:
    file = write_scenario(tmp_path, {"objectives": objectives})
    ended = program(command, file, *(("--out", tmp_path / "run") if command == "run" else ()))
    assert ended.code == (2 if command == "run" else 1)
    assert re.search(words, ended.err + ended.out)


def test_a_required_pair_beyond_the_limit_is_refused(program: Program, tmp_path: Path) -> None:
    pair = {"nle_id": "N1", "school_id": "S1", "relation": "require", "distance_km": 99}
    file = write_scenario(tmp_path, {"geography": {"max_distance_km": 50}}, pairs=[pair])
    ended = program("run", file, "--out", tmp_path / "run")
    assert ended.code == 2
    assert "N1" in ended.err
    assert "pairs.csv:row 2: relation: the pair is required, and ruled out (too-far" in ended.err


@pytest.mark.parametrize("name", ["nowhere.yaml", ".", "schools.csv", "nowhere.xlsx"])
def test_what_is_no_scenario_is_refused(program: Program, scenario: Path, tmp_path: Path, name: str) -> None:
    ended = program("run", tmp_path / name, "--out", tmp_path / "run")
    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err


def test_validate_lists_every_problem_and_ends_with_1(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"seed": "x", "geografy": {}}, schools=[school(1, pupils="many"), school(1)])
    ended = program("validate", file)
    assert ended.code == 1
    assert ended.out.count("error: ") == 4
    assert ended.out.endswith(f"{file}: 4 errors\n")


def test_validate_ends_with_0_where_there_are_only_findings(program: Program, tmp_path: Path) -> None:
    ended = program("validate", write_scenario(tmp_path, nles=[nle(1, home_school_id="gone")]))
    assert ended.code == 0
    assert "warning: nles.csv: home_school_id" in ended.out


def test_validate_solves_and_writes_nothing(program: Program, scenario: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    assert program("validate", scenario).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_validate_tells_of_several_scenarios_in_one_json_document(program: Program, tmp_path: Path) -> None:
    import json

    files = [write_scenario(tmp_path / "a"), write_scenario(tmp_path / "b", {"seed": -1}), tmp_path / "c.yaml"]
    ended = program("validate", *files, "--format", "json")
    document = json.loads(ended.out)
    assert (ended.code, document["schema_version"]) == (1, 1)
    assert [len(entry["errors"]) for entry in document["scenarios"]] == [0, 1, 1]


def test_a_fault_of_ours_ends_with_3_and_shows_its_place_only_with_debug(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nle_optimizer.cli.main import run_program

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(nle_optimizer.studies.runs, "result_of", fail)
    ended = program("run", scenario, "--out", tmp_path / "run")
    assert ended.code == 3
    assert "this is a fault of nle-optimizer, not yours: ZeroDivisionError: oops" in ended.err
    assert "Traceback" not in ended.err
    assert run_program(["run", str(scenario), "--out", str(tmp_path / "run")], debug=True) == 3


def test_help_and_version_end_with_0(program: Program) -> None:
    assert "Usage: nle-optimizer" in program("--help").out
    assert program("--version").code == 0


@pytest.mark.parametrize(
    "command", ["run", "validate", "verify", "init", "schema", "policies", "objectives", "constraints", "rules"]
)
def test_every_command_has_help(program: Program, command: str) -> None:
    ended = program(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: nle-optimizer " + command in ended.out


@pytest.mark.parametrize("command", ["schema", "policies", "objectives", "constraints", "rules", "doctor"])
def test_a_catalogue_is_one_json_document(program: Program, command: str) -> None:
    import json

    ended = program(command, *([] if command == "schema" else ["--format", "json"]))
    document = json.loads(ended.out)
    assert ended.code == 0
    assert "$schema" in document or document["schema_version"] == 1


def test_init_writes_an_example_that_is_valid_and_never_overwrites(program: Program, tmp_path: Path) -> None:
    assert program("init", tmp_path / "mine").code == 0
    assert program("validate", tmp_path / "mine" / "scenario.yaml").code == 0
    ended = program("init", tmp_path / "mine")
    assert ended.code == 2
    assert "it exists already" in ended.err


def test_init_writes_a_workbook_that_is_valid_and_never_overwrites(program: Program, tmp_path: Path) -> None:
    assert program("init", "--xlsx", tmp_path / "mine.xlsx").code == 0
    assert program("validate", tmp_path / "mine.xlsx").code == 0
    assert program("init", "--xlsx", tmp_path / "mine.xlsx").code == 2
