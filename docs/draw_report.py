"""The README's picture of a report: the page of the shipped national scenario, as a browser shows it.

python docs/draw_report.py      (needs a Chromium; see `make browser`)
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from nle_optimizer import allocate, load_scenario
from nle_optimizer.reports.page.run_page import run_page
from nle_optimizer.reports.view import view_of

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "report.jpg"
WIDTH, HEIGHT = 1100, 800
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    """Write the picture."""
    page = run_page(view_of(allocate(load_scenario(ROOT / "scenarios" / "england" / "scenario.yaml"))))
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_bytes(page)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        shown = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        shown.goto(file.as_uri())
        shown.evaluate("document.getElementById('map').scrollIntoView()")
        shown.wait_for_function("map.ratio > 0 && !map.waiting")
        shown.screenshot(path=PICTURE, type="jpeg", quality=80)
        browser.close()


if __name__ == "__main__":
    main()
