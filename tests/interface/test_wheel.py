"""What people install is whole: a wheel is built, installed into an empty folder, and tried."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
OFFLINE = ["--no-deps", "--no-index"]
TRIED = """
import sys
from nle_optimizer import __version__
from nle_optimizer.cli.main import run_program
words = [["init", "example"], ["run", "example/scenario.yaml", "--out", "run"], ["verify", "run"]]
codes = [run_program(each) for each in words]
print("tried", __version__, sys.modules["nle_optimizer"].__file__, codes)
"""


def done(words: list[str], folder: Path, **more: str) -> str:
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(words, cwd=folder, env={**surroundings, **more}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    done([*PIP, "wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(folder / "dist"), "."], folder)
    (built,) = (folder / "dist").iterdir()
    return built


def stated(pattern: str, file: str) -> str:
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    source = ROOT / "src"
    ours = {path.relative_to(source).as_posix() for path in (source / "nle_optimizer").rglob("*") if path.is_file()}
    ours = {name for name in ours if "__pycache__" not in name}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == ours
    assert {".py", ".html", ".js", ".css", ".csv"} <= {Path(name).suffix for name in packed}


def test_what_the_wheel_installs_runs_and_verifies(wheel: Path, tmp_path: Path) -> None:
    done([*PIP, "install", *OFFLINE, "--no-compile", "--target", str(tmp_path / "installed"), str(wheel)], tmp_path)
    told = done([sys.executable, "-c", TRIED], tmp_path, PYTHONPATH=str(tmp_path / "installed"))
    version, place, codes = told.splitlines()[-1].removeprefix("tried ").split(" ", 2)
    assert version == stated(r'^version = "(.+)"$', "pyproject.toml")
    assert Path(place).is_relative_to(tmp_path / "installed")
    assert codes == "[0, 0, 0]"


def test_the_latest_section_of_the_changelog_is_of_this_version() -> None:
    assert stated(r"^## \[(\d.*?)\]", "CHANGELOG.md") == stated(r'^version = "(.+)"$', "pyproject.toml")
