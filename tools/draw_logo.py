"""Draw the book's logo and favicon: the five modes of the mixture as soft dots.

Run `python tools/draw_logo.py`; it writes `logo.svg` and `favicon.png` to `book_ext/images/`.
"""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from solutions_lib.mixture import CENTERS
from solutions_lib.plotting import MODE_COLORS

IMAGES = Path(__file__).parents[1] / "book_ext" / "images"
HALO = [(1.5, 0.16), (1.15, 0.3), (0.8, 1.0)]  # radius and opacity, from the rim inwards


def draw(size: float) -> plt.Figure:
    """A square figure of the given size in inches, without background."""
    figure, ax = plt.subplots(figsize=(size, size), layout=None)
    figure.subplots_adjust(0, 0, 1, 1)
    for center, color in zip(CENTERS, MODE_COLORS, strict=True):
        for radius, opacity in HALO:
            ax.add_patch(plt.Circle(center, radius, color=color, alpha=opacity, linewidth=0))
    ax.set(xlim=(-4.6, 4.6), ylim=(-4.6, 4.6), aspect="equal")
    ax.axis("off")
    return figure


if __name__ == "__main__":
    mpl.rcParams["svg.hashsalt"] = "logo"
    draw(1).savefig(IMAGES / "logo.svg", transparent=True, metadata={"Date": None})
    draw(1).savefig(IMAGES / "favicon.png", dpi=64, transparent=True)
