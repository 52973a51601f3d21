"""Inputs that are no plain files, or meant to harm: refused or bounded, with what to do, and never waited for."""

import hashlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.errors import UNSEEN, InputError
from nle_optimizer.reports.run_folder import Circumstances, write_run_folder
from nle_optimizer.running import allocate
from nle_optimizer.scenario.scenario import load_scenario
from support.scenarios import nle, refusal, school, write_scenario

Program = Callable[..., Any]
EVIL = "Al\x1b[31mice\u202eEVIL\x07\x9b2J"
TITLE = EVIL.replace("\x9b", "")  # which no YAML holds


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    """Whatever waits for a pipe is ended."""

    def end(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return "it is a pipe, and a file is needed"


def listening(path: Path) -> str:
    folder = os.open(path.parent, os.O_RDONLY)
    here = Path.cwd()
    os.fchdir(folder)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)
        os.close(folder)
    return "it is a socket, and a file is needed"


def device(path: Path) -> str:
    path.symlink_to("/dev/zero")
    return "it is a device, and a file is needed"


def folder(path: Path) -> str:
    path.mkdir()
    return "it is a folder, and a file is needed"


def sparse(path: Path) -> str:
    with path.open("wb") as file:
        file.truncate(10**12)
    return "it is longer than"


KINDS = [pipe, listening, device, folder, sparse]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["scenario.yaml", "scenario.xlsx", "schools.csv", "nles.xlsx", "base.yaml"])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(
    tmp_path: Path, name: str, kind: Callable[[Path], str]
) -> None:
    data = {"nles": "nles.xlsx"} if name == "nles.xlsx" else {}
    file = write_scenario(tmp_path, {"data": data, **({"base": "base.yaml"} if name == "base.yaml" else {})})
    (tmp_path / name).unlink(missing_ok=True)
    said = kind(tmp_path / name)
    told = refusal(load_scenario, tmp_path / name if name.startswith("scenario") else file, allow_outside=True)
    assert name in told
    assert said in told


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_input_is_waited_for_either(
    program: Program, tmp_path: Path, kind: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = kind(tmp_path / "odd")
    assert program("run", write_scenario(tmp_path / "in"), "--no-report", "--boundaries", "odd").code == 0
    for words in (
        ("replan", "runs/test", "--changes", "odd"),
        ("sweep", "in/scenario.yaml", "--table", "odd", "--out", "swept", "--allow-outside"),
        ("recruit", "in/scenario.yaml", "--count", "1", "--places", "odd"),
        ("import", "england", "--gias", "odd", "--out", "imported"),
        ("report", "runs/test", "--share", "shared", "--key", "odd"),
        ("run", "in/scenario.yaml", "--rule", "odd.py:f", "--out", "ruled"),
        ("verify", "odd"),
    ):
        ended = program(*words)
        assert ended.code == 2, words
        assert words[0] in ("run", "verify") or said in ended.err, words


def test_hashes_in_the_manifest_are_of_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "last.yaml").write_text("title: Last\n", encoding="utf-8")
    (tmp_path / "base.yaml").write_text("base: last.yaml\nseed: 1\n", encoding="utf-8")
    file = write_scenario(tmp_path, {"base": "base.yaml"})
    names = {"scenario": file.name, "base": "base.yaml", "base 2": "last.yaml", "schools": "schools.csv"}
    names["nles"] = "nles.csv"
    before = {key: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for key, name in names.items()}
    scenario = load_scenario(file)
    for name in names.values():
        (tmp_path / name).write_text("changed meanwhile", encoding="utf-8")
    result = allocate(scenario.replace({"seed": 7}))
    write_run_folder(result, tmp_path / "run", Circumstances((), datetime.now(UTC), {}), force=False, keep_inputs=True)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"] == {key: {"file": names[key], "sha256": digest} for key, digest in before.items()}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"supply": {"add": [{"count": 60_000}, {"count": 60_000}]}}, "add at most 100,000 NLEs, and add 120,000"),
        ({"uncertainty": {"draws": 10**7}}, "uncertainty.draws: must be less than or equal to 100000"),
        ({"stop": {"seconds": 10**8}}, "stop.seconds: must be less than or equal to 2592000"),
        ({"sweep": {"seeds": 10**8}}, "sweep.seeds: must be less than or equal to 1000000"),
        ({"name": "con"}, "Windows keeps the name CON for a device"),
        ({"name": "run."}, "Windows drops a dot or space at the end of a name"),
        ({"overrides": {"a/b": {}, "what?": {}, "nul.x": {}}}, "overrides.what?: Windows allows no '?' in a name"),
        ({"scenarios": {"LPT1": []}}, "scenarios.LPT1: Windows keeps the name LPT1 for a device"),
    ],
)
def test_what_has_no_end_or_no_usable_name_is_refused(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    assert said in refusal(load_scenario, write_scenario(tmp_path, settings))


@pytest.mark.parametrize("value", ["9", "0xf", "0.3", "[", "1e9", "_"])
def test_a_value_of_five_thousand_characters_is_refused(tmp_path: Path, value: str) -> None:
    told = refusal(load_scenario, write_scenario(tmp_path), sets=[f"seed={value}{value[-1] * 5_000}"])
    assert "--set" in told
    assert len(told) < 300


def test_thousands_of_overrides_are_read_in_time(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    lines = [f" o{n}: {{seed: {n}}}" for n in range(1_000)]
    text = "schema: 1\nname: test\ndata: {schools: schools.csv, nles: nles.csv}\noverrides:\n" + "\n".join(lines) + "\n"
    file.write_text(text, encoding="utf-8")
    start = time.process_time()
    assert load_scenario(file, choose=["o999"]).settings.seed == 999
    assert time.process_time() - start < 10


def test_a_sweep_without_end_is_refused(program: Program, tmp_path: Path) -> None:
    grids = [word for n in range(30) for word in ("--grid", f"fit.x{n}=1,2,3,4,5,6,7,8,9,10")]
    file = write_scenario(tmp_path)
    for words, limit in ((grids, "1,000,000"), ([*grids, "--yes"], "10,000,000")):
        ended = program("sweep", file, "--dry-run", *words)
        assert ended.code == 2
        assert f"a great many points, and the limit is {limit}" in ended.err


def test_nothing_that_is_not_seen_reaches_a_terminal_or_a_page(program: Program, tmp_path: Path) -> None:
    schools = [school(n, school_id=f"S{n}\u202e", name=f"{EVIL} {n}", region=EVIL) for n in (1, 2)]
    file = write_scenario(tmp_path / "in", {"title": TITLE}, schools, [nle(1, name=EVIL, region=f"{EVIL}x")])
    run = tmp_path / "run"
    told = [program("run", file, "--out", run), program("report", run, "--record"), program("explain", run, "S2\u202e")]
    told += [program("explain", run, "N1"), program("verify", run), program("run", file, "--set", f"{EVIL}=1")]
    told += [program("run", tmp_path / f"{EVIL}.yaml"), program(EVIL), program("run", f"--{EVIL}")]
    told += [program("compare", run, run), program("marginal", run, "--by", "school")]
    pages = [run / "report.html", *(run / "record").iterdir()]
    texts = [ended.out + ended.err for ended in told] + [page.read_text(encoding="utf-8") for page in pages]
    assert [text for text in texts if UNSEEN.search(text)] == []
    assert "[U+001B][31mice[U+202E]EVIL" in texts[0]
    assert "[U+202E]EVIL" in (run / "report.html").read_text(encoding="utf-8")
    assert "S1\u202e" in (run / "allocation.csv").read_text(encoding="utf-8")
    shown = program("run", file, "--out", tmp_path / "again", "--format", "json").out
    assert not UNSEEN.search(shown)
    assert json.loads(shown)["title"] == TITLE


def test_a_line_end_in_a_cell_makes_no_line_of_a_message(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_scenario(write_scenario(tmp_path, schools=[school(1, pupils="many\nerror: all is lost")]))
    assert "many[U+000A]error: all is lost" in str(caught.value)


def test_commands_print_through_one_door() -> None:
    commands = Path(__file__).resolve().parents[2] / "src" / "nle_optimizer" / "cli"
    wrong = [file.name for file in commands.glob("*.py") if "click.echo(" in file.read_text(encoding="utf-8")]
    assert wrong == ["options.py"]
