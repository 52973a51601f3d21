"""The page of a run in a real browser: nothing breaks, everything is in reach, and names are only names."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from nle_optimizer.cli.main import run_program
from support.scenarios import nle, school, write_scenario

EVIL = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"
HEBREW = "בית ספר"
NAMES = {1: EVIL, 2: FORMULA, 3: HEBREW, 4: '"><img src=x onerror=alert(2)>'}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    north, south = {"region": "Somewhere", "phase": "primary"}, {"region": "Elsewhere", "phase": "secondary"}
    schools = [
        school(n, name=NAMES.get(n, f"School {n}"), local_authority=f"Area {n % 3}", **(north if n % 2 else south))
        for n in range(1, 61)
    ]
    leaders = [nle(n, name=EVIL if n == 1 else f"Leader {n}", region="Elsewhere", placements=3) for n in range(1, 9)]
    closed = school(99, establishment_status="closed")
    file = write_scenario(folder, schools=[*schools, closed], nles=leaders)
    ring = [[420_000, 420_000], [500_000, 420_000], [500_000, 440_000], [420_000, 440_000], [420_000, 420_000]]
    (folder / "regions.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    words = ["run", str(file), "--out", str(folder / "run"), "--boundaries", str(folder / "regions.geojson")]
    assert run_program(words) == 0
    return folder / "run" / "report.html"


@pytest.fixture(scope="module")
def opened(report: Path, open_page: Callable[..., Any]) -> Any:
    return open_page(report)


@pytest.fixture
def page(opened: Any) -> Iterator[Page]:
    opened.page.reload()
    yield opened.page
    assert opened.wrong == []


def rows(page: Page, name: str) -> list[str]:
    return page.locator(f"#{name} tbody tr").all_inner_texts()


def test_names_with_markup_are_shown_as_they_are_and_do_nothing(page: Page) -> None:
    for name in NAMES.values():
        page.locator("#pairs-search").fill(name)
        page.locator("#left-out-search").fill(name)
        found = [*rows(page, "pairs"), *rows(page, "left-out")]
        assert any(name in " ".join(row.split()) for row in found), name
    assert page.locator("img").count() == 0


def test_a_search_leaves_the_rows_that_hold_every_word(page: Page) -> None:
    page.locator("#excluded-search").fill("closed 99")
    assert len(rows(page, "excluded")) == 1
    page.locator("#excluded-search").fill("closed 98")
    assert rows(page, "excluded") == []
    expect(page.locator("#excluded .told")).to_contain_text("None of the 1")


def test_filters_hold_for_both_tables_and_the_map(page: Page) -> None:
    before = page.evaluate("map.points.length")
    page.locator("#filter-region").select_option("Elsewhere")
    for name in ("pairs", "left-out"):
        page.locator(f"#{name} .tools select").select_option("all")
        page.locator(f"#{name} .tools input[type=checkbox]").check()
        shown = rows(page, name)
        assert shown and all("Elsewhere" in row and "Somewhere" not in row for row in shown)
    assert 0 < page.evaluate("map.points.length") < before
    page.locator("#filter-outcome").select_option("left")
    assert rows(page, "pairs") == []


def test_a_heading_sorts_and_sorts_the_other_way(page: Page) -> None:
    button = page.locator("#pairs thead button", has_text="Distance")
    values = "[...document.querySelectorAll('#pairs tbody tr')].map(row => Number(row.children[3].textContent))"
    button.click()
    upwards = page.evaluate(values)
    expect(page.locator("#pairs th[aria-sort=ascending]")).to_have_count(1)
    button.click()
    downwards = page.evaluate(values)
    assert upwards == sorted(upwards) and downwards == sorted(downwards, reverse=True)
    assert upwards[0] < downwards[0]


def test_a_name_leads_to_the_map_and_its_entry_back_to_the_row(page: Page) -> None:
    first = page.locator("#left-out tbody tr").first
    name = first.locator("th").inner_text()
    first.locator("th button").click()
    expect(page.locator("#entry h3")).to_have_text(name)
    page.locator("#entry .actions button", has_text="Row in").click()
    expect(page.locator("#left-out tr.picked th")).to_have_text(name)


def test_the_columns_that_few_need_are_shown_when_asked_for(page: Page) -> None:
    assert "Fit in finance" not in page.locator("#pairs thead").inner_text()
    page.locator("#pairs-search").fill("S30")
    assert len(rows(page, "pairs")) + len(rows(page, "left-out")) > 0
    page.locator("#pairs .tools input[type=checkbox]").check()
    assert "Fit in finance" in page.locator("#pairs thead").inner_text()
    page.locator("#pairs .tools input[type=checkbox]").uncheck()
    assert "Fit in finance" not in page.locator("#pairs thead").inner_text()


def test_an_excluded_school_leads_to_the_map_and_is_on_it_when_asked_for(page: Page) -> None:
    page.locator("#excluded tbody th button").first.click()
    expect(page.locator("#entry h3")).to_have_text("School 99")
    assert page.evaluate("map.points.every(point => point.outcome !== 'excluded')")
    page.locator("#filter-outcome").select_option("excluded")
    assert page.evaluate("map.points.map(point => point.id)") == ["S99"]
    expect(page.locator("#key")).to_contain_text("Excluded school")


def test_the_map_works_with_the_keyboard_alone(page: Page) -> None:
    page.locator("#canvas").focus()
    page.keyboard.press("n")
    chosen = page.locator("#entry h3").inner_text()
    page.keyboard.press("n")
    assert page.locator("#entry h3").inner_text() != chosen
    scale = page.evaluate("map.view.scale")
    page.keyboard.press("+")
    assert page.evaluate("map.view.scale") > scale
    page.keyboard.press("Escape")
    expect(page.locator("#entry h3")).to_have_count(0)


def test_a_click_on_a_dot_shows_its_entry(page: Page) -> None:
    place = "() => { const p = map.points.find(p => p.id === 'S30'); return [map.view.x(p.x), map.view.y(p.y)] }"
    page.locator("#canvas").scroll_into_view_if_needed()
    page.wait_for_function("map.ratio > 0")
    page.locator("#zoom-in").click()
    x, y = page.evaluate(place)
    page.locator("#canvas").click(position={"x": x, "y": y})
    expect(page.locator("#entry h3")).to_have_text("School 30")


@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_no_violation(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.locator("details").first.evaluate("node => { node.open = true }")
    page.locator("#left-out th button").nth(1).click()
    violations = Axe().run(page).response["violations"]
    page.set_viewport_size({"width": 1280, "height": 900})
    assert [(found["id"], [node["html"][:120] for node in found["nodes"]][:3]) for found in violations] == []


def test_at_320_pixels_neither_the_page_nor_a_table_has_to_be_moved_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    wide = page.evaluate("document.documentElement.scrollWidth")
    hidden = page.evaluate(
        "[...document.querySelectorAll('.data .scroll')].map(box => box.scrollWidth - box.clientWidth)"
    )
    label = page.evaluate("getComputedStyle(document.querySelector('#pairs tbody td'), '::before').content")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert wide <= 320
    assert max(hidden) <= 0
    assert "NLE" in label


def test_it_prints_on_a4_with_summary_and_rows(page: Page) -> None:
    pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    width, height = (float(side) / 72 * 25.4 for side in pdf.pages[0].mediabox[2:])
    text = "\n".join(sheet.extract_text() for sheet in pdf.pages)
    assert (round(width), round(height)) == (210, 297)
    assert "uncertainty.expertise" in text and "Choose a school" not in text
    assert "Worst distance" in text and "School 14" in text and "Previous" not in text
