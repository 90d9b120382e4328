"""Network building blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from solutions_lib import _validate


def mlp(sizes: Sequence[int], activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear layers of the given sizes with ``activation`` between them (none after the last).

    Args:
        sizes: input, hidden and output widths, e.g. ``[2, 128, 128, 4]``.
        activation: module class, created anew between layers.
    Raises:
        TypeError: ``sizes`` are not integers, or ``activation`` cannot be called.
        ValueError: fewer than two sizes, or one below 1.
    """
    sizes = list(_validate.instance("sizes", sizes, Sequence))
    for size in sizes:
        _validate.integer("each of sizes", size)
    if len(sizes) < 2:
        raise ValueError(f"sizes must name at least an input and an output width, got {sizes}")
    _validate.function("activation", activation)
    layers = [nn.Linear(sizes[0], sizes[1])]
    for n_in, n_out in pairwise(sizes[1:]):
        layers += [activation(), nn.Linear(n_in, n_out)]
    return nn.Sequential(*layers)
