"""What every page must keep to. Each guard returns its complaints, one line each.

`PAGE_GUARDS` take a notebook; `EXERCISE_GUARDS` take a notebook and its entry in exercises.toml.
"""

import re
import statistics
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import prose as reading
from nbformat import NotebookNode

MAX_CELL_LINES = 40
MAX_MEDIAN_LINES = 10
MAX_SETUP_LINES = 12
MAX_IGNORED_CELLS = 7
MAX_BULLETS = 5
WORD_BUDGET = {1: 1200, 2: 1600, 3: 2000, 4: 2000}  # of the main path, by stars
HOME_PAGE_WORDS = 400  # more, where a given model is shown

CHECK = re.compile(r"^\s*(report\.)?check(_\w+)?\(", re.MULTILINE)
STAR_IMPORT = re.compile(r"^\s*from .* import \*", re.MULTILINE)
RUN_TIME = re.compile(r"Run time: about (\d+) (s|min)\b")
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.~:/-])/(?:home|root|Users|tmp|var|opt|usr|mnt|private|content)/\w|\b[A-Z]:\\\w"
)

Complaints = list[str]
Exercise = dict  # one entry of exercises.toml
PageGuard = Callable[[NotebookNode], Complaints]
ExerciseGuard = Callable[[NotebookNode, Exercise], Complaints]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    """Every output with its cell."""
    return ((cell, output) for cell in code_cells(notebook) for output in cell.outputs)


def code_lines(cell: NotebookNode) -> int:
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def name(cell: NotebookNode) -> str:
    """How complaints speak of a cell: its first line."""
    return f"cell {cell.id} ({cell.source.strip().partition(chr(10))[0][:50]})"


def text_of(output: NotebookNode) -> str:
    """All text of an output: streams, results, tables; not images."""
    texts = (text for kind, text in output.get("data", {}).items() if not kind.startswith("image"))
    return "\n".join([output.get("text", ""), *map(str, texts)])


# ---- any page


def executed_in_order(notebook: NotebookNode) -> Complaints:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}"]


def no_error_outputs(notebook: NotebookNode) -> Complaints:
    return [f"{name(c)} stores an error" for c, o in outputs(notebook) if o.output_type == "error"]


def no_stderr(notebook: NotebookNode) -> Complaints:
    return [f"{name(c)} stores stderr" for c, o in outputs(notebook) if o.get("name") == "stderr"]


def no_widgets(notebook: NotebookNode) -> Complaints:
    complaints = ["widget state in the metadata"] if "widgets" in notebook.metadata else []
    return complaints + [
        f"{name(cell)} stores a widget"
        for cell, output in outputs(notebook)
        if any("widget" in kind for kind in output.get("data", {}))
    ]


def no_absolute_paths(notebook: NotebookNode) -> Complaints:
    texts = [(cell, cell.source) for cell in notebook.cells]
    texts += [(cell, text_of(output)) for cell, output in outputs(notebook)]
    return [f"{name(cell)} holds an absolute path" for cell, t in texts if ABSOLUTE_PATH.search(t)]


def python3_kernel(notebook: NotebookNode) -> Complaints:
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    return [] if kernel == "python3" else [f"the kernel is {kernel}, not python3"]


def images_captioned(notebook: NotebookNode) -> Complaints:
    """Cells that show an image carry a caption; its alt text is a matter of the built book."""
    return [
        f"{name(cell)} has no caption"
        for cell, output in outputs(notebook)
        if any(kind.startswith("image/") for kind in output.get("data", {}))
        and not cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "").strip()
    ]


def small_cells(notebook: NotebookNode) -> Complaints:
    lengths = [code_lines(cell) for cell in code_cells(notebook)]
    complaints = [
        f"{name(cell)} has {lines} lines"
        for cell, lines in zip(code_cells(notebook), lengths, strict=True)
        if lines > MAX_CELL_LINES
    ]
    if lengths and statistics.median(lengths) > MAX_MEDIAN_LINES:
        complaints.append(f"the median code cell has {statistics.median(lengths)} lines")
    return complaints


def ignored_cells_checked(notebook: NotebookNode) -> Complaints:
    """Few cells escape the comparison, and a check stands in it or in the next two code cells."""
    cells = code_cells(notebook)
    ignored = [
        index
        for index, cell in enumerate(cells)
        if "nbval-ignore-output" in cell.metadata.get("tags", [])
        or "NBVAL_IGNORE_OUTPUT" in cell.source
    ]
    complaints = [
        f"{name(cells[index])} is not compared, and no check follows"
        for index in ignored
        if not any(CHECK.search(cell.source) for cell in cells[index : index + 3])
    ]
    if len(ignored) > MAX_IGNORED_CELLS:
        complaints.append(f"{len(ignored)} cells are not compared")
    return complaints


def every_cell_runs(notebook: NotebookNode) -> Complaints:
    return [
        f"{name(cell)} is skipped or expected to fail"
        for cell in code_cells(notebook)
        if {"nbval-skip", "nbval-raises-exception", "raises-exception"}
        & set(cell.metadata.get("tags", []))
        or re.search("NBVAL_(SKIP|RAISES_EXCEPTION)", cell.source)
    ]


def no_closing_semicolon(notebook: NotebookNode) -> Complaints:
    """A `;` does not silence the last expression when the stored outputs are compared."""
    cells = (cell for cell in code_cells(notebook) if cell.source.rstrip().endswith(";"))
    return [f"{name(cell)} ends with a semicolon" for cell in cells]


def no_star_imports(notebook: NotebookNode) -> Complaints:
    cells = (cell for cell in code_cells(notebook) if STAR_IMPORT.search(cell.source))
    return [f"{name(cell)} imports *" for cell in cells]


# ---- pages of exercises


def headings(notebook: NotebookNode, level: int) -> list[str]:
    return re.findall(rf"^#{{{level}}} .*$", prose(notebook), re.MULTILINE)


def prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def heading(notebook: NotebookNode, exercise: Exercise) -> Complaints:
    """The page starts with its only H1: `# Exercise 12.8 ★★ · WGAN-GP on the five Gaussians`."""
    title = f"# Exercise {exercise['number']} {'★' * exercise['stars']} · {exercise['title']}"
    if headings(notebook, 1) == [title] and notebook.cells[0].source.startswith(title):
        return []
    return [f"the page should start with its only H1, {title!r}; found {headings(notebook, 1)}"]


def sections(notebook: NotebookNode, exercise: Exercise) -> Complaints:
    """The sections of the page skeleton, in order; sections of the page's own may stand between."""
    wanted = ["The question", "In short", *(f"({letter})" for letter in exercise["letters"])]
    wanted += ["Limits and traps", "Going further", "References"]
    names = [re.match(r"## (\(\w\)|.*)", line)[1] for line in headings(notebook, 2)]
    found = [name for name in names if name in wanted]
    if "Going further" not in found:  # a page that needs nothing more has none
        wanted.remove("Going further")
    return [] if found == wanted else [f"the sections are {found}, not {wanted}"]


def short_answer(notebook: NotebookNode, _exercise: Exercise) -> Complaints:
    """`In short` holds few bullets."""
    part = re.search(
        r"^## In short$(.*?)(?=^## |^:::|\Z)", prose(notebook), re.DOTALL | re.MULTILINE
    )
    bullets = len(re.findall(r"^- ", part[1], re.MULTILINE)) if part else 0
    return [] if 1 <= bullets <= MAX_BULLETS else [f"'In short' has {bullets} bullets"]


def word_budget(notebook: NotebookNode, exercise: Exercise) -> Complaints:
    """The main path, all before `Going further`, can be read in one sitting."""
    budget = WORD_BUDGET[exercise["stars"]] + HOME_PAGE_WORDS * exercise.get("home", False)
    words = reading.count_words(reading.main_path(notebook))
    return [] if words <= budget else [f"the main path has {words} words, more than {budget}"]


def stated_reading_time(notebook: NotebookNode, _exercise: Exercise) -> Complaints:
    stated = reading.READING_TIME.search(notebook.cells[0].source) if notebook.cells else None
    minutes = reading.reading_minutes(notebook)
    if stated and int(stated[1]) == minutes:
        return []
    return [f"the first cell does not say 'Reading time: about {minutes} min'"]


def hints(notebook: NotebookNode, _exercise: Exercise) -> Complaints:
    """A dropdown with hints stands before the first part."""
    before = re.split(r"^## \(a\)", prose(notebook), maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(r"^:::+\{admonition\} Hints\b.*\n:class: .*dropdown", before, re.MULTILINE)
    return [] if found else ["no dropdown 'Hints' before part (a)"]


def parts(notebook: NotebookNode, exercise: Exercise) -> Complaints:
    """Every lettered part has its anchor and a paragraph that starts with **Answer**."""
    complaints = []
    for letter in exercise["letters"]:
        anchor = f"(ex-{exercise['number'].replace('.', '-')}-{letter})="
        start = rf"^{re.escape(anchor)}\n+## \({letter}\)"
        part = re.search(rf"{start}.*?(?=^## |\Z)", prose(notebook), re.MULTILINE | re.DOTALL)
        if not part:
            complaints.append(f"part ({letter}) does not start with {anchor} and its heading")
        elif not re.search(r"\n\n\*\*Answer\b", part[0]):
            complaints.append(f"part ({letter}) has no paragraph that starts with **Answer**")
    return complaints


def setup_cell(notebook: NotebookNode, _exercise: Exercise) -> Complaints:
    """The first code cell imports what the page needs, in few lines."""
    lines = [code_lines(cell) for cell in code_cells(notebook)[:1]]
    return [] if lines and lines[0] <= MAX_SETUP_LINES else [f"setup cell lines: {lines}"]


def has_checks(notebook: NotebookNode, _exercise: Exercise) -> Complaints:
    found = any(CHECK.search(cell.source) for cell in code_cells(notebook))
    return [] if found else ["the page checks nothing"]


def stated_run_time(notebook: NotebookNode, cpu_s: int) -> Complaints:
    """The first cell states the run time within a factor of two; below 15 s it is all the same."""
    stated = RUN_TIME.search(notebook.cells[0].source)
    if not stated:
        return ["the first cell does not say 'Run time: about N s' (or min)"]
    stated_s = int(stated[1]) * {"s": 1, "min": 60}[stated[2]]
    ratio = max(stated_s, 15) / max(cpu_s, 15)
    return [] if 0.5 <= ratio <= 2 else [f"states about {stated_s} s, but it took {cpu_s} s"]


# ---- the set of pages


def complete(pages: Iterable[Path], exercises: list[Exercise]) -> Complaints:
    """Every written exercise has its page, and every numbered page is a written exercise."""
    wanted = {f"{e['part']}/{e['stem']}.ipynb" for e in exercises if e["written"]}
    found = {f"{page.parent.name}/{page.name}" for page in pages if page.parent.name != "appendix"}
    missing = [f"{page} is missing" for page in sorted(wanted - found)]
    return missing + [f"{page} is no written exercise" for page in sorted(found - wanted)]


PAGE_GUARDS = (
    executed_in_order,
    no_error_outputs,
    no_stderr,
    no_widgets,
    no_absolute_paths,
    python3_kernel,
    images_captioned,
    small_cells,
    ignored_cells_checked,
    every_cell_runs,
    no_closing_semicolon,
    no_star_imports,
)
EXERCISE_GUARDS = (
    heading,
    sections,
    short_answer,
    word_budget,
    stated_reading_time,
    hints,
    parts,
    setup_cell,
    has_checks,
)
