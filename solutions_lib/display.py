"""Showing source code and figures over seeds in a page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable

import numpy as np
from IPython.display import Markdown


def show_source(*objects: Callable | type) -> Markdown:
    """The source of functions or classes as installed, as a highlighted code block."""
    source = "\n\n".join(inspect.getsource(item).rstrip() for item in objects)
    return Markdown(f"```python\n{source}\n```")


def mean_sd(values: Iterable[float], digits: int = 3) -> str:
    """``mean ± standard deviation`` of figures over seeds, for tables."""
    values = np.asarray(list(values), dtype=float)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"values must be at least two finite numbers, got {values}")
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"
