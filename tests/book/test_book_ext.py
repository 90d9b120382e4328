"""The local Sphinx extensions, each in a build of one small page."""

import os
import subprocess
import sys
from pathlib import Path

from bs4 import BeautifulSoup

EXTENSIONS = Path(__file__).parents[2] / "book_ext"
EXERCISE = """[[exercise]]
number = "1.{n}"
part = "one"
stars = {n}
title = "Title {n}"
stem = "page{n}"
learn = "Fact {n}."
"""


def build(folder: Path, *extensions: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Build the folder with these extensions and settings; every warning is an error."""
    settings |= {"extensions": list(extensions), "nb_execution_mode": "off"}
    lines = [f"{name} = {value!r}\n" for name, value in settings.items()]
    (folder / "conf.py").write_text("".join(lines))
    options = ["-q", "-W", "--keep-going"]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(folder), str(folder / "out")],
        env={**os.environ, "PYTHONPATH": str(EXTENSIONS)},
        capture_output=True,
        text=True,
        check=False,
    )


def write_book(folder: Path, part: str) -> None:
    """An index page with a map of two exercises; the first of them has a page."""
    pages = folder / "chapters" / "one"
    pages.mkdir(parents=True)
    (pages / "page1.md").write_text("---\norphan: true\n---\n# Page\n")
    (folder / "chapters" / "exercises.toml").write_text(EXERCISE.format(n=1) + EXERCISE.format(n=2))
    (folder / "chapters" / "run_times.json").write_text('{"1.1": {"cpu_s": 41.8}}')
    (folder / "index.md").write_text(f"# Index\n\n```{{exercise-map}} {part}\n```\n")


def test_map_links_the_pages_that_exist(tmp_path: Path) -> None:
    write_book(tmp_path, "one")
    result = build(tmp_path, "myst_parser", "exercise_map")
    assert result.returncode == 0, result.stderr
    soup = BeautifulSoup((tmp_path / "out" / "index.html").read_text(), "html.parser")
    written, planned = soup.select(".exercise-map li")
    assert written.get_text(" ", strip=True) == "1.1 ★ runs in 42 s Title 1 Fact 1."
    assert written.a["href"] == "chapters/one/page1.html"
    assert planned.get_text(" ", strip=True) == "1.2 ★★ in preparation Title 2 Fact 2."
    assert planned.a is None


def test_map_of_an_unknown_part_fails_the_build(tmp_path: Path) -> None:
    write_book(tmp_path, "two")
    result = build(tmp_path, "myst_parser", "exercise_map")
    assert result.returncode != 0
    assert "no exercise belongs to a part 'two'" in result.stderr
