"""Rules of one's own: a good one is in the table; a bad one is named with the reason while the others finish."""

from pathlib import Path

import pytest

from nle_optimizer.cli.main import run_program
from nle_optimizer.rules.custom import CustomRule
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
    "raises": ("    raise KeyError('x')", "KeyError"),
    "text": ("    return 'pairs'", "a list of whole numbers"),
    "nothing": ("    return None", "a list of whole numbers"),
    "everything": ("    return list(range(len(view.fit)))", "breaks a limit"),
    "twice": ("    return [0, 0]", "twice"),
    "beyond": ("    return [10**9]", "no candidate pair"),
    "negative": ("    return [-1]", "no candidate pair"),
    "writes": ("    view.fit[0] = 1\n    return []", "read-only"),
    "dies": ("    import os\n    os._exit(7)", "exit code 7"),
    "leaves": ("    raise SystemExit(3)", "SystemExit: 3"),
    "is killed": ("    import os\n    os.kill(os.getpid(), 9)", "ended with signal SIGKILL"),
    "takes all memory": ("    return [0] * 10**11", "MemoryError"),
    "forks and ends": ("    import os\n    os.fork() or os.read(os.pipe()[0], 1)\n    os._exit(7)", "not done after"),
    "loops": ("    while True: pass", "not done after"),
}


def written(folder: Path, name: str, text: str) -> str:
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    return f"{file}:{name}"


def test_a_rule_of_ones_own_stands_in_the_table_and_in_a_verified_run(tmp_path: Path) -> None:
    name = written(tmp_path, "nobody_twice", GOOD)
    found = trials_of(load_scenario(REGION), [name], 1)
    own = found.trials[1]
    assert own.reason == ""
    assert 0 < (own.figures["total_fit"] or 0) <= (found.optimum.figures["total_fit"] or 0) * 2
    out = tmp_path / "run"
    assert run_program(["run", str(REGION), "--rule", name, "--no-report", "--out", str(out)]) == 0
    assert "sha256 " in (out / "summary.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_rule_is_named_and_left_out_and_the_others_finish(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CustomRule.__init__, "__defaults__", (8.0 if kind != "loops" else 3.0,))
    body, why = BAD[kind]
    name = written(tmp_path, "bad", f"def bad(view):\n{body}\n")
    optimal, own, greedy = trials_of(load_scenario(REGION), [name, "greedy"], 1).trials
    assert why in own.reason
    assert name in own.reason
    assert optimal.reason == greedy.reason == ""


def test_a_file_or_function_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["run", str(REGION), "--rule", "no.py:f", "--out", str(tmp_path / "a")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    name = written(tmp_path, "f", "g = 1\n")
    assert run_program(["run", str(REGION), "--rule", name, "--out", str(tmp_path / "b")]) == 2
    assert "has no function f" in capsys.readouterr().err
