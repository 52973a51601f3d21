"""A cell that should hold a number and holds none is a difference, not a fault of the second reading."""

from decimal import Decimal
from pathlib import Path

import pytest

from nle_optimizer.evidence.published_tables import publish
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.evidence.verification.findings import number_in
from support.small_cases import cases, with_quotas


@pytest.mark.parametrize(("cell", "number"), [("", None), ("-1.50", Decimal("-1.5")), ("1e3", Decimal(1000))])
def test_a_number_is_read_as_it_is_and_a_blank_is_none(cell: str, number: Decimal | None) -> None:
    assert number_in(cell) == number


@pytest.mark.parametrize("cell", ["many", "sNaN", "NaN", "-Infinity"])
def test_what_is_no_number_equals_nothing(cell: str) -> None:
    assert number_in(cell) not in (None, Decimal(0), number_in(cell))


@pytest.mark.parametrize("cell", ["many", "sNaN", "Infinity"])
@pytest.mark.parametrize("column", ["one_more", "one_fewer"])
def test_a_word_where_bounds_are_checked_is_named(tmp_path: Path, column: str, cell: str) -> None:
    for _, _, _, outcome in cases(tmp_path, "words", 3, with_quotas):
        claim = publish(outcome)
        claim.tables["nles"][column] = [cell, *claim.tables["nles"][column][1:]]  # type: ignore[index]
        assert any(f"nles.csv: NLE N1: {column}" in finding for finding in check_claim(outcome.scenario, claim))
