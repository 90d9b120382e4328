"""Checks that print one fixed line or raise, so that stored outputs stay comparable.

Home page: the appendix page "Reproduce and scale".
"""

from __future__ import annotations

import numpy as np
import torch

from solutions_lib import _validate


def check(claim: str, holds: bool, detail: object = "") -> None:
    """Print ``✓ claim``, or raise.

    Args:
        claim: the statement in words, without figures that a re-run could change.
        holds: a single truth value.
        detail: shown only in the error, e.g. the figures behind the claim.
    Raises:
        AssertionError: the claim does not hold.
        TypeError: ``holds`` is not a single truth value.
    """
    if isinstance(holds, torch.Tensor | np.ndarray) and holds.ndim == 0:
        holds = holds.item()
    if not isinstance(holds, bool | np.bool_):
        raise TypeError(f"holds must be a bool, got {type(holds)}")
    if not holds:
        raise AssertionError(f"✗ {claim} {detail}".rstrip())
    print(f"✓ {claim}")


def check_close(claim: str, value: object, expected: object, atol: float) -> None:
    """Check that all of ``value`` is within ``atol`` of ``expected``.

    Args:
        claim: the statement in words.
        value, expected: numbers, arrays or tensors that broadcast against each other.
        atol: allowed absolute difference, printed with the claim.
    """
    _validate.real("atol", atol, 0)
    gap = np.abs(np.asarray(value, dtype=float) - np.asarray(expected, dtype=float)).max()
    check(f"{claim} (to {atol:.0e})", bool(gap <= atol), f"difference {gap:.3e}")


def check_mean(claim: str, draws: object, expected: float, standard_errors: float = 5) -> None:
    """Check that the mean of independent draws is within some standard errors of ``expected``.

    Args:
        claim: the statement in words.
        draws: shape (n,), n >= 30, not all equal.
        expected: the exact expectation.
        standard_errors: allowed distance, in standard errors of the mean.
    """
    draws = np.asarray(draws, dtype=float)
    if draws.ndim != 1 or len(draws) < 30 or not draws.std() > 0:
        raise ValueError("draws must be one-dimensional, finite, at least 30 and not all equal")
    _validate.real("standard_errors", standard_errors, 0, open_low=True)
    error = draws.std(ddof=1) / np.sqrt(len(draws))
    gap = abs(draws.mean() - expected)
    check(
        f"{claim} (within {standard_errors:g} standard errors)",
        bool(gap <= standard_errors * error),
        f"mean {draws.mean():.5g}, expected {expected:.5g}, standard error {error:.2g}",
    )
