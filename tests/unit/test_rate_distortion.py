"""The rate-distortion bound where its value is known."""

import math

import pytest
import torch

from solutions_lib.mixture import GaussianMixture, five_gaussians
from solutions_lib.rate_distortion import rate_distortion_bound

LAW = five_gaussians()
STD = 0.6
GAUSSIAN = GaussianMixture(torch.ones(1), torch.tensor([[1.0, -2.0]]), torch.tensor([STD]))


@pytest.mark.parametrize("var", [0.01, 0.1, STD**2])
def test_one_gaussian_below_its_variance(var):
    """R(D) = d/2 log(d s^2 / D) for d = 2; at slope -1/(2 var), D = 2 var, so D/(2 var) = 1."""
    lower, upper = rate_distortion_bound(GAUSSIAN, var)
    expected = 1 + math.log(STD**2 / var)
    assert lower == pytest.approx(expected, abs=1e-6)
    assert upper == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("var", [0.5, 1.0, 4.0])
def test_one_gaussian_above_its_variance_needs_no_rate(var):
    """One reproduction point at the mean: what remains is E|x - m|^2 / (2 var) = s^2 / var.

    The mean lies off the grid, so a lower end that looked at grid points only would be too high.
    """
    lower, upper = rate_distortion_bound(GAUSSIAN, var, iterations=1000)
    assert lower == pytest.approx(STD**2 / var, rel=1e-3)
    assert lower <= STD**2 / var < upper < 1.05 * lower


@pytest.mark.parametrize("var", [0.1, 0.5, 2.0])
def test_mixture_lies_between_shannon_and_zero_rate(var):
    lower, upper = rate_distortion_bound(LAW, var, iterations=500)
    shannon = LAW.entropy() - math.log(2 * math.pi * var)
    zero_rate = LAW.covariance().trace().item() / (2 * var)
    assert lower < zero_rate
    assert shannon < upper
    assert lower < upper


def test_mixture_meets_the_shannon_bound_up_to_its_narrowest_component():
    narrowest = LAW.stds.min().item() ** 2
    for var in (0.01, narrowest):
        shannon = LAW.entropy() - math.log(2 * math.pi * var)
        assert rate_distortion_bound(LAW, var) == (shannon, shannon)
    lower, upper = rate_distortion_bound(LAW, narrowest * 1.0001, iterations=500)
    shannon = LAW.entropy() - math.log(2 * math.pi * narrowest)
    assert lower - 1e-2 <= shannon <= upper + 1e-2


@pytest.mark.parametrize("var", [6.0, 50.0])
def test_mixture_needs_no_rate_at_a_large_variance(var):
    lower, upper = rate_distortion_bound(LAW, var)
    zero_rate = LAW.covariance().trace().item() / (2 * var)
    assert lower <= zero_rate + 1e-6
    assert lower == pytest.approx(zero_rate, rel=1e-3)
    assert zero_rate < upper < zero_rate + 1e-3


def test_more_iterations_narrow_the_gap():
    gaps = []
    for iterations in (10, 100, 1000):
        lower, upper = rate_distortion_bound(LAW, 0.5, iterations)
        gaps.append(upper - lower)
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 0.05
