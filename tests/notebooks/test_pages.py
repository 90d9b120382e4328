"""Every page of the book keeps to the guards."""

import functools
import json
import tomllib
from pathlib import Path

import guards
import nbformat
import pytest

CHAPTERS = Path(__file__).parents[2] / "chapters"
EXERCISES = tomllib.loads((CHAPTERS / "exercises.toml").read_text(encoding="utf-8"))["exercise"]
PAGES = sorted(CHAPTERS.glob("*/*.ipynb"))
RUN_TIMES = json.loads((CHAPTERS / "run_times.json").read_text(encoding="utf-8"))


def path_of(exercise: guards.Exercise) -> Path:
    return CHAPTERS / exercise["part"] / f"{exercise['stem']}.ipynb"


@functools.cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def page_of(exercise: guards.Exercise) -> nbformat.NotebookNode:
    return read(path_of(exercise))


# A written exercise without a page is the complaint of `guards.complete` alone.
WRITTEN = [exercise for exercise in EXERCISES if path_of(exercise).exists()]


def test_all_28_exercises_are_listed() -> None:
    assert [exercise["number"] for exercise in EXERCISES] == [f"12.{n}" for n in range(1, 29)]


def test_written_exercises_and_pages_agree() -> None:
    assert guards.complete(PAGES, EXERCISES) == []


@pytest.mark.parametrize("guard", guards.PAGE_GUARDS)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page(path: Path, guard: guards.PageGuard) -> None:
    assert guard(read(path)) == []


@pytest.mark.parametrize("guard", guards.EXERCISE_GUARDS)
@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda exercise: exercise["stem"])
def test_exercise(exercise: guards.Exercise, guard: guards.ExerciseGuard) -> None:
    assert guard(page_of(exercise), exercise) == []


@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda exercise: exercise["stem"])
def test_stated_run_time(exercise: guards.Exercise) -> None:
    cpu_s = RUN_TIMES[exercise["number"]]["cpu_s"]
    assert guards.stated_run_time(page_of(exercise), cpu_s) == []
