"""What a national run is shown with: how long page, workbook and map take to make, how big the page is, and when it can
be used in a browser.

26,509 schools are read, some 2,900 of them are eligible. The browser is a headless Chromium; a page can be used when
its tables have rows, its map is drawn, and a search among all excluded schools was answered.

    python benchmarks/report.py
"""

import shutil
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from england_run import run
from measuring import print_table

SCHOOLS, NLES, SHARE = 26_509, 500, 0.117
TIMES = 5
MEGABYTE = 1_000_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ANSWERED = "/closed/i.test(document.querySelector('#excluded tbody tr').textContent)"
USABLE = "map.ratio > 0 && !map.waiting && document.querySelectorAll('#excluded tbody tr').length > 0"


def national(folder: Path) -> Path:
    """A national run folder; made with and without a page, whose seconds are told."""
    words = ["--schools", str(SCHOOLS), "--nles", str(NLES), "--seed", "2022", "--twice-below-good", str(SHARE)]
    run("generate", *words, "--out", str(folder / "scenario"))
    scenario = str(folder / "scenario" / "scenario.yaml")
    without = [run("run", scenario, "--out", str(folder / "plain"), "--no-report", "--force") for _ in range(3)]
    with_page = [run("run", scenario, "--out", str(folder / "run"), "--force") for _ in range(3)]
    print_table(
        ["`run` of a national scenario", "seconds, median of 3"],
        [["--no-report", f"{median(without):.2f}"], ["with page, workbook and map", f"{median(with_page):.2f}"]],
    )
    return folder / "run"


def making(run_folder: Path) -> dict[str, Any]:
    """Seconds of CPU to read a folder, and to make its page, that of a copy to be shared, its workbook and its map."""
    from nle_optimizer.reports.map_picture import geojson
    from nle_optimizer.reports.page.run_page import run_page
    from nle_optimizer.reports.redaction import veiled
    from nle_optimizer.reports.view import read_view
    from nle_optimizer.reports.workbook import workbook

    start = process_time()
    view, _ = read_view(run_folder)
    read = process_time()
    page = run_page(view)
    made = process_time()
    shared = run_page(veiled(view, b"0" * 32))
    copied = process_time()
    workbook(view)
    booked = process_time()
    geojson(view)
    return {
        "read": read - start,
        "page": made - read,
        "shared": copied - made,
        "workbook": booked - copied,
        "map": process_time() - booked,
        "megabytes": len(page) / MEGABYTE,
        "shared megabytes": len(shared) / MEGABYTE,
    }


def opening(page: Path) -> list[float]:
    """Seconds from asking for the page to its being usable, each time in a new context."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return []
    seconds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for _ in range(TIMES):
            opened = browser.new_context().new_page()
            start = perf_counter()
            opened.goto(page.as_uri())
            opened.wait_for_function(USABLE)
            opened.locator("#excluded-search").fill("closed")
            opened.wait_for_function(ANSWERED)
            seconds.append(perf_counter() - start)
        browser.close()
    return seconds


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        run_folder = national(Path(folder))
        made = making(run_folder)
        opened = opening(run_folder / "report.html")
    rows = [
        ["reading the folder, CPU seconds", f"{made['read']:.2f}", ""],
        ["making the page, CPU seconds", f"{made['page']:.2f}", "3"],
        ["making the copy to be shared, CPU seconds", f"{made['shared']:.2f}", "3"],
        ["making the workbook, CPU seconds", f"{made['workbook']:.2f}", "5"],
        ["making the map for QGIS, CPU seconds", f"{made['map']:.2f}", ""],
        ["the page, MB", f"{made['megabytes']:.2f}", "6"],
        ["the copy, MB", f"{made['shared megabytes']:.2f}", "6"],
        ["usable and searched in Chromium, seconds", f"{median(opened):.2f}" if opened else "no browser", "2"],
    ]
    print_table(["page of a national run", "measured", "allowed"], rows)


if __name__ == "__main__":
    sys.exit(main())
