"""What one more and one fewer is worth, against solving changed inputs anew, and against every allocation."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations_with_replacement, product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer.errors import NleOptimizerError, RunFolderError
from nle_optimizer.evidence.published_tables import publish
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.studies.marginal.answers import NO_SUM, ONE_EACH
from nle_optimizer.studies.marginal.marginal import Marginal, marginal_of, marginal_text
from support.scenarios import nle, school, write_scenario
from support.small_cases import OBJECTIVES, Tables, cases, changed, difference, outcome_of, plain, tables, with_quotas
from support.solving import solved


def told(found: Marginal, number: int, side: str) -> list[Decimal] | None:
    cells = found.rows[number].cells(found.levels)
    if not cells[f"{side}_possible"]:
        return None
    return [
        cell
        for name, cell in cells.items()
        if name == side
        or (name.startswith(f"{side}_") and isinstance(cell, Decimal) and not name.endswith(("_least", "_most")))
    ]


@pytest.mark.parametrize("settings", [plain, with_quotas])
def test_a_place_more_or_fewer_is_worth_what_other_tables_give(tmp_path: Path, settings: Any) -> None:
    for place, given, chosen, outcome in cases(tmp_path, f"places {settings.__name__}", 15, settings, least=0):
        found = marginal_of(outcome, "run", "nle")
        assert {row.method for row in found.rows} == {"network"} and not found.why
        for n, row in enumerate(given["nles"]):
            for side, more in (("one_more", 1), ("one_fewer", -1)):
                if row["placements"] + more < 0:
                    assert told(found, n, side) is None
                    continue
                other = changed(given, "nles", n, placements=row["placements"] + more)
                assert told(found, n, side) == difference(outcome_of(place / f"{side}{n}", other, chosen), outcome)


def test_a_supporter_more_and_a_withdrawal_are_worth_what_other_tables_give(tmp_path: Path) -> None:
    for place, given, chosen, outcome in cases(tmp_path, "schools", 15, plain):
        found = marginal_of(outcome, "run", "school")
        for n, row in enumerate(given["schools"]):
            other = changed(given, "schools", n, supporters=2)
            after = outcome_of(place / f"more{n}", other, chosen)
            assert told(found, n, "one_more") == difference(after, outcome)
            gone = {**given, "schools": [each for each in given["schools"] if each is not row]}
            gone["pairs"] = [pair for pair in given["pairs"] if pair["school_id"] != row["school_id"]]
            if len({each["priority"] for each in gone["schools"]}) < len(
                {each["priority"] for each in given["schools"]}
            ):
                continue
            after = outcome_of(place / f"gone{n}", gone, chosen)
            assert told(found, n, "one_fewer") == difference(after, outcome)


def test_a_further_supporter_is_not_told_where_its_fit_would_be_added_to_a_share_of_the_same_need(
    tmp_path: Path,
) -> None:
    for measure in ("need-met", "need-covered"):
        settings = {"objectives": ["fit"], "fit": {"measure": measure}}
        nles = [nle(1, placements=2), nle(2, placements=0)]
        file = write_scenario(tmp_path / measure, settings, [school(n) for n in range(1, 4)], nles)
        found = marginal_of(solved(load_scenario(file)), "run", "school")
        blank = [row.cells(found.levels)["one_more"] is None for row in found.rows]
        supported = [row.particulars["supported"] == "yes" for row in found.rows]
        assert sorted(supported) == [False, True, True]
        assert blank == (supported if measure == "need-met" else [False] * 3)
        assert [row.more.method == NO_SUM for row in found.rows] == blank
        assert ("shares do not add up" in " ".join(marginal_text(found, 5).split())) == (measure == "need-met")


@pytest.mark.parametrize("objectives", [["schools_supported", "min_fit", "fit"], ["leximin_fit"]])
def test_under_a_least_fit_a_further_supporter_is_not_told_and_a_withdrawal_is(
    tmp_path: Path, objectives: list[str]
) -> None:
    schools = [school(n, need_leadership=need) for n, need in ((1, 0.9), (2, 0.5), (3, 0.2))]
    given = {"schools": schools, "nles": [nle(1), nle(2, expertise_leadership=0.4)]}
    outcome = solved(load_scenario(write_scenario(tmp_path / "all", {"objectives": objectives}, **given)))
    found = marginal_of(outcome, "run", "school")
    assert {row.more.method for row in found.rows} == {ONE_EACH}
    for n, row in enumerate(found.rows):
        left = [each for each in schools if each["school_id"] != row.id]
        file = write_scenario(tmp_path / row.id, {"objectives": objectives}, **{**given, "schools": left})
        known = told(found, n, "one_fewer") or []
        assert known and known == difference(solved(load_scenario(file)), outcome)[: len(known)]


def test_a_limit_one_higher_or_lower_is_worth_what_other_settings_give(tmp_path: Path) -> None:
    asked = 0
    for place, given, chosen, outcome in cases(tmp_path, "limits", 30, with_quotas):
        found = marginal_of(outcome, "run", "budget")
        for n, row in enumerate(found.rows):
            name, word = row.id.split()
            for side, more in (("one_more", 1), ("one_fewer", -1)):
                constraints = [
                    {**each, word: each[word] + more} if each["name"] == name else each
                    for each in chosen["constraints"]
                ]
                if any(each.get(word, 0) < 0 for each in constraints):
                    assert told(found, n, side) is None or word == "minimum"
                    continue
                try:
                    after = outcome_of(place / f"{side}{n}", given, {**chosen, "constraints": constraints})
                except NleOptimizerError:
                    after = None
                asked += 1
                assert told(found, n, side) == difference(after, outcome)
    assert asked > 100


def in_days(rng: Random) -> tuple[Tables, dict[str, Any]]:
    given = tables(rng)
    for row in given["schools"]:
        row["days"] = rng.randint(1, 3)
    for row in given["nles"]:
        row["days"] = rng.randint(1, 5)
        del row["placements"]
    return given, {"objectives": rng.choice(OBJECTIVES[:2]), "capacity": {"resources": ["days"]}}


def best_in_days(given: Tables, objectives: list[Any]) -> Decimal:
    """The best value of the first objective over every allocation."""
    days = {row["school_id"]: row["days"] for row in given["schools"]}
    capacity = {row["nle_id"]: row["days"] for row in given["nles"]}
    best = Decimal(0)
    options = {
        name: [
            None,
            *((pair["nle_id"], Decimal(str(pair["fit"]))) for pair in given["pairs"] if pair["school_id"] == name),
        ]
        for name in days
    }
    for choice in product(*options.values()):
        used = dict.fromkeys(capacity, 0)
        for name, taken in zip(options, choice, strict=True):
            if taken is not None:
                used[taken[0]] += days[name]
        if all(used[each] <= capacity[each] for each in capacity):
            chosen = [taken for taken in choice if taken is not None]
            value = sum((fit for _, fit in chosen), Decimal(0)) if objectives[0] == "fit" else Decimal(len(chosen))
            best = max(best, value)
    return best


def test_a_day_more_or_fewer_is_worth_what_every_allocation_gives(tmp_path: Path) -> None:
    rng, again = Random("days"), 0
    for case in range(30):
        given, settings = in_days(rng)
        outcome = outcome_of(tmp_path / str(case), given, settings)
        assert outcome is not None
        before = best_in_days(given, settings["objectives"])
        found = marginal_of(outcome, "run", "nle")
        again += sum(row.method == "solving again from the plan" for row in found.rows)
        for n, row in enumerate(given["nles"]):
            for side, more in (("one_more", 1), ("one_fewer", -1)):
                other = changed(given, "nles", n, days=row["days"] + more)
                told_first = told(found, n, side)
                assert told_first is not None and found.rows[n].is_exact
                assert told_first[0] == best_in_days(other, settings["objectives"]) - before
    assert again > 10


def test_a_group_gains_at_its_best_nle_and_loses_where_it_is_missed_least(tmp_path: Path) -> None:
    for _, given, _, outcome in cases(tmp_path, "groups", 20, plain, least=0):
        single, found = marginal_of(outcome, "run", "nle"), marginal_of(outcome, "run", "region")
        for n, row in enumerate(found.rows):
            members = [m for m, own in enumerate(given["nles"]) if own["region"] == row.id]
            sense = found.levels[0].sense
            for side in ("one_more", "one_fewer"):
                own = [values[0] for m in members if (values := told(single, m, side)) is not None]
                group = told(found, n, side)
                assert (group is None) == (not own)
                assert group is None or sense * group[0] == max(sense * value for value in own)


def shared_out(given: Tables, resource: str, nles: list[int], count: int) -> Iterator[Tables]:
    """The tables with so many units more at some NLEs, in every way to share them out."""
    for shares in combinations_with_replacement(nles, count):
        other = given
        for n in shares:
            other = changed(other, "nles", n, **{resource: other["nles"][n][resource] + 1})
        yield other


@pytest.mark.parametrize("settings", [plain, with_quotas])
def test_places_shared_out_in_a_group_are_worth_what_the_best_other_tables_give(tmp_path: Path, settings: Any) -> None:
    for place, given, chosen, outcome in cases(tmp_path, f"shared {settings.__name__}", 5, settings, least=0):
        single, found = marginal_of(outcome, "run", "nle"), marginal_of(outcome, "run", "region")
        sense = found.levels[0].sense
        assert {row.method for row in found.rows} == {"network"}
        for row in found.rows:
            members = [m for m, own in enumerate(given["nles"]) if own["region"] == row.id]
            cells = row.cells(found.levels)
            best = max(
                (difference(outcome_of(place / f"{row.id}{n}", other, chosen), outcome) or [Decimal(0)])[0] * sense
                for n, other in enumerate(shared_out(given, "placements", members, 2))
            )
            assert cells["two_more"] == best * sense
            assert len([nle for nle in str(cells["two_more_nle_ids"]).split("|") if nle]) <= 2
            ones = [values[0] for m in members if (values := told(single, m, "one_more")) is not None]
            assert cells["mean"] == round(sum(ones) / len(ones), 6)
            more = [sense * cells[name] for name in ("one_more", "two_more", "five_more", "ten_more")]  # type: ignore[operator]
            assert more == sorted(more) and more[1] <= 2 * more[0] and more[3] <= 2 * more[2]


def test_days_shared_out_in_a_group_lie_where_every_allocation_says(tmp_path: Path) -> None:
    rng, exact = Random("shared days"), 0
    for case in range(8):
        given, settings = in_days(rng)
        outcome = outcome_of(tmp_path / str(case), given, settings)
        assert outcome is not None
        before = best_in_days(given, settings["objectives"])
        found = marginal_of(outcome, "run", "region")
        for row in found.rows:
            members = [m for m, own in enumerate(given["nles"]) if own["region"] == row.id]
            cells = row.cells(found.levels)
            for name, count in (("two_more", 2), ("five_more", 5)):
                tables_so = shared_out(given, "days", members, count)
                best = max(best_in_days(other, settings["objectives"]) for other in tables_so) - before
                assert cells[f"{name}_least"] <= best <= cells[f"{name}_most"]  # type: ignore[operator]
                exact += cells[name] is not None
                assert cells[name] in (None, best)
    assert exact > 15


@pytest.mark.parametrize("column", ["one_more", "one_fewer"])
def test_a_value_that_is_not_true_is_found_by_the_second_reading(tmp_path: Path, column: str) -> None:
    for _, _, _, outcome in cases(tmp_path, "tampering", 10, plain):
        claim = publish(outcome)
        assert check_claim(outcome.scenario, claim) == []
        told_column = list(claim.tables["nles"][column])
        told_column[0] = "0.123"
        claim.tables["nles"][column] = told_column  # type: ignore[index]
        assert any(f"nles.csv: NLE N1: {column}" in finding for finding in check_claim(outcome.scenario, claim))


def test_a_rule_that_proves_nothing_has_no_marginal_values(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, tables(Random(1)), {"rule": "greedy"})
    assert outcome is not None
    assert set(publish(outcome).tables["nles"]["one_more"]) == {""}
    with pytest.raises(RunFolderError, match="greedy"):
        marginal_of(outcome, "run", "nle")
