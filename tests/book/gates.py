"""What a built page must keep to. Each gate takes a page and returns a list of complaints."""

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Page

MAX_PAGE_BYTES = 1_500_000
MAX_FILM_BYTES = 400_000
MIN_ALT_CHARACTERS = 40
FILM = re.compile(r"^Frames, four a row: ", re.MULTILINE)  # what `film` prints
REMOTE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
REMOTE_IMPORT = re.compile(r"""\bimport\b[^;]*?["'`](?:https?:)?//""")
REMOTE_STYLE = re.compile(r"""(?:@import|url\()\s*["'(]*\s*(?:https?:)?//""", re.IGNORECASE)

FORMULAS_AS_WORDS = (
    "document.querySelectorAll('mjx-container').forEach(e => e.replaceChildren('formula'))"
)
ONE_TOKEN_OF_A_KIND = """() => {
  const seen = new Set();
  for (const token of document.querySelectorAll('.highlight span[class]')) {
    const kind = token.className + ' in ' + token.closest('[class*="highlight-"]')?.className;
    if (seen.has(kind)) token.replaceWith(...token.childNodes);
    seen.add(kind);
  }
  document.querySelectorAll('.highlight').forEach(block => block.normalize());
}"""
END_OF_TRANSITIONS = "document.getAnimations().forEach(animation => animation.cancel())"
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}  # it may not fetch over file://


@lru_cache(maxsize=1)
def parse(html: str) -> BeautifulSoup:
    """The tree of a page; the gates of one file read the same one."""
    return BeautifulSoup(html, "html.parser")


def external_loads(html: str) -> list[str]:
    """Everything that the browser would fetch from outside while it shows the page."""
    soup = parse(html)
    complaints = []
    for tag in soup.find_all(True):
        names = ["src", "srcset", "poster", "data"] + ["href"] * (tag.name == "link")
        for value in (tag.get(name) for name in names):
            if value and REMOTE.match(value) and "canonical" not in tag.get("rel", []):
                complaints.append(f"<{tag.name}> loads {value}")
        if REMOTE_STYLE.search(tag.get("style", "")):
            complaints.append(f"<{tag.name}> has a style that loads from outside")
    for script in soup.find_all("script"):
        if REMOTE_IMPORT.search(script.get_text()):
            complaints.append("an inline script imports from outside")
    for style in soup.find_all("style"):
        complaints += external_styles(style.get_text())
    return complaints


def external_styles(css: str) -> list[str]:
    """Imports and images that a style sheet fetches from outside."""
    return [f"style loads {match.group(0)}…" for match in REMOTE_STYLE.finditer(css)]


def anchors(html: str) -> set[str]:
    """The ids that a link can jump to."""
    return {tag["id"] for tag in parse(html).find_all(id=True)}


def dead_links(path: Path, anchors_of: dict[Path, set[str]]) -> list[str]:
    """Internal links of a page to files or anchors that do not exist."""
    complaints = []
    soup = parse(path.read_text(encoding="utf-8"))
    targets = [tag.get("href") or tag.get("src") for tag in soup.select("[href], [src]")]
    for target in dict.fromkeys(filter(None, targets)):
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        file = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
        if not file.is_file():
            complaints.append(f"{target}: no such file")
        elif parts.fragment and unquote(parts.fragment) not in anchors_of.get(file, set()):
            complaints.append(f"{target}: no such anchor")
    return complaints


def missing_alt(html: str) -> list[str]:
    """Images without a text that says what one sees; the logo stands beside its own text."""
    complaints = []
    for image in parse(html).select("img:not(.logo__image)"):
        alt = image.get("alt", "")
        if len(alt) < MIN_ALT_CHARACTERS or alt.startswith(("Figure", "_images/")):
            complaints.append(f"image {image.get('src', '')[:60]} has alt text {alt!r}")
    return complaints


def overweight(path: Path) -> list[str]:
    """The page with its own images must not exceed MAX_PAGE_BYTES."""
    soup = parse(path.read_text(encoding="utf-8"))
    sources = {image["src"] for image in soup.select("img[src]")}
    files = [path.parent / unquote(src) for src in sources if not urlsplit(src).scheme]
    size = sum(file.stat().st_size for file in [path, *files])
    return [f"{size:,} bytes with images"] if size > MAX_PAGE_BYTES else []


def heavy_films(path: Path) -> list[str]:
    """The sheet of a film is the only image of its cell and must not exceed MAX_FILM_BYTES."""
    complaints = []
    for text in parse(path.read_text(encoding="utf-8")).select("pre"):
        output = text.find_parent(class_="cell_output")
        if output and FILM.search(text.get_text()):
            sources = [image["src"] for image in output.select("img")]
            size = sum((path.parent / unquote(src)).stat().st_size for src in sources)
            if len(sources) != 1 or size > MAX_FILM_BYTES:
                complaints.append(f"a film of {len(sources)} images and {size:,} bytes")
    return complaints


def watch(page: Page) -> list[str]:
    """A list that fills with console errors, uncaught exceptions and requests to the network."""
    complaints: list[str] = []

    def on_console(message) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text}")

    def on_request(request) -> None:
        if urlsplit(request.url).scheme not in ("file", "data", "blob"):
            complaints.append(f"request: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    page.on("request", on_request)
    return complaints


def bad_math(page: Page) -> list[str]:
    """Formulas that MathJax left as source, could not parse, or drew with an unknown macro."""
    page.evaluate("window.MathJax?.startup?.promise")
    return page.evaluate(
        """() => [
          ...[...document.querySelectorAll('.math')].filter(e => !e.querySelector('mjx-container'))
            .map(e => 'not typeset: ' + e.textContent.trim().slice(0, 60)),
          ...[...document.querySelectorAll('mjx-merror, mjx-mtext[style*="red"]')]
            .map(e => 'broken formula: ' + e.closest('mjx-container').textContent.slice(0, 60)),
        ]"""
    )


def horizontal_scroll(page: Page) -> list[str]:
    """The page must not be wider than the window."""
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return [] if widths[0] <= widths[1] else [f"{widths[0]} px wide in {widths[1]} px"]


def barriers(page: Page) -> list[str]:
    """What axe-core finds hard to reach or to read for some readers.

    Formulas become a word first: they are MathJax's own, and their thousands of glyphs cost most of
    the time; a table header that holds only a formula is not empty. Of the thousands of coloured
    words in code, which cost most of the rest, one of each kind stays: the others look the same.
    Transitions are ended: halfway from the light to the dark theme a text has neither scheme's
    contrast.
    """
    page.evaluate(FORMULAS_AS_WORDS)
    page.evaluate(ONE_TOKEN_OF_A_KIND)
    page.evaluate(END_OF_TRANSITIONS)
    found = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [f"axe {rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
