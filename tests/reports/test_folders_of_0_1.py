"""Run folders that version 0.1 wrote verify, open, compare and are planned on from; synthetic, made of the example."""

import shutil
from pathlib import Path

import pytest

from nle_optimizer import compare, explain, load_run, replan, report, verify

FOLDERS = Path(__file__).parent / "folders_of_0_1"
VERDICTS = {
    "plain": "proved",
    "rule": "correct, no claim",
    "limits": "proved",
    "trusts": "proved",
    "formed": "proved",
}


@pytest.fixture(params=VERDICTS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDERS / request.param, tmp_path / request.param))


def test_it_verifies_with_the_verdict_that_it_earns(folder: Path) -> None:
    found = verify(folder)
    assert (list(found), found.word) == ([], VERDICTS[folder.name])


def test_a_changed_cell_of_it_is_found(folder: Path) -> None:
    table = folder / "allocation.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace(",0.", ",0.1", 1), encoding="utf-8")
    assert verify(folder).word == "wrong"


def test_it_opens_and_its_page_is_made_again(folder: Path) -> None:
    run = load_run(folder)
    assert len(run.allocation) > 0
    made = report(folder)
    assert "A small example" in (made.folder / "report.html").read_text(encoding="utf-8")


def test_a_school_of_it_is_explained(folder: Path) -> None:
    run = load_run(folder)
    if run.status == "completed":
        return
    school = run.allocation.rows()[0]["school_id"]
    assert school in str(explain(folder, school).document)


def test_the_next_plan_is_made_from_it_and_verifies(folder: Path) -> None:
    made = replan(folder, changes=_changes(folder.parent))
    made.write(folder.parent / "next", report=False)
    assert list(verify(folder.parent / "next")) == []
    assert "N3" not in made.allocation.columns["nle_id"]


def test_two_of_them_are_compared() -> None:
    found = compare(FOLDERS / "plain", FOLDERS / "rule")
    assert found.tables


def _changes(folder: Path) -> Path:
    file = folder / "changes.csv"
    file.write_text("action,nle_id\nnle-withdraws,N3\n", encoding="utf-8")
    return file
