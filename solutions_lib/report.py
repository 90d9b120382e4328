"""Checks that print one line or raise, tables, source. Home page: "Reproduce and scale"."""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from jaxtyping import Bool
from scipy.stats import binom

from solutions_lib._values import Fraction, NonNegative

Bound = float | int | None
Truth = bool | np.bool_ | Bool[torch.Tensor, ""] | Bool[np.ndarray, ""]
MARGIN = 4.0  # standard deviations between a bound and the mean, for a claim over seeds


def check(claim: str, holds: Truth, detail: object = "") -> None:
    """Print ``✓ claim``, or raise an AssertionError with the detail, the figures behind it."""
    if not holds:
        raise AssertionError(f"✗ {claim} {detail}".rstrip())
    print(f"✓ {claim}")


def check_close(claim: str, value: Any, expected: Any, atol: NonNegative) -> None:
    """Check that all of ``value`` is within ``atol``, printed with the claim, of ``expected``."""
    gap = np.abs(np.asarray(value, dtype=float) - np.asarray(expected, dtype=float)).max()
    check(f"{claim} (to {atol:.0e})", gap <= atol, f"difference {gap:.3e}")


def check_mean(claim: str, draws: Any, expected: float | int) -> None:
    """Check that the mean of at least 30 independent draws is within 5 standard errors."""
    draws = np.asarray(draws, dtype=float)
    if draws.ndim != 1 or len(draws) < 30 or not draws.std() > 0:
        raise ValueError("draws must be one-dimensional, finite, at least 30 and not all equal")
    error = draws.std(ddof=1) / np.sqrt(len(draws))
    gap = abs(draws.mean() - expected)
    detail = f"mean {draws.mean():.5g}, expected {expected:.5g}, standard error {error:.2g}"
    check(f"{claim} (within 5 standard errors)", gap <= 5 * error, detail)


def check_runs(
    claim: str, values: Any, *, above: Bound = None, below: Bound = None, of_mean: bool = False
) -> None:
    """Check bounds on a figure of trained models, with the margin that other seeds need.

    ``values`` has a number or a row for each run; of two variants, the differences paired by seed.
    Every run must satisfy the bounds, and they must lie four seed standard deviations from the
    mean; with ``of_mean`` the claim is about the mean, and four of its standard errors are asked.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim not in (1, 2) or len(values) == 0 or (above is None and below is None):
        raise ValueError("values must hold one row or number for each run, with a bound")
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=min(1, len(values) - 1))
    spread = sd / np.sqrt(len(values)) if of_mean else sd
    low = np.minimum(mean - MARGIN * spread, mean if of_mean else values.min(axis=0))
    high = np.maximum(mean + MARGIN * spread, mean if of_mean else values.max(axis=0))
    holds = (above is None or (low > above).all()) and (below is None or (high < below).all())
    scope = "mean of" if of_mean else "all"
    detail = f"values {values.round(5).tolist()}, mean {mean}, sd {sd}, bounds {above}, {below}"
    check(f"{claim} ({scope} {len(values)} runs)", holds, detail)


def check_most(claim: str, outcomes: Any, probability: Fraction) -> None:
    """Check a two-valued outcome of trained models: it was seen in at least k of the n runs.

    k is the largest number that is missed with a chance below 1 in 1000 if each run has the outcome
    with the stated ``probability``. With too few runs for k >= 1 nothing is tested.
    """
    outcomes = np.asarray(outcomes, dtype=bool)
    n, seen = len(outcomes), outcomes.sum()
    k = int(binom.ppf(1e-3, n, probability))
    if k == 0:
        print(f"– {claim} (not tested: {n} runs are too few)")
        return
    check(f"{claim} (in at least {k} of {n} runs)", seen >= k, f"seen in {seen}")


def tidy(variants: Mapping[str, Iterable[Mapping[str, Any]]]) -> pd.DataFrame:
    """All figures of the runs of each variant, a row for each: seed, variant, figure, value."""
    rows = [
        (seed, variant, figure, float(value))
        for variant, runs in variants.items()
        for seed, run in enumerate(runs)
        for figure, value in run.items()
    ]
    return pd.DataFrame(rows, columns=["seed", "variant", "figure", "value"])


def by_seed(results: pd.DataFrame) -> pd.DataFrame:
    """A tidy frame with a row for each seed: ``by_seed(results)[variant, figure]`` are its runs."""
    return results.pivot(index="seed", columns=["variant", "figure"], values="value")


def mean_sd(values: Any, digits: int = 3) -> str:
    """``mean ± standard deviation`` of figures over seeds, for tables."""
    values = np.asarray(values, dtype=float)
    sd = values.std(ddof=1) if len(values) > 1 else np.nan
    return f"{values.mean():.{digits}f} ± {sd:.{digits}f}"


def seed_table(results: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """Mean ± standard deviation over seeds: a row for each figure, a column for each variant."""
    groups = results.groupby(["figure", "variant"], sort=False).value
    table = groups.agg(lambda values: mean_sd(values, digits)).unstack().rename_axis(index=None)
    return table.loc[results.figure.unique(), results.variant.unique()].rename_axis(columns=None)


def show_source(*objects: Callable | type) -> Markdown:
    """The code of functions or classes as installed, each docstring cut to its first line."""
    code = "\n\n".join(textwrap.dedent(inspect.getsource(item)).rstrip() for item in objects)
    short = re.sub(r'"""((?:(?!""").)+)\n(?s:.*?)"""', r'"""\1"""', code)
    return Markdown(f"```python\n{short}\n```")
