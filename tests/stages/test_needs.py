"""Who stays because of a need: unknown is not nought."""

from itertools import product
from typing import Any

import pytest

from nle_optimizer.stages.fit import with_needs
from nle_optimizer.stages.ledger import Ledger
from support.memory import settings_of, table

AREAS = ("leadership", "governance", "finance")


def reason(cells: tuple[str, ...], *, fit_given: bool = False, **settings: Any) -> str:
    """Why a school with these needs leaves; blank where it stays."""
    schools = table("schools", [{"school_id": "S", **{f"need_{a}": c for a, c in zip(AREAS, cells, strict=True)}}])
    pairs = table("pairs", [{"nle_id": "N", "school_id": "S", "fit": 1 if fit_given else ""}])
    _, left = with_needs(schools, pairs, settings_of(**settings))
    return left["S"].reason if left else ""


@pytest.mark.parametrize("unknown", ["error", "exclude", 0.4])
@pytest.mark.parametrize("weights", [AREAS, ("leadership", "finance")])
@pytest.mark.parametrize("governance_only", ["match", "signpost"])
def test_every_pattern_of_needs_leaves_for_the_reason_of_the_rule_book(
    unknown: Any, weights: tuple[str, ...], governance_only: str
) -> None:
    settings = {
        "fit": {"unknown": unknown, "weights": dict.fromkeys(weights, 1)},
        "eligibility": {"governance_only": governance_only},
    }
    for *cells, fit in product(*[["", "0", "0.5"]] * 3, [False, True]):
        counted = [cell for area, cell in zip(AREAS, cells, strict=True) if area in weights]
        if all(cell == "0" for cell in counted) and not fit:
            expected = "no-need"
        elif governance_only == "signpost" and cells == ["0", "0.5", "0"]:
            expected = "governance-only"
        elif unknown == "exclude" and "" in counted and not fit:
            expected = "unknown-need"
        else:
            expected = ""
        assert reason(tuple(cells), fit_given=fit, **settings) == expected


def test_a_school_is_taken_out_once() -> None:
    ledger = Ledger()
    ledger.take_out(["S"], "need", "no-need", ["x"])
    with pytest.raises(ValueError, match="twice"):
        ledger.take_out(["S"], "need", "no-need", ["x"])
