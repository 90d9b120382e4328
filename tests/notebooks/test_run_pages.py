"""What `make notebooks` and `make check-seeds` do to the files."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
import run_pages
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

PLOT = "import matplotlib.pyplot as plt\nplt.plot([0, 1]);"
OFFSET = "import os\nprint(os.environ['SOLUTIONS_LIB_SEED_OFFSET'])"


def write_page(chapters: Path, stem: str, *sources: str) -> Path:
    folder = chapters / "vae"
    folder.mkdir(exist_ok=True)
    page = folder / f"{stem}.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), page)
    return page


def test_a_page_is_stored_clean_and_a_failing_one_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_page(tmp_path, "12_01_good", OFFSET, PLOT)
    bad = write_page(tmp_path, "12_02_bad", "print('before')", "raise ValueError('no luck')")
    ids = [cell.id for cell in nbformat.read(good, as_version=4).cells]
    untouched = bad.read_bytes()

    assert run_pages.main([], tmp_path) == 1

    page = nbformat.read(good, as_version=4)
    assert [cell.execution_count for cell in page.cells] == [1, 2]
    assert [cell.id for cell in page.cells] == ids
    assert [dict(cell.metadata) for cell in page.cells] == [{}, {}]
    assert page.metadata == run_pages.METADATA
    assert page.cells[0].outputs[0].text == "0\n"
    assert "image/png" in page.cells[1].outputs[0].data
    assert bad.read_bytes() == untouched
    assert "no luck" in capsys.readouterr().out
    assert sorted(path.name for path in good.parent.iterdir()) == [good.name, bad.name]

    run_times = json.loads((tmp_path / run_pages.RUN_TIMES).read_text())
    assert list(run_times) == ["12.1"]
    assert run_times["12.1"]["wall_s"] >= 1
    assert run_times["12.1"]["peak_mb"] >= 20

    first = good.read_bytes()
    assert run_pages.main(["12_01"], tmp_path) == 0
    assert good.read_bytes() == first


def test_other_seeds_store_nothing(tmp_path: Path) -> None:
    assert_offset = "import os\nassert os.environ['SOLUTIONS_LIB_SEED_OFFSET'] == '1000'"
    page = write_page(tmp_path, "12_01_page", assert_offset)
    before = page.read_bytes()
    assert run_pages.main(["--seed-offsets", "1000", "2000", "--", "12_01"], tmp_path) == 1
    assert page.read_bytes() == before
    assert not (tmp_path / run_pages.RUN_TIMES).exists()


def test_unknown_pages_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="12_99"):
        run_pages.find_pages(tmp_path, ["12_99"])
    with pytest.raises(SystemExit, match="No page"):
        run_pages.find_pages(tmp_path, [])


def test_pages_come_in_order_of_their_numbers(tmp_path: Path) -> None:
    costs = {number: run_pages.Cost(1, 1, 10) for number in ("12.10", "12.9", "reproduce")}
    run_pages.record(costs, tmp_path / "times.json")
    run_pages.record({"12.9": run_pages.Cost(2, 2, 20)}, tmp_path / "times.json")
    known = json.loads((tmp_path / "times.json").read_text())
    assert list(known) == ["12.9", "12.10", "reproduce"]
    assert known["12.9"] == {"wall_s": 2, "cpu_s": 2, "peak_mb": 20}
    assert known["12.10"]["wall_s"] == 1


@pytest.mark.parametrize(("shade", "kept"), [(200, True), (201, False)])
def test_an_image_is_replaced_only_if_it_looks_different(shade: int, kept: bool) -> None:
    def page_with(value: int, compress_level: int) -> nbformat.NotebookNode:
        png = io.BytesIO()
        pixels = np.full((20, 20, 3), value, np.uint8)
        Image.fromarray(pixels).save(png, "png", compress_level=compress_level)
        data = {"image/png": base64.b64encode(png.getvalue()).decode()}
        output = nbformat.v4.new_output("display_data", data=data)
        return new_notebook(cells=[new_code_cell("draw()", id="figure", outputs=[output])])

    def png_of(page: nbformat.NotebookNode) -> str:
        return page.cells[0].outputs[0].data["image/png"]

    stored, fresh = page_with(200, compress_level=9), page_with(shade, compress_level=1)
    assert png_of(stored) != png_of(fresh)
    run_pages.keep_images(fresh, stored)
    assert (png_of(fresh) == png_of(stored)) is kept


def test_storing_a_page_corrects_its_reading_time(tmp_path: Path) -> None:
    page = write_page(tmp_path, "12_01_page", "1 + 1")
    notebook = nbformat.read(page, as_version=4)
    opening = "# Page\n\nReading time: about 9 min.\n\n" + "word " * 250
    notebook.cells.insert(0, new_markdown_cell(opening + "\n\n## Going further\n\n" + opening))
    nbformat.write(notebook, page)
    assert run_pages.main([], tmp_path) == 0
    assert "about 2 min" in nbformat.read(page, as_version=4).cells[0].source


def test_pictures_are_stored_with_few_colours_and_unchanged_where_few_suffice() -> None:
    pixels = np.repeat(np.arange(200, dtype=np.uint8)[:, None, None], 300, 1).repeat(3, 2)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "png", compress_level=1)
    packed = run_pages.to_palette(base64.b64encode(png.getvalue()).decode())
    picture = Image.open(io.BytesIO(base64.b64decode(packed)))
    assert picture.mode == "P"
    assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - pixels).max() <= 2
    assert len(packed) < len(base64.b64encode(png.getvalue()))


def test_the_longest_page_starts_first(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for stem in ("12_01_short", "12_02_long", "12_03_new"):
        write_page(tmp_path, stem, "1")
    costs = {"12.1": run_pages.Cost(1, 1, 1), "12.2": run_pages.Cost(9, 9, 9)}
    run_pages.record(costs, tmp_path / run_pages.RUN_TIMES)
    assert run_pages.main(["--list"], tmp_path) == 0
    listed = [Path(line).stem for line in capsys.readouterr().out.split()]
    assert listed == ["12_03_new", "12_02_long", "12_01_short"]


def test_offsets_are_drawn_and_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(set(run_pages.random_offsets())) == 10
    assert run_pages.random_offsets() != run_pages.random_offsets()
    monkeypatch.setattr(run_pages, "random_offsets", lambda: [5, 77])
    write_page(tmp_path, "12_01_page", "1")
    assert run_pages.main(["--seed-offsets", "--"], tmp_path) == 0
    assert "seed offsets: 5 77\n" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_a_terminated_run_leaves_no_kernel_behind(tmp_path: Path) -> None:
    started = tmp_path / "started"
    write_page(tmp_path, "12_01_page", f"open({str(started)!r}, 'w'); import time; time.sleep(600)")
    code = (
        "import pathlib, signal, sys, run_pages; signal.signal(signal.SIGTERM, run_pages.stop_all)"
    )
    code += f"; run_pages.main([], pathlib.Path({str(tmp_path)!r}))"
    tools = str(Path(run_pages.__file__).parent)
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": tools}
    )
    try:
        deadline = time.monotonic() + 120
        while not started.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    finally:
        process.kill()
