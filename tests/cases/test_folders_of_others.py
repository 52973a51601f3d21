"""A folder that holds what somebody else wrote is never written over, and a run folder is old or new."""

import errno
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nle_optimizer.errors import RunFolderError
from nle_optimizer.reports.run_folder import Circumstances, write_run_folder
from nle_optimizer.running import allocate
from nle_optimizer.scenario.scenario import load_scenario
from support.faults import failing, fault_at
from support.scenarios import write_scenario

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
Program = Callable[..., Any]


def test_a_run_folder_is_old_or_new_whatever_operation_fails(tmp_path: Path) -> None:
    result = allocate(load_scenario(write_scenario(tmp_path / "in")))
    run, told = tmp_path / "out" / "run", Circumstances((), datetime.now(UTC), {})

    def put(text: bytes) -> None:
        write_run_folder(result, run, told, force=True, keep_inputs=True, more={"report.html": text})

    def found() -> dict[str, bytes]:
        files = (file for file in run.rglob("*") if file.is_file() and file.name != "manifest.json")
        return {file.relative_to(run).as_posix(): file.read_bytes() for file in files}

    for number in range(1, 1000, 13):
        put(b"old")
        (run / "inputs" / "mine.csv").write_text("mine", encoding="utf-8")
        old = found()
        try:
            with fault_at(number, failing(errno.ENOSPC)) as faults:
                put(b"new")
        except RunFolderError as error:
            assert "No space left on device" in str(error)
        assert found() in (old, {**old, "report.html": b"new"})
        if faults.count < number:
            return
    raise AssertionError("there is no end of it")


def test_case_45_somebody_elses_folder_with_a_manifest_is_refused(program: Program, tmp_path: Path) -> None:
    case = Path(shutil.copytree(CASES / "45-somebody-elses-folder", tmp_path / "case"))
    before = {file.name: file.read_bytes() for file in (case / "site").iterdir()}
    ended = program("run", case / "scenario.yaml", "--out", case / "site", "--force")
    assert (ended.code, ended.out) == (2, "")
    assert "site: it exists already, and holds what we did not write; choose another --out" in ended.err
    assert {file.name: file.read_bytes() for file in (case / "site").iterdir()} == before


def test_a_run_folder_keeps_what_people_put_into_it_at_every_depth(program: Program, tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "in")
    assert program("run", scenario, "--out", tmp_path / "run").code == 0
    kept = {"inputs/mine.csv": "mine", "record/minutes.md": "minutes", "notes.txt": "notes"}
    for name, text in kept.items():
        (tmp_path / "run" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "run" / name).write_text(text, encoding="utf-8")
    (tmp_path / "run" / "workbook.xlsx").write_bytes(b"decisions written in")
    ended = program("run", scenario, "--out", tmp_path / "run", "--force")
    assert ended.code == 0
    assert "warning: " in ended.err and "workbook.xlsx: it is not as we wrote it, so it was kept as" in ended.err
    assert {name: (tmp_path / "run" / name).read_text(encoding="utf-8") for name in kept} == kept
    assert (tmp_path / "run" / "workbook.kept.xlsx").read_bytes() == b"decisions written in"
    assert program("verify", tmp_path / "run").code == 0


def test_a_run_folder_of_an_earlier_version_is_known(program: Program, tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "in")
    assert program("run", scenario, "--out", tmp_path / "run").code == 0
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest.pop("kind") == "run"
    (tmp_path / "run" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert program("verify", tmp_path / "run").code == 0
    assert program("run", scenario, "--out", tmp_path / "run", "--force").code == 0
