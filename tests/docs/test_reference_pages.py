"""The generated pages are current, and say what is true."""

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from nle_optimizer.catalogue.reasons import REASONS, STAGES
from nle_optimizer.model.constraints.constraint_types import CONSTRAINTS
from nle_optimizer.model.objectives import CATALOGUE
from nle_optimizer.scenario.setting_sections import CONSTRAINT_TYPES, KEYS, OBJECTIVE_NAMES

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        return import_module("generate_reference")
    finally:
        sys.path.remove(str(DOCS))


def test_every_generated_page_is_current(generator: ModuleType) -> None:
    stale = [name for name, text in generator.pages() if (DOCS / name).read_text(encoding="utf-8") != text]
    assert not stale, "run make docs"


def test_every_objective_stands_on_the_page() -> None:
    page = (DOCS / "reference" / "objectives.md").read_text(encoding="utf-8")
    assert {objective.name for objective in CATALOGUE} == set(OBJECTIVE_NAMES)
    assert [name for name in OBJECTIVE_NAMES if f"| `{name}` |" not in page] == []


def test_every_type_of_constraint_stands_on_the_page() -> None:
    page = (DOCS / "reference" / "constraints.md").read_text(encoding="utf-8")
    assert set(CONSTRAINTS) == set(CONSTRAINT_TYPES) == set(KEYS)
    assert [name for name in CONSTRAINTS if f"| `{name}` |" not in page] == []


def test_stages_and_reason_codes_stand_in_the_rule_book() -> None:
    page = (DOCS / "reference" / "decisions.md").read_text(encoding="utf-8")
    assert [code for code in (*STAGES, *REASONS) if f"`{code}`" not in page] == []


def test_the_figures_beside_the_picture_are_those_of_the_picture() -> None:
    picture = (DOCS / "images" / "england.svg").read_text(encoding="utf-8")
    counted = re.search(r"<title>([\d,]+ of [\d,]+ eligible schools)", picture)
    assert counted
    assert counted[1] in (DOCS.parent / "README.md").read_text(encoding="utf-8")
