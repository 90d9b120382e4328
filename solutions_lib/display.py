"""Showing source code and figures over seeds in a page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown

from solutions_lib import _validate


def show_source(*objects: Callable | type) -> Markdown:
    """The source of functions or classes as installed, as a highlighted code block."""
    source = "\n\n".join(inspect.getsource(item).rstrip() for item in objects)
    return Markdown(f"```python\n{source}\n```")


def mean_sd(values: Iterable[float], digits: int = 3) -> str:
    """``mean ± standard deviation`` of figures over seeds, for tables."""
    values = np.asarray(list(values), dtype=float)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"values must be at least two finite numbers, got {values}")
    digits = _validate.integer("digits", digits, low=0)
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def seed_table(
    columns: Mapping[str, Iterable[Mapping[str, float]]], digits: int = 3
) -> pd.DataFrame:
    """Mean ± standard deviation over seeds: a row for each figure, a column for each variant.

    Args:
        columns: for each variant its runs, one mapping from figure to value per seed.
        digits: after the point.
    """
    columns = _validate.instance("columns", columns, Mapping)
    frames = {name: pd.DataFrame(list(runs)) for name, runs in columns.items()}
    return pd.DataFrame(
        {name: frame.apply(mean_sd, digits=digits) for name, frame in frames.items()}
    )
