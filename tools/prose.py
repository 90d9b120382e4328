"""How long a page is for its reader: words of prose, and minutes."""

import math
import re

from nbformat import NotebookNode

WORDS_PER_MINUTE = 200
NOT_READ = re.compile(r"\$\$.*?\$\$|^```.*?^```|^:::.*?$|^\([\w-]+\)=$", re.DOTALL | re.MULTILINE)
READING_TIME = re.compile(r"Reading time: about (\d+) min\b")


def main_path(notebook: NotebookNode) -> str:
    """The prose before `## Going further`, which answers the question."""
    prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.split(r"^## Going further", prose, maxsplit=1, flags=re.MULTILINE)[0]


def count_words(text: str) -> int:
    """A displayed formula counts nothing, an inline one is one word, a link is its label."""
    text = re.sub(r"\$[^$]+\$", "x", NOT_READ.sub(" ", text))
    return len(re.sub(r"\]\([^)]*\)", "]", text).split())


def reading_minutes(notebook: NotebookNode) -> int:
    """Whole minutes for the main path, at least one."""
    return max(1, math.ceil(count_words(main_path(notebook)) / WORDS_PER_MINUTE))


def state_reading_time(notebook: NotebookNode) -> None:
    """Put the computed minutes into the first cell, where it speaks of a reading time."""
    stated = f"Reading time: about {reading_minutes(notebook)} min"
    notebook.cells[0].source = READING_TIME.sub(stated, notebook.cells[0].source)
