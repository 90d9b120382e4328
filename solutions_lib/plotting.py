"""The figure grammar of the book: ``ax`` first, returned; real data grey, one colour per mode.

Functions draw into the axes they are given and never call ``plt.show``.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from solutions_lib import _validate
from solutions_lib.metrics import Points
from solutions_lib.mixture import GaussianMixture

REAL = "0.55"
MODE_COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"]
FAMILY_COLORS = {"VAE": "#D55E00", "GAN": "#332288", "DDPM": "#117733", "flow": "#882255"}
PLANE = ((-5.2, 5.2), (-4.0, 4.2))


def use_style() -> None:
    """Switch matplotlib to the book's style sheet."""
    plt.style.use(Path(__file__).with_name("book.mplstyle"))


def panels(n_rows: int, n_columns: int, width: float = 5.8) -> tuple[Figure, np.ndarray]:
    """A grid of equal-aspect data-plane panels with the book's limits; axes (n_rows, n_columns).

    Args:
        n_rows, n_columns: at most two columns stay legible on a phone.
        width: of the figure, inches.
    """
    n_rows, n_columns = (
        _validate.integer("n_rows", n_rows),
        _validate.integer("n_columns", n_columns),
    )
    width = _validate.real("width", width, 0, open_low=True)
    (x_low, x_high), (y_low, y_high) = PLANE
    height = width / n_columns * (y_high - y_low) / (x_high - x_low) + 0.1
    fig, axes = plt.subplots(
        n_rows, n_columns, figsize=(width, n_rows * height), sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat:
        ax.set(xlim=PLANE[0], ylim=PLANE[1], aspect="equal")
    for ax in axes[-1]:
        ax.set_xlabel("$x_1$")
    for ax in axes[:, 0]:
        ax.set_ylabel("$x_2$")
    return fig, axes


def draw_cloud(
    ax: Axes, x: Points, labels: Points | None = None, color: str = REAL, size: float = 4
) -> Axes:
    """Scatter points (n, 2) in one colour, or by mode if labels 0-4 of shape (n,) are given."""
    ax = _validate.instance("ax", ax, Axes)
    x = _validate.points("x", x, 2).detach().cpu().numpy()
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != (len(x),) or not np.isin(labels, range(len(MODE_COLORS))).all():
            raise ValueError(f"labels must be {len(x)} integers 0-4, got {labels}")
        color = np.asarray(MODE_COLORS)[labels.astype(int)]
    ax.scatter(x[:, 0], x[:, 1], s=size, c=color, alpha=0.6, linewidths=0, rasterized=True)
    return ax


def draw_density(ax: Axes, law: GaussianMixture, color: str = "black") -> Axes:
    """Contours of the exact density that enclose 50, 90 and 99 % of its mass."""
    ax, law = _validate.instance("ax", ax, Axes), _validate.instance("law", law, GaussianMixture)
    (x_low, x_high), (y_low, y_high) = PLANE
    xs = torch.linspace(x_low, x_high, 261, dtype=torch.float64)
    ys = torch.linspace(y_low, y_high, 206, dtype=torch.float64)
    density = law.log_prob(torch.cartesian_prod(xs, ys)).exp()
    ordered = density.sort(descending=True).values
    mass = ordered.cumsum(0) / ordered.sum()
    levels = sorted(ordered[(mass < share).sum()].item() for share in (0.5, 0.9, 0.99))
    grid = density.reshape(len(xs), len(ys)).T
    ax.contour(xs, ys, grid, levels=levels, colors=color, linewidths=0.8, alpha=0.7)
    return ax


def draw_prior(ax: Axes, color: str = "black") -> Axes:
    """Contours of N(0, I) in a latent plane: dashed circles at 1, 2 and 3 standard deviations."""
    ax = _validate.instance("ax", ax, Axes)
    for radius in (1, 2, 3):
        ax.add_patch(plt.Circle((0, 0), radius, fill=False, ls="--", lw=0.8, color=color))
    return ax
