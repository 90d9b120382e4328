"""Draw the picture of the landing page: noise becomes the five modes, with nothing trained.

Run `python tools/draw_cover.py`; it writes `book_ext/images/cover.png`. The planes show
the exact density at five noise levels, coloured by the exact component posterior; the threads are
solutions of the probability-flow equation, driven by the exact score.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
from draw_logo import IMAGES
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.transforms import Affine2D

from solutions_lib.mixture import five_gaussians
from solutions_lib.plotting import MODE_COLORS
from solutions_lib.streams import stream

LAW = five_gaussians()
PALETTE = np.array([to_rgb(color) for color in MODE_COLORS])
BACKGROUND = "#0b1020"
HALF = 4.4  # half the width of a plane, in data units
LENGTH = 15.0  # distance on paper from the first plane to the last
X_ON_PAPER, Y_ON_PAPER = np.array([0.40, -0.20]), np.array([0.0, 0.85])


def alpha_bar(u: float) -> float:
    """Signal power at time u: 0 is noise, 1 is data, sqrt(alpha_bar) = sin(pi u / 2)."""
    return float(np.sin(np.pi * u / 2) ** 2)


def flow(points: torch.Tensor, times: np.ndarray) -> np.ndarray:
    """Heun's method for dx/du = (pi / 2) cot(pi u / 2) (x + score_u(x)); shape (times, n, 2)."""

    def velocity(x: torch.Tensor, u: float) -> torch.Tensor:
        return np.pi / 2 / np.tan(np.pi * u / 2) * (x + LAW.diffused(alpha_bar(u)).score(x))

    path = [points.double()]
    for start, end in pairwise(times):
        first = velocity(path[-1], start)
        second = velocity(path[-1] + (end - start) * first, end)
        path.append(path[-1] + (end - start) * (first + second) / 2)
    return torch.stack(path).numpy()


def on_paper(xy: np.ndarray, u: np.ndarray | float) -> np.ndarray:
    """Oblique projection of points (..., 2) at times u."""
    along = np.stack(np.broadcast_arrays(LENGTH * np.asarray(u), 0.0), -1)
    return xy[..., :1] * X_ON_PAPER + xy[..., 1:] * Y_ON_PAPER + along


def draw_plane(ax: plt.Axes, u: float) -> None:
    """The density at time u as a glow in the colours of the modes, in a thin frame."""
    axis = torch.linspace(-HALF, HALF, 220, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    law = LAW.diffused(alpha_bar(u))
    density = law.log_prob(grid).exp().numpy()
    colour = law.posterior(grid).numpy() @ PALETTE
    opacity = 0.95 * (density / density.max()) ** 0.5
    image = np.column_stack([np.minimum(1, 0.25 + 0.9 * colour), opacity])
    image = image.reshape(len(axis), len(axis), 4).transpose(1, 0, 2)
    matrix = np.eye(3)
    matrix[:2] = np.column_stack([X_ON_PAPER, Y_ON_PAPER, [LENGTH * u, 0]])
    extent = (-HALF, HALF, -HALF, HALF)
    glow = ax.imshow(image, extent=extent, origin="lower", interpolation="bilinear", zorder=1)
    glow.set_transform(Affine2D(matrix) + ax.transData)
    corners = np.array([[-HALF, -HALF], [HALF, -HALF], [HALF, HALF], [-HALF, HALF]])
    ax.fill(*on_paper(corners, u).T, fill=False, edgecolor="white", alpha=0.35, linewidth=0.8)


def draw_cover() -> plt.Figure:
    """Five planes, ninety threads, and a line of text that stays legible on a phone."""
    figure, ax = plt.subplots(figsize=(10, 4.9), facecolor=BACKGROUND, layout=None)
    figure.subplots_adjust(0, 0, 1, 1)
    for u in np.linspace(0, 1, 5):
        draw_plane(ax, u)
    times = np.linspace(0.002, 1, 300)
    start = LAW.diffused(alpha_bar(times[0])).sample(90, stream("cover"))
    path = flow(start, times)
    mode = LAW.posterior(torch.from_numpy(path[-1])).argmax(1).numpy()
    threads = on_paper(path, times[:, None]).transpose(1, 0, 2)
    ax.add_collection(LineCollection(threads, colors=PALETTE[mode], alpha=0.55, linewidths=0.9))
    ax.scatter(*threads[:, 0].T, s=9, color="white", alpha=0.85, linewidths=0, zorder=3)
    ax.scatter(*threads[:, -1].T, s=13, color=PALETTE[mode], edgecolor="white", lw=0.5, zorder=3)
    ax.text(0, -5.4, "noise", color="white", fontsize=22, ha="center", va="center")
    ax.text(LENGTH, -5.4, "data", color="white", fontsize=22, ha="center", va="center")
    ax.annotate(
        "",
        xy=(LENGTH - 1.3, -5.4),
        xytext=(1.5, -5.4),
        arrowprops={"arrowstyle": "-|>", "color": "white", "alpha": 0.6, "linewidth": 1.4},
    )
    ax.set(xlim=(-2.4, LENGTH + 2.4), ylim=(-6.2, 4.9))
    ax.set_aspect("auto")
    ax.axis("off")
    return figure


if __name__ == "__main__":
    draw_cover().savefig(IMAGES / "cover.png", dpi=120)
