"""The figure grammar: what is drawn, where, and in which colour."""

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from monte_carlo import rng

from solutions_lib import plotting
from solutions_lib.mixture import five_gaussians

LAW = five_gaussians()


@pytest.fixture(autouse=True)
def fresh_figures():
    with plt.rc_context():
        yield
    plt.close("all")


def test_style_sheet_is_applied():
    plotting.use_style()
    assert plt.rcParams["figure.dpi"] == 120
    assert not plt.rcParams["axes.spines.top"]


def test_panels_share_limits_aspect_and_labels():
    fig, axes = plotting.panels(2, 3, width=6.0)
    assert axes.shape == (2, 3)
    assert fig.get_figwidth() == 6.0
    for ax in axes.flat:
        assert (ax.get_xlim(), ax.get_ylim()) == plotting.PLANE
        assert ax.get_aspect() == 1
    assert [ax.get_xlabel() for ax in axes[:, 0]] == ["", "$x_1$"]
    assert [ax.get_ylabel() for ax in axes[0]] == ["$x_2$", "", ""]


def test_panels_hold_nearly_all_of_the_data():
    (x_low, x_high), (y_low, y_high) = plotting.PLANE
    x = LAW.sample(20_000, rng())
    inside = (x[:, 0] > x_low) & (x[:, 0] < x_high) & (x[:, 1] > y_low) & (x[:, 1] < y_high)
    assert inside.double().mean() > 0.999


def test_cloud_is_grey_or_coloured_by_mode():
    _, axes = plotting.panels(1, 1)
    x, labels = LAW.sample_labelled(20, rng())
    ax = plotting.draw_cloud(axes[0, 0], x)
    assert ax is axes[0, 0]
    plotting.draw_cloud(ax, x, labels)
    plain, by_mode = ax.collections
    np.testing.assert_allclose(plain.get_offsets(), x)
    assert to_rgb(plain.get_facecolor()[0]) == to_rgb(plotting.REAL)
    drawn = [to_hex(color) for color in by_mode.get_facecolor()]
    assert drawn == [plotting.MODE_COLORS[k].lower() for k in labels]


def test_density_contours_enclose_50_90_and_99_percent():
    _, axes = plotting.panels(1, 1)
    ax = plotting.draw_density(axes[0, 0], LAW)
    assert ax is axes[0, 0]
    (contours,) = ax.collections
    density = LAW.log_prob(LAW.sample(100_000, rng())).exp()
    shares = [(density > level).double().mean().item() for level in contours.levels]
    for share, expected in zip(shares, (0.99, 0.9, 0.5), strict=True):
        error = 5 * (expected * (1 - expected) / len(density)) ** 0.5
        assert share == pytest.approx(expected, abs=error + 1e-3)  # 1e-3 for the pixels


def test_prior_is_three_circles_around_the_origin():
    ax = plt.figure().add_subplot()
    assert plotting.draw_prior(ax) is ax
    assert [(circle.center, circle.radius) for circle in ax.patches] == [
        ((0, 0), 1),
        ((0, 0), 2),
        ((0, 0), 3),
    ]


def test_colours_are_distinct():
    colors = [*plotting.MODE_COLORS, *plotting.FAMILY_COLORS.values()]
    assert len(set(colors)) == len(colors) == 9


def plain_frame(frame: int) -> plt.Figure:
    """A figure of 60 x 40 pixels in one of the greys 0, 10, 20, …"""
    return plt.figure(figsize=(0.6, 0.4), dpi=100, facecolor=str(10 * frame / 255))


@pytest.fixture
def shown(monkeypatch):
    """What a cell would show, in order."""
    outputs = []
    monkeypatch.setattr(plotting, "display", outputs.append)
    return outputs


@pytest.mark.parametrize("n_frames", [1, 4, 6])
def test_film_is_a_sheet_of_four_frames_a_row(n_frames, shown, capsys):
    assert plotting.film(plain_frame, [f"step {n}" for n in range(n_frames)]) is None
    (image,) = shown
    sheet = plt.imread(BytesIO(image.data))[..., :3] * 255
    rows = -(-n_frames // 4)
    assert sheet.shape == (40 * rows, 240, 3)
    for place in range(4 * rows):
        row, column = divmod(place, 4)
        frame = sheet[40 * row : 40 * (row + 1), 60 * column : 60 * (column + 1)]
        grey = 10 * place if place < n_frames else 255  # what is left of the last row is white
        np.testing.assert_allclose(frame, grey, atol=1e-3)
    names = " | ".join(f"step {n}" for n in range(n_frames))
    assert capsys.readouterr().out == f"Frames, four a row: {names}\n"


def test_film_is_the_same_every_time_and_leaves_no_figure_open(shown):
    def draw(frame):
        fig, axes = plotting.panels(1, 1, width=2)
        plotting.draw_cloud(axes[0, 0], LAW.sample(20, rng(frame)))
        return fig

    for _ in range(2):
        plotting.film(draw, ["start", "end"])
    first, second = shown
    assert first.data == second.data
    assert not plt.get_fignums()


def test_frames_of_a_film_have_one_size(shown):
    with pytest.raises(ValueError, match="same shape"):
        plotting.film(lambda frame: plt.figure(figsize=(1 + frame, 1)), ["start", "end"])
    assert not shown
