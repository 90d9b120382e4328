"""Directive `exercise-map`: the exercises of one part, with what a reader wants to know first.

    :::{exercise-map} vae
    :::

The facts come from `chapters/exercises.toml`, the run times from `chapters/run_times.json`. A page
that is not in the table of contents yet has no link and the mark "in preparation".
"""

import json
import tomllib
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def duration(seconds: float) -> str:
    """A run time that a reader can plan with: whole seconds, from 100 s on minutes."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


class ExerciseMap(SphinxDirective):
    """One list entry per exercise: number, stars, title, run time, what you will learn."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        chapters = Path(self.env.srcdir) / "chapters"
        exercises = tomllib.loads(self.read(chapters / "exercises.toml"))["exercise"]
        times_file = chapters / "run_times.json"
        times = json.loads(self.read(times_file)) if times_file.exists() else {}
        chosen = [e for e in exercises if e["part"] == self.arguments[0]]
        if not chosen:
            raise self.error(f"no exercise belongs to a part {self.arguments[0]!r}")
        entries = [self.entry(e, times.get(e["number"])) for e in chosen]
        return [nodes.bullet_list("", *entries, classes=["exercise-map"])]

    def read(self, path: Path) -> str:
        self.env.note_dependency(str(path))
        return path.read_text(encoding="utf-8")

    def entry(self, exercise: dict, time: dict | None) -> nodes.list_item:
        """Number, stars and run time; the title, linked if the page exists; what it teaches."""
        doc = f"chapters/{exercise['part']}/{exercise['stem']}"
        written = doc in self.env.found_docs
        note = "" if written else "in preparation"
        if written and time:
            note = f"runs in {duration(time['cpu_s'])}"
        head = nodes.paragraph("", classes=["exercise-head"])
        head += nodes.inline("", exercise["number"], classes=["exercise-number"])
        head += stars(exercise["stars"])
        head += nodes.inline("", note, classes=["exercise-note"])
        text = nodes.inline("", exercise["title"])
        title = nodes.paragraph("", classes=["exercise-title"])
        title += self.link(doc, text) if written else text
        learn = nodes.paragraph("", exercise["learn"], classes=["exercise-learn"])
        state = "written" if written else "planned"
        return nodes.list_item("", head, title, learn, classes=[state])

    def link(self, doc: str, text: nodes.inline) -> addnodes.pending_xref:
        """A reference to a page that Sphinx resolves."""
        return addnodes.pending_xref(
            "",
            text,
            refdomain="std",
            reftype="doc",
            refexplicit=True,
            reftarget=f"/{doc}",
            refdoc=self.env.docname,
        )


def stars(count: int) -> nodes.raw:
    """The difficulty, drawn for the eye and spelled out for a screen reader."""
    label = f"{count} of 4 stars"
    html = f'<span class="exercise-stars" role="img" aria-label="{label}">{"★" * count}</span>'
    return nodes.raw("", html, format="html")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("exercise-map", ExerciseMap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
