"""Cures against solving anew with the capacity they ask for, and against the second reading."""

from decimal import Decimal
from pathlib import Path

from nle_optimizer.evidence.cures import cheapest_cures, cures_by_recipient
from nle_optimizer.evidence.publication import publish
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.records import MILLION
from support.small_cases import cases, changed, outcome_of, plain, values


def test_with_the_capacity_a_cure_asks_for_the_objective_is_as_good_as_it_says(tmp_path: Path) -> None:
    found = 0
    for place, given, chosen, outcome in cases(tmp_path, "cures", 30, plain):
        sense = outcome.problem.levels[0].sense
        for recipient, cure in cheapest_cures(outcome).items():
            number = [row["nle_id"] for row in given["nles"]].index(cure.nle_id)
            places = given["nles"][number]["placements"] + cure.amount // MILLION
            after = outcome_of(place / str(recipient), changed(given, "nles", number, placements=places), chosen)
            assert after is not None and cure.amount == MILLION and cure.kind == "placements"
            assert sense * cure.price >= 0
            assert sense * (values(after)[0] - values(outcome)[0]) >= sense * cure.price
            found += 1
    assert found > 10


def test_the_cheapest_cure_is_the_dearest_pair_of_a_full_nle(tmp_path: Path) -> None:
    for _, given, _, outcome in cases(tmp_path, "cheapest", 30, plain):
        ids, level = outcome.problem.recipient_ids.tolist(), outcome.problem.levels[0]
        used = dict.fromkeys(outcome.problem.nle_ids.tolist(), 0)
        for pair in outcome.solution.matched.tolist():
            used[outcome.problem.nle_ids[outcome.problem.nle[pair]]] += 1
        full = {row["nle_id"] for row in given["nles"] if used.get(row["nle_id"]) == row["placements"]}
        for recipient in range(len(ids)):
            cures = cures_by_recipient(outcome, 99).get(recipient, [])
            own = [
                Decimal(level.sense * int(level.amounts[n])) / level.scale
                for n in range(outcome.problem.size)
                if outcome.problem.recipient[n] == recipient
                and outcome.problem.nle_ids[outcome.problem.nle[n]] in full
                and level.amounts[n] >= 0
                and not outcome.supported[recipient]
            ]
            assert [cure.price for cure in cures] == sorted(own, key=lambda price: -level.sense * price)


def test_a_cure_that_is_none_is_found_by_the_second_reading(tmp_path: Path) -> None:
    tried = 0
    wrong = {"cure_amount": "2", "cure_price": "0.123", "cure_id": "N99", "cure_kind": "days"}
    for _, _, _, outcome in cases(tmp_path, "tampered cures", 10, plain):
        claim = publish(outcome)
        assert check_claim(outcome.scenario, claim) == []
        right = claim.tables["unmatched"]
        if not any(right["cure_kind"]):
            continue
        line = next(n for n, kind in enumerate(right["cure_kind"]) if kind)
        for column, cell in wrong.items():
            cells = list(right[column])
            cells[line] = cell
            claim.tables["unmatched"] = {**right, column: cells}  # type: ignore[index]
            assert any("cure" in finding for finding in check_claim(outcome.scenario, claim))
            tried += 1
    assert tried
