"""What stands today: who is pinned, what ended pairs have used up, what stays, and whose file it may be."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.limits_left import holdable
from nle_optimizer.preparation import prepare
from nle_optimizer.reports.run_folder import read_run_folder
from nle_optimizer.scenario.columns import ENDED, PAIR_STATES, PINNED
from support.memory import Row, scenario_of
from support.scenarios import nle, school, write_scenario, write_table

NEEDS = {f"need_{area}": "0.5" for area in ("leadership", "governance", "finance")}
SKILLS = {f"expertise_{area}": "0.5" for area in ("leadership", "governance", "finance")}


def case(
    current: Sequence[Row],
    schools: Sequence[Row] = ({}, {}),
    nles: Sequence[Row] = ({}, {}),
    pairs: Sequence[Row] | None = None,
    **settings: Any,
) -> Case:
    """A case of schools S0, S1, ... and NLEs N0, N1, ... with 10 days each, whose schools take 2."""
    scenario = scenario_of(
        [{"school_id": f"S{n}", **NEEDS, "days": 2, **row} for n, row in enumerate(schools)],
        [{"nle_id": f"N{n}", **SKILLS, "placements": 3, "days": 10, **row} for n, row in enumerate(nles)],
        pairs=pairs,
        current=current,
        resources=("placements", "days"),
        **settings,
    )
    return prepare(scenario, lambda _: None)


def pair(nle: int, school: int, state: str = "", **cells: Any) -> dict[str, Any]:
    return {"nle_id": f"N{nle}", "school_id": f"S{school}", "state": state, **cells}


def required(found: Case) -> list[tuple[str, str]]:
    problem = found.problem
    return [
        (problem.nle_ids[problem.nle[n]], problem.recipient_ids[problem.recipient[n]]) for n in problem.required_pairs()
    ]


def days(found: Case) -> list[float]:
    return (found.supply.capacity[1] / 1_000_000).tolist()


@pytest.mark.parametrize("state", [*PAIR_STATES, ""])
def test_only_agreed_and_started_pairs_are_required(state: str) -> None:
    assert required(case([pair(1, 0, state)])) == ([("N1", "S0")] if state in PINNED else [])


@pytest.mark.parametrize("state", [*PAIR_STATES, ""])
def test_only_pairs_that_ended_have_used_days_up(state: str) -> None:
    assert days(case([pair(1, 0, state)])) == ([10, 8] if state in ENDED else [10, 10])


def test_a_placement_comes_back_when_a_pair_ends() -> None:
    found = case([pair(1, 0, "stopped")])
    assert (found.supply.capacity[0] / 1_000_000).tolist() == [3, 3]
    assert len(found.candidates) == 4


@pytest.mark.parametrize(
    ("own", "listed", "taken"), [("3.25", "1", 3.25), ("", "1.000001", 1.000001), ("", "", 2), ("0", "1", 0)]
)
def test_what_an_ended_pair_took_is_its_own_cell_else_the_pairs_tables_else_the_schools(
    own: str, listed: str, taken: float
) -> None:
    found = case([pair(0, 1, "stopped", days=own)], pairs=[{"nle_id": "N0", "school_id": "S1", "days": listed}])
    assert days(found) == [10 - taken, 10]


def test_an_ended_pair_of_which_nothing_says_what_it_took_is_an_error_with_its_row() -> None:
    with pytest.raises(InputError, match=r"current\.csv:row 2: days: how much days the pair N0, S1 took is not known"):
        case([pair(0, 1, "stopped")], schools=[{}, {"days": ""}], offer={"days": 2})


def test_what_was_used_up_comes_off_last_and_never_below_nought() -> None:
    capacity = {"multiply": {"days": 0.5}, "reserve": {"days": 1}}
    assert days(case([pair(0, 0, "finished"), pair(1, 0, "finished", days=9)], capacity=capacity)) == [2, 0]


def test_an_nle_whose_days_are_used_up_stays_for_whoever_needs_none() -> None:
    found = case([pair(1, 0, "stopped", days=10)], schools=[{}, {"days": 0}])
    assert (days(found), found.supply.reason.tolist()) == ([10, 0], ["", ""])
    held = [found.candidates.keys[n] for n in np.flatnonzero(holdable(found.problem))]
    assert held == [0, 1, 3]


@pytest.mark.parametrize("state", PAIR_STATES)
def test_a_pair_of_an_nle_in_no_table_takes_nothing(state: str) -> None:
    found = case([pair(0, 0, state, days=3, nle_id="X")])
    assert (required(found), days(found)) == ([], [10, 10])


@pytest.mark.parametrize(("state", "placements", "left"), [("proposed", 3, 10), *((s, 2, 7) for s in PINNED)])
def test_a_pinned_pair_of_a_school_in_no_table_holds_what_it_takes(state: str, placements: int, left: int) -> None:
    found = case([pair(0, 0, state, days=3, placements=1, school_id="X")])
    assert (required(found), days(found)) == ([], [left, 10])
    assert (found.supply.capacity[0] / 1_000_000).tolist() == [placements, 3]


@pytest.mark.parametrize("state", ENDED)
def test_what_an_ended_pair_of_a_school_in_no_table_took_is_gone(state: str) -> None:
    found = case([pair(0, 0, state, days=3, placements=1, school_id="X")])
    assert (days(found), (found.supply.capacity[0] / 1_000_000).tolist()) == ([7, 10], [3, 3])


@pytest.mark.parametrize("state", [*PINNED, *ENDED])
def test_a_pair_of_a_school_in_no_table_that_says_not_what_it_takes_is_an_error(state: str) -> None:
    with pytest.raises(InputError, match=r"current\.csv:row 2: days: how much days the pair N0, X (takes|took) is not"):
        case([pair(0, 0, state, placements=1, school_id="X")])


@pytest.mark.parametrize("state", [*PINNED, *ENDED])
def test_what_a_pair_of_a_school_in_no_table_takes_is_no_matter_where_its_nle_is_out(state: str) -> None:
    found = case([pair(0, 0, state, school_id="X")], nles=[{"status": "withdrawn"}, {}])
    assert found.supply.reason.tolist() == ["withdrawn", ""]


def test_a_pinned_pair_of_a_trust_of_which_no_school_is_left_is_an_error() -> None:
    schools = [{"trust_id": "T1", "establishment_status": "Closed"}, {}]
    with pytest.raises(InputError, match="the pair N0, T1 is agreed, but no school of trust T1 is left"):
        case([pair(0, 0, "agreed", school_id="T1")], schools, eligibility={"recipients": "trust"})


@pytest.mark.parametrize("state", PINNED)
@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"pairs": [{"nle_id": "N0", "school_id": "S0", "relation": "forbid"}]}, "forbidden"),
        ({"pairs": [{"nle_id": "N0", "school_id": "S0", "relation": "objects"}]}, "declared"),
        ({"geography": {"max_distance_km": 5}, "nles": [{"easting": 400_000, "northing": 300_000}]}, "no-place"),
    ],
)
def test_a_pinned_pair_that_a_filter_removes_is_named(state: str, settings: dict[str, Any], code: str) -> None:
    with pytest.raises(
        InputError, match=rf"current.csv:row 2: state: the pair is {state} today, and ruled out \(.*{code}"
    ):
        case([pair(0, 0, state)], **settings)


@pytest.mark.parametrize(
    ("schools", "nles", "why"),
    [
        ([{"left_out": "moved"}, {}], [{}, {}], "S0 is out at the stage listing"),
        ([{}, {}], [{"status": "withdrawn"}, {}], r"NLE N0 is out \(withdrawn\)"),
    ],
)
def test_a_pinned_pair_whose_school_or_nle_is_out_is_an_error_with_its_row(
    schools: list[Row], nles: list[Row], why: str
) -> None:
    with pytest.raises(InputError, match=rf"current\.csv:row 2: state: the pair N0, S0 is agreed, but {why}"):
        case([pair(0, 0, "agreed")], schools, nles)


@pytest.mark.parametrize(
    ("states", "leaves"),
    [
        (("finished",), True),
        (("stopped",), False),
        (("reopened",), False),
        (("finished", "stopped"), True),
        (("finished", "reopened"), True),
        (("finished", "finished"), True),
        (("finished", ""), False),
        (("finished", "offered"), False),
        (("finished", "started"), False),
    ],
)
def test_a_school_leaves_when_its_support_has_finished_and_none_of_its_pairs_stands(
    states: Sequence[str], leaves: bool
) -> None:
    found = case([pair(n, 0, state) for n, state in enumerate(states)], nles=[{}, {}, {}])
    nles = ", ".join(f"N{n}" for n, state in enumerate(states) if state == "finished")
    told = [(entry.school_id, entry.stage, entry.reason, entry.evidence) for entry in found.exclusions]
    assert told == ([("S0", "listing", "support-finished", f"support by {nles} finished")] if leaves else [])


def test_support_by_an_nle_that_is_no_longer_listed_has_finished_all_the_same() -> None:
    assert [entry.school_id for entry in case([pair(9, 0, "finished", days=1)]).exclusions] == ["S0"]


def test_what_the_schools_table_says_of_a_school_comes_before_its_finished_support() -> None:
    rows = [{"left_out": "moved"}, {"establishment_status": "Closed"}, {}]
    reasons = [entry.reason for entry in case([pair(0, n, "finished") for n in range(3)], rows).exclusions]
    assert reasons == ["moved", "closed", "support-finished"]


def test_a_school_whose_support_has_finished_still_counts_in_the_record_of_its_trust() -> None:
    rows: list[Row] = [
        {
            "trust_id": "T",
            "trust_joined": "2015-01-01",
            "latest_inspected": "2020-01-01",
            "latest_grade": grade,
        }
        for grade in (3, 1)
    ]
    policy = {"rules": [{"name": "weak", "when": {"trust_share_below_good": {"min": 0.5}}}]}
    found = case([pair(0, 0, "finished")], rows, eligibility=policy, as_of="2022-09-01")
    assert [(entry.school_id, entry.reason) for entry in found.exclusions] == [("S0", "support-finished")]


@pytest.mark.parametrize("state", ["finished", "reopened"])
def test_a_trust_formed_from_its_schools_leaves_when_its_support_has_finished(tmp_path: Path, state: str) -> None:
    rows = [school(1, trust_id="T1"), school(2, trust_id="T1"), school(3, trust_id="T2"), school(4, trust_id="T2")]
    current = [
        {"school_id": "T1", "nle_id": "N1", "state": state},
        {"school_id": "S3", "nle_id": "N2", "state": "finished"},
    ]
    settings = {"eligibility": {"recipients": "trust"}, "fit": {"unknown": 0}}
    file = write_scenario(tmp_path, settings, schools=rows, nles=[nle(1), nle(2)], current=current)
    result = allocate(load_scenario(file))
    assert verify(result) == []
    told = {row["school_id"]: (row["stage"], row["reason"]) for row in result.exclusions.rows()}
    assert told.pop("T1", None) == (("listing", "support-finished") if state == "finished" else None)
    assert told.pop("S3") == ("listing", "support-finished")
    assert set(told.values()) == {("recipient", "served-through-trust")} and set(told) == {"S1", "S2", "S4"}
    assert result.claim.summary["counts"]["recipients_formed"] == 2


def test_a_required_pair_of_a_school_whose_support_has_finished_is_an_error() -> None:
    required_too = [{"nle_id": "N1", "school_id": "S0", "relation": "require"}]
    with pytest.raises(InputError, match=r"required, but S0 is out at the stage listing \(support-finished"):
        case([pair(0, 0, "finished")], pairs=required_too)


CURRENT = [
    {"school_id": "S1", "nle_id": "N1", "state": "agreed"},
    {"school_id": "S2", "nle_id": "N2", "state": ""},
    {"school_id": "S3", "nle_id": "N2", "state": "stopped"},
    {"school_id": "S4", "nle_id": "N1", "state": "offered"},
]


def written(folder: Path, current: Sequence[Row] = CURRENT, **settings: Any) -> Path:
    rows = [school(n) for n in range(1, 5)]
    nles = [nle(n, placements=4) for n in (1, 2)]
    document = {"objectives": ["kept_pairs", "fit"], **settings}
    return write_scenario(folder, document, schools=rows, nles=nles, current=current)


def test_an_allocation_tells_the_state_of_pairs_that_stay_and_proposes_all_others(tmp_path: Path) -> None:
    result = allocate(load_scenario(written(tmp_path)))
    states = {(row["nle_id"], row["school_id"]): row["state"] for row in result.allocation.rows()}
    assert states.pop(("N1", "S1")) == "agreed"
    assert states.pop(("N2", "S2")) == "proposed"
    assert states.pop(("N1", "S4")) == "offered"
    assert set(states.values()) == {"proposed"}
    assert result.objectives[0]["value"] == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("S9", "N1", "agreed"), "school_id: the schools table has no such identifier; what the pair takes or took is"),
        (
            ("S9", "N1", "stopped"),
            "school_id: the schools table has no such identifier; what the pair takes or took is",
        ),
        (("S9", "N1", "offered"), "school_id: the schools table has no such identifier, so the pair is not counted"),
        (("S9", "N9", "started"), "school_id: the schools table has no such identifier, so the pair is not counted"),
        (("S1", "N9", "proposed"), "nle_id: the nles table has no such identifier, so the pair is not counted"),
        (
            ("S1", "N9", "finished"),
            "nle_id: the nles table has no such identifier, and the support of the school has finished all the same",
        ),
        (("S9", "N9", "finished"), "school_id: the schools table has no such identifier, so the pair is not counted"),
        (("S1", "n1", "offered"), "nle_id: the nles table has no such identifier, but one that differs in case or"),
    ],
)
def test_a_row_that_leads_nowhere_is_a_finding(tmp_path: Path, row: tuple[str, str, str], said: str) -> None:
    gone = dict(zip(("school_id", "nle_id", "state"), row, strict=True))
    (found,) = load_scenario(written(tmp_path, [*CURRENT, gone])).findings
    assert str(found).startswith(f"current.csv:row 6: {said}")


@pytest.mark.parametrize("state", PINNED)
@pytest.mark.parametrize("names", [("S1", "N9"), ("S1", "n1"), ("s1", "N1"), ("S01", "N9"), ("S9", "n1")])
def test_a_pinned_pair_that_nearly_meets_or_whose_nle_is_not_there_is_an_error(
    tmp_path: Path, names: tuple[str, str], state: str
) -> None:
    gone = {"school_id": names[0], "nle_id": names[1], "state": state}
    with pytest.raises(InputError, match=rf"current\.csv:row 6: .*, and the pair is {state}; got (s1|S01|n1|N9)"):
        load_scenario(written(tmp_path, [*CURRENT, gone]))


def test_a_pair_that_stands_twice_or_in_no_known_state_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="also stands in row 2"):
        load_scenario(written(tmp_path / "twice", [CURRENT[0], CURRENT[0]]))
    with pytest.raises(InputError, match="state: must be one of proposed, offered"):
        load_scenario(written(tmp_path / "odd", [{**CURRENT[0], "state": "agred"}]))


def test_a_run_folder_with_what_stands_today_stands_alone(tmp_path: Path) -> None:
    from nle_optimizer.cli.main import run_program

    file = written(tmp_path / "there")
    assert run_program(["run", str(file), "--out", str(tmp_path / "run")]) == 0
    (tmp_path / "there" / "current.csv").unlink()
    assert read_run_folder(tmp_path / "run").scenario.current is not None
    assert run_program(["verify", str(tmp_path / "run")]) == 0


def test_the_allocation_of_a_run_is_what_stands_today_for_the_next(tmp_path: Path) -> None:
    from nle_optimizer.cli.main import run_program

    assert run_program(["run", str(written(tmp_path)), "--out", str(tmp_path / "run")]) == 0
    scenario = load_scenario(tmp_path / "scenario.yaml", sets=["data.current=run/allocation.csv"])
    assert scenario.findings == ()
    assert scenario.current is not None
    assert list(scenario.current) == ["school_id", "nle_id", "placements", "state"]
    result = allocate(scenario)
    assert result.objectives[0]["value"] == len(scenario.current) == 4
    assert verify(result) == []


def test_columns_of_its_own_say_nothing(tmp_path: Path) -> None:
    file = written(tmp_path)
    write_table(tmp_path / "current.csv", [{**row, "stat": "x", "priority": "no number"} for row in CURRENT])
    assert load_scenario(file).findings == ()
