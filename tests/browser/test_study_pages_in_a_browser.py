"""Pages of a sweep and of a comparison in a real browser: nothing breaks, and what they say is in reach."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from nle_optimizer.cli.main import run_program
from support.scenarios import nle, school, write_scenario

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    schools = [school(n, name=EVIL if n == 1 else f"School {n}", local_authority=f"Area {n % 3}") for n in range(1, 31)]
    folder = tmp_path_factory.mktemp("study")
    return write_scenario(folder, schools=schools, nles=[nle(n, placements=2) for n in (1, 9, 17, 25)])


def check(opened: Any) -> None:
    violations = Axe().run(opened.page).response["violations"]
    assert [(found["id"], found["nodes"][0]["html"][:120]) for found in violations] == []
    opened.page.set_viewport_size({"width": 320, "height": 900})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert opened.wrong == []


def test_a_sweep_over_two_settings_shows_heat_maps_and_every_point(
    scenario: Path, open_page: Callable[..., Any]
) -> None:
    out = scenario.parent / "sweep"
    grids = ["--grid", "geography.max_distance_km=1,4", "--grid", "capacity.multiply.placements=1,2,3"]
    assert run_program(["sweep", str(scenario), *grids, "--workers", "1", "--out", str(out)]) == 0
    opened = open_page(out / "report.html")
    page = opened.page
    assert page.locator("#chart-supported svg").count() == 1
    expect(page.locator("#points tbody tr")).to_have_count(6)
    page.locator("#points-search").fill("proved best")
    expect(page.locator("#points .told")).to_contain_text("1 to 6 of 6")
    check(opened)


def test_a_comparison_leads_from_a_move_to_the_map_and_back(scenario: Path, open_page: Callable[..., Any]) -> None:
    runs = [scenario.parent / name for name in ("near", "far")]
    for run, limit in zip(runs, (1, 40), strict=True):
        words = ["run", str(scenario), "--set", f"geography.max_distance_km={limit}", "--out", str(run)]
        assert run_program([*words, "--no-report"]) == 0
    file = scenario.parent / "compare.html"
    assert run_program(["compare", *map(str, runs), "--page", str(file)]) == 0
    opened = open_page(file)
    page = opened.page
    assert "near → far" in page.locator("h1").inner_text()
    link = page.locator("#changes tbody th button").first
    name = link.inner_text()
    link.click()
    expect(page.locator("#entry h3")).to_have_text(name)
    page.locator("#entry .actions button", has_text="Row in").first.click()
    expect(page.locator("tr.picked th").first).to_have_text(name)
    check(opened)


def test_a_benchmark_shows_the_rules_side_by_side(scenario: Path, open_page: Callable[..., Any]) -> None:
    out = scenario.parent / "benchmark"
    words = ["benchmark", str(scenario), "--rules", "nearest,lottery", "--draws", "5", "--out", str(out)]
    assert run_program([*words, "--workers", "1"]) == 0
    opened = open_page(out / "report.html")
    page = opened.page
    assert page.locator("figure svg, .chart svg, svg").count() >= 5
    page.locator("#figures-search").fill("gini fit")
    expect(page.locator("#figures .told")).to_contain_text("of 3")
    check(opened)


def test_a_trade_off_shows_the_curve_and_the_command_of_each_point(
    scenario: Path, open_page: Callable[..., Any]
) -> None:
    out = scenario.parent / "frontier"
    assert (
        run_program(["frontier", str(scenario), "--between", "fit,distance", "--points", "6", "--out", str(out)]) == 0
    )
    opened = open_page(out / "report.html")
    page = opened.page
    assert page.locator("#chart-trade-off svg").count() == 1
    expect(page.locator("#points tbody tr").first).to_contain_text("nle-optimizer run SCENARIO --set")
    check(opened)
