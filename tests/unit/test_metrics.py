"""Distances on configurations with a known answer, and their floors."""

import inspect
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from monte_carlo import assert_mean, rng

from solutions_lib import metrics
from solutions_lib.mixture import five_gaussians

LAW = five_gaussians()
CLOUD = arrays(float, (6, 2), elements=st.floats(-5, 5)).map(torch.from_numpy)
VECTOR = arrays(float, 2, elements=st.floats(-5, 5)).map(torch.from_numpy)
DISTANCES = [metrics.energy_distance, metrics.wasserstein2, metrics.sliced_wasserstein2]


def ring(counts: list[int], radius: float) -> torch.Tensor:
    """``counts[k]`` points at ``radius`` standard deviations from centre k."""
    shift = torch.tensor([1.0, 0.0], dtype=torch.float64)
    points = [
        (mean + radius * std * shift).expand(count, 2)
        for mean, std, count in zip(LAW.means, LAW.stds, counts, strict=True)
    ]
    return torch.cat(points)


def test_a_mode_needs_fifty_points_within_two_standard_deviations():
    covered = metrics.covered_modes(ring([50, 49, 0, 1000, 51], 1.999), LAW)
    assert covered.tolist() == [True, False, False, True, True]
    assert not metrics.covered_modes(ring([100] * 5, 2.001), LAW).any()
    assert metrics.covered_modes(ring([100] * 5, 2.001), LAW, radius=2.1).all()
    assert metrics.covered_modes(ring([3, 2, 3, 3, 3], 1.0), LAW, min_count=3).sum() == 4


def test_every_mode_of_2000_true_samples_is_covered():
    assert metrics.covered_modes(LAW.sample(2000, rng()), LAW).all()


def test_mode_masses_of_true_samples_are_equal():
    x = LAW.sample(50_000, rng())
    masses = metrics.mode_masses(x, LAW)
    assert masses.sum().item() == pytest.approx(1)
    standard_error = math.sqrt(0.2 * 0.8 / len(x))
    slack = 1e-4  # more than the Bayes error, the share that is assigned elsewhere
    assert ((masses - 0.2).abs() < 5 * standard_error + slack).all()


def test_mode_masses_count_the_samples():
    masses = metrics.mode_masses(ring([10, 0, 30, 20, 40], 0.5), LAW)
    np.testing.assert_allclose(masses, [0.1, 0, 0.3, 0.2, 0.4], atol=1e-7)


def test_off_support_rate():
    x = torch.cat([ring([8, 0, 0, 0, 0], 2.99), ring([2, 0, 0, 0, 0], 3.01)])
    assert metrics.off_support_rate(x, LAW) == pytest.approx(0.2)


def test_off_support_rate_of_true_samples_is_the_exact_one():
    x = LAW.sample(200_000, rng())
    off = torch.tensor([metrics.off_support_rate(part, LAW) for part in x.split(1000)])
    assert_mean(off, 1 - LAW.ball_probability(3.0).sum())  # the balls of radius 3 are disjoint


def test_nearest_neighbour_distance():
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]])
    y = torch.tensor([[0.0, 1.0], [3.0, 0.0], [10.0, 0.0]])
    assert metrics.nearest_neighbour_distance(x, y) == pytest.approx((1 + 4 + 0) / 3)
    assert metrics.nearest_neighbour_distance(x[:1], y) == pytest.approx(1)


def test_energy_distance_of_two_point_masses():
    x, y = torch.tensor([[1.0, 2.0]]).repeat(4, 1), torch.tensor([[4.0, 6.0]]).repeat(9, 1)
    assert metrics.energy_distance(x, y) == pytest.approx(2 * 5)


@pytest.mark.parametrize("distance", DISTANCES)
@given(x=CLOUD, y=CLOUD)
def test_distances_are_symmetric_positive_and_blind_to_order(distance, x, y):
    value = distance(x, y)
    assert value >= -1e-12
    assert distance(y, x) == pytest.approx(value, abs=1e-6)
    assert distance(x.flip(0), y) == pytest.approx(value, abs=1e-6)
    assert distance(x, x.flip(0)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("distance", [*DISTANCES, metrics.nearest_neighbour_distance])
@given(x=CLOUD, y=CLOUD, shift=VECTOR)
def test_distances_move_with_the_data(distance, x, y, shift):
    value = distance(x, y)
    assert distance(x + shift, y + shift) == pytest.approx(value, abs=1e-6)
    assert distance(3 * x, 3 * y) == pytest.approx(3 * value, abs=1e-6)


@given(x=CLOUD, shift=VECTOR)
def test_distances_of_a_translation(x, shift):
    length = np.linalg.norm(shift)
    assert metrics.wasserstein2(x, x + shift) == pytest.approx(length, abs=1e-6)
    sliced = metrics.sliced_wasserstein2(x, x + shift)
    assert sliced == pytest.approx(length / math.sqrt(2), abs=1e-6)


@given(x=CLOUD, y=CLOUD)
def test_sliced_distance_is_at_most_the_exact_one(x, y):
    assert metrics.sliced_wasserstein2(x, y) <= metrics.wasserstein2(x, y) / math.sqrt(2) + 1e-6


@given(x=CLOUD, y=CLOUD)
def test_wasserstein2_is_the_best_of_all_permutations(x, y):
    x, y = x[:5], y[:5]
    costs = [((x - y[list(p)]) ** 2).sum(1).mean() for p in itertools.permutations(range(5))]
    assert metrics.wasserstein2(x, y) == pytest.approx(math.sqrt(min(costs)), abs=1e-9)


def test_one_slice_is_the_distance_of_the_first_coordinates():
    x, y = torch.tensor([[0.0, 5.0], [1.0, -7.0]]), torch.tensor([[3.0, 0.0], [2.0, 1.0]])
    assert metrics.sliced_wasserstein2(x, y, n_directions=1) == pytest.approx(2)


def test_either_precision_gives_one_distance():
    x, y = LAW.sample(20, rng(0)), LAW.sample(20, rng(1))
    for distance in (*DISTANCES, metrics.nearest_neighbour_distance):
        assert distance(x, y) == distance(x.double(), y.double())


def test_slices_are_equally_spaced_half_turns():
    """A shift along (cos a, sin a) moves a slice at angle b by cos(a - b)."""
    x, angle = torch.zeros(1, 2), 0.3
    y = torch.tensor([[math.cos(angle), math.sin(angle)]])
    slices = [angle - k * math.pi / 3 for k in range(3)]
    expected = math.sqrt(np.mean([math.cos(b) ** 2 for b in slices]))
    assert metrics.sliced_wasserstein2(x, y, n_directions=3) == pytest.approx(expected)


def test_defaults_of_the_metrics():
    """The rule of Exercise 12.8 and the figures that the pages state."""
    defaults = {
        metrics.covered_modes: {"radius": 2.0, "min_count": 50},
        metrics.off_support_rate: {"radius": 3.0},
        metrics.sliced_wasserstein2: {"n_directions": 64},
        metrics.floor: {"replicates": 20},
    }
    for function, expected in defaults.items():
        parameters = inspect.signature(function).parameters
        assert {name: parameters[name].default for name in expected} == expected


def test_scaled_distances_are_in_units_of_each_mode():
    distances = metrics.scaled_distances(ring([1, 1, 1, 1, 1], 1.5), LAW)
    assert distances.shape == (5, 5)
    np.testing.assert_allclose(distances.diag(), 1.5)
    exact = (LAW.means[0] - ring([0, 1, 0, 0, 0], 1.5)[0]).norm() / LAW.stds[0]
    assert distances[1, 0].item() == pytest.approx(exact.item())


def test_floor_measures_pairs_of_n_points_each():
    sizes, calls = [], []

    def draw(n: int, generator: torch.Generator) -> torch.Tensor:
        calls.append(n)
        return LAW.sample(n, generator)

    def metric(x: torch.Tensor, y: torch.Tensor) -> float:
        sizes.append((len(x), len(y)))
        assert not torch.equal(x, y)
        return float(len(sizes))

    floor = metrics.floor(metric, draw, 37, rng(), replicates=4)
    assert floor.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert sizes == [(37, 37)] * 4
    assert calls == [37] * 8
    assert len(metrics.floor(metric, draw, 2, rng())) == 20


def test_floor_has_its_exact_expectation():
    """E of the squared gap of two means is 2 Cov / n: a wrong n would show."""

    def metric(x: torch.Tensor, y: torch.Tensor) -> float:
        return (x - y).mean(0)[0].square().item()

    floor = metrics.floor(metric, LAW.sample, 50, rng(), replicates=2000)
    assert_mean(torch.from_numpy(floor), 2 * LAW.covariance()[0, 0] / 50)


def test_floor_is_a_function_of_its_generator():
    first, again, other = (
        metrics.floor(metrics.energy_distance, LAW.sample, 20, rng(seed), replicates=4)
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert len({*first, *other}) == 8


def test_defaults_act_as_stated():
    x, y = LAW.sample(30, rng(0)), LAW.sample(30, rng(1))
    assert metrics.sliced_wasserstein2(x, y) == metrics.sliced_wasserstein2(x, y, 64)
    assert metrics.sliced_wasserstein2(x, y) != metrics.sliced_wasserstein2(x, y, 65)


def test_mode_masses_name_every_mode_even_an_empty_last_one():
    assert metrics.mode_masses(ring([3, 0, 0, 0, 0], 0.5), LAW).tolist() == [1, 0, 0, 0, 0]
