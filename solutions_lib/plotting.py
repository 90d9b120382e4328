"""The figure grammar of the book: ``ax`` first, returned; real data grey, one colour per mode."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython import get_ipython
from IPython.display import Image, display
from jaxtyping import Float, Int, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats
from torch import Tensor

from solutions_lib._values import Count, Positive
from solutions_lib.mixture import GaussianMixture

REAL = "0.55"
MODE_COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"]
FAMILY_COLORS = {"VAE": "#D55E00", "GAN": "#332288", "DDPM": "#117733", "flow": "#882255"}
PLANE = ((-5.2, 5.2), (-4.0, 4.2))


def use_style() -> None:
    """Switch matplotlib to the book's style sheet; notebooks show two pixels for each of it."""
    plt.style.use(Path(__file__).with_name("book.mplstyle"))
    if get_ipython() is not None:
        set_matplotlib_formats("retina")


def panels(
    n_rows: Count, n_columns: Count, width: Positive = 5.8
) -> tuple[Figure, Shaped[np.ndarray, "n_rows n_columns"]]:
    """A grid of equal-aspect panels of the plane, ``width`` inches wide; two columns fit phones."""
    height = width / n_columns * np.ptp(PLANE[1]) / np.ptp(PLANE[0]) + 0.1
    fig, axes = plt.subplots(
        n_rows, n_columns, figsize=(width, n_rows * height), sharex=True, sharey=True, squeeze=False
    )
    plt.setp(axes, xlim=PLANE[0], ylim=PLANE[1], aspect="equal")
    plt.setp(axes[-1], xlabel="$x_1$")
    plt.setp(axes[:, 0], ylabel="$x_2$")
    return fig, axes


def draw_cloud(
    ax: Axes,
    x: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"] | None = None,
    color: str = REAL,
    size: Positive = 4,
) -> Axes:
    """Scatter points in one colour, or by mode if labels 0-4 are given."""
    colors = color if labels is None else np.asarray(MODE_COLORS)[labels.cpu().numpy()]
    x = x.detach().cpu().numpy()
    ax.scatter(x[:, 0], x[:, 1], s=size, c=colors, alpha=0.6, linewidths=0, rasterized=True)
    return ax


def draw_density(ax: Axes, law: GaussianMixture, color: str = "black") -> Axes:
    """Contours of the exact density that enclose 50, 90 and 99 % of its mass."""
    xs = torch.linspace(*PLANE[0], 261, dtype=torch.float64)
    ys = torch.linspace(*PLANE[1], 206, dtype=torch.float64)
    density = law.log_prob(torch.cartesian_prod(xs, ys)).exp()
    ordered = density.sort(descending=True).values
    mass = ordered.cumsum(0) / ordered.sum()
    levels = sorted(ordered[(mass < share).sum()].item() for share in (0.5, 0.9, 0.99))
    grid = density.reshape(len(xs), len(ys)).T
    ax.contour(xs, ys, grid, levels=levels, colors=color, linewidths=0.8, alpha=0.7)
    return ax


def draw_prior(ax: Axes, color: str = "black") -> Axes:
    """Contours of N(0, I) in a latent plane: dashed circles at 1, 2 and 3 standard deviations."""
    for radius in (1, 2, 3):
        ax.add_patch(plt.Circle((0, 0), radius, fill=False, ls="--", lw=0.8, color=color))
    return ax


def film(draw: Callable[[int], Figure], labels: list[str]) -> None:
    """Show the figures ``draw(0)``, ``draw(1)``, … on one sheet, four a row; print their labels.

    All have one size. In the book ``book_ext/static/film.js`` finds the line and plays the sheet.
    """
    frames = []
    for index in range(len(labels)):
        figure = draw(index)
        figure.canvas.draw()
        frames.append(np.array(figure.canvas.buffer_rgba())[..., :3])
        plt.close(figure)
    frames += [np.full_like(frames[0], 255)] * (-len(labels) % 4)
    height, width, _ = frames[0].shape
    rows = np.stack(frames).reshape(-1, 4, height, width, 3).swapaxes(1, 2)
    plt.imsave(png := BytesIO(), rows.reshape(-1, 4 * width, 3), format="png")
    display(Image(png.getvalue()))
    print("Frames, four a row:", " | ".join(labels))
