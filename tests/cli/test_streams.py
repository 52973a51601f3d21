"""The program as a process: streams, pipes, encodings, and what it imports."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.scenarios import write_scenario

START = [sys.executable, "-c", "from nle_optimizer.cli.main import main; main()"]


def start(*words: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*START, *map(str, words)], capture_output=True, env={**os.environ, **environment}, check=False, timeout=60
    )


def test_help_imports_neither_numpy_nor_a_solver() -> None:
    code = (
        "import sys\nfrom nle_optimizer.cli.main import run_program\nrun_program(['--help'])\n"
        "print([m for m in ('numpy', 'ortools', 'pydantic', 'scipy') if m in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert ended.stderr.strip() == b"[]"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_run_ends_well_whatever_the_terminal_can_show(tmp_path: Path, encoding: str) -> None:
    file = write_scenario(tmp_path, {"title": "Łódź – à Becket 😀"})
    ended = start("run", file, "--out", tmp_path / "run", PYTHONIOENCODING=encoding)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_json_says_the_same_whatever_the_terminal_can_show(tmp_path: Path, encoding: str) -> None:
    file = write_scenario(tmp_path, {"title": "Łódź – à Becket 😀"})
    ended = start("run", file, "--out", tmp_path / "run", "--format", "json", "--no-report", PYTHONIOENCODING=encoding)
    assert json.loads(ended.stdout.decode(encoding))["title"] == "Łódź – à Becket 😀"


def test_a_piped_run_prints_no_progress_and_no_colour(tmp_path: Path) -> None:
    ended = start("run", write_scenario(tmp_path), "--out", tmp_path / "run", "--no-report")
    assert ended.stderr == b""
    assert b"\x1b" not in ended.stdout


def test_errors_leave_stdout_empty(tmp_path: Path) -> None:
    ended = start("run", tmp_path / "nowhere.yaml")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"Traceback" not in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
def test_a_reader_that_stops_reading_is_no_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([*START, "schema"], stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writer)
    assert b"Traceback" not in ended.stderr
    assert ended.returncode in (0, 1)
