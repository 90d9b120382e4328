"""The built book under every gate: as files, and in a browser without a network."""

import tomllib
from pathlib import Path

import gates
import pytest
from conftest import VIEWS
from playwright.sync_api import Browser, BrowserContext

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "_build" / "html"
EXERCISES = tomllib.loads((ROOT / "chapters" / "exercises.toml").read_text())["exercise"]
PAGES = sorted(p for p in BOOK.rglob("*.html") if "_static" not in p.parts)
THEME = "document.documentElement.dataset.theme"
# The theme looks 300 ms after a resize which blocks scroll, so that the keyboard can reach them.
AFTER_A_RESIZE = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 500)))"
SHOWN = [p for p in PAGES if p != BOOK / "index.html"]  # that one only redirects


def name(path: Path) -> str:
    return str(path.relative_to(BOOK))


# Every page at the two extremes; the other two combinations on a page of each kind.
EXTREMES = ("desktop-light", "phone-dark")
ONE_OF_EACH = ("intro.html", "chapters/vae/12_03", "chapters/appendix/notation")


def test_the_book_is_built() -> None:
    assert (BOOK / "intro.html").is_file(), f"no book in {BOOK}: run `make book` first"


@pytest.fixture(scope="session")
def anchors_of() -> dict[Path, set[str]]:
    return {path.resolve(): gates.anchors(path.read_text(encoding="utf-8")) for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_file(path: Path, anchors_of: dict[Path, set[str]]) -> None:
    html = path.read_text(encoding="utf-8")
    complaints = [
        *gates.external_loads(html),
        *gates.dead_links(path, anchors_of),
        *gates.missing_alt(html),
        *gates.overweight(path),
        *gates.heavy_films(path),
    ]
    assert not complaints


@pytest.mark.parametrize("path", sorted(BOOK.rglob("*.css")), ids=name)
def test_style_sheet_loads_nothing_from_outside(path: Path) -> None:
    assert not gates.external_styles(path.read_text(encoding="utf-8"))


def test_written_pages_and_no_others_are_in_the_book() -> None:
    pages = {f"chapters/{e['part']}/{e['stem']}.html": e["written"] for e in EXERCISES}
    assert [page for page, written in pages.items() if (BOOK / page).exists() != written] == []


@pytest.mark.parametrize("path", SHOWN, ids=name)
def test_page_in_browser(path: Path, browser: Browser) -> None:
    """One visit finds errors, requests, broken formulas, and in each view overflow and barriers."""
    views = list(VIEWS) if name(path).startswith(ONE_OF_EACH) else EXTREMES
    page = browser.new_page(offline=True, reduced_motion="reduce")
    complaints = gates.watch(page)
    page.goto(path.as_uri())
    complaints += gates.bad_math(page)
    for gate in (gates.horizontal_scroll, gates.barriers):  # the last one changes the page
        for view in views:
            size, scheme = VIEWS[view]
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            page.evaluate(f"{THEME} = '{scheme}'")
            page.evaluate(AFTER_A_RESIZE)
            complaints += [f"{view}: {complaint}" for complaint in gate(page)]
    page.close()
    assert not complaints


def test_colour_scheme_follows_the_reader(view: BrowserContext) -> None:
    page = view.new_page()
    page.goto((BOOK / "intro.html").as_uri())
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.evaluate(THEME) == ("dark" if dark else "light")
    page.close()


def test_search_finds_a_word(view: BrowserContext) -> None:
    page = view.new_page()
    page.goto((BOOK / "search.html").as_uri() + "?q=reparameterization")
    page.click("#search-results li a")
    assert "reparameterization" in page.inner_text("article").lower()
    page.close()
