"""A film, as `film` draws it and as the book shows it, in a browser without a network."""

import io
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import gates
import matplotlib.pyplot as plt
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageColor
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from test_book_ext import EXTENSIONS, build

from solutions_lib import plotting

COLORS = ["red", "lime", "blue", "yellow", "magenta", "cyan"]
LAST = len(COLORS) - 1
FRAME_MS = 250
ALT = "Six squares of one colour each, one after the other in time"
CHECK = "passed: a check in the cell of a film\n"


def film_cell(after: str = "") -> nbformat.NotebookNode:
    """A cell with a film and what is printed after it, as a kernel would store it."""
    shown, printed = [], io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(plotting, "display", shown.append)
        plotting.film(lambda n: plt.figure(figsize=(6, 3), dpi=100, facecolor=COLORS[n]), COLORS)
    png = {"image/png": b64encode(shown[0].data).decode()}
    return new_code_cell(
        "film(draw, COLORS)",
        outputs=[
            new_output("display_data", data=png),
            new_output("stream", name="stdout", text=printed.getvalue() + after),
        ],
        metadata={"mystnb": {"image": {"alt": ALT}, "figure": {"caption": "Six colours."}}},
    )


@pytest.fixture(scope="module")
def film_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built page with a film and a check in one cell, a long text, and a film alone."""
    folder = tmp_path_factory.mktemp("film")
    texts = [new_markdown_cell(text) for text in ("# Films", "A word.\n\n" * 100)]
    cells = [texts[0], film_cell(CHECK), texts[1], film_cell()]
    language = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(new_notebook(cells=cells, metadata=language), folder / "index.ipynb")
    result = build(
        folder,
        "myst_nb",
        html_theme="sphinx_book_theme",
        html_static_path=[str(EXTENSIONS / "static")],
        html_css_files=["book.css"],
        html_js_files=[(name, {"defer": "defer"}) for name in ("book.js", "film.js")],
        html_context={"default_mode": "auto"},
        html_theme_options={"navbar_persistent": []},
        language="en",
    )
    assert result.returncode == 0, result.stderr
    return folder / "out" / "index.html"


def open_page(context: BrowserContext, path: Path) -> Page:
    """The page, with a clock that goes only where it is told to."""
    page = context.new_page()
    page.clock.install(time=0)
    page.goto(path.as_uri())
    expect(page.locator(".film-controls")).to_have_count(2)
    page.clock.pause_at(60_000)
    return page


@pytest.fixture
def page(browser: Browser, film_page: Path) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, offline=True, reduced_motion="no-preference"
    )
    yield open_page(context, film_page)
    context.close()


def film(page: Page) -> Locator:
    """The first film of the page."""
    return page.locator(".cell_output").first


def slider(page: Page) -> Locator:
    return film(page).get_by_role("slider", name="Frame")


def colours(page: Page) -> list[tuple[int, ...]]:
    """What the window of the film shows, but for its round corners."""
    picture = Image.open(io.BytesIO(film(page).locator(".film-window").screenshot())).convert("RGB")
    inner = picture.crop((4, 4, picture.width - 4, picture.height - 4))
    return [colour for _, colour in inner.getcolors()]


def expect_frame(page: Page, frame: int) -> None:
    """The window, the slider and the label agree on the frame; the window shows nothing else."""
    expect(slider(page)).to_have_value(str(frame))
    expect(slider(page)).to_have_attribute("aria-valuetext", COLORS[frame])
    expect(film(page).locator("output")).to_have_text(COLORS[frame])
    assert colours(page) == [ImageColor.getrgb(COLORS[frame])]


def test_opens_on_the_last_frame_and_nothing_moves_unasked(page: Page) -> None:
    expect_frame(page, LAST)
    page.clock.run_for(20 * FRAME_MS)
    expect_frame(page, LAST)


def test_image_keeps_its_description_and_proportions(page: Page) -> None:
    window = film(page).locator(".film-window").bounding_box()
    assert window["width"] == pytest.approx(2 * window["height"], abs=1)
    assert window["width"] > 300
    expect(film(page).get_by_role("img", name=ALT)).to_have_count(1)


def test_plays_once_from_the_first_frame_to_the_last(page: Page) -> None:
    film(page).get_by_role("button", name="Play").click()
    for frame in range(LAST):
        expect_frame(page, frame)
        expect(film(page).locator("output")).to_have_attribute("aria-live", "off")
        page.clock.run_for(FRAME_MS)
    expect_frame(page, LAST)
    expect(film(page).get_by_role("button", name="Play")).to_be_visible()
    expect(film(page).locator("output")).to_have_attribute("aria-live", "polite")
    page.clock.run_for(20 * FRAME_MS)
    expect_frame(page, LAST)


def start(page: Page) -> None:
    """Play as far as the third frame."""
    film(page).get_by_role("button", name="Play").click()
    page.clock.run_for(2 * FRAME_MS)
    expect_frame(page, 2)


def expect_pause(page: Page, frame: int) -> None:
    expect(film(page).locator("button")).to_have_text("Play")
    page.clock.run_for(20 * FRAME_MS)
    expect_frame(page, frame)


def test_pause_stops_and_play_goes_on(page: Page) -> None:
    start(page)
    film(page).get_by_role("button", name="Pause").click()
    expect_pause(page, 2)
    film(page).get_by_role("button", name="Play").click()
    page.clock.run_for(FRAME_MS)
    expect_frame(page, 3)


def test_keyboard_moves_the_slider_and_presses_the_button(page: Page) -> None:
    film(page).locator("button").focus()
    page.keyboard.press("Space")
    page.clock.run_for(FRAME_MS)
    expect_frame(page, 1)
    page.keyboard.press("Tab")
    expect(slider(page)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect_pause(page, 2)
    for key, frame in (("Home", 0), ("End", LAST), ("ArrowLeft", LAST - 1)):
        page.keyboard.press(key)
        expect_frame(page, frame)


@pytest.mark.parametrize(
    "leave",
    [
        lambda page: page.mouse.wheel(0, 5000),
        lambda page: page.evaluate("document.dispatchEvent(new Event('visibilitychange'))"),
        lambda page: page.emulate_media(reduced_motion="reduce"),
    ],
    ids=["scrolled out of sight", "page hidden", "motion unwanted"],
)
def test_pauses_when(leave: Callable[[Page], object], page: Page) -> None:
    start(page)
    leave(page)
    expect_pause(page, 2)


def test_where_motion_is_unwanted_the_slider_steps(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    expect(film(page).locator("button")).to_be_hidden()
    slider(page).focus()
    page.keyboard.press("ArrowLeft")
    expect_frame(page, LAST - 1)


def test_labels_move_into_the_player_and_other_text_stays(page: Page) -> None:
    with_check, alone = page.locator(".stream").all()
    assert with_check.inner_text().strip() == CHECK.strip()
    expect(alone).to_be_hidden()


def test_without_scripts_the_sheet_and_its_labels_stand(browser: Browser, film_page: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(film_page.as_uri())
    expect(film(page).get_by_role("img", name=ALT)).to_be_visible()
    expect(film(page).locator(".stream")).to_contain_text(" | ".join(COLORS))
    expect(page.locator(".film-window, .film-controls")).to_have_count(0)
    box = film(page).get_by_role("img", name=ALT).bounding_box()
    assert box["width"] == pytest.approx(4 * box["height"], abs=1)  # two rows of four, each 2:1
    context.close()


def test_every_view(view: BrowserContext, film_page: Path) -> None:
    """No barriers, with the button too, which the views of the book hide; one frame at a time."""
    page = view.new_page()
    page.emulate_media(reduced_motion="no-preference")
    complaints = gates.watch(page)
    page.goto(film_page.as_uri())
    expect(film(page).get_by_role("button", name="Play")).to_be_visible()
    slider(page).press("Home")
    assert len(colours(page)) == 1  # whatever the dark theme does to images
    complaints += gates.horizontal_scroll(page)
    complaints += gates.barriers(page)
    page.close()
    assert not complaints
