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


@pytest.mark.parametrize(
    "alt",
    [
        "",
        'alt=""',
        'alt="a plot"',
        'alt="_images/d34c56f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4.png"',
        'alt="Figure of two curves that cross once, at one half"',
    ],
)
def test_missing_alt_complains(alt: str) -> None:
    assert gates.missing_alt(SOUND % f'<img src="a.png" {alt}>')


def test_missing_alt_accepts_a_description_and_the_logo() -> None:
    html = '<img src="a.png" alt="Two curves over time that cross once, at one half">'
    assert not gates.missing_alt(SOUND % (html + '<img class="logo__image" alt="">'))


def test_overweight_complains(tmp_path: Path) -> None:
    page, image = tmp_path / "page.html", tmp_path / "a.png"
    page.write_text(SOUND % '<img src="a.png" alt="A large grey square of noise">')
    image.write_bytes(b"0" * (gates.MAX_PAGE_BYTES // 2))
    assert not gates.overweight(page)
    image.write_bytes(b"0" * gates.MAX_PAGE_BYTES)
    assert gates.overweight(page)


def test_heavy_films_complains(tmp_path: Path) -> None:
    page, sheet = tmp_path / "page.html", tmp_path / "a.png"
    cell = '<div class="cell_output">%s<div><pre>%s</pre></div></div>'
    image, labels = '<img src="a.png">', "passed: a check\nFrames, four a row: 1 | 2"
    sheet.write_bytes(b"0" * gates.MAX_FILM_BYTES)
    page.write_text(SOUND % (cell % (image, labels)))
    assert not gates.heavy_films(page)
    for no_sheet in ("", image + image):
        page.write_text(SOUND % (cell % (no_sheet, labels)))
        assert gates.heavy_films(page)
    sheet.write_bytes(b"0" * (gates.MAX_FILM_BYTES + 1))
    page.write_text(SOUND % (cell % (image, labels)))
    assert gates.heavy_films(page)
    page.write_text(SOUND % (cell % (image, "passed: a check")))
    assert not gates.heavy_films(page)


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
    ("header", "sound"), [("<mjx-container></mjx-container>", True), ("", False)]
)
def test_a_formula_is_no_empty_table_header(
    header: str, sound: bool, page: Page, tmp_path: Path
) -> None:
    row = '<tr><th scope="row">a</th><td>1</td></tr>'
    show(page, tmp_path, f'<table><tr><td></td><th scope="col">{header}</th></tr>{row}</table>')
    assert (not gates.barriers(page)) == sound


def test_barriers_reads_every_kind_of_token(page: Page, tmp_path: Path) -> None:
    style = "<style>.k {color: #333} .c {color: #bbb} pre {background: white}</style>"
    code = '<div class="highlight-python"><div class="highlight"><pre>%s</pre></div></div>'
    show(page, tmp_path, style + code % ('<span class="k">if</span> ' * 100))
    assert not gates.barriers(page)
    assert page.locator("pre span").count() == 1
    comment = '<span class="c"># pale</span>'
    show(page, tmp_path, style + code % ('<span class="k">if</span> ' * 100 + comment))
    assert gates.barriers(page)


def test_barriers_judges_the_end_of_a_transition(page: Page, tmp_path: Path) -> None:
    pale = '<p style="color: #bbb; background: white; transition: color 60s">text</p>'
    show(page, tmp_path, pale)
    page.evaluate("const p = document.querySelector('p'); p.offsetTop; p.style.color = 'black'")
    assert page.evaluate("document.getAnimations().length") == 1
    assert not gates.barriers(page)


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
