"""Whether phase, faith and diocese are met: every combination."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from nle_optimizer.scenario.columns import PHASES
from nle_optimizer.stages.fit import match, properties_that
from support.memory import settings_of, table


def one(offered: str, wanted: str, name: str = "phase") -> tuple[bool, bool]:
    """Whether the pair is unmet, and whether it agrees."""
    column = {"phase": "phases", "faith": "faiths", "diocese": "diocese"}[name]
    found = match(
        table("nles", [{"nle_id": "N", column: offered}]), table("schools", [{"school_id": "S", name: wanted}]), name
    )
    at = np.zeros(1, dtype=np.int64)
    return bool(found.unmet(at, at)[0]), bool(found.agreed(at, at)[0])


MEETS = {
    "all-through": {"primary", "secondary", "all-through"},
    "primary": {"primary", "all-through"},
    "secondary": {"secondary", "all-through"},
}


@pytest.mark.parametrize(("offered", "wanted"), list(product(PHASES, PHASES)))
def test_a_phase_is_met_as_the_rule_book_says(offered: str, wanted: str) -> None:
    met = offered in MEETS.get(wanted, {wanted})
    assert one(offered, wanted) == (not met, met)


@pytest.mark.parametrize(("offered", "wanted"), [("", "primary"), ("primary", ""), ("", "")])
@pytest.mark.parametrize("name", ["phase", "faith", "diocese"])
def test_a_blank_is_neither_unmet_nor_agreed(offered: str, wanted: str, name: str) -> None:
    assert one(offered, wanted, name) == (False, False)


def test_one_of_several_phases_is_enough() -> None:
    assert one("special|primary", "primary") == (False, True)


@pytest.mark.parametrize(("name", "offered"), [("faith", "Jewish|church of ENGLAND"), ("diocese", "church of ENGLAND")])
def test_faith_and_diocese_are_compared_without_case(name: str, offered: str) -> None:
    assert one(offered, "Church of England", name) == (False, True)


def test_another_faith_is_unmet() -> None:
    assert one("Jewish", "Church of England", "faith") == (True, False)


@pytest.mark.parametrize("importance", ["must", "prefer"])
def test_properties_are_found_by_their_importance(importance: str) -> None:
    chosen: Any = settings_of(suitability={"phase": "ignore", "faith": importance}).suitability
    assert properties_that(chosen, importance) == ["faith"]
