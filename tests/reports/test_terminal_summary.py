"""What `run` prints fits a screen of 80 columns and 24 lines, and says how it stands."""

import re
from pathlib import Path

import pytest

from nle_optimizer import allocate, load_scenario
from nle_optimizer.reports.terminal import summary_text
from nle_optimizer.reports.words import amount_of_level
from nle_optimizer.result import Result
from support.scenarios import nle, school, write_scenario

REGION = Path(__file__).parents[2] / "scenarios" / "region" / "scenario.yaml"


def lines_of(result: Result) -> list[str]:
    text = summary_text(result, Path("runs") / result.scenario.settings.name)
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


@pytest.fixture(scope="module")
def region() -> Result:
    return allocate(load_scenario(REGION))


def test_the_summary_of_the_shipped_region_fits_a_screen(region: Result) -> None:
    lines = lines_of(region)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_the_summary_shows_the_counts_of_the_result(region: Result) -> None:
    text, counts = "\n".join(lines_of(region)), region.claim.summary["counts"]
    for label, key in (("Schools read", "schools_read"), ("Supported", "supported"), ("Left out", "unmatched")):
        assert re.search(rf"{label} +{counts[key]:,}\b", text)


def test_the_summary_says_what_is_proved(region: Result) -> None:
    assert "proved optimal" in "\n".join(lines_of(region))


def test_the_summary_names_the_run_folder(region: Result) -> None:
    assert lines_of(region)[-1].endswith("Run folder: runs/region")


def test_a_summary_without_anybody_supported_shows_dashes(tmp_path: Path) -> None:
    result = allocate(load_scenario(write_scenario(tmp_path, nles=[nle(1, status="paused")])))
    assert any("Mean fit" in line and "-" in line for line in lines_of(result))
    assert any("no-nle 2" in line for line in lines_of(result))


@pytest.mark.parametrize("title", ["x " * 200, "two\nlines", "\x1b[31mred"])
def test_an_odd_title_neither_breaks_the_screen_nor_controls_the_terminal(tmp_path: Path, title: str) -> None:
    result = allocate(load_scenario(write_scenario(tmp_path, {"title": title})))
    lines = summary_text(result, Path("run")).splitlines()
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines) <= 80
    assert len(lines) <= 24
    assert "\x1b[31m" not in "\n".join(lines)


def test_many_objectives_still_fit_a_screen(tmp_path: Path) -> None:
    rows = [school(n, priority=n % 9 + 1, region=f"Region {n}") for n in range(1, 30)]
    settings = {"objectives": [{"schools_supported": {"by": "priority"}}, {"fit": {"by": "region"}}]}
    result = allocate(load_scenario(write_scenario(tmp_path, settings, schools=rows)))
    assert len(lines_of(result)) <= 30
    assert max(map(len, lines_of(result))) <= 80


def test_what_counts_is_whole_and_distance_and_money_have_their_units(tmp_path: Path) -> None:
    schools = [school(n, priority=[1, ""][n % 2]) for n in range(1, 4)]
    blend = {"blend": {"fit": 1, "distance_km": -0.25}}
    settings = {
        "objectives": [{"schools_supported": {"by": "priority"}}, blend, "distance", "cost", "region_gap"],
        "costs": {"per_match": 500},
        "engine": "highs",
    }
    lines = lines_of(allocate(load_scenario(write_scenario(tmp_path, settings, schools, [nle(1, placements=2)]))))
    assert "  Supported, priority 1          1   proved optimal" in lines
    assert "  Supported, no priority         1   proved optimal" in lines
    assert any(re.fullmatch(r"  Blend +[\d.]+   .*; fit − 0.25 × km", line) for line in lines)
    assert any(re.fullmatch(r"  Distance +[\d.]+ km   .*", line) for line in lines)
    assert any(re.fullmatch(r"  Cost +£1,000   .*", line) for line in lines)


@pytest.mark.parametrize(
    ("name", "amount", "told"),
    [
        ("schools_supported[region=London]", 22.0, "22"),
        ("schools_supported", 22.5, "22.500"),  # weighted by a column
        ("kept_pairs", 1200.0, "1,200"),
        ("fit", 22.0, "22.000"),
        ("distance", 510.5, "510.5 km"),
        ("travel_minutes", 510.5, "510 min"),
        ("load_balance", 0.25, "25.0%"),
        ("distance", None, "–"),
    ],
)
def test_an_amount_of_a_level_is_read_with_its_unit(name: str, amount: float | None, told: str) -> None:
    assert amount_of_level(name, amount) == told
