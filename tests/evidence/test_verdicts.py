"""The verdict of `verify`: proved, correct or wrong; what is forged is found, even where all hashes were made again."""

import csv
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer import Result, allocate, load_scenario, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification import check_claim
from nle_optimizer.evidence.verification.proofs.program import WantedPlan
from nle_optimizer.evidence.verification.proofs.search import OutOfReachError, plan_for
from nle_optimizer.model.problem import Problem
from support.general_problems import every_allocation, random_problem
from support.scenarios import nle, school, write_scenario

SEVERAL = [
    {"name": "north", "type": "quota", "where": {"region": "N"}, "maximum": 3},
    {"name": "together", "type": "keep_together", "by": "trust_id"},
    {"name": "nles", "type": "quota", "of": "nles", "maximum": 3},
]


def _general(folder: Path, **settings: Any) -> Path:
    """A case with several limits at once, which no network can carry."""
    rng = Random(5)
    places = [{"easting": 430_000 + rng.randint(0, 9000), "northing": 430_000} for _ in range(16)]
    schools = [
        school(n, region="NS"[n % 2], trust_id=f"T{n % 4}", need_leadership=n / 12, **places[n]) for n in range(1, 11)
    ]
    nles = [nle(n, region="NS"[n % 2], placements=3, expertise_leadership=n / 8, **places[10 + n]) for n in range(1, 6)]
    return write_scenario(folder, {"objectives": ["fit"], "constraints": SEVERAL, **settings}, schools, nles)


@pytest.fixture(scope="module")
def general(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("general")
    assert run_program(["run", str(_general(folder)), "--out", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example")
    assert run_program(["init", str(folder / "example")]) == 0
    assert run_program(["run", str(folder / "example" / "scenario.yaml"), "--out", str(folder / "run")]) == 0
    return folder / "run"


def _forged(source: Path, target: Path, changes: dict[str, Callable[[bytes], bytes]]) -> Path:
    """A copy with some files changed, and the manifest's hashes made again."""
    for path in source.rglob("*"):
        if path.is_file():
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())
    manifest = json.loads((target / "manifest.json").read_text())
    for name, change in changes.items():
        (target / name).write_bytes(change((target / name).read_bytes()))
        manifest["outputs"][name] = sha256((target / name).read_bytes()).hexdigest()
    (target / "manifest.json").write_text(json.dumps(manifest))
    return target


def _without_rows(content: bytes) -> bytes:
    return content.splitlines(keepends=True)[0]


def _blanked(column: str) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        rows = list(csv.reader(io.StringIO(content.decode())))
        at, text = rows[0].index(column), io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(
            [rows[0], *([*row[:at], "", *row[at + 1 :]] for row in rows[1:])]
        )
        return text.getvalue().encode()

    return change


def test_the_verdict_of_a_general_case_is_that_it_is_proved(general: Path) -> None:
    verdict = verify(general)
    assert (verdict, verdict.word) == ([], "proved")
    assert "solver" in (general / "certificate.json").read_text()


def test_without_a_search_a_general_case_rests_on_a_solvers_word(general: Path) -> None:
    result = allocate(load_scenario(general / "scenario.resolved.yaml"))
    verdict = check_claim(result.scenario, result.claim)
    assert verdict.word == "correct, best on a solver's word"
    assert any("objective 1" in told for told in verdict.believed)


def test_strict_exits_with_4_where_the_case_is_out_of_reach(
    general: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nle_optimizer.evidence.verification.proofs.bounds.MOST_PAIRS", 0)
    assert run_program(["verify", str(general)]) == 0
    assert run_program(["verify", str(general), "--strict", "--format", "json"]) == 4
    told = json.loads(capsys.readouterr().out.split("\n", 2)[2])
    assert (told["verdict"], told["verified"]) == ("correct, best on a solver's word", True)


def test_a_rule_that_claims_nothing_is_correct_without_a_claim(tmp_path: Path) -> None:
    verdict = verify(allocate(load_scenario(_general(tmp_path, rule="greedy", constraints=[]))))
    assert (verdict, verdict.word) == ([], "correct, no claim")


def _forged_plan(folder: Path, honest: Result) -> tuple[Result, Claim]:
    """A worse plan with every figure right, and said by a solver to be the best; alternates emptied."""
    worse = allocate(load_scenario(_general(folder / "worse", rule="greedy", constraints=SEVERAL)))
    tables = {**worse.claim.tables, "alternates": {name: [] for name in worse.claim.tables["alternates"]}}
    tables["unmatched"] = {**tables["unmatched"]}
    tables["unmatched"]["reason"] = [
        "not-worth-it" if reason == "not-placed" else reason for reason in tables["unmatched"]["reason"]
    ]
    summary = {**worse.claim.summary, "rule": "optimal", "status": "optimal", "engine": "cp-sat"}
    entries = []
    for entry, own in zip(summary["objectives"], honest.claim.summary["objectives"], strict=True):
        exact = {**entry["exact"], "bound": entry["exact"]["value"]}
        said = {"bound": entry["value"], "gap": 0.0, "proved": True, "proof": "solver", "engine": "cp-sat"}
        entries.append({**own, **entry, "exact": exact, **said})
    for key in ("missed", "remarks"):
        summary.pop(key, None)
    summary["objectives"] = entries
    levels = [
        {
            **{word: entry[word] for word in ("name", "sense")},
            **{word: entry["exact"][word] for word in ("scale", "value", "bound")},
            "proof": "solver",
            "tree": None,
        }
        for entry in entries
    ]
    return worse, Claim(
        tables, summary, {"schema_version": 1, "method": "bounds", "levels": levels, "trust_first": None}
    )


def test_a_worse_plan_said_by_a_solver_to_be_the_best_is_wrong(tmp_path: Path) -> None:
    honest = allocate(load_scenario(_general(tmp_path / "honest")))
    worse, claim = _forged_plan(tmp_path, honest)
    assert worse.claim.summary["metrics"]["total_fit"] < honest.claim.summary["metrics"]["total_fit"]
    with_alternates = Claim(
        {**claim.tables, "alternates": worse.claim.tables["alternates"]}, claim.summary, claim.certificate
    )
    for forged in (claim, with_alternates):
        assert check_claim(honest.scenario, forged, search=True).word == "wrong"
    found = check_claim(honest.scenario, with_alternates, search=True)
    assert any("a plan of" in told or "better" in told for told in found)


def test_a_case_said_to_be_infeasible_that_an_empty_plan_meets_is_wrong(tmp_path: Path) -> None:
    asked = [{"name": "least", "type": "quota", "of": "schools", "minimum": 8}, {**SEVERAL[2], "maximum": 1}]
    impossible = allocate(load_scenario(_general(tmp_path / "one", constraints=asked)))
    possible = load_scenario(
        _general(tmp_path / "two", constraints=[{**asked[0], "minimum": 0, "maximum": 3}, asked[1]])
    )
    verdict = check_claim(possible, impossible.claim, search=True)
    assert impossible.status == "infeasible"
    assert any("matching nobody keeps every limit" in told for told in verdict)


def test_requirements_that_are_said_to_clash_and_do_not_are_wrong(tmp_path: Path) -> None:
    asked = [{"name": "least", "type": "quota", "of": "schools", "minimum": 8}, {**SEVERAL[2], "maximum": 1}]
    impossible = allocate(load_scenario(_general(tmp_path / "one", constraints=asked)))
    assert check_claim(impossible.scenario, impossible.claim, search=True).word == "proved"
    possible = load_scenario(_general(tmp_path / "two", constraints=[{**asked[0], "minimum": 2}, asked[1]]))
    certificate = {**impossible.claim.certificate, "proof": "solver", "tree": None}
    forged = Claim(impossible.claim.tables, impossible.claim.summary, certificate)
    assert check_claim(possible, forged, search=True).word == "wrong"


@pytest.mark.parametrize("table", ["alternates", "unmatched", "nles", "breakdown", "exclusions", "allocation"])
def test_an_emptied_table_is_wrong(table: str, example: Path, tmp_path: Path) -> None:
    assert verify(_forged(example, tmp_path / "forged", {f"{table}.csv": _without_rows})).word == "wrong"


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("allocation", "why"),
        ("allocation", "next_best_nle_id"),
        ("unmatched", "explanation"),
        ("unmatched", "cure_kind"),
        ("nles", "one_more"),
    ],
)
def test_a_column_without_a_word_is_wrong(table: str, column: str, example: Path, tmp_path: Path) -> None:
    assert verify(_forged(example, tmp_path / "forged", {f"{table}.csv": _blanked(column)})).word == "wrong"


@pytest.mark.parametrize("name", ["report.html", "map.geojson"])
def test_a_page_or_map_that_the_tables_do_not_give_is_wrong(name: str, example: Path, tmp_path: Path) -> None:
    forged = _forged(example, tmp_path / "forged", {name: lambda content: content.replace(b"N1", b"N2")})
    assert verify(forged) == [f"{name}: it is not what the tables give"]
    assert verify(forged, reports=False) == []


def _workbook(content: bytes, sheet: str, row: int | None, column: int, value: str) -> bytes:
    from openpyxl import load_workbook

    book, buffer = load_workbook(io.BytesIO(content)), io.BytesIO()
    if row is None:
        book[sheet].delete_rows(1, book[sheet].max_row)
    else:
        book[sheet].cell(row, column, value)
    book.save(buffer)
    return buffer.getvalue()


def test_an_emptied_sheet_of_the_workbook_is_wrong_and_a_decision_written_there_is_not(
    example: Path, tmp_path: Path
) -> None:
    from openpyxl import load_workbook

    names = load_workbook(example / "workbook.xlsx").sheetnames
    plan = next(name for name in names if name not in ("Read me", "Summary", "Decisions"))
    emptied = {"workbook.xlsx": lambda content: _workbook(content, plan, None, 1, "")}
    assert any(f"sheet {plan}" in told for told in verify(_forged(example, tmp_path / "emptied", emptied)))
    decided = {"workbook.xlsx": lambda content: _workbook(content, "Decisions", 2, 1, "agree")}
    assert verify(_forged(example, tmp_path / "decided", decided)) == []


def test_files_of_another_version_are_not_compared_and_that_is_told(example: Path, tmp_path: Path) -> None:
    folder = _forged(example, tmp_path / "older", {"report.html": lambda content: content + b" "})
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["versions"]["nle-optimizer"] = "0.0.1"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    verdict = verify(folder)
    assert verdict == []
    assert any("not compared, as version 0.0.1" in note for note in verdict.notes)


def test_files_and_keys_that_no_run_writes_are_named(example: Path, tmp_path: Path) -> None:
    folder = _forged(
        example, tmp_path / "more", {"summary.json": lambda content: content.replace(b"{", b'{"x": 1,', 1)}
    )
    (folder / "notes.txt").write_text("mine")
    verdict = verify(folder)
    assert any("summary.json: x" in told for told in verdict)
    assert any("notes.txt" in note for note in verdict.notes)


def test_inputs_other_than_those_at_hand_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_scenario(tmp_path / "one")
    other = write_scenario(tmp_path / "two", {"seed": 4}, [school(1), school(2, need_finance=0.25)])
    assert run_program(["run", str(file), "--out", str(tmp_path / "run")]) == 0
    assert run_program(["verify", str(tmp_path / "run"), "--against", str(file)]) == 0
    capsys.readouterr()
    assert run_program(["verify", str(tmp_path / "run"), "--against", str(other)]) == 1
    told = capsys.readouterr().out
    assert "seed: the run has 0, the scenario 4" in told
    assert "schools: S2: need_finance: the run has 0.5, the scenario 0.25" in told


def test_the_digest_depends_on_the_content_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, told = write_scenario(tmp_path / "one"), []
    for name in ("first", "second"):
        assert run_program(["run", str(file), "--out", str(tmp_path / name), "--digest"]) == 0
        told.append(capsys.readouterr().out.splitlines()[-1])
        assert run_program(["verify", str(tmp_path / name)]) == 0
        told.append(capsys.readouterr().out.splitlines()[-1])
    assert len(set(told)) == 1
    assert told[0].startswith("digest ")


def _wanted(problem: Problem, target: int, amounts: dict[int, int]) -> WantedPlan:
    """The limits of a small problem as rows over pairs and what they make true together."""
    size, presences = problem.size, problem.presences
    rows: list[tuple[dict[int, int], int]] = []
    for n, count in enumerate(problem.supporters.tolist()):
        rows.append(({pair: 1 for pair in range(size) if problem.recipient[pair] == n}, count))
    for each in problem.resources:
        for n, capacity in enumerate(each.capacity.tolist()):
            rows.append(({pair: int(each.use[pair]) for pair in range(size) if problem.nle[pair] == n}, capacity))
    for row in problem.rows:
        total = dict(zip(row.pairs.tolist(), row.amounts.tolist(), strict=True))
        total |= dict(zip((size + row.presences).tolist(), row.presence_amounts.tolist(), strict=True))
        rows += [(total, row.upper)] if row.upper is not None else []
        rows += [({at: -amount for at, amount in total.items()}, -row.lower)] if row.lower is not None else []
    for n in range(presences.count):
        own = presences.pair[presences.presence == n].tolist()
        rows += [({pair: 1, size + n: -1}, 0) for pair in own]
        rows.append(({size + n: 1, **dict.fromkeys(own, -1)}, 0))
    lower = np.zeros(size + presences.count, dtype=np.int64)
    lower[problem.required_pairs()] = 1
    return WantedPlan(rows, lower, np.ones(len(lower), dtype=np.int64), amounts, target, size)


@pytest.mark.parametrize("part", range(4))
def test_the_search_finds_a_plan_just_where_there_is_one(part: int) -> None:
    """Against all allocations one by one; a plan that is found keeps every limit."""
    rng, asked = Random(f"search {part}"), 0
    while asked < 75:
        problem = random_problem(rng, pairs=9, rows=3, kinds=("sum",), depth=1, tight=rng.random() < 0.4)
        amounts = {pair: rng.randint(-2, 5) for pair in range(problem.size)}
        possible = every_allocation(problem)
        best = max((sum(amounts[pair] for pair in plan.tolist()) for plan in possible), default=None)
        for target in (0, 3, 0 if best is None else best, 1 if best is None else best + 1):
            found = plan_for(_wanted(problem, target, amounts))
            assert (found is not None) == (best is not None and best >= target)
            if found is not None:
                matched = np.flatnonzero(found[: problem.size])
                assert any(np.array_equal(matched, plan) for plan in possible)
        asked += 1


def test_a_search_that_takes_too_long_says_so(general: Path) -> None:
    row = dict.fromkeys(range(40), 2)
    wanted = WantedPlan([(row, 41)], np.zeros(40, np.int64), np.ones(40, np.int64), dict.fromkeys(range(40), 2), 21, 40)
    with pytest.raises(OutOfReachError):
        plan_for(wanted, steps=0)
