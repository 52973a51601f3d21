"""The verifier's own reading of facts, eligibility, recipients and supply, each against figures worked out by hand."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nle_optimizer.evidence.verification.findings import RefusedError, half_up, metres_from_squares, whole_root
from nle_optimizer.evidence.verification.pairs.character import phase_is_met
from nle_optimizer.evidence.verification.pairs.listed import Listed
from nle_optimizer.evidence.verification.stages.conditions import FALSE, TRUE, UNDECIDED, decide
from nle_optimizer.evidence.verification.stages.eligibility import enter
from nle_optimizer.evidence.verification.stages.recipients import after_needs, gather
from nle_optimizer.evidence.verification.stages.supply import read_current, supply_of
from nle_optimizer.records import Column
from nle_optimizer.scenario.columns import STATUS_CODES, STATUSES
from nle_optimizer.scenario.scenario import Scenario, load_scenario

Load = Callable[..., Scenario]
NLES = "nle_id,placements\nN1,1\n"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def build(schools: str, nles: str = NLES, settings: str = "") -> Scenario:
        head = "schema: 1\nname: stages\ndata: {schools: schools.csv, nles: nles.csv}\n"
        (tmp_path / "scenario.yaml").write_text(head + settings)
        (tmp_path / "schools.csv").write_text(schools)
        (tmp_path / "nles.csv").write_text(nles)
        return load_scenario(tmp_path / "scenario.yaml")

    return build


def _cells(column: Column) -> list[Any]:
    pairs = zip(column.values.tolist(), column.given.tolist(), strict=True)
    return [value if given else None for value, given in pairs]


@pytest.mark.parametrize(
    ("when", "cell", "truth"),
    [
        ("{x: [a, B]}", "b", TRUE),
        ("{x: 2.5}", "2.50", TRUE),
        ("{x: 2.5}", "none", FALSE),
        ("{x: {min: 2}}", "10", TRUE),
        ("{x: {max: 2}}", "", UNDECIDED),
        ("{x: {not: [a, b]}}", "A", FALSE),
        ("{x: {not: a}}", "", UNDECIDED),
        ("{x: {missing: true}}", "", TRUE),
        ("{x: {missing: false, min: 1}}", "", FALSE),
        ("{x: {before: 2020-01-01}}", "2019-12-31", TRUE),
        ("{x: a, school_id: T}", "", FALSE),
        ("{x: a, school_id: S}", "", UNDECIDED),
        ("{latest_grade: 3}", "", UNDECIDED),
        ("{}", "", TRUE),
    ],
)
def test_a_condition_is_false_undecided_or_true(load: Load, when: str, cell: str, truth: int) -> None:
    rules = f"eligibility: {{rules: [{{name: r, when: {when}}}]}}\n"
    scenario = load(f"school_id,x\nS,{cell}\n", settings=rules)
    rule = (scenario.settings.eligibility.rules or [])[0]
    assert decide(rule.when, scenario.schools).tolist() == [truth]


def test_an_inspection_after_the_day_has_not_happened_yet(load: Load) -> None:
    header = "school_id,latest_grade,latest_inspected,previous_grade,previous_inspected,inspections,leadership_grade\n"
    rows = "A,4,2023-01-01,3,2020-01-01,2,4\nB,4,2023-01-01,3,2022-12-01,1,\nC,4,2022-01-01,3,,,3\n"
    stood = enter(load(header + rows, settings="as_of: 2022-09-01\n")).stood
    assert _cells(stood.column("latest_grade")) == [3, None, 4]
    assert _cells(stood.column("previous_grade")) == [None, None, 3]
    assert _cells(stood.column("inspections")) == [1, 0, None]
    assert _cells(stood.column("leadership_grade")) == [None, None, 3]
    assert _cells(stood.column("days_since_inspection"))[2] == 243


def test_a_trust_is_judged_by_the_schools_it_has_held_for_three_years(load: Load) -> None:
    header = "school_id,trust_id,trust_joined,latest_grade,latest_inspected,previous_grade,left_out\n"
    rows = [
        "A,T,2018-01-01,4,2021-01-01,3,",
        "B,T,2019-09-01,2,2019-09-01,3,",
        "C,T,2019-09-02,4,2021-01-01,1,",
        "D,T,2018-01-01,4,2017-01-01,1,",
        "E,T,2018-01-01,4,2021-01-01,1,gone",
        "F,T,2023-01-01,3,2021-01-01,3,",
        "G,T,2015-01-01,3,2020-01-01,2,",
    ]
    stood = enter(load(header + "\n".join(rows), settings="as_of: 2022-09-01\n")).stood
    assert _cells(stood.column("trust_long_held")) == [3, 3, 3, 3, 3, None, 3]
    assert _cells(stood.column("trust_share_below_good"))[0] == 666_666
    assert _cells(stood.column("trust_declining"))[0] is True


def test_a_school_leaves_at_the_first_stage_that_takes_it_out(load: Load) -> None:
    header = "school_id,kind,establishment_status,arrived,latest_grade,left_out\n"
    rows = "A,,closed,,3,no-coordinates\nB,,CLOSED,,3,\nC,trust,,,3,\nD,,,2023-01-01,3,\nE,,,,,\nF,,,,1,\nG,,,,3,\n"
    settings = "as_of: 2022-09-01\neligibility: {recipients: school, rules: [{name: r, when: {latest_grade: 3}}]}\n"
    exits = enter(load(header + rows, settings=settings)).exits
    assert exits.reason.tolist() == [
        "no-coordinates",
        "closed",
        "trust-not-a-recipient",
        "not-yet-arrived",
        "cannot-tell",
        "not-eligible",
        "",
    ]


def test_a_trust_receives_for_all_its_schools(load: Load) -> None:
    header = "school_id,trust_id,pupils,easting,northing,region,phase,need_leadership,need_finance,priority\n"
    rows = "A,T,100,400000,300000,West,primary,1,,3\nB,T,300,400001,300003,East,primary,0.5,0.2,2\nC,,,,,,,1,,\n"
    scenario = load(header + rows, settings="eligibility: {recipients: trust}\n")
    entry = enter(scenario)
    recipients = gather(scenario, entry)
    assert recipients.ids.tolist() == ["C", "T"]
    assert entry.exits.reason.tolist() == ["served-through-trust", "served-through-trust", ""]
    trust = {name: _cells(recipients.table.column(name))[1] for name in recipients.table}
    assert (trust["kind"], trust["trust_id"], trust["name"]) == ("trust", "T", "T")
    assert (trust["easting"], trust["northing"]) == (400001, 300002)
    assert (trust["region"], trust["phase"], trust["pupils"], trust["priority"]) == ("East", "primary", 400, 2)
    assert (trust["need_leadership"], trust["need_governance"], trust["need_finance"]) == (625_000, None, 200_000)


def test_a_trust_and_its_school_are_not_both_recipients(load: Load) -> None:
    scenario = load("school_id,kind,trust_id\nT,trust,\nA,,T\n")
    with pytest.raises(RefusedError, match="trust T and a school of it"):
        gather(scenario, enter(scenario))


def test_who_needs_nothing_leaves(load: Load) -> None:
    rows = "A,0,0,0\nB,0,1,0\nC,0,,0\nD,1,1,1\n"
    settings = "eligibility: {governance_only: signpost}\nfit: {unknown: exclude}\n"
    scenario = load("school_id,need_leadership,need_governance,need_finance\n" + rows, settings=settings)
    remaining, exits = after_needs(scenario, gather(scenario, enter(scenario)))
    assert exits.reason.tolist() == ["no-need", "governance-only", "unknown-need", ""]
    assert remaining.ids.tolist() == ["D"]


def test_an_establishment_status_takes_out_as_import_does(load: Load) -> None:
    statuses = [*STATUSES, *STATUS_CODES, "Closed by order", "Academy", ""]
    rows = [f'S{n:02d},"{status}"' for n, status in enumerate(statuses)]
    exits = enter(load("school_id,establishment_status\n" + "\n".join(rows))).exits
    words = [STATUS_CODES.get(status, status).casefold() for status in statuses]
    assert exits.reason.tolist() == [*(STATUSES[word] for word in words[:-3]), "closed", "", ""]


def _supply(scenario: Scenario) -> tuple[list[str], list[list[int]]]:
    supply = supply_of(scenario, Listed(None, scenario.nles.ids, {}), lambda _: True, read_current(scenario, {}).taken)
    return supply.reason.tolist(), supply.capacity.tolist()


def test_an_nle_is_out_for_the_first_reason_that_holds(load: Load) -> None:
    header = "nle_id,kind,status,home_grade,governors_agreed,easting,northing,placements,expertise_finance\n"
    rows = [
        "1,NLG,paused,3,no,,,,",
        "2,LLE,paused,3,no,,,,",
        "3,nle,paused,3,no,,,,",
        "4,,withdrawn,3,no,,,,",
        "5,,,3,no,,,,",
        "6,,,2,no,,,,",
        "7,,,1,yes,,,,",
        "8,,,,,,,0,",
        "9,,,,,,,1,",
        "A,,,,,400000,300000,1,",
        "B,,,,,400000,300000,1,1",
    ]
    settings = "fit: {weights: {finance: 1}, unknown: exclude}\n"
    reasons, _ = _supply(load("school_id\nS\n", header + "\n".join(rows), settings))
    assert reasons == [
        "nlg-programme-closed",
        "not-an-nle",
        "paused",
        "withdrawn",
        "home-not-good",
        "governors-not-agreed",
        "unknown-capacity",
        "no-place",
        "no-place",
        "unknown-expertise",
        "",
    ]


@pytest.mark.parametrize(
    ("cells", "setting", "capacity"),
    [
        (["1", "1", "1"], "multiply: {placements: 1.5}", [2, 2, 1]),
        (["1", "2", "3"], "multiply: {placements: 0.5}", [1, 1, 1]),
        (["1", "2", "3"], "multiply: {placements: 0.5}, round: down", [0, 1, 1]),
        (["1.5", "2", "3"], "multiply: {placements: 0.5}", [0.75, 1, 1.5]),
        (["3", "2", "1"], "reserve: {placements: 10%}", [2.7, 1.8, 0.9]),
        (["3", "2", "1"], "reserve: {placements: 2}", [1, 0, 0]),
    ],
)
def test_capacity_is_multiplied_and_reserved(load: Load, cells: list[str], setting: str, capacity: list[float]) -> None:
    places = "".join(f"{n},400000,300000,{cell}\n" for n, cell in enumerate(cells))
    scenario = load("school_id\nS\n", "nle_id,easting,northing,placements\n" + places, f"capacity: {{{setting}}}\n")
    assert _supply(scenario)[1] == [[round(amount * 1_000_000) for amount in capacity]]


def test_an_all_through_phase_meets_and_is_met() -> None:
    assert phase_is_met("all-through", ["primary"])
    assert phase_is_met("primary", ["all-through"])
    assert not phase_is_met("special", ["all-through"])
    assert phase_is_met("", ["special"]) and phase_is_met("special", [])


def test_halves_round_up_and_roots_are_exact() -> None:
    assert [half_up(number, 2) for number in (1, 3, -1)] == [1, 2, 0]
    values = np.array([0, 1, 2, 3, 4, 2**60 - 1, 2**60, (2**30 + 1) ** 2 - 1], dtype=np.int64)
    assert whole_root(values).tolist() == [0, 1, 1, 1, 2, 2**30 - 1, 2**30, 2**30]


@pytest.mark.parametrize("factor", [Fraction(1), Fraction(5, 4), Fraction(133, 100), Fraction(3000, 7)])
def test_distances_round_half_up_after_the_factor(factor: Fraction) -> None:
    squares = [0, 1, 2, 4, 6, 7, 12, 36, 100, 2 * 10**12 + 1]
    metres = metres_from_squares(np.array(squares, dtype=np.float64), factor).tolist()
    for square, rounded in zip(squares, metres, strict=True):
        exact = 4 * square * factor**2
        assert (rounded == 0 or (2 * rounded - 1) ** 2 <= exact) and exact < (2 * rounded + 1) ** 2
