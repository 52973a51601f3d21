"""Ctrl-C, a full disk, an existing folder: a run leaves either a whole folder or nothing."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nle_optimizer.engines.network.engine
import nle_optimizer.studies.runs  # noqa: F401  (read before anything is patched)
import nle_optimizer.studies.runs as runs
from support.scenarios import write_scenario

Program = Callable[..., Any]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write_scenario(tmp_path / "in")


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def raising(fault: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise fault

    return fail


STEPS = [
    "nle_optimizer.scenario.scenario.load_scenario",
    "nle_optimizer.studies.runs.result_of",
    "nle_optimizer.engines.network.engine.NetworkEngine.solve_near",
    "nle_optimizer.studies.runs.check_claim",
    "nle_optimizer.studies.runs.write_run_folder",
    "nle_optimizer.reports.run_folder.resolved_text",
    "pathlib.Path.write_bytes",
]


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_at_any_step_ends_with_130_and_leaves_nothing(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(step, raising(KeyboardInterrupt()))
    ended = program("run", scenario, "--out", tmp_path / "run")
    assert (ended.code, ended.out) == (130, "")
    assert "interrupted" in ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_leaves_an_earlier_run_as_it_was_even_with_force(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    program("run", scenario, "--out", tmp_path / "run")
    before = everything(tmp_path)
    monkeypatch.setattr(step, raising(KeyboardInterrupt()))
    assert program("run", scenario, "--out", tmp_path / "run", "--force").code == 130
    assert everything(tmp_path) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("step", ["pathlib.Path.write_bytes", "pathlib.Path.mkdir", "pathlib.Path.rename"])
def test_a_disk_that_refuses_ends_with_2_and_leaves_nothing(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    monkeypatch.setattr(step, raising(OSError(code, "the disk refuses")))
    ended = program("run", scenario, "--out", tmp_path / "run")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"error: {tmp_path / 'run'}: the folder cannot be written: the disk refuses\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_a_disk_that_fills_up_half_way_leaves_nothing(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes
    written: list[Path] = []

    def fill_up(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    ended = program("run", scenario, "--out", tmp_path / "run")
    assert (ended.code, len(written)) == (2, 5)
    assert "No space left on device" in ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_an_existing_run_is_refused_before_anything_is_solved(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("run", scenario, "--out", tmp_path / "run")
    before = everything(tmp_path)
    monkeypatch.setattr("nle_optimizer.studies.runs.result_of", raising(AssertionError("it was solved")))
    ended = program("run", scenario, "--out", tmp_path / "run")
    assert (ended.code, ended.out) == (2, "")
    assert "it exists already; choose another --out, or give --force to replace it" in ended.err
    assert everything(tmp_path) == before


def test_force_replaces_an_earlier_run_whole(program: Program, scenario: Path, tmp_path: Path) -> None:
    program("run", scenario, "--out", tmp_path / "run")
    assert program("run", scenario, "--out", tmp_path / "run", "--force", "--no-inputs", "--set", "seed=5").code == 0
    assert not (tmp_path / "run" / "inputs").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "run"]


@pytest.mark.parametrize("out", ["in", "."])
def test_force_never_replaces_a_folder_that_is_no_run(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = everything(tmp_path)
    assert program("run", scenario, "--out", out, "--force").code == 2
    assert everything(tmp_path) == before


def test_a_broken_manifest_does_not_cost_the_old_run(program: Program, scenario: Path, tmp_path: Path) -> None:
    program("run", scenario, "--out", tmp_path / "run")
    (tmp_path / "run" / "manifest.json").write_text('{"outputs": 3}', encoding="utf-8")
    before = everything(tmp_path)
    ended = program("run", scenario, "--out", tmp_path / "run", "--force")
    assert ended.code in (0, 2)
    assert ended.code == 0 or everything(tmp_path) == before


def test_of_several_runs_those_done_before_ctrl_c_stay(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_scenario(tmp_path / name, {"name": name}) for name in ("one", "two")]
    write = runs.write_run_folder

    def stop_at_two(result: Any, target: Path, *rest: Any, **named: Any) -> None:
        if target.name == "two":
            raise KeyboardInterrupt
        write(result, target, *rest, **named)

    monkeypatch.setattr(runs, "write_run_folder", stop_at_two)
    assert program("run", *files, "--out", tmp_path / "runs").code == 130
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]
