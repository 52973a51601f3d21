"""Every constraint counted on an allocation made by hand, and every limit that it breaks named."""

from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.evidence.verification import check_claim
from nle_optimizer.scenario.scenario import Scenario
from support.claim_by_hand import Draft, hand_made_scenario

Rows = dict[str, tuple[float, float | None, float | None]]
"""Value, minimum and maximum by label."""

COUNTED: list[tuple[dict[str, Any], str, Rows]] = [
    ({"type": "quota", "maximum": 5}, "schools", {"c": (2, None, 5)}),
    (
        {"type": "quota", "by": "region", "maximum": 1.5},
        "schools",
        {"c[region=North]": (1, None, 1), "c[region=South]": (0, None, 1), "c[region=north]": (1, None, 1)},
    ),
    ({"type": "quota", "where": {"region": "NORTH"}, "minimum": 1.5}, "schools", {"c": (2, 2, None)}),
    ({"type": "quota", "where": {"priority": 1}, "minimum_share": 0.5}, "schools", {"c": (1, 1.0, None)}),
    (
        {
            "type": "quota",
            "by": "local_authority",
            "maximum_share": 1,
            "share_of": "eligible",
            "where": {"priority": 2},
        },
        "schools",
        {"c[local_authority=A]": (1, None, 1), "c[local_authority=B]": (0, None, 2)},
    ),
    ({"type": "quota", "of": "nles", "where": {"region": "south"}, "maximum": 1}, "nles", {"c": (1, None, 1)}),
    (
        {"type": "quota", "of": "pairs", "where": {"out_of_region": True}, "maximum_share": 0.5},
        "pairs",
        {"c": (1, None, 1.0)},
    ),
    (
        {"type": "quota", "of": "pairs", "where": {"distance_km": {"min": 4}}, "maximum": 1},
        "pairs",
        {"c": (1, None, 1)},
    ),
    (
        {"type": "quota", "of": "pairs", "by": "nle.region", "minimum": 0},
        "pairs",
        {"c[nle.region=North]": (1, 0, None), "c[nle.region=South]": (1, 0, None)},
    ),
    (
        {"type": "budget", "of": "placements", "by": "out_of_region", "maximum": 1.5},
        "placements",
        {"c[out_of_region=no]": (1, None, 1.5), "c[out_of_region=yes]": (1, None, 1.5)},
    ),
    ({"type": "budget", "of": "cost", "maximum": 0}, "pounds", {"c": (0, None, 0)}),
    (
        {"type": "minimum_use", "minimum_share": 0.75},
        "placements",
        {"c[nle_id=N1]": (1, 0.75, None), "c[nle_id=N2]": (1, 0.75, None)},
    ),
    (
        {"type": "keep_together", "by": "local_authority", "maximum": 2},
        "nles",
        {"c[local_authority=A]": (2, None, 2), "c[local_authority=B]": (0, None, 2)},
    ),
    (
        {"type": "new_to_area", "by": "region", "maximum": 1},
        "nles",
        {"c[region=North]": (0, None, 1), "c[region=South]": (0, None, 1), "c[region=north]": (1, None, 1)},
    ),
]

BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"type": "quota", "maximum": 1}, "constraint c: 2 schools, and at most 1 are allowed"),
    (
        {"type": "quota", "by": "region", "minimum": 1},
        "constraint c[region=South]: 0 schools, and at least 1 are asked for",
    ),
    ({"type": "quota", "where": {"priority": 2}, "minimum_share": 0.6}, "at least 1.2 are asked for"),
    (
        {"type": "quota", "of": "nles", "maximum_share": 0.5, "share_of": "eligible"},
        "2 nles, and at most 1 are allowed",
    ),
    (
        {"type": "quota", "of": "pairs", "where": {"out_of_region": True}, "maximum_share": 0.4},
        "at most 0.8 are allowed",
    ),
    ({"type": "budget", "of": "placements", "maximum": 1.5}, "2 placements, and at most 1.5 are allowed"),
    ({"type": "keep_together", "by": "local_authority"}, "c[local_authority=A]: 2 nles, and at most 1 are allowed"),
    ({"type": "new_to_area", "maximum": 1}, "c[local_authority=A]: 2 nles, and at most 1 are allowed"),
]


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return hand_made_scenario(tmp_path)


def _entries(constraint: dict[str, Any], unit: str, rows: Rows) -> list[dict[str, Any]]:
    return [
        {
            "name": "c",
            "label": label,
            "type": constraint["type"],
            "unit": unit,
            "value": value,
            "minimum": least,
            "maximum": most,
            "binding": value in (least, most),
        }
        for label, (value, least, most) in rows.items()
    ]


WITHOUT_CURE = (3, 7, 9)
"""Those that one more place at N2 would break, which else would serve S3."""


@pytest.mark.parametrize("number", range(len(COUNTED)))
def test_every_row_is_counted_and_told(scenario: Scenario, number: int) -> None:
    constraint, unit, rows = COUNTED[number]
    asking = scenario.replace({"constraints": [{"name": "c", **constraint}]})
    draft = Draft()
    if number in WITHOUT_CURE:
        draft.rows["unmatched"][0] |= dict.fromkeys(("cure_kind", "cure_id", "cure_amount", "cure_price"), "")
    draft.summary["constraints"] = _entries(constraint, unit, rows)
    assert check_claim(asking, draft.claim()) == []
    for n in range(len(draft.summary["constraints"])):
        for word, value in _entries(constraint, unit, rows)[n].items():
            draft.summary["constraints"] = _entries(constraint, unit, rows)
            draft.summary["constraints"][n][word] = not value if isinstance(value, bool) else f"{value}1"
            assert check_claim(asking, draft.claim()), f"{word} of row {n}"
    draft.summary["constraints"] = _entries(constraint, unit, rows)[1:]
    assert check_claim(asking, draft.claim())


@pytest.mark.parametrize(("constraint", "sentence"), BROKEN)
def test_every_limit_that_is_broken_is_named(scenario: Scenario, constraint: dict[str, Any], sentence: str) -> None:
    asking = scenario.replace({"constraints": [{"name": "c", **constraint}]})
    findings = check_claim(asking, Draft().claim())
    assert any(sentence in finding for finding in findings), "\n".join(findings)
