"""Every gate must complain about a broken page, and stay silent about a sound one."""

from collections.abc import Iterator
from pathlib import Path

import gates
import pytest
from playwright.sync_api import Browser, Page

MATHJAX = Path(__file__).parents[2] / "_build/html/_static/mathjax/tex-mml-chtml.js"
SOUND = """<!DOCTYPE html><html lang="en"><head><title>A page</title></head>
<body><main><h1 id="top">A page</h1>%s</main></body></html>"""


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/a.js"></script>',
        '<script src="//example.org/a.js"></script>',
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<img src="http://example.org/a.png">',
        '<iframe src="https://example.org/"></iframe>',
        '<script type="module">import a from "https://example.org/a.js"</script>',
        '<script>import("https://example.org/a.js")</script>',
        '<p style="background: url(https://example.org/a.png)">text</p>',
        '<style>@import "https://example.org/a.css";</style>',
    ],
)
def test_external_loads_complains(html: str) -> None:
    assert gates.external_loads(SOUND % html)


def test_external_loads_allows_links_and_local_files() -> None:
    html = '<a href="https://example.org">x</a><script src="a.js"></script><img src="data:,">'
    canonical = '<link rel="canonical" href="https://example.org/">'
    assert not gates.external_loads(SOUND % (html + canonical))


def test_external_styles_complains() -> None:
    assert gates.external_styles("p { background: url('https://example.org/a.png') }")
    assert not gates.external_styles("p { background: url(data:image/png;base64,AAAA) }")


@pytest.mark.parametrize("target", ["gone.html", "#gone", "other.html#gone", "gone.png"])
def test_dead_links_complains(target: str, tmp_path: Path) -> None:
    page, other = tmp_path / "page.html", tmp_path / "other.html"
    other.write_text(SOUND % "")
    page.write_text(SOUND % f'<a href="{target}">x</a>')
    ids = {path: gates.anchors(path.read_text()) for path in (page, other)}
    assert gates.dead_links(page, ids)
    page.write_text(SOUND % '<a href="other.html#top">x</a><a href="#top">y</a>')
    assert not gates.dead_links(page, ids)


@pytest.mark.parametrize("alt", ["", 'alt=""', 'alt="_images/d34c56f.png"', 'alt="a plot"'])
def test_missing_alt_complains(alt: str) -> None:
    assert gates.missing_alt(SOUND % f'<img src="a.png" {alt}>')


def test_missing_alt_accepts_a_description_and_the_logo() -> None:
    html = '<img src="a.png" alt="Two curves that cross once">'
    assert not gates.missing_alt(SOUND % (html + '<img class="logo__image" alt="">'))


def test_overweight_complains(tmp_path: Path) -> None:
    page, image = tmp_path / "page.html", tmp_path / "a.png"
    page.write_text(SOUND % '<img src="a.png" alt="A large grey square of noise">')
    image.write_bytes(b"0" * (gates.MAX_PAGE_BYTES // 2))
    assert not gates.overweight(page)
    image.write_bytes(b"0" * gates.MAX_PAGE_BYTES)
    assert gates.overweight(page)


def test_missing_parts_complains() -> None:
    html = SOUND % '<span id="ex-12-3-a"></span>'
    assert gates.missing_parts(html, "12.3", "ab") == ["no anchor ex-12-3-b"]
    assert not gates.missing_parts(html, "12.3", "a")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
    yield context.new_page()
    context.close()


def show(page: Page, folder: Path, body: str) -> None:
    """Open a page with the given body over file://."""
    path = folder / "page.html"
    path.write_text(SOUND % body)
    page.goto(path.as_uri())


@pytest.mark.parametrize(
    "body",
    [
        "<script>console.error('broken')</script>",
        "<script>undefinedFunction()</script>",
        "<script>fetch('http://127.0.0.1:9/').catch(() => 0)</script>",
        "<script src='gone.js'></script>",
    ],
)
def test_watch_complains(body: str, page: Page, tmp_path: Path) -> None:
    complaints = gates.watch(page)
    show(page, tmp_path, "<p>sound</p>")
    assert not complaints
    show(page, tmp_path, body)
    assert complaints


def test_horizontal_scroll_complains(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, "<p>sound</p>")
    assert not gates.horizontal_scroll(page)
    show(page, tmp_path, '<div style="width: 600px">wide</div>')
    assert gates.horizontal_scroll(page)


@pytest.mark.parametrize(
    "body",
    [
        '<img src="data:,">',
        '<p style="color: #bbb; background: white">pale</p>',
        "<button></button>",
    ],
)
def test_barriers_complains(body: str, page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, "<p>sound</p>")
    assert not gates.barriers(page)
    show(page, tmp_path, body)
    assert gates.barriers(page)


@pytest.mark.parametrize(
    ("formula", "sound"),
    [
        (r"\(\boldsymbol{x}^2\)", True),
        (r"\(\frac{1}{\)", False),
        (r"\(\nosuchmacro x\)", False),
        ("x^2", False),
    ],
)
def test_bad_math_complains(formula: str, sound: bool, page: Page, tmp_path: Path) -> None:
    script = f'<script defer src="{MATHJAX.as_uri()}"></script>'
    show(page, tmp_path, f'<p class="math">{formula}</p>{script}')
    assert (not gates.bad_math(page)) == sound
