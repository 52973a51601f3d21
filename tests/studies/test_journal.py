"""The journal: chained row by row, so that changes are found; shown, exported, replayed, and left out of copies."""

import csv
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nle_optimizer import verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.reports.run_folder import read_run_folder
from nle_optimizer.scenario.journal import read_journal
from support.months import first_run, pairs, replan, shown
from support.scenarios import nle, school


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a journal of four decisions."""
    run = first_run(tmp_path_factory.mktemp("decided"), [school(n) for n in range(3)], [nle(n) for n in range(3)])
    ((agreed, own), *_), note = sorted(pairs(run)), "=SUM(A1), and so on"
    changes = [
        {"action": "agree", "school_id": agreed, "nle_id": own, "date": "2026-11-02", "by": "A. Planner"},
        {"action": "nle-withdraws", "nle_id": next(n for _, n in sorted(pairs(run)) if n != own), "note": note},
        {"action": "add-nle", **nle(9, name="Nína, “née” Ó")},
        {"action": "undo", "number": 3},
    ]
    return replan(run, changes, "decided")


def tampered(rows: list[list[str]], n: int, kind: str) -> list[list[str]]:
    """The rows of a journal with one changed, taken out, moved, or said to be taken back."""
    names, rows = rows[0], [list(row) for row in rows]
    if kind == "taken out":
        del rows[n]
    elif kind == "moved":
        rows[n], rows[n - 1] = rows[n - 1], rows[n]
    elif kind == "taken back":
        rows[n][names.index("undone_by")] = "4" if rows[n][names.index("undone_by")] != "4" else ""
    else:
        rows[n][names.index(kind)] += "x" if kind != "amount" else "1"
    return rows


@pytest.mark.parametrize("kind", ["by", "note", "nle_id", "date", "plan", "hash", "amount", "moved", "taken back"])
def test_a_journal_that_was_changed_is_found_by_its_chain(tmp_path: Path, decided: Path, kind: str) -> None:
    run = shutil.copytree(decided, tmp_path / "run")
    file = run / "decisions.csv"
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))
    for n in range(2 if kind == "moved" else 1, 4):
        with file.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, lineterminator="\n").writerows(tampered(rows, n, kind))
        rehash(run, "decisions.csv")
        (found,) = [what for what in verify(run) if "decisions.csv" in what]
        assert "decision" in found
        if kind != "taken back":
            assert "was changed, taken out or moved after it was written" in found
            assert run_program(["replan", str(run), "--out", str(tmp_path / "none")]) == 2
            assert run_program(["decisions", str(run)]) == 2


def rehash(run: Path, name: str) -> None:
    """Let the manifest say what a tampered file is, or not know one that is gone."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["outputs"].pop(name, None)
    if (run / name).exists():
        manifest["outputs"][name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_a_row_that_is_taken_out_is_found_wherever_it_stood(tmp_path: Path, decided: Path) -> None:
    run = shutil.copytree(decided, tmp_path / "run")
    file = run / "decisions.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:-1]), encoding="utf-8")
    assert any("decisions.csv: the file was changed since the run" in what for what in verify(run))
    for n in range(1, len(lines) - 1):
        file.write_text("".join([*lines[:n], *lines[n + 1 :]]), encoding="utf-8")
        rehash(run, "decisions.csv")
        assert any("was changed, taken out or moved" in what for what in verify(run))


def test_a_journal_cut_off_at_its_end_is_found_though_the_manifest_is_made_again(tmp_path: Path, decided: Path) -> None:
    run = shutil.copytree(decided, tmp_path / "run")
    file = run / "decisions.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for left in range(len(lines)):
        file.write_text("".join(lines[:left]), encoding="utf-8") if left else file.unlink()
        rehash(run, "decisions.csv")
        told = "decisions.csv: the file is missing" if not left else f"it holds {left - 1} decisions, and summary.json"
        assert any(told in what for what in verify(run))
        for command in (["replan", str(run), "--out", str(tmp_path / "none")], ["decisions", str(run)]):
            assert run_program(command) == 2
    assert not (tmp_path / "none").exists()


def test_a_chain_that_takes_back_what_is_not_there_is_found(tmp_path: Path, decided: Path) -> None:
    folder = read_run_folder(decided)
    for number in ("0", "4", "9", "x"):
        table = {name: list(cells) for name, cells in folder.claim.tables["decisions"].items()}
        table["undoes"][3], before = number, ""
        for n in range(4):
            told = {name: cells[n] for name, cells in table.items() if cells[n] and name not in ("hash", "undone_by")}
            text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            before = table["hash"][n] = hashlib.sha256((before + text).encode()).hexdigest()
        claim = replace(folder.claim, tables={**folder.claim.tables, "decisions": table})
        assert any(f"takes back decision {number}, and" in what for what in check_claim(folder.scenario, claim))


SETS = {
    "geography.max_distance_km": 40,
    "geography": "{max_distance_km: {default: 50, London: 30}}",
    "fit.minimum": "0.10",
    "capacity.multiply.placements": "110%",
    "capacity.reserve": "{placements: 10%}",
    "constraints.one.maximum": 2,
    "constraints": "[{name: one, type: quota, of: schools, maximum: 3}]",
    "objectives": "[{fit: {within: 1%}}, distance]",
    "objectives.0": "schools_supported",
    "eligibility": "{rules: [{name: near, when: {school_id: {not: S9}}}]}",
    "trust_first.qualifies": "{when: {school_id: [S1, S2]}}",
    "trust_first.mode": "'off'",
    "stop.seconds": 90,
    "uncertainty.draws": 0,
    "as_of": "2026-11-01",
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a limit, of which nothing was decided."""
    limit = {"constraints": [{"name": "one", "type": "quota", "of": "schools", "maximum": 3}]}
    return first_run(tmp_path_factory.mktemp("limited"), [school(1), school(2)], [nle(1), nle(2)], limit)


@pytest.mark.parametrize("key", SETS)
def test_a_plan_with_a_setting_that_was_decided_verifies(limited: Path, key: str) -> None:
    once = replan(limited, [], "once", "--set", f"{key}={SETS[key]}")
    replan(once, [], "again", "--time-limit", "60")
    replan(once, [{"action": "undo", "number": 1}], "back")


def test_settings_that_are_not_what_was_decided_are_found(tmp_path: Path, limited: Path) -> None:
    decided = [
        "--set",
        "geography.max_distance_km=40",
        "--set",
        "geography.max_distance_km=45",
        "--set",
        "fit.minimum=0.1",
    ]
    run = replan(limited, [], "set", *decided)
    resolved = (run / "scenario.resolved.yaml").read_text(encoding="utf-8")
    for text, by, told in (
        ("default: 45", "default: 40", "decision 2 (set) counts, and the settings of the run have"),
        ("minimum: 0.1", "minimum: 0.0", "decision 3 (set) counts, and the settings of the run have fit.minimum 0"),
        ("detour_factor: 1", "detour_factor: 2", "have geography.detour_factor 2; as given it is 1, and no decision"),
    ):
        assert text in resolved
        (run / "scenario.resolved.yaml").write_text(resolved.replace(text, by), encoding="utf-8")
        rehash(run, "scenario.resolved.yaml")
        assert [told in what for what in verify(run) if what.startswith("decisions.csv")] == [True]


def test_a_plan_that_does_not_honour_a_decision_is_found(decided: Path) -> None:
    folder = read_run_folder(decided)
    tables = folder.claim.tables
    for action, row in (("agree", 0), ("nle-withdraws", 1)):
        journal = read_journal(decided / "decisions.csv")
        decision = journal.decisions[row]
        kept, given = (
            ([], "") if action == "agree" else (list(tables["allocation"]["school_id"]), decision.change.nle_id)
        )
        allocation = {name: cells if kept else [] for name, cells in tables["allocation"].items()}
        if kept:
            allocation["nle_id"] = [given for _ in kept]
        claim = replace(folder.claim, tables={**tables, "allocation": allocation})
        assert any(f"decision {row + 1} ({action}) counts, and" in what for what in check_claim(folder.scenario, claim))


def test_the_journal_is_shown_exported_and_replayed(
    tmp_path: Path, decided: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, "decisions", decided)
    assert "1  " in text and "(A. Planner)" in text and "[taken back by decision 4]" in text
    rows = json.loads(shown(capsys, "decisions", decided, "--format", "json"))["decisions"]
    assert [(row["number"], row["stands"]) for row in rows] == [(1, True), (2, True), (3, False), (4, False)]
    assert shown(capsys, "decisions", decided, "--format", "csv").encode() == (decided / "decisions.csv").read_bytes()
    assert shown(capsys, "decisions", decided, "--replay").count("the same plan came out") == 2
    moved = shutil.copytree(decided, tmp_path / "alone")
    alone = shown(capsys, "decisions", moved, "--replay")
    assert "is not at hand or is another by now" in alone and alone.count("the same plan came out") == 1
    assert "Nothing was decided" in shown(capsys, "decisions", decided.parent / "run")


def test_a_copy_without_names_has_no_authors_no_reasons_and_no_journal(tmp_path: Path, decided: Path) -> None:
    run = shutil.copytree(decided, tmp_path / "run")
    assert run_program(["report", str(run), "--share", str(tmp_path / "share"), "--record"]) == 0
    page = (tmp_path / "share" / "report.html").read_text(encoding="utf-8")
    assert "A. Planner" not in page and "SUM(A1)" not in page
    assert not list((tmp_path / "share").rglob("decisions.csv"))
    assert run_program(["report", str(run), "--record"]) == 0
    assert "A. Planner" in (run / "report.html").read_text(encoding="utf-8")
    assert "| 1 | 2026-11-02 | agree |" in (run / "record" / "decisions.md").read_text(encoding="utf-8")
    assert not any(b"A. Planner" in file.read_bytes() for file in (tmp_path / "share").rglob("*.md"))
