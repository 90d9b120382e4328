"""Random streams and the one tolerance of Monte Carlo tests."""

import math

import torch
from torch import Tensor


def rng(seed: int = 0) -> torch.Generator:
    """A stream of its own."""
    return torch.Generator().manual_seed(seed)


def assert_mean(draws: Tensor, expected: Tensor | float) -> None:
    """The mean of independent draws, along the first axis, is within five standard errors."""
    error = draws.std(0) / math.sqrt(len(draws))
    gap = (draws.mean(0) - expected).abs()
    assert (gap < 5 * error).all(), f"off by {gap / error} standard errors"
