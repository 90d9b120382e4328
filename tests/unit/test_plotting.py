"""The figure grammar: what is drawn, where, and in which colour."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
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
    assert plt.rcParams["figure.dpi"] == 130
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
    plotting.draw_cloud(ax, x.numpy(), labels)
    plain, by_mode = ax.collections
    np.testing.assert_allclose(plain.get_offsets(), x)
    assert to_rgb(plain.get_facecolor()[0]) == to_rgb(plotting.REAL)
    drawn = [to_hex(color) for color in by_mode.get_facecolor()]
    assert drawn == [plotting.MODE_COLORS[k].lower() for k in labels]


@pytest.mark.parametrize(
    "labels", [[0], [0, 5], [0, -1], [0.5, 1.0], [0, float("nan")], [[0], [1]], "01"]
)
def test_cloud_labels_must_name_modes(labels):
    _, axes = plotting.panels(1, 1)
    with pytest.raises(ValueError, match="labels must be 2 integers 0-4"):
        plotting.draw_cloud(axes[0, 0], torch.zeros(2, 2), labels)


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
