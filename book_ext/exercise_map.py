"""Directive `exercise-map`: the list of exercises, for the whole book or for one part.

    :::{exercise-map} vae
    :::

The facts come from `chapters/exercises.toml`, the run times from `chapters/run_times.json`. A page that
is not in the table of contents yet is listed without a link and marked "in preparation".
"""

import json
import tomllib
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

STARS = {1: "one star", 2: "two stars", 3: "three stars", 4: "four stars"}


def duration(seconds: float) -> str:
    """A run time that a reader can plan with: whole seconds, from 100 s on minutes."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


class ExerciseMap(SphinxDirective):
    """One list entry per exercise: number, stars, title, run time, what you will learn."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        chapters = Path(self.env.srcdir) / "chapters"
        catalogue = tomllib.loads(self.read(chapters / "exercises.toml"))
        times_file = chapters / "run_times.json"
        times = json.loads(self.read(times_file)) if times_file.exists() else {}
        part = self.arguments[0] if self.arguments else None
        if part and part not in catalogue["parts"]:
            raise self.error(f"unknown part {part!r}; there are {', '.join(catalogue['parts'])}")
        result = []
        for key, title in catalogue["parts"].items():
            if part in (None, key):
                chosen = [e for e in catalogue["exercise"] if e["part"] == key]
                heading = [] if part else [self.heading(key, title)]
                entries = [self.entry(e, times.get(e["number"])) for e in chosen]
                listing = nodes.bullet_list("", *entries, classes=["exercise-map"])
                result += [*heading, listing]
        return result

    def read(self, path: Path) -> str:
        self.env.note_dependency(str(path))
        return path.read_text(encoding="utf-8")

    def link(self, doc: str, text: str) -> nodes.Node:
        reference = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{doc}", refexplicit=True
        )
        reference["refdoc"] = self.env.docname
        reference += nodes.inline("", text)
        return reference

    def heading(self, key: str, title: str) -> nodes.Node:
        return nodes.paragraph(
            "", "", self.link(f"chapters/{key}/index", title), classes=["exercise-part"]
        )

    def entry(self, exercise: dict, time: dict | None) -> nodes.list_item:
        def part(text: str, name: str) -> nodes.inline:
            return nodes.inline("", text, classes=[f"exercise-{name}"])

        doc = f"chapters/{exercise['part']}/{exercise['stem']}"
        written = doc in self.env.found_docs
        title = self.link(doc, exercise["title"]) if written else nodes.Text(exercise["title"])
        note = "" if written else "in preparation"
        if written and time:
            note = f"runs in {duration(time['wall_s'])}"
        stars = nodes.raw(
            "",
            f'<span class="exercise-stars" role="img" aria-label="{STARS[exercise["stars"]]}">'
            f"{'★' * exercise['stars']}</span>",
            format="html",
        )
        head = nodes.paragraph("", "", part(exercise["number"], "number"), nodes.Text(" "))
        head += [nodes.strong("", "", title), nodes.Text(" "), stars, nodes.Text(" ")]
        head += part(note, "note")
        learn = nodes.paragraph("", exercise["learn"], classes=["exercise-learn"])
        return nodes.list_item("", head, learn, classes=["written" if written else "planned"])


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("exercise-map", ExerciseMap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
