"""Rules of one's own: a good one is in the table; a bad one is named with the reason while the others finish."""

import signal
import subprocess
import sys
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from nle_optimizer.cli.main import run_program
from nle_optimizer.errors import UnsupportedError
from nle_optimizer.preparation import prepare
from nle_optimizer.rules.custom import LIMITS, CustomRule, draws_lots, view_of
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.scenario.own_code import Code
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.studies.benchmark.trial import trials_of

ROOT = Path(__file__).resolve().parents[2]
REGION = ROOT / "scenarios" / "region" / "scenario.yaml"
GOOD = """
def nobody_twice(view):
    left = {name: amounts.tolist() for name, amounts in view.capacity.items()}
    free, pairs = view.supporters.tolist(), []
    for pair in (-view.fit).argsort(kind="stable").tolist():
        nle, recipient = int(view.nle[pair]), int(view.recipient[pair])
        if free[recipient] and all(use[pair] <= left[name][nle] for name, use in view.use.items()):
            free[recipient] -= 1
            for name, use in view.use.items():
                left[name][nle] -= use[pair]
            pairs.append(pair)
    return pairs
"""
BAD = {
    "raises": ("    return view.gone", "line 2: AttributeError"),
    "text": ("    return 'pairs'", "it gives str 'pairs'; give a list of whole numbers"),
    "nothing": ("    return None", "it gives NoneType None; give a list of whole numbers"),
    "a generator": ("    yield 0", "it gives generator; give a list of whole numbers"),
    "a set": ("    return {0}", "it gives set; give a list"),
    "no number": ("    return [0, float('nan')]", "it gives float nan among the pairs"),
    "a huge number": ("    return [0, 10**5000]", "it gives int without end among the pairs"),
    "a table": ("    return [[0], [1]]", "give a list of whole numbers"),
    "a mask": ("    return view.fit > 0", "numpy.flatnonzero"),
    "everything": ("    return list(range(len(view.fit)))", "breaks a limit"),
    "twice": ("    return [0, 0]", "the pair 0 twice"),
    "beyond": ("    return [10**9]", "1000000000, which is no candidate pair"),
    "negative": ("    return [-1]", "-1, which is no candidate pair"),
    "writes": ("    view.fit[0] = 1\n    return []", "read-only"),
    "writes weights": ("    view.objectives[0].weights[0] = 1\n    return []", "read-only"),
    "dies": ("    import os\n    os._exit(7)", "exit code 7 before it answered"),
    "leaves": ("    raise SystemExit(3)", "SystemExit: 3"),
    "interrupts": ("    raise KeyboardInterrupt", "KeyboardInterrupt"),
    "is killed": ("    import os\n    os.kill(os.getpid(), 9)", "ended with signal SIGKILL"),
    "kills its parent": ("    import os\n    os.kill(os.getppid(), 9)\n    while True: pass", "signal SIGKILL"),
    "takes all memory": ("    return [0] * 10**11", "MemoryError"),
    "its children take all memory": (
        "    import subprocess, sys\n    subprocess.run([sys.executable, '-c', 'bytearray(5 * 1024**3)'], check=True)",
        "CalledProcessError",
    ),
    "forks and ends": ("    import os\n    os.fork() or os.read(os.pipe()[0], 1)\n    os._exit(7)", "exit code 7"),
    "no words for its fault": (
        "    class Fault(Exception):\n        def __str__(self): raise self\n    raise Fault",
        "line 4: Fault",
    ),
    "writes to the channel": (
        "    import os\n    for n in range(3, 20):\n        try: os.write(n, b'nonsense')\n"
        "        except OSError: pass\n"
        "    os._exit(0)",
        "something else than an answer",
    ),
    "answers for itself": (
        "    import os\n    for n in range(3, 20):\n        try: os.write(n, b'{\"pairs\": [0.5, -1]}')\n"
        "        except OSError: pass\n    os._exit(0)",
        "something else than candidate pairs",
    ),
    "floods the channel": (
        "    import os\n    for n in range(3, 20):\n        try:\n            while True: os.write(n, b' ' * 65536)\n"
        "        except OSError: pass",
        "more than any answer can be",
    ),
    "prints without end": (
        "    for _ in range(10**5): print('\\x1b[2J\u202e' * 9)\n    return 1",
        r"it printed: \x1b[2J\u202e",
    ),
    "loops": ("    while True: pass", "not done after 0.5 s"),
    "sleeps": ("    import time\n    time.sleep(1000)", "not done after 0.5 s"),
    "takes faults": ("    while True:\n        try: ''\n        except BaseException: pass", "not done after"),
}
SLOW = {"loops", "sleeps", "takes faults"}


def written(folder: Path, name: str, text: str) -> str:
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    return f"{file}:{name}"


def code(folder: Path, function: str, text: str) -> Code:
    return Code(folder / "mine.py", function, text.encode())


@pytest.fixture(scope="module")
def agenda() -> Agenda:
    scenario = load_scenario(REGION)
    case = prepare(scenario, lambda _: None)
    return Agenda(case.problem, case.candidates, scenario.settings)


def test_a_rule_of_ones_own_stands_in_the_table_and_in_a_verified_run(tmp_path: Path) -> None:
    name = written(tmp_path, "nobody_twice", GOOD)
    found = trials_of(load_scenario(REGION, allow_code=True), [name], 1)
    own = found.trials[1]
    assert own.reason == ""
    assert 0 < (own.figures["total_fit"] or 0) <= (found.optimum.figures["total_fit"] or 0) * 2
    out = tmp_path / "run"
    assert run_program(["run", str(REGION), "--rule", name, "--no-report", "--out", str(out)]) == 0
    assert "sha256 " in (out / "summary.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_rule_is_refused_with_what_it_did(kind: str, tmp_path: Path, agenda: Agenda) -> None:
    body, why = BAD[kind]
    limits = replace(LIMITS, seconds=0.5 if kind in SLOW else 30.0)
    rule = CustomRule(code(tmp_path, "bad", f"def bad(view):\n{body}\n"), limits)
    with pytest.raises(UnsupportedError) as caught:
        rule.match(agenda, 0)
    told = str(caught.value)
    assert why in told
    assert "mine.py:bad" in told
    assert len(told) < 12_000
    assert told.isprintable()


def test_a_bad_rule_is_left_out_of_a_benchmark_and_the_others_finish(tmp_path: Path) -> None:
    name = written(tmp_path, "bad", "def bad(view):\n    return 1\n")
    optimal, own, greedy = trials_of(load_scenario(REGION, allow_code=True), [name, "greedy"], 1).trials
    assert "give a list of whole numbers" in own.reason
    assert optimal.reason == greedy.reason == ""


ENDINGS = {"answers": "return []", "dies": "os._exit(3)", "loops": "while True: pass"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the children of its own group end with a rule")
@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_a_rule_has_started_ends_with_it(ending: str, tmp_path: Path, agenda: Agenda) -> None:
    started = tmp_path / "started"
    body = f"""import os, subprocess, sys, time
def bad(view):
    sleeps = [sys.executable, "-c", "import time; time.sleep(1000)"]
    own = [subprocess.Popen(sleeps, start_new_session=new, env={{}}).pid for new in (False, True)]
    if not os.fork():
        os.setsid()
        if not os.fork():
            open({str(started)!r}, "w").write(" ".join(map(str, [*own, os.getpid()])))
            time.sleep(1000)
        os._exit(0)
    while not os.path.exists({str(started)!r}) or not os.path.getsize({str(started)!r}): time.sleep(0.01)
    {ENDINGS[ending]}
"""
    rule = CustomRule(code(tmp_path, "bad", body), replace(LIMITS, seconds=2.0 if ending == "loops" else 30.0))
    with nullcontext() if ending == "answers" else pytest.raises(UnsupportedError):
        rule.match(agenda, 0)
    pids = started.read_text(encoding="utf-8").split()
    assert len(pids) == 3
    assert [pid for pid in pids if Path("/proc", pid).exists()] == []


def test_what_a_good_rule_prints_is_shown_escaped(
    tmp_path: Path, agenda: Agenda, capfd: pytest.CaptureFixture[str]
) -> None:
    body = "import os\ndef good(view):\n    print('one\\x1b[2J')\n    os.system('echo two')\n    return []\n"
    assert len(CustomRule(code(tmp_path, "good", body)).match(agenda, 0).pairs) == 0
    assert "mine.py:good prints:" in (told := capfd.readouterr().err)
    assert "two" in told
    assert "\x1b" not in told
    assert r"\x1b[2J" in told


def test_a_fork_that_comes_back_too_gives_no_second_answer(tmp_path: Path, agenda: Agenda) -> None:
    body = "import os\ndef good(view):\n    os.fork()\n    return [0]\n"
    assert CustomRule(code(tmp_path, "good", body)).match(agenda, 0).pairs.tolist() == [0]


def test_an_interrupt_ends_a_rule_at_once(tmp_path: Path) -> None:
    name = written(tmp_path, "f", "import time\ndef f(view):\n    print(flush=True)\n    time.sleep(1000)\n")
    words = ["run", str(REGION), "--rule", name, "--no-report", "--out", str(tmp_path / "run")]
    program = [sys.executable, "-c", f"from nle_optimizer.cli.main import main; main({words!r})"]
    with subprocess.Popen(program, stderr=subprocess.PIPE) as running:
        while not _children_of_children(running.pid):
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert running.wait(20) == 130
        assert time.monotonic() - start < 5
        assert "interrupted" in running.stderr.read().decode()  # type: ignore[union-attr]
    assert not (tmp_path / "run").exists()


def _children_of_children(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    return {child for child, parent in parents.items() if parents.get(parent) == pid}


def test_a_rule_sees_ranks_places_needs_and_objectives_as_the_tables_have_them(tmp_path: Path) -> None:
    tables = {
        "schools": "school_id,region,local_authority,phase,need_leadership,need_governance,need_finance,priority\n"
        "S1,London,Camden,primary,0.5,0.25,,1\nS2,,,,1,0,0,\n",
        "nles": "nle_id,region,local_authority,expertise_leadership,expertise_governance,expertise_finance,placements\n"
        "N1,North West,Wigan,1,0.5,,2\n",
        "pairs": "nle_id,school_id,fit,distance_km,school_rank,nle_rank\nN1,S1,0.5,12.5,,2\nN1,S2,0.25,1,1,\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    file = tmp_path / "scenario.yaml"
    data = "{schools: schools.csv, nles: nles.csv, pairs: {file: pairs.csv, only: true}}"
    aims = "[{schools_supported: {by: priority}}, distance, min_fit, load_balance]"
    file.write_text(f"schema: 1\nname: t\ndata: {data}\nobjectives: {aims}\nfit: {{unknown: 0}}\n", encoding="utf-8")
    scenario = load_scenario(file)
    case = prepare(scenario, lambda _: None)
    view = view_of(Agenda(case.problem, case.candidates, scenario.settings), 3)
    assert (view.school_rank.tolist(), view.nle_rank.tolist()) == ([0, 1], [2, 0])
    assert (view.recipient_region, view.recipient_local_authority) == (("London", ""), ("Camden", ""))
    assert (view.recipient_phase, view.nle_region, view.nle_local_authority) == (
        ("primary", ""),
        ("North West",),
        ("Wigan",),
    )
    assert view.needs["leadership"].tolist() == [500_000, 1_000_000]
    assert view.expertise["governance"].tolist() == [500_000]
    told = [
        (aim.name, aim.sense, aim.kind, None if aim.weights is None else aim.weights.tolist(), aim.scale)
        for aim in view.objectives
    ]
    assert told == [
        ("schools_supported[priority=1]", "maximise", "sum", [1, 0], 1),
        ("schools_supported[priority=blank]", "maximise", "sum", [0, 1], 1),
        ("distance", "minimise", "sum", [12_500, 1_000], 1000),
        ("min_fit", "maximise", "least", [500_000, 250_000], 1_000_000),
        ("load_balance", "minimise", "other", None, 1_000_000),
    ]
    assert (view.draw, view.seed) == (3, 0)


RANDOM = """
import random
def lots(view):
    pairs = list(range(len(view.fit)))
    random.Random(view.seed * 1000 + view.draw).shuffle(pairs)
    return pairs[:1]
lots.draws = True
"""


def test_a_rule_that_says_so_gets_its_draws_and_any_other_one_draw(tmp_path: Path) -> None:
    name, plain = written(tmp_path, "lots", RANDOM), RANDOM.replace("lots.draws", "lots.drawn")
    drawn = trials_of(load_scenario(REGION, allow_code=True), [name], 3).trials[1:]
    assert [trial.draw for trial in drawn] == [0, 1, 2]
    assert len({trial.figures["total_fit"] for trial in drawn}) > 1
    assert not draws_lots(code(tmp_path, "lots", plain))
    assert not draws_lots(code(tmp_path, "lots", "lots.draws = True if print('ran') else 1"))


def test_a_file_or_function_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["run", str(REGION), "--rule", "no.py:f", "--out", str(tmp_path / "a")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    name = written(tmp_path, "f", "g = 1\n")
    assert run_program(["run", str(REGION), "--rule", name, "--out", str(tmp_path / "b")]) == 2
    assert "has no function f" in capsys.readouterr().err
