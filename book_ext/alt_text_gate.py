"""Warn (and so, under `-W`, fail the build) about an image that has no real alternative text.

A figure drawn by a cell takes it from the cell's metadata `mystnb.image.alt`. Without that, the
page would carry a file name such as `_images/d34c56f.png`, which tells a listener nothing.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

MIN_WORDS = 4

logger = logging.getLogger(__name__)


def check_images(_app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Look at every image of a page, once the outputs of its cells are in place."""
    for image in doctree.findall(nodes.image):
        alt = image.get("alt", "")
        if len(alt.split()) < MIN_WORDS:
            logger.warning(
                "image %s has no real alternative text (found %r); in a notebook, set the cell's "
                "metadata mystnb.image.alt",
                image["uri"],
                alt,
                location=(docname, image.line),
            )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", check_images)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
