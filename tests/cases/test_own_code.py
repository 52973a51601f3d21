"""Code never runs unasked: what a file names as its rule needs --allow-code, what the command line names does not."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nle_optimizer import allocate, load_scenario
from nle_optimizer.errors import InputError

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
RAN = "it-ran.txt"
RULE = "helper.py:choose"
Program = Callable[..., "object"]


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Case 42, in a folder of its own that is the working directory; its code leaves a file there when it runs."""
    folder = tmp_path / "case"
    shutil.copytree(CASES / "42-rule-in-a-scenario", folder, ignore=shutil.ignore_patterns(RAN))
    monkeypatch.chdir(folder)
    return folder


def written(folder: Path, name: str, more: str, rule: str | None = RULE) -> Path:
    """A scenario of the case's tables."""
    head = f"schema: 1\nname: {name}\ndata: {{schools: schools.csv, nles: nles.csv}}\n"
    file = folder / f"{name}.yaml"
    file.write_text(head + (f"rule: {rule}\n" if rule else "") + more, encoding="utf-8")
    return file


def refused(program: Program, folder: Path, *words: object) -> str:
    """That a command is refused without running the code, and names its file and hash; what it says."""
    done = program(*words)
    assert done.code == 2, done
    digest = hashlib.sha256((folder / "helper.py").read_bytes()).hexdigest()
    assert all(word in done.err for word in (str(folder / "helper.py"), digest, "--allow-code")), done.err
    assert not (folder / RAN).exists()
    return done.err


def test_case_42_is_refused_by_run_with_the_file_and_its_hash(case: Path, program: Program) -> None:
    assert "scenario.yaml:4" in refused(program, case, "run", "scenario.yaml", "--no-report")


def test_validate_and_run_agree_on_code_and_validate_runs_none(case: Path, program: Program) -> None:
    told = program("validate", "scenario.yaml")
    assert told.code == 1
    assert "--allow-code" in told.out
    assert program("validate", "scenario.yaml", "--allow-code").code == 0
    assert not (case / RAN).exists()


def test_code_of_a_base_an_override_and_a_workbook_is_refused(case: Path, program: Program) -> None:
    over = case / "over.yaml"
    over.write_text("schema: 1\nname: over\nbase: scenario.yaml\n", encoding="utf-8")
    refused(program, case, "run", over, "--no-report")
    chosen = written(case, "chosen", f"overrides: {{mine: {{rule: '{RULE}'}}}}\n", rule=None)
    refused(program, case, "run", chosen, "--scenario", "mine", "--no-report")
    refused(program, case, "run", workbook(case), "--no-report")


def workbook(folder: Path) -> Path:
    """The case as one workbook."""
    from openpyxl import Workbook

    book, file = Workbook(), folder / "book.xlsx"
    sheets = {"Settings": [["key", "value"], ["schema", 1], ["name", "book"], ["rule", RULE]]}
    for name in ("schools", "nles"):
        lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        sheets[name.capitalize()] = [line.split(",") for line in lines]
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return file


def test_code_of_a_grid_and_of_a_table_of_points_is_refused_before_any_point_is_worked_out(
    case: Path, program: Program
) -> None:
    own = written(case, "own", f"sweep: {{grid: {{rule: [greedy, '{RULE}']}}}}\n", rule=None)
    refused(program, case, "sweep", own, "--workers", 1)
    (case / "points.csv").write_text(f"rule\ngreedy\n{RULE}\n", encoding="utf-8")
    plain = written(case, "plain", "", rule=None)
    refused(program, case, "sweep", plain, "--table", "points.csv", "--workers", 1)
    assert not (case / "runs").exists()
    assert program("sweep", plain, "--table", "points.csv", "--workers", 1, "--allow-code", "--no-report").code == 0
    (case / RAN).unlink()
    again = ("sweep", plain, "--table", "points.csv", "--workers", 1, "--resume", "--no-report")
    refused(program, case, *again)
    assert program(*again, "--allow-code").code == 0
    assert not (case / RAN).exists()  # what is kept is not worked out again


def test_code_that_the_command_line_names_may_run_and_no_other(case: Path, program: Program) -> None:
    plain = written(case, "plain", "", rule=None)
    other = case / "sub"
    other.mkdir()
    for n, words in enumerate((("--rule", RULE), ("--set", f"rule={RULE}"))):
        assert program("run", plain, *words, "--no-report", "--out", other / str(n)).code == 0
        (case / RAN).unlink()
    assert program("benchmark", plain, "--rules", RULE).code == 0
    (case / RAN).unlink()
    grid = ("sweep", plain, "--grid", f"rule={RULE},greedy", "--workers", 1, "--no-report")
    assert program(*grid, "--out", other / "swept").code == 0
    (case / RAN).unlink()
    (case / "mine.py").write_text("def f(view):\n    return []\n", encoding="utf-8")
    (case / "points.csv").write_text(f"rule\n{RULE}\n", encoding="utf-8")
    refused(program, case, "sweep", plain, "--set", "rule=mine.py:f", "--table", "points.csv", "--workers", 1)


def test_a_plan_after_one_by_code_of_ones_own_is_made_by_the_rule_optimal_and_keeps_no_code(
    case: Path, program: Program
) -> None:
    assert program("run", "scenario.yaml", "--allow-code", "--no-report", "--out", "r").code == 0
    (case / RAN).unlink()
    before = "r"
    for name in ("next", "later"):
        assert program("replan", before, "--set", "seed=3", "--no-report", "--out", name).code == 0
        assert program("verify", name).code == 0
        assert not list((case / name).rglob("*.py"))
        assert json.loads((case / name / "summary.json").read_text(encoding="utf-8"))["rule"] == "optimal"
        before = name
    told = program("decisions", "later", "--replay")
    assert (told.code, (case / RAN).exists()) == (2, False)
    assert "--allow-code" in told.err
    done = program("decisions", "later", "--replay", "--allow-code")
    assert (done.code, done.out.count("the same plan came out")) == (0, 3)


def test_code_of_a_run_folder_runs_only_where_it_is_allowed_and_verify_never_runs_it(
    case: Path, program: Program
) -> None:
    assert program("run", "scenario.yaml", "--allow-code", "--no-report", "--out", "r").code == 0
    (case / RAN).unlink()
    shutil.copytree("r", "again")
    quiet = [("verify", "r"), ("explain", "r", "S1"), ("compare", "r", "again"), ("report", "r")]
    for words in [*quiet, ("replan", "r", "--no-report", "--out", "next")]:
        done = program(*words)
        assert (done.code, (case / RAN).exists()) == (0, False), (words, done)
    done = program("marginal", "r")
    assert (done.code, (case / RAN).exists()) == (2, False)
    assert "matches without an objective" in done.err
    inside = case / "r" / "inputs"
    refused(program, case, "run", "scenario.yaml", "--no-report", "--out", "other")
    done = program("robustness", "r", "--draws", 2)
    assert done.code == 2
    assert str(inside / "helper.py") in done.err
    assert not (case / RAN).exists()
    assert program("robustness", "r", "--draws", 2, "--workers", 1, "--allow-code").code == 0
    assert (case / RAN).exists()


def test_a_run_folder_whose_code_was_changed_is_refused_even_where_code_is_allowed(
    case: Path, program: Program
) -> None:
    assert program("run", "scenario.yaml", "--allow-code", "--no-report", "--out", "r").code == 0
    (case / RAN).unlink()
    with (case / "r" / "inputs" / "helper.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    done = program("robustness", "r", "--allow-code")
    assert done.code == 2
    assert "its hash differs" in done.err
    assert program("verify", "r").code == 1
    assert not (case / RAN).exists()


def test_paths_of_code_count_from_the_scenario_file_and_stay_in_its_folder(
    case: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case / "inner").mkdir()
    for name in ("schools.csv", "nles.csv"):
        shutil.copy(case / name, case / "inner" / name)
    for rule in ("../helper.py:choose", str(case / RULE), "link.py:choose"):
        if rule.startswith("link"):
            (case / "inner" / "link.py").symlink_to(case / "helper.py")
        file = written(case / "inner", "leaves", "", rule=rule)
        done = program("run", file, "--allow-code", "--no-report")
        assert done.code == 2
        assert "leaves the folder" in done.err
    assert program("run", file, "--allow-code", "--allow-outside", "--no-report", "--out", "o").code == 0
    monkeypatch.chdir(case / "inner")
    assert program("run", case / "scenario.yaml", "--allow-code", "--no-report", "--out", "o").code == 0


def test_python_refuses_code_unless_it_is_allowed(case: Path) -> None:
    scenario = load_scenario("scenario.yaml")
    with pytest.raises(InputError, match="allow_code=True"):
        allocate(scenario)
    assert not (case / RAN).exists()
    assert allocate(scenario, allow_code=True).status == "completed"
    assert allocate(load_scenario("scenario.yaml", allow_code=True)).status == "completed"
    with pytest.raises(InputError, match="allow_code=True"):
        allocate(load_scenario(written(case, "plain", "", rule=None)).replace({"rule": RULE}))


def test_code_that_was_changed_after_it_was_allowed_is_refused(case: Path) -> None:
    scenario = load_scenario("scenario.yaml", sets=[f"rule={RULE}"])
    rule, own = scenario.settings.rule, scenario.document.own_code
    own.read.clear()  # as in a process that reads the file itself
    (case / "helper.py").write_text("def choose(view):\n    return [0]\n", encoding="utf-8")
    with pytest.raises(InputError, match="allow_code=True"):
        allocate(scenario.replace({"rule": rule}))


def test_the_same_code_gives_the_same_bytes_wherever_it_lies(case: Path, program: Program) -> None:
    elsewhere = case.parent / "elsewhere" / "deeper"
    shutil.copytree(case, elsewhere)
    for n, folder in enumerate((case, elsewhere)):
        assert program("run", folder / "scenario.yaml", "--allow-code", "--no-report", "--out", f"r{n}").code == 0
    names = {str(file.relative_to("r0")) for file in Path("r0").rglob("*") if file.is_file()} - {"manifest.json"}
    assert "inputs/helper.py" in names
    assert all(Path("r0", name).read_bytes() == Path("r1", name).read_bytes() for name in names)


def test_modules_that_lie_in_the_working_directory_are_never_imported(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    for name in ("numpy", "ortools", "pickle", "signal", "socket", "multiprocessing", "nle_optimizer"):
        text = f"open({str(case / RAN)!r}, 'w')\nraise SystemExit(9)\n"
        (case / f"{name}.py").write_text(text, encoding="utf-8")
    plain = written(case, "plain", "engine: highs\nsweep: {seeds: 3}\n", rule=None)
    (case / "mine.py").write_text("def f(view):\n    return []\n", encoding="utf-8")
    start = "from nle_optimizer.cli.main import run_program as run; "
    words = [["run"], ["sweep", "--workers", "2"], ["run", "--rule", "mine.py:f"]]
    asked = [[first, str(plain), "--no-report", "--out", f"o{n}", *more] for n, (first, *more) in enumerate(words)]
    program = f"{start}import sys; sys.exit(sum(run(words) for words in {asked}))"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not (case / RAN).exists()


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("gone.py:f", "cannot be read"),
        (".py:f", "names no function"),
        ("helper.py:", "names no function"),
        ("helper.py:not this", "names no function"),
        ("helper.py:choose.py:f", "cannot be read"),
        ("big.py:f", "more than 1,000,000 bytes"),
        ("fifo.py:f", "no ordinary file"),
        ("folder.py:f", "no ordinary file"),
    ],
)
def test_a_rule_that_names_no_code_is_refused_by_validate_and_run(
    rule: str, why: str, case: Path, program: Program
) -> None:
    (case / "big.py").write_bytes(b"#" * 1_000_001)
    (case / "folder.py").mkdir()
    os.mkfifo(case / "fifo.py")
    file = written(case, "wrong", "", rule=f"'{rule}'")
    assert why in program("validate", file, "--allow-code").out
    done = program("run", file, "--allow-code", "--no-report")
    assert done.code == 2
    assert why in done.err
