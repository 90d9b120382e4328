"""Every guard accepts a good page and complains about a broken one."""

from collections.abc import Callable
from pathlib import Path

import guards
import prose as reading
import pytest
from nbformat import NotebookNode
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

EXERCISE = {
    "number": "12.8",
    "part": "gan",
    "stem": "12_08_wgan_gp",
    "stars": 2,
    "title": "WGAN-GP",
    "letters": ["a", "b"],
    "written": True,
}
OPENING = """# Exercise 12.8 ★★ · WGAN-GP

Builds on 12.7. Reading time: about 1 min. Run time: about 40 s.

## The question

Words.

## In short

- Words.

:::{admonition} Hints
:class: dropdown

Words.

:::"""
PART = "(ex-12-8-{0})=\n## ({0}) A part\n\nWords.\n\n**Answer.** Words."
ALT = "Two panels of dots: five grey clusters, and the same five in blue."
IMAGE = {"image/png": "iVBORw0KGgo="}


def good_page() -> NotebookNode:
    setup = new_code_cell("import numpy as np", execution_count=1)
    figure = new_code_cell("draw()", execution_count=2)
    figure.metadata.mystnb = {"image": {"alt": ALT}, "figure": {"caption": "Samples."}}
    figure.outputs = [new_output("display_data", data=IMAGE)]
    table = new_code_cell("table()", execution_count=3, metadata={"tags": ["nbval-ignore-output"]})
    claim = new_code_cell('check("five modes", True)', execution_count=4)
    claim.outputs = [new_output("stream", text="five modes: holds\n")]
    cells = [
        new_markdown_cell(OPENING),
        setup,
        new_markdown_cell(PART.format("a")),
        figure,
        new_markdown_cell(PART.format("b")),
        table,
        claim,
        new_markdown_cell("## Limits and traps\n\nWords."),
        new_markdown_cell("## Going further\n\nWords.\n\n## References\n\nWords."),
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


SETUP, FIGURE, TABLE, CLAIM = 1, 3, 5, 6


def edit(index: int, old: str, new: str) -> Callable[[NotebookNode], None]:
    """A breakage: replace text in one cell's source."""

    def apply(page: NotebookNode) -> None:
        assert old in page.cells[index].source
        page.cells[index].source = page.cells[index].source.replace(old, new)

    return apply


def put(index: int, output: NotebookNode) -> Callable[[NotebookNode], None]:
    """A breakage: add an output to one cell."""
    return lambda page: page.cells[index].outputs.append(output)


def change(index: int, **changes: object) -> Callable[[NotebookNode], None]:
    """A breakage: overwrite fields of one cell."""
    return lambda page: page.cells[index].update(changes)


def tag(index: int, *tags: str) -> Callable[[NotebookNode], None]:
    return change(index, metadata=NotebookNode(tags=list(tags)))


def describe(alt: str, caption: str) -> Callable[[NotebookNode], None]:
    settings = {"image": {"alt": alt}, "figure": {"caption": caption}}
    return lambda page: page.cells[FIGURE].metadata.update(mystnb=settings)


def many_ignored_cells(page: NotebookNode) -> None:
    page.cells += [page.cells[TABLE], page.cells[CLAIM]] * guards.MAX_IGNORED_CELLS


def long_cells(page: NotebookNode) -> None:
    for cell in guards.code_cells(page):
        cell.source = "x = 1\n" * (guards.MAX_MEDIAN_LINES + 1)


BROKEN_PAGES = [
    (guards.executed_in_order, change(FIGURE, execution_count=None)),
    (guards.executed_in_order, change(FIGURE, execution_count=7)),
    (guards.no_error_outputs, put(CLAIM, new_output("error", ename="E", evalue="", traceback=[]))),
    (guards.no_stderr, put(CLAIM, new_output("stream", name="stderr", text="10%"))),
    (guards.no_widgets, lambda page: page.metadata.update(widgets={})),
    (
        guards.no_widgets,
        put(
            CLAIM, new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}})
        ),
    ),
    (guards.no_absolute_paths, edit(SETUP, "import", "open('/home/ada/data.csv')\nimport")),
    (guards.no_absolute_paths, edit(SETUP, "import", r"open('C:\data.csv')" + "\nimport")),
    (guards.no_absolute_paths, put(CLAIM, new_output("stream", text="/tmp/ipykernel_1/2.py"))),
    (
        guards.no_absolute_paths,
        put(CLAIM, new_output("execute_result", data={"text/html": "<b>/Users/ada</b>"})),
    ),
    (guards.python3_kernel, lambda page: page.metadata.kernelspec.update(name="conda-ada")),
    (guards.python3_kernel, lambda page: page.metadata.clear()),
    (guards.images_captioned, lambda page: page.cells[FIGURE].metadata.clear()),
    (guards.images_captioned, describe(ALT, " ")),
    (guards.small_cells, change(CLAIM, source="x = 1\n" * (guards.MAX_CELL_LINES + 1))),
    (guards.small_cells, long_cells),
    (guards.ignored_cells_checked, edit(CLAIM, "check(", "print(")),
    (guards.ignored_cells_checked, tag(SETUP, "nbval-ignore-output")),
    (guards.ignored_cells_checked, edit(SETUP, "import", "# NBVAL_IGNORE_OUTPUT\nimport")),
    (guards.ignored_cells_checked, many_ignored_cells),
    (guards.every_cell_runs, tag(CLAIM, "nbval-skip")),
    (guards.every_cell_runs, edit(CLAIM, "check", "# NBVAL_SKIP\ncheck")),
    (guards.no_closing_semicolon, edit(FIGURE, "draw()", "draw();\n")),
    (guards.no_star_imports, edit(SETUP, "import numpy as np", "from numpy import *")),
]
BROKEN_EXERCISES = [
    (guards.heading, edit(0, "★★", "★")),
    (guards.heading, edit(0, "WGAN-GP", "Something else")),
    (guards.heading, edit(2, "Words", "# Another H1\n\nWords")),
    (guards.heading, lambda page: page.cells.insert(0, new_markdown_cell("Words."))),
    (guards.sections, edit(0, "## In short", "**In short**")),
    (guards.sections, edit(8, "## References", "## Sources")),
    (guards.sections, edit(8, "## References", "## References\n\n## References")),
    (guards.sections, edit(2, "## (a)", "## (c)")),
    (guards.sections, lambda page: page.cells.insert(2, page.cells.pop(7))),
    (guards.sections, lambda page: page.cells.insert(2, page.cells.pop(4))),
    (guards.short_answer, edit(0, "- Words.", "- Words.\n" * (guards.MAX_BULLETS + 1))),
    (guards.short_answer, edit(0, "- Words.", "Words.")),
    (guards.word_budget, edit(2, "Words.", "word " * 1601)),
    (guards.stated_reading_time, edit(0, "about 1 min", "about 2 min")),
    (guards.stated_reading_time, edit(0, "Reading time: about 1 min. ", "")),
    (guards.stated_reading_time, edit(2, "Words.", "word " * 201)),
    (guards.hints, edit(0, ":class: dropdown", ":class: tip")),
    (guards.hints, edit(0, "Hints", "Note")),
    (guards.parts, edit(2, "(ex-12-8-a)=", "")),
    (guards.parts, edit(2, "(ex-12-8-a)=", "(ex-12-8-b)=")),
    (guards.parts, edit(4, "**Answer.**", "Answer:")),
    (guards.parts, lambda page: page.cells.pop(4)),
    (guards.setup_cell, change(SETUP, source="x = 1\n" * (guards.MAX_SETUP_LINES + 1))),
    (guards.setup_cell, lambda page: page.cells.clear()),
    (guards.has_checks, edit(CLAIM, "check(", "recheck(")),
]


@pytest.mark.parametrize("guard", guards.PAGE_GUARDS)
def test_a_good_page_passes(guard: guards.PageGuard) -> None:
    assert guard(good_page()) == []


@pytest.mark.parametrize("guard", guards.EXERCISE_GUARDS)
def test_a_good_exercise_passes(guard: guards.ExerciseGuard) -> None:
    assert guard(good_page(), EXERCISE) == []


@pytest.mark.parametrize(("guard", "break_page"), BROKEN_PAGES)
def test_a_broken_page_is_noticed(
    guard: guards.PageGuard, break_page: Callable[[NotebookNode], None]
) -> None:
    page = good_page()
    break_page(page)
    assert guard(page)


@pytest.mark.parametrize(("guard", "break_page"), BROKEN_EXERCISES)
def test_a_broken_exercise_is_noticed(
    guard: guards.ExerciseGuard, break_page: Callable[[NotebookNode], None]
) -> None:
    page = good_page()
    break_page(page)
    assert guard(page, EXERCISE)


def test_every_guard_is_seen_to_complain() -> None:
    seen = {guard for guard, _ in BROKEN_PAGES + BROKEN_EXERCISES}
    assert seen == {*guards.PAGE_GUARDS, *guards.EXERCISE_GUARDS}


@pytest.mark.parametrize("section", ["## A section of its own", ""])
def test_going_further_may_be_replaced_or_absent(section: str) -> None:
    page = good_page()
    edit(8, "## Going further", section)(page)
    assert guards.sections(page, EXERCISE) == []


def test_home_pages_may_be_longer_and_going_further_does_not_count() -> None:
    page = good_page()
    edit(2, "Words.", "word " * 850)(page)
    assert guards.word_budget(page, EXERCISE)
    assert guards.word_budget(page, EXERCISE | {"home": True}) == []
    page = good_page()
    edit(8, "Words.", "word " * 5000)(page)
    assert guards.word_budget(page, EXERCISE) == []


def test_formulas_fences_and_addresses_are_not_read() -> None:
    text = (
        "One $x + y$ [two words](far/away.html).\n\n$$\na + b = c\n$$\n\n(ex-1-1-a)=\n\n:::{note}\n"
    )
    assert reading.count_words(text) == 4


@pytest.mark.parametrize(("cpu_s", "fine"), [(21, True), (79, True), (19, False), (81, False)])
def test_stated_run_time(cpu_s: int, fine: bool) -> None:
    assert (guards.stated_run_time(good_page(), cpu_s) == []) is fine


def test_run_times_below_15_s_are_all_the_same() -> None:
    page = good_page()
    edit(0, "about 40 s", "about 2 s")(page)
    assert guards.stated_run_time(page, cpu_s=14) == []


def test_a_missing_run_time_is_noticed() -> None:
    page = good_page()
    edit(0, "Run time: about 40 s", "Fast")(page)
    assert guards.stated_run_time(page, cpu_s=40)


def test_missing_and_stray_pages_are_noticed() -> None:
    home = Path("gan") / "12_08_wgan_gp.ipynb"
    appendix = Path("appendix") / "data.ipynb"
    assert guards.complete([home, appendix], [EXERCISE]) == []
    assert guards.complete([appendix], [EXERCISE])
    assert guards.complete([home, Path("gan") / "12_08_old.ipynb"], [EXERCISE])
    assert guards.complete([home], [EXERCISE | {"written": False}])
