"""The browser starts. `make test` asks this first, because the other browser tests come last."""

from playwright.sync_api import Browser


def test_chromium_starts(browser: Browser) -> None:
    assert browser.is_connected()
