"""One headless Chromium for all tests of pages, and what it complains about."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser; where there is none its tests are skipped, but never where CI is set."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        told = "there is no Chromium here: `make browser` installs it, or apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield started
        started.close()


@dataclass
class Opened:
    """A page in the browser, and what went wrong in it: errors, dialogs, and requests for anything but itself."""

    page: Page
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def open_page(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Opens a file at a width."""
    context = browser.new_context()

    def open_file(file: Path, width: int = 1280) -> Opened:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        opened = Opened(page)
        page.on("console", lambda said: opened.wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: opened.wrong.append(str(error)))
        page.on("dialog", lambda dialog: (opened.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda asked: opened.wrong.append(asked.url) if asked.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return opened

    yield open_file
    context.close()
