"""`run`, end to end: exit codes, streams, and a run folder with every file and column that is promised."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.sources.example import write_example
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, read_table, school, write_scenario

Program = Callable[..., Any]

FILES = {
    "report.html",
    "workbook.xlsx",
    "map.geojson",
    "allocation.csv",
    "alternates.csv",
    "unmatched.csv",
    "exclusions.csv",
    "nles.csv",
    "breakdown.csv",
    "summary.json",
    "certificate.json",
    "scenario.resolved.yaml",
    "manifest.json",
}
TELLING_ORIGINS = {"scenario.resolved.yaml", "report.html", "workbook.xlsx"}
"""Files that say from which file and line each setting came."""
COLUMNS = {
    "allocation": "school_id,nle_id,fit,fit_leadership,fit_governance,fit_finance,distance_km,placements,school_name,"
    "nle_name,kind,priority,region,local_authority,phase,trust_id,out_of_region,cost,state,firmness,why,next_best_nle_id",
    "unmatched": "school_id,reason,explanation,cure_kind,cure_id,cure_amount,cure_price,nearest_nle_id,nearest_km",
    "exclusions": "school_id,stage,reason,evidence",
    "nles": "nle_id,state,reason,capacity_placements,used_placements,one_more,one_fewer",
    "breakdown": "group,value,eligible,supported,coverage,mean_fit,mean_distance_km,max_distance_km,out_of_region,cost",
}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    write_example(tmp_path / "example")
    return tmp_path / "example" / "scenario.yaml"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def steady(folder: Path) -> dict[str, bytes]:
    """The files that must be the same bytes in every run."""
    return {name: content for name, content in files_of(folder).items() if name != "manifest.json"}


def assert_the_same_but_for_origins(one: Path, other: Path) -> None:
    ours, theirs = steady(one), steady(other)
    for files in (ours, theirs):  # findings name the file in which each setting and cell was read
        files["summary.json"] = json.dumps({**json.loads(files["summary.json"]), "findings": []}).encode()
    assert {name for name in ours if ours[name] != theirs[name]} <= TELLING_ORIGINS
    assert without_origins(one) == without_origins(other)


def without_origins(folder: Path) -> list[str]:
    lines = (folder / "scenario.resolved.yaml").read_text(encoding="utf-8").splitlines()
    return [line.split(" #")[0].rstrip() for line in lines]


def test_a_run_ends_with_0_and_tells_its_summary_on_stdout(program: Program, example: Path, tmp_path: Path) -> None:
    ended = program("run", example, "--out", tmp_path / "run")
    assert (ended.code, ended.err) == (0, "")
    assert "A small example" in ended.out
    assert "proved optimal" in ended.out


def test_a_run_folder_has_exactly_the_promised_files(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "run")
    inputs = {f"inputs/{table}.csv" for table in ("schools", "nles", "trusts")}
    assert set(files_of(tmp_path / "run")) == FILES | inputs


@pytest.mark.parametrize("table", list(COLUMNS))
def test_a_table_begins_with_the_promised_columns_in_order(
    program: Program, example: Path, tmp_path: Path, table: str
) -> None:
    program("run", example, "--out", tmp_path / "run")
    header = (tmp_path / "run" / f"{table}.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith(COLUMNS[table])


def test_unmatched_schools_carry_name_authority_priority_and_days(
    program: Program, example: Path, tmp_path: Path
) -> None:
    program("run", example, "--out", tmp_path / "run")
    assert list(read_table(tmp_path / "run" / "unmatched.csv")[0])[9:13] == [
        "name",
        "local_authority",
        "priority",
        "days_waiting",
    ]


def test_extra_columns_of_the_schools_are_carried_to_the_results(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, schools=[school(1, theme="reading", why="mine")])
    program("run", file, "--out", tmp_path / "run")
    row = read_table(tmp_path / "run" / "allocation.csv")[0]
    assert row["theme"] == "reading"
    assert "mine" not in row["why"]


def test_the_summary_has_the_promised_keys(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    named = {"schema_version", "scenario", "rule", "engine", "status", "objectives", "counts", "metrics", "needs"}
    assert named <= set(summary)
    counts = {"schools_read", "recipients_formed", "excluded", "matched_to_trust", "eligible", "supported", "unmatched"}
    assert counts | {"nles", "pairs"} <= set(summary["counts"])
    metrics = {"coverage", "total_fit", "mean_fit", "min_fit", "mean_distance_km", "max_distance_km"}
    assert metrics | {"mean_need_supported", "mean_need_eligible", "total_distance_km"} <= set(summary["metrics"])
    assert {"name", "sense", "value", "bound", "gap", "proved"} <= set(summary["objectives"][0])
    assert set(summary["needs"]) == {"assessed", "proxy", "unknown"}


def test_no_school_is_lost(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "run")
    counts = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))["counts"]
    assert counts["schools_read"] + counts["recipients_formed"] == (
        counts["excluded"] + counts["supported"] + counts["unmatched"]
    )


def test_json_is_one_document_with_its_version(program: Program, example: Path, tmp_path: Path) -> None:
    ended = program("run", example, "--out", tmp_path / "run", "--format", "json")
    document = json.loads(ended.out)
    assert document["schema_version"] == 1
    assert document["counts"] == json.loads((tmp_path / "run" / "summary.json").read_text("utf-8"))["counts"]


def test_findings_are_warnings_on_stderr(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, nles=[nle(1, home_school_id="gone")])
    ended = program("run", file, "--out", tmp_path / "run", "--format", "json")
    assert ended.code == 0
    assert ended.err.startswith("warning: nles.csv: home_school_id")
    json.loads(ended.out)


def test_strict_ends_with_1_where_schools_are_left_out(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path)  # two schools, one place
    assert program("run", file, "--out", tmp_path / "a").code == 0
    assert program("run", file, "--out", tmp_path / "b", "--strict").code == 1
    assert (tmp_path / "b" / "allocation.csv").is_file()


def test_strict_ends_with_0_where_everybody_is_supported(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, schools=[school(1)])
    assert program("run", file, "--out", tmp_path / "run", "--strict").code == 0


def test_the_folder_is_runs_and_the_name_unless_told_otherwise(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_scenario(tmp_path, {"name": "spring-1"})
    monkeypatch.chdir(tmp_path)
    assert program("run", file).code == 0
    assert (tmp_path / "runs" / "spring-1" / "summary.json").is_file()


def test_several_scenarios_each_get_a_folder(program: Program, tmp_path: Path) -> None:
    files = [write_scenario(tmp_path / name, {"name": name}) for name in ("one", "two")]
    ended = program("run", *files, "--out", tmp_path / "runs", "--format", "json")
    assert [run["scenario"] for run in json.loads(ended.out)["runs"]] == ["one", "two"]
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"one", "two"}


def test_of_several_scenarios_none_is_solved_if_one_is_wrong(program: Program, tmp_path: Path) -> None:
    right = write_scenario(tmp_path / "right", {"name": "right"})
    wrong = [write_scenario(tmp_path / name, {"name": name, "seed": "x"}) for name in ("wrong", "worse")]
    ended = program("run", right, *wrong, "--out", tmp_path / "runs")
    assert ended.code == 2
    assert ended.err.count("seed: a whole number is needed") == 2
    assert not (tmp_path / "runs").exists()


def test_two_scenarios_of_one_name_are_refused_before_any_is_solved(program: Program, tmp_path: Path) -> None:
    files = [write_scenario(tmp_path / name) for name in ("one", "two")]
    ended = program("run", *files, "--out", tmp_path / "runs")
    assert (ended.code, (tmp_path / "runs").exists()) == (2, False)
    assert "two scenarios have the same name" in ended.err


def test_set_and_scenario_reach_the_run(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"overrides": {"more": {"capacity.multiply.placements": 2}}})
    program("run", file, "--out", tmp_path / "run", "--scenario", "more", "--set", "title=Other")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["title"], summary["counts"]["supported"]) == ("Other", 2)


def test_the_same_scenario_gives_the_same_bytes(program: Program, example: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        program("run", example, "--out", tmp_path / name)
    assert steady(tmp_path / "a") == steady(tmp_path / "b")


def test_shuffled_rows_give_the_same_bytes(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "a")
    rng = random.Random(7)
    for path in example.parent.glob("*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        rng.shuffle(rows)
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    program("run", example, "--out", tmp_path / "b")
    assert steady(tmp_path / "a") == steady(tmp_path / "b")


def test_the_resolved_scenario_gives_the_same_bytes_again(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "a")
    ended = program("run", tmp_path / "a" / "scenario.resolved.yaml", "--out", tmp_path / "b")
    assert ended.code == 0
    assert_the_same_but_for_origins(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("seed", range(25))
def test_any_resolved_scenario_gives_the_same_bytes_again(program: Program, tmp_path: Path, seed: int) -> None:
    file = write_random_scenario(tmp_path, seed)
    first = program("run", file, "--out", tmp_path / "a")
    if first.code != 0:
        assert first.code in (1, 2)
        assert not (tmp_path / "a").exists()
        return
    again = program("run", tmp_path / "a" / "scenario.resolved.yaml", "--out", tmp_path / "b")
    assert again.code == 0, again.err
    assert_the_same_but_for_origins(tmp_path / "a", tmp_path / "b")
    assert program("verify", tmp_path / "a").code == 0


def test_the_manifest_tells_command_seed_versions_and_hashes(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "run", "--set", "seed=5")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 5
    assert manifest["command"][0] == "nle-optimizer"
    assert {"python", "ortools", "nle-optimizer"} <= set(manifest["versions"])
    assert {"scenario", "schools", "nles", "trusts"} <= set(manifest["inputs"])
    assert set(manifest["outputs"]) == set(steady(tmp_path / "run"))


def test_a_run_without_inputs_cannot_be_verified_and_says_why(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "run", "--no-inputs")
    assert not (tmp_path / "run" / "inputs").exists()
    ended = program("verify", tmp_path / "run")
    assert ended.code == 2
    assert "its inputs were not kept (--no-inputs)" in ended.err


def test_a_run_is_verified_from_its_folder(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "run")
    ended = program("verify", tmp_path / "run")
    told, digest = ended.out.splitlines()
    assert (ended.code, told.startswith(f"{tmp_path / 'run'}: proved: "), len(digest)) == (0, True, 71)


def test_a_changed_run_ends_verify_with_1_and_names_the_file(program: Program, example: Path, tmp_path: Path) -> None:
    program("run", example, "--out", tmp_path / "run")
    path = tmp_path / "run" / "allocation.csv"
    path.write_bytes(path.read_bytes().replace(b",all,", b",some,", 1))
    ended = program("verify", tmp_path / "run", "--format", "json")
    document = json.loads(ended.out)
    assert (ended.code, document["schema_version"], document["verified"]) == (1, 1, False)
    assert any("allocation.csv" in finding for finding in document["findings"])


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_what_is_no_run_folder_is_refused(program: Program, tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    ended = program("verify", tmp_path / folder)
    assert (ended.code, ended.out) == (2, "")
    assert folder in ended.err


@pytest.mark.parametrize(
    "name", ["manifest.json", "summary.json", "certificate.json", "allocation.csv", "inputs/schools.csv"]
)
def test_a_run_folder_that_lacks_a_file_is_refused_or_found_out(
    program: Program, example: Path, tmp_path: Path, name: str
) -> None:
    program("run", example, "--out", tmp_path / "run")
    (tmp_path / "run" / name).unlink()
    ended = program("verify", tmp_path / "run")
    assert ended.code in (1, 2)
    assert Path(name).name in ended.out + ended.err


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": NaN}', "[" * 100_000, "\0", '{"objectives": 3}'])
@pytest.mark.parametrize("name", ["manifest.json", "summary.json", "certificate.json"])
def test_a_broken_json_file_never_ends_in_a_fault_of_ours(
    program: Program, example: Path, tmp_path: Path, name: str, text: str
) -> None:
    program("run", example, "--out", tmp_path / "run")
    (tmp_path / "run" / name).write_text(text, encoding="utf-8")
    assert program("verify", tmp_path / "run").code in (1, 2)


def test_names_like_formulas_are_defused_in_every_file_and_read_back(program: Program, tmp_path: Path) -> None:
    file = write_scenario(
        tmp_path,
        schools=[school(1, name="=cmd|' /C calc'!A0", theme="@SUM(1)"), school(2, name='-"quoted",\nlines')],
        nles=[nle(1, name="+44 20", placements=2)],
    )
    program("run", file, "--out", tmp_path / "run")
    for path in (tmp_path / "run").rglob("*.csv"):
        for row in read_table(path):
            assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row.values())
    assert program("verify", tmp_path / "run").code == 0


def test_a_carriage_return_in_a_name_survives_the_run_folder(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, schools=[school(2)])
    text = (tmp_path / "schools.csv").read_text(encoding="utf-8")
    (tmp_path / "schools.csv").write_bytes(text.replace("School 2", '"School\r2"').encode())
    assert program("run", file, "--out", tmp_path / "run").code == 0
    assert program("verify", tmp_path / "run").code == 0


def test_nobody_eligible_is_a_sound_run(program: Program, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"eligibility": {"rules": [{"name": "never", "when": {"pupils": {"min": 9}}}]}})
    assert program("run", file, "--out", tmp_path / "run").code == 0
    assert program("verify", tmp_path / "run").code == 0


def test_a_title_in_any_script_is_carried_through(program: Program, tmp_path: Path) -> None:
    title = "# England: 'autumn' “2022” 😀\nsecond line"
    file = write_scenario(tmp_path, {"title": title})
    assert program("run", file, "--out", tmp_path / "a").code == 0
    assert program("run", tmp_path / "a" / "scenario.resolved.yaml", "--out", tmp_path / "b").code == 0
    assert json.loads((tmp_path / "b" / "summary.json").read_text(encoding="utf-8"))["title"] == title


@pytest.mark.parametrize(
    "settings",
    [
        {"objectives": ["fit", "distance"]},
        {"tie_break": []},
        {"trust_first": {"counts_as_matched": []}},
        {"eligibility": {"rules": [{"name": "all", "when": {}}]}},
        {"eligibility": {"rules": [{"name": "none", "when": {"name": []}}]}},
        {"fit": {"levels": {"strong": 1}}},
        {"geography": {"max_distance_km": None}},
        {"geography": {"nle_limit": {"multiply": 1.5}, "detour_factor": 1.25}},
        {"capacity": {"multiply": {"placements": 0.333333}, "reserve": {"placements": "10%"}}},
        {"offer": {"placements": 1, "override": True}},
    ],
)
def test_what_is_set_to_nothing_stays_set_when_a_run_is_run_again(
    program: Program, tmp_path: Path, settings: dict[str, Any]
) -> None:
    file = write_scenario(tmp_path, settings, schools=[school(1, matched_trust_id="T1"), school(2)])
    assert program("run", file, "--out", tmp_path / "a").code == 0
    assert program("run", tmp_path / "a" / "scenario.resolved.yaml", "--out", tmp_path / "b").code == 0
    assert_the_same_but_for_origins(tmp_path / "a", tmp_path / "b")
