"""What stands today, on an allocation made by hand: states, pairs that must stay, and days that are used up."""

from pathlib import Path

import numpy as np
import pytest

from nle_optimizer.evidence.verification import check_claim
from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.stages.supply import read_current
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from support.claim_by_hand import Draft, hand_made_scenario, put
from support.scenarios import nle, school, write_scenario


def _standing(folder: Path, *rows: str) -> Scenario:
    hand_made_scenario(folder)
    (folder / "current.csv").write_text("\n".join(["school_id,nle_id,state", *rows, ""]))
    return load_scenario(folder / "scenario.yaml", sets=[f"data.current={folder / 'current.csv'}"], allow_outside=True)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("agreed", "agreed"),
        ("started", "started"),
        ("offered", "offered"),
        ("", "proposed"),
        ("stopped", "proposed"),
        ("reopened", "proposed"),
    ],
)
def test_a_kept_pair_keeps_its_state(tmp_path: Path, state: str, shown: str) -> None:
    scenario = _standing(tmp_path, f"S1,N1,{state}")
    draft = Draft()
    assert bool(check_claim(scenario, draft.claim())) is (shown != "proposed")
    put("allocation", 0, "state", shown)(draft)
    assert check_claim(scenario, draft.claim()) == []


def test_an_agreed_pair_that_is_not_matched_is_named(tmp_path: Path) -> None:
    findings = check_claim(_standing(tmp_path, "S3,N1,agreed"), Draft().claim())
    assert any("school S3, NLE N1" in finding and "required" in finding for finding in findings)


def test_an_agreed_pair_of_an_excluded_school_is_named(tmp_path: Path) -> None:
    findings = check_claim(_standing(tmp_path, "S6,N1,started"), Draft().claim())
    assert any("the pair is required, and the school is no recipient" in finding for finding in findings)


@pytest.mark.parametrize("row", ["S9,N9,agreed", "S1,N9,offered", "S9,N1,"])
def test_pairs_of_nobody_known_are_left_aside(tmp_path: Path, row: str) -> None:
    assert check_claim(_standing(tmp_path, row), Draft().claim()) == []


def test_a_pinned_pair_of_a_school_in_no_table_holds_its_place(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, None, [school(1)], [nle(1, placements=3), nle(2)])
    rows = [("S9", "N1", "agreed", 2), ("S8", "N1", "", 1), ("S7", "N1", "finished", 1), ("S6", "N2", "started", "")]
    text = "\n".join(["school_id,nle_id,state,placements", *(",".join(map(str, row)) for row in rows), ""])
    (tmp_path / "current.csv").write_text(text)
    current = read_current(load_scenario(file, sets=["data.current=current.csv"]), {"S1": 0})
    assert (current.pinned, current.taken.tolist()) == ((), [[2_000_000, 0]])
    current.refuse_unknown(np.array([True, False]))
    with pytest.raises(RefusedError, match="how much of placements"):
        current.refuse_unknown(np.array([True, True]))


def _with_days(folder: Path, state: str, days: str = "4") -> Scenario:
    return load_scenario(
        write_scenario(
            folder,
            {"capacity": {"resources": ["placements", "days"]}},
            [school(1, days=3), school(2)],
            [nle(1, days=10)],
            current=[{"school_id": "S1", "nle_id": "N1", "state": state, "days": days}],
        )
    )


@pytest.mark.parametrize(("state", "days", "taken"), [("finished", "4", 4), ("stopped", "", 3), ("started", "4", 0)])
def test_what_is_over_has_used_up_days_and_no_place(tmp_path: Path, state: str, days: str, taken: int) -> None:
    current = read_current(_with_days(tmp_path, state, days), {"S1": 0, "S2": 1})
    assert current.taken.tolist() == [[0], [taken * 1_000_000]]


def test_days_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    scenario = load_scenario(
        write_scenario(
            tmp_path,
            {"capacity": {"resources": ["days"]}},
            [school(1)],
            [nle(1, days=10)],
            current=[{"school_id": "S1", "nle_id": "N1", "state": "finished"}],
        )
    )
    with pytest.raises(RefusedError, match="how much of days"):
        read_current(scenario, {"S1": 0}).refuse_unknown(np.array([True]))


def test_only_what_is_not_over_is_kept(tmp_path: Path) -> None:
    rows = ["S1,N1,agreed", "S2,N1,finished", "S3,N2,", "S1,N2,stopped"]
    current = read_current(_standing(tmp_path, *rows), {"S1": 0, "S2": 1, "S3": 2})
    pairs = Pairs(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]), np.zeros(4), None)
    assert current.kept(pairs).tolist() == [True, False, False, True]
    assert current.any(pairs).tolist() == [True, True, True, True]
