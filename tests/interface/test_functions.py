"""Every command has a function of its name, and both leave the same bytes behind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nle_optimizer as nle
from nle_optimizer.cli.main import COMMANDS, run_program
from nle_optimizer.errors import InputError, NleOptimizerError, RunFolderError
from nle_optimizer.sources.example import write_example
from support.scenarios import refusal

LATER = {"serve", "simulate", "target", "import_list"}
"""Names that are not there yet."""
WITHOUT = {"validate", "decisions", "robustness", "import", "init", "doctor"}
LISTS = {"schema", "policies", "objectives", "constraints", "rules", "metrics"}
UNSTEADY = {"manifest.json", "trials.sqlite", "sweep.sqlite"}
"""Files that tell when and how long, or keep what was done."""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    write_example(folder / "example")
    assert run_program(["run", str(folder / "example" / "scenario.yaml"), "--out", str(folder / "run")]) == 0
    return folder


@pytest.fixture
def scenario(example: Path) -> Path:
    return example / "example" / "scenario.yaml"


@pytest.fixture
def run(example: Path) -> Path:
    return example / "run"


def steady(folder: Path) -> dict[str, bytes]:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in UNSTEADY}


def test_every_command_that_answers_has_a_function_of_its_name() -> None:
    assert {*COMMANDS} - WITHOUT - LISTS <= {*nle.__all__}
    assert not LATER & {*nle.__all__}


Made = Callable[[Path, Path, Path], Any]
FOLDERS: dict[str, tuple[Callable[[Path, Path], list[Any]], Made]] = {
    "run": (
        lambda scenario, _: ["run", scenario, "--set", "seed=3"],
        lambda scenario, _, out: nle.run(scenario, sets=["seed=3"]).write(out),
    ),
    "replan": (
        lambda _, run: ["replan", run, "--set", "geography.max_distance_km=20", "--by", "us", "--max-moves", "1"],
        lambda _, run, out: nle.replan(run, sets=["geography.max_distance_km=20"], by="us", max_moves=1).write(out),
    ),
    "frontier": (
        lambda scenario, _: ["frontier", scenario, "--between", "fit,distance"],
        lambda scenario, _, out: nle.frontier(scenario, between=["fit", "distance"]).write(out),
    ),
    "recruit": (
        lambda scenario, _: ["recruit", scenario, "--count", "1", "--like", "N1"],
        lambda scenario, _, out: nle.recruit(scenario, count=1, like="N1").write(out),
    ),
    "sweep": (
        lambda scenario, _: ["sweep", scenario, "--grid", "geography.max_distance_km=10,40", "--workers", "1"],
        lambda scenario, _, out: (
            nle.sweep(scenario, grid={"geography.max_distance_km": [10, 40]}, workers=0, out=out).folder
        ),
    ),
    "benchmark": (
        lambda scenario, _: ["benchmark", scenario, "--rules", "greedy,lottery", "--draws", "2", "--workers", "1"],
        lambda scenario, _, out: nle.benchmark(scenario, rules=["greedy", "lottery"], draws=2, workers=1).write(out),
    ),
    "generate": (
        lambda *_: ["generate", "--schools", "60", "--nles", "5", "--seed", "4", "--region", "London"],
        lambda _, __, out: nle.generate(60, nles=5, seed=4, regions=["London"]).write(out),
    ),
    "report": (
        lambda _, run: ["report", run, "--names", "--share"],
        lambda _, run, out: nle.report(run, share=out, names=True),
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_command_and_its_function_leave_the_same_bytes(
    name: str, scenario: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, made = FOLDERS[name]
    one, other = tmp_path / "a" / "same", tmp_path / "b" / "same"
    told = [str(word) for word in words(scenario, run)]
    code = run_program([*told, *([] if told[-1] == "--share" else ["--out"]), str(one)])
    assert code == 0, capsys.readouterr().err
    made(scenario, run, other)
    assert steady(one) == steady(other) != {}


def test_an_import_and_its_function_leave_the_same_bytes(tmp_path: Path) -> None:
    cells = {
        "URN": "1",
        "EstablishmentName": "One",
        "TypeOfEstablishment (name)": "Community school",
        "EstablishmentStatus (name)": "Open",
        "PhaseOfEducation (name)": "Primary",
        "LA (name)": "Camden",
        "GOR (name)": "London",
        "Easting": "530000",
        "Northing": "180000",
    }
    gias = tmp_path / "gias.csv"
    gias.write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n", encoding="utf-8")
    assert run_program(["import", "england", "--gias", str(gias), "--out", str(tmp_path / "a" / "same")]) == 0
    found = nle.import_england(gias)
    assert found.write(tmp_path / "b" / "same") == tmp_path / "b" / "same" / "scenario.yaml"
    assert steady(tmp_path / "a" / "same") == steady(tmp_path / "b" / "same") != {}
    assert found.to_pandas()["easting"].tolist() == [530000]


@pytest.mark.parametrize("by", ["nle", "region", "school"])
def test_values_written_by_the_command_and_by_the_function_are_the_same(by: str, run: Path, tmp_path: Path) -> None:
    assert run_program(["marginal", str(run), "--by", by, "--out", str(tmp_path / "a.csv")]) == 0
    written = nle.marginal(run, by=by).write(tmp_path / "b.csv")  # type: ignore[arg-type]
    assert written.read_bytes() == (tmp_path / "a.csv").read_bytes()
    with pytest.raises(RunFolderError, match="it exists already"):
        nle.marginal(run).write(written)


def printed(words: list[Any], capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    run_program([*map(str, words), "--format", "json"])
    return json.loads(capsys.readouterr().out)


def test_answers_are_what_the_commands_print(
    scenario: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(["explain", run, "E003"], capsys) == nle.explain(run, "E003").document
    assert printed(["explain", run, "--left-out"], capsys) == nle.explain(run, left_out=True).document
    assert printed(["marginal", run], capsys) == nle.marginal(run).document()
    other = nle.run(scenario, sets=["geography.max_distance_km=20"]).write(tmp_path / "other", report=False)
    comparison = nle.compare(run, other)
    assert printed(["compare", run, other], capsys) == json.loads(json.dumps(comparison.document()))
    comparison.write_page(tmp_path / "a.html")
    assert run_program(["compare", str(run), str(other), "--page", str(tmp_path / "b.html")]) == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_result_is_asked_as_its_run_folder_is(scenario: Path, run: Path, tmp_path: Path) -> None:
    made = nle.run(scenario)
    for ids in (["E003"], ["N2"], ["E003", "N2"]):
        of_folder, of_result = nle.explain(run, *ids), nle.explain(made, *ids)
        assert {**of_folder.document, "run": ""} == {**of_result.document, "run": ""}
    assert nle.marginal(made).table() == nle.marginal(run).table()
    assert nle.compare(run, made).same and nle.compare(made, nle.allocate(made.scenario)).same


ANSWERS: dict[str, Callable[[Path, Path, Path], Any]] = {
    "run": lambda scenario, _, __: nle.run(scenario),
    "explain": lambda _, run, __: nle.explain(run, "E003"),
    "explain-nle": lambda _, run, __: nle.explain(run, "N2"),
    "explain-left-out": lambda _, run, __: nle.explain(run, left_out=True),
    "marginal": lambda _, run, __: nle.marginal(run, by="region"),
    "sweep": lambda scenario, _, out: nle.sweep(
        scenario, grid={"seed": [1, 2], "rule": ["greedy"]}, workers=0, out=out
    ),
    "dry": lambda scenario, _, __: nle.sweep(scenario, grid={"seed": [1, 2]}, dry_run=True),
    "frontier": lambda scenario, _, __: nle.frontier(scenario, between=["fit", "distance"]),
    "recruit": lambda scenario, _, __: nle.recruit(scenario, count=1, like="N1"),
    "replan": lambda _, run, __: nle.replan(run, sets=["geography.max_distance_km=20"]),
    "compare": lambda scenario, run, _: nle.compare(run, nle.run(scenario, sets=["geography.max_distance_km=20"])),
    "benchmark": lambda scenario, _, __: nle.benchmark(
        scenario, rules=["greedy"], sets=["geography.max_distance_km=12"], properties=True
    ),
    "generate": lambda *_: nle.generate(40, nles=3),
    "report": lambda _, run, out: nle.report(run, share=out),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_one_line_and_its_tables_have_numbers_as_numbers(
    name: str, scenario: Path, run: Path, tmp_path: Path
) -> None:
    answer = ANSWERS[name](scenario, run, tmp_path / "out")
    assert repr(answer).startswith("<") and len(repr(answer).replace(str(tmp_path), "")) <= 160
    assert "\n" not in repr(answer)
    assert answer.tables
    for key, table in answer.tables.items():
        frame = table.to_pandas()
        assert (table.name, list(frame.columns), len(frame)) == (key, list(table.columns), len(table))
        for column, cells in table.columns.items():
            assert frame[column].notna().tolist() == [cell != "" for cell in cells], (key, column)


def test_changes_places_and_points_may_be_data_frames(scenario: Path, run: Path, tmp_path: Path) -> None:
    changes = pd.DataFrame([{"action": "nle-withdraws", "nle_id": "N1", "date": pd.Timestamp("2026-11-03")}])
    changes.to_csv(tmp_path / "changes.csv", index=False)
    held, read = (nle.replan(run, changes=given) for given in (changes, tmp_path / "changes.csv"))
    assert held.moves.rows() == read.moves.rows() != []
    assert held.decisions.to_pandas()["date"].tolist() == ["2026-11-03"]
    places = pd.DataFrame([{"nle_id": "new", "easting": 430000, "northing": 440000}])
    assert nle.recruit(scenario, count=1, places=places, like="N1").to_pandas()["nle_id"].tolist() == ["new"]
    points = pd.DataFrame({"name": ["a", "b"], "geography.max_distance_km": [10, 40.5]})
    swept = nle.sweep(scenario, table=points, workers=0, out=tmp_path / "sweep").to_pandas()
    assert swept["geography.max_distance_km"].tolist() == [10, 40.5] and swept["name"].tolist() == ["a", "b"]
    told = refusal(nle.replan, run, changes=changes.assign(action="nle-leaves"))
    assert "changes DataFrame (rows from 0):row 0: action" in told


MISTAKES: dict[str, tuple[type[Exception], Callable[[Path, Path], Any]]] = {
    "--points: must be from 2 to 10,000; got 1": (
        InputError,
        lambda scenario, _: nle.frontier(scenario, between=["fit", "distance"], points=1),
    ),
    "it must be above 0 and at most 2,592,000": (InputError, lambda _, run: nle.marginal(run, time_limit=0)),
    "--by: must be one of nle, region": (InputError, lambda _, run: nle.marginal(run, by="phase")),  # type: ignore[arg-type]
    "between is two names: between=['fit', 'distance']": (
        TypeError,
        lambda scenario, _: nle.frontier(scenario, between="fit,distance"),
    ),
    "give one or two: a school, an NLE": (InputError, lambda _, run: nle.explain(run)),
    "did you mean E003?": (InputError, lambda _, run: nle.explain(run, "E03")),
    "there is no such run folder": (RunFolderError, lambda _, run: nle.compare(run, run.with_name("nowhere"))),
    "give its path, not Scenario": (TypeError, lambda scenario, _: nle.sweep(nle.load_scenario(scenario))),  # type: ignore[arg-type]
    "--resume goes on in a folder": (InputError, lambda scenario, _: nle.benchmark(scenario, resume=True)),
    "--names and --key say how a copy is shared": (InputError, lambda _, run: nle.report(run, names=True)),
    "choose and allow_outside say how a file is read": (
        TypeError,
        lambda scenario, _: nle.run(nle.load_scenario(scenario), choose=["near"]),
    ),
    "the path of a run folder is needed, not dict": (TypeError, lambda *_: nle.replan({})),  # type: ignore[arg-type]
    "write KEY=VALUE, such as": (InputError, lambda _, run: nle.replan(run, sets=["seed"])),
    "it exists already": (RunFolderError, lambda scenario, run: nle.run(scenario).write(run)),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_what_cannot_be_is_told_in_the_words_of_the_command(said: str, scenario: Path, run: Path) -> None:
    kind, call = MISTAKES[said]
    assert issubclass(kind, NleOptimizerError | TypeError)
    with pytest.raises(kind) as raised:
        call(scenario, run)
    assert said in str(raised.value)


def test_a_run_tells_its_steps_and_which_program_made_its_folder(scenario: Path, tmp_path: Path) -> None:
    told: list[str] = []
    made = nle.run(scenario, progress=told.append)
    assert told[-2:] == ["explaining", "verifying"]
    made.write(tmp_path / "run", report=False)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["command"]) == 1 and "/" not in manifest["command"][0]
    assert set(manifest["seconds"]) >= {"matching", "explaining", "verifying"}
    assert nle.verify(tmp_path / "run") == []
