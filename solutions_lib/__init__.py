"""Helpers for the worked solutions: the given data and models, exact references, loops and plots.

Import by full name, e.g. ``from solutions_lib.mixture import five_gaussians``. The annotations of
all functions, shapes included, are checked at every call; ``JAXTYPING_DISABLE=1`` switches it off.
"""

from jaxtyping import install_import_hook

install_import_hook("solutions_lib", "beartype.beartype")
