"""Serve MathJax from the book itself, so that formulas are typeset without a network.

The wheel `sphinx-mathjax-offline` ships the whole of MathJax 3.2.2 (24 MB). This extension copies
the 2 MB that a page can ask for: the entry script, the TeX extensions that load on demand
(`\\boldsymbol` is one) and the fonts. The files go into the output only, never into a static folder
of the sources, where Jupyter Book would add every script to every page.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx

SUBSET = ("tex-mml-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy the subset into the built book."""
    if error or app.builder.format != "html":
        return
    source = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in SUBSET:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copy2(source / name, target / name)


def setup(app: Sphinx) -> dict[str, bool]:
    app.config.mathjax_path = f"mathjax/{SUBSET[0]}"
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
