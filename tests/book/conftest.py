"""One browser for all tests, without a network."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright

FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
NO_CHROMIUM = (
    "The tests of the book need Chromium: install your system's package (Debian: apt-get install "
    "chromium), set CHROMIUM to its path, or run `.venv/bin/playwright install chromium`."
)
VIEWS = {
    "desktop-light": ({"width": 1280, "height": 900}, "light"),
    "desktop-dark": ({"width": 1280, "height": 900}, "dark"),
    "phone-light": ({"width": 390, "height": 844}, "light"),
    "phone-dark": ({"width": 390, "height": 844}, "dark"),
}


def find_chromium() -> str | None:
    """The browser named by CHROMIUM, one of the system's, or None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=FLAGS + sandbox
            )
        except Error as error:
            pytest.exit(f"{error.message.splitlines()[0]}\n{NO_CHROMIUM}", returncode=1)
        yield browser
        browser.close()


@pytest.fixture(scope="session", params=VIEWS)
def view(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A window of one size in one colour scheme."""
    size, scheme = VIEWS[request.param]
    context = browser.new_context(
        viewport=size, color_scheme=scheme, offline=True, reduced_motion="reduce"
    )
    yield context
    context.close()
