"""Keep the inert Thebe set-up out of the pages.

Jupyter Book always loads `sphinx_thebe`, which writes its address at unpkg.com into every page,
twice, so that every page starts with the error "Identifier has already been declared".
"""

import sphinx_thebe
from sphinx.application import Sphinx
from sphinx.config import Config


def disconnect_thebe(app: Sphinx, _config: Config) -> None:
    """Undo the one connection that adds the scripts."""
    for listener in list(app.events.listeners["env-before-read-docs"]):
        if listener.handler is sphinx_thebe.init_thebe_core:
            app.disconnect(listener.id)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", disconnect_thebe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
