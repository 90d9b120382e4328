"""Execute the book's pages, two at a time, each in a fresh kernel.

`make notebooks` stores the outputs and the run times; a page that fails keeps its stored file.
`make check-seeds` runs the pages at other seeds, stores nothing and reports who failed.
The longest pages start first.
"""

import argparse
import io
import json
import os
import random
import re
import signal
import sys
import threading
import time
from base64 import b64decode, b64encode
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import nbformat
import numpy as np
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from PIL import Image
from prose import state_reading_time

CHAPTERS = Path(__file__).parents[1] / "chapters"
RUN_TIMES = "run_times.json"
CELL_TIMEOUT_S = 1800
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


class Cost(NamedTuple):
    """What a page took: seconds of wall time and CPU time, megabytes of memory at the peak."""

    wall_s: int
    cpu_s: int
    peak_mb: int


class Meter(threading.Thread):
    """Samples the CPU time and the resident memory of this process's descendants."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.start_time = time.perf_counter()
        self.cpu_s: dict[int, float] = {}
        self.peak_bytes = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.1):
            resident = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    times = process.cpu_times()
                    resident += process.memory_info().rss
                except psutil.Error:  # it has just ended
                    continue
                self.cpu_s[process.pid] = times.user + times.system
            self.peak_bytes = max(self.peak_bytes, resident)

    def stop(self) -> Cost:
        """The cost so far, rounded to 1 s and 10 MB."""
        self.stopped.set()
        self.join()
        wall_s = time.perf_counter() - self.start_time
        cpu_s = sum(self.cpu_s.values())
        return Cost(round(wall_s), round(cpu_s), round(self.peak_bytes / 1e7) * 10)


def find_pages(chapters: Path, names: list[str]) -> list[Path]:
    """All notebooks, or those whose file name starts with one of the names, in order."""
    pages = sorted(chapters.glob("*/*.ipynb"), key=lambda page: page.name)
    for name in names or [""]:
        if not any(page.name.startswith(name) for page in pages):
            raise SystemExit(f"No page starts with {name!r} in {chapters}.")
    return [page for page in pages if not names or page.name.startswith(tuple(names))]


def execute(page: Path) -> tuple[NotebookNode, Cost]:
    """Run all cells of a page in its own folder, from empty outputs and metadata."""
    notebook = nbformat.read(page, as_version=4)
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # time stamps that JupyterLab leaves
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        coalesce_streams=True,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": page.parent}},
    )
    meter = Meter()
    meter.start()
    try:
        client.execute()
    finally:
        cost = meter.stop()
    notebook.metadata = nbformat.from_dict(METADATA)  # the kernel has added its own
    return notebook, cost


def same_pixels(one: str, other: str) -> bool:
    """Whether two base64 PNGs show the same picture."""
    first, second = (
        np.asarray(Image.open(io.BytesIO(b64decode(png))).convert("RGB")) for png in (one, other)
    )
    return np.array_equal(first, second)


def images(notebook: NotebookNode) -> dict[tuple[str, int], NotebookNode]:
    """The output data that hold a PNG, by cell id and position."""
    return {
        (cell.id, position): output.data
        for cell in notebook.cells
        for position, output in enumerate(cell.get("outputs", []))
        if "image/png" in output.get("data", {})
    }


def to_palette(png: str) -> str:
    """The same picture in at most 256 colours, as base64, if that takes fewer bytes."""
    picture = Image.open(io.BytesIO(b64decode(png))).convert("RGB")
    packed = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    smaller = b64encode(packed.getvalue()).decode()
    return min(png, smaller, key=len)


def keep_images(notebook: NotebookNode, stored: NotebookNode) -> None:
    """Pack the PNGs, and take a stored one's bytes where the new one shows the same picture."""
    old = images(stored)
    for key, data in images(notebook).items():
        data["image/png"] = to_palette(data["image/png"])
        if key in old and same_pixels(data["image/png"], old[key]["image/png"]):
            data["image/png"] = old[key]["image/png"]


def replace_text(path: Path, text: str) -> None:
    """Write a file so that it is never seen half written."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def failure(error: Exception) -> str:
    """What went wrong, without the colours of the traceback."""
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()


def run_page(page: Path, seed_offset: int, store: bool) -> tuple[Cost | None, str]:
    """Execute one page; return its cost, or the error. With `store`, write its outputs."""
    os.environ["SOLUTIONS_LIB_SEED_OFFSET"] = str(seed_offset)
    try:
        notebook, cost = execute(page)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return None, failure(error)
    if store:
        keep_images(notebook, nbformat.read(page, as_version=4))
        state_reading_time(notebook)
        replace_text(page, nbformat.writes(notebook) + "\n")
    return cost, ""


def exercise_number(page: Path) -> str:
    """`12_03_name.ipynb` is exercise 12.3; other pages go by their stem."""
    match = re.match(r"(\d+)_(\d+)_", page.name)
    return f"{match[1]}.{int(match[2])}" if match else page.stem


def known_costs(path: Path) -> dict[str, dict[str, int]]:
    """What the pages took when they were last stored."""
    return json.loads(path.read_text()) if path.exists() else {}


def longest_first(pages: list[Path], chapters: Path) -> list[Path]:
    """The pages by their last CPU time; a page that never ran may take long."""
    known = known_costs(chapters / RUN_TIMES)

    def cpu_s(page: Path) -> float:
        return known.get(exercise_number(page), {}).get("cpu_s", float("inf"))

    return sorted(pages, key=cpu_s, reverse=True)


def random_offsets(n: int = 10) -> list[int]:
    """Seed offsets that nobody has tried."""
    return random.SystemRandom().sample(range(1, 10**6), n)


def stop_all(signum: int, _frame: FrameType | None) -> None:
    """End the workers and their kernels with this process."""
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(128 + signum)


def record(costs: dict[str, Cost], path: Path) -> None:
    """Update the run times of the pages that ran."""
    known = known_costs(path)
    known.update({number: cost._asdict() for number, cost in costs.items()})
    ordered = sorted(known, key=lambda number: [part.zfill(2) for part in number.split(".")])
    lines = [f"  {json.dumps(number)}: {json.dumps(known[number])}" for number in ordered]
    replace_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def main(arguments: list[str], chapters: Path = CHAPTERS) -> int:
    """Run what the command line asks for; return the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="beginnings of file names; all pages if none")
    parser.add_argument(
        "--seed-offsets", nargs="*", type=int, help="test these, or ten at random; store nothing"
    )
    parser.add_argument("--list", action="store_true", help="print the pages, longest first")
    options = parser.parse_args(arguments)
    store = options.seed_offsets is None
    offsets = [0] if store else options.seed_offsets or random_offsets()
    pages = longest_first(find_pages(chapters, options.pages), chapters)
    if options.list:
        print(*pages, sep="\n")
        return 0
    if not store:
        print("seed offsets:", *offsets, flush=True)
    costs, failures = {}, 0
    with ProcessPoolExecutor(2) as pool:
        jobs = {
            pool.submit(run_page, page, offset, store): (page, offset)
            for offset in offsets
            for page in pages
        }
        for job in as_completed(jobs):
            (page, offset), (cost, error) = jobs[job], job.result()
            label = page.stem if store else f"{page.stem} at seed offset {offset}"
            if error:
                failures += 1
                print(f"FAILED  {label}\n{error}", flush=True)
            else:
                costs[exercise_number(page)] = cost
                print(f"passed  {label}: {cost.wall_s} s, {cost.peak_mb} MB", flush=True)
    if store and costs:
        record(costs, chapters / RUN_TIMES)
    print(f"{len(jobs) - failures} passed, {failures} failed")
    return failures


if __name__ == "__main__":
    for signum in {"SIGTERM", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, signum), stop_all)
    sys.exit(min(1, main(sys.argv[1:])))
