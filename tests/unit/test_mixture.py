"""The exact law of the five Gaussians against independent routes to the same numbers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from monte_carlo import assert_mean, rng
from scipy.stats import multivariate_normal

from solutions_lib.mixture import (
    CENTERS,
    STDS,
    GaussianMixture,
    five_gaussians,
    make_gaussian_mixture,
    make_labelled_gaussian_mixture,
)

LAW = five_gaussians()
SKEWED = GaussianMixture(
    torch.tensor([0.7, 0.3], dtype=torch.float64),
    torch.tensor([[-1.0, 0.5], [1.5, 0.0]], dtype=torch.float64),
    torch.tensor([0.8, 0.5], dtype=torch.float64),
)
IN_PLANE = arrays(float, (7, 2), elements=st.floats(-6, 6)).map(torch.from_numpy)


def points(n: int) -> torch.Tensor:
    """The first of the exercise's points."""
    return torch.from_numpy(make_gaussian_mixture(n))


def single(mean: list[float], std: float) -> GaussianMixture:
    """One component, for which every quantity has a textbook formula."""
    return GaussianMixture(torch.ones(1), torch.tensor([mean]), torch.tensor([std]))


def data_of_the_exercise(n_samples: int, seed: int) -> np.ndarray:
    """The code that Exercise 12.3 prints, line by line."""
    rng = np.random.RandomState(seed)
    centers = np.array([[2, 2], [-2, 2], [0, -2], [3, -1], [-3, -1]])
    stds = np.array([0.3, 0.4, 0.35, 0.25, 0.45])
    labels = rng.randint(0, 5, size=n_samples)
    data = centers[labels] + stds[labels, None] * rng.randn(n_samples, 2)
    return data.astype(np.float32)


@pytest.mark.parametrize("n", [1, 7, 1000, 10000])
@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
def test_data_are_those_of_the_exercise_bit_for_bit(n, seed):
    data = make_gaussian_mixture(n, seed)
    assert data.dtype == np.float32
    assert data.tobytes() == data_of_the_exercise(n, seed).tobytes()


def test_defaults_are_those_of_the_exercise():
    assert make_gaussian_mixture().tobytes() == data_of_the_exercise(10000, 42).tobytes()


def test_labels_replay_the_stream_of_the_data():
    data, labels = make_labelled_gaussian_mixture(5000, 3)
    assert data.tobytes() == make_gaussian_mixture(5000, 3).tobytes()
    noise = (data - CENTERS[labels]) / STDS[labels, None]
    replay = np.random.RandomState(3)
    replay.randint(0, 5, size=5000)
    np.testing.assert_allclose(noise, replay.randn(5000, 2), atol=1e-5)


def test_data_stream_leaves_the_global_one_alone():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_gaussian_mixture(10)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_log_prob_and_posterior_against_scipy():
    x = points(200)
    joint = np.stack(
        [0.2 * multivariate_normal(m, s**2).pdf(x) for m, s in zip(CENTERS, STDS, strict=True)], 1
    )
    np.testing.assert_allclose(LAW.log_prob(x), np.log(joint.sum(1)), atol=1e-10)
    posterior = joint / joint.sum(1, keepdims=True)
    np.testing.assert_allclose(LAW.posterior(x), posterior, atol=1e-10)


def test_density_integrates_to_one_by_a_grid_of_its_own():
    axis = np.arange(-8, 8, 0.03)
    x1, x2 = np.meshgrid(axis, axis)
    density = LAW.log_prob(torch.from_numpy(np.column_stack([x1.ravel(), x2.ravel()]))).exp()
    assert density.sum().item() * 0.03**2 == pytest.approx(1, abs=1e-10)
    assert LAW.expect(lambda x: torch.ones(len(x))).item() == pytest.approx(1, abs=1e-12)


@given(IN_PLANE)
def test_score_is_the_gradient_of_log_prob(x):
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(LAW.log_prob(x).sum(), x)
    torch.testing.assert_close(LAW.score(x.detach()), gradient, atol=1e-9, rtol=1e-9)


@given(arrays(float, (7, 2), elements=st.floats(-1e4, 1e4)).map(torch.from_numpy))
def test_posterior_is_a_distribution_and_log_prob_finite_however_far(x):
    posterior = LAW.posterior(x)
    assert (posterior >= 0).all()
    torch.testing.assert_close(posterior.sum(1), torch.ones(7, dtype=torch.float64))
    assert torch.isfinite(LAW.log_prob(x)).all()


def test_float32_points_give_float64_results():
    x = points(5)
    for result in (LAW.log_prob(x), LAW.posterior(x), LAW.score(x), LAW.velocity(x, 0.5)):
        assert result.dtype == torch.float64
    torch.testing.assert_close(LAW.log_prob(x), LAW.log_prob(x.double()))


def test_samples_have_the_moments_and_labels_of_the_law():
    x, labels = SKEWED.sample_labelled(100_000, rng())
    assert x.dtype == torch.float32
    assert_mean((labels == 0).double(), 0.7)
    assert_mean(x.double(), SKEWED.mean())
    noise = (x - SKEWED.means[labels]) / SKEWED.stds[labels, None]
    for power, expected in ((1, 0), (2, 1), (4, 3)):
        assert_mean(noise**power, expected)


def test_sampling_is_a_function_of_the_generator():
    assert torch.equal(LAW.sample(100, rng(1)), LAW.sample(100, rng(1)))
    assert not torch.equal(LAW.sample(100, rng(1)), LAW.sample(100, rng(2)))


@pytest.mark.parametrize("law", [LAW, SKEWED], ids=["five", "skewed"])
def test_moments_against_quadrature(law):
    torch.testing.assert_close(law.mean(), law.expect(lambda x: x))
    centred = law.expect(lambda x: (x - law.mean())[:, :, None] * (x - law.mean())[:, None])
    torch.testing.assert_close(law.covariance(), centred)


def test_matched_gaussian_is_gaussian_with_the_moments_of_the_law():
    x = LAW.sample_matched_gaussian(200_000, rng()).double()
    white = (x - LAW.mean()) @ torch.linalg.inv(torch.linalg.cholesky(LAW.covariance())).T
    assert_mean(white, 0)
    assert_mean(white[:, :, None] * white[:, None], torch.eye(2, dtype=torch.float64))
    assert_mean(white**4, 3)


def test_entropy_of_one_gaussian():
    for mean, std in (([0.5], 2.0), ([0.0, 3.0], 0.5)):
        exact = 0.5 * len(mean) * math.log(2 * math.pi * math.e * std**2)
        assert single(mean, std).entropy() == pytest.approx(exact, abs=1e-10)


@pytest.mark.parametrize("law", [LAW, SKEWED], ids=["five", "skewed"])
def test_entropy_against_monte_carlo(law):
    assert_mean(-law.log_prob(law.sample(200_000, rng())), law.entropy())


def test_expect_in_one_dimension_and_not_in_three():
    law = GaussianMixture(
        torch.tensor([0.25, 0.75]), torch.tensor([[-1.0], [2.0]]), torch.tensor([0.5, 1.5])
    )
    fourth = sum(
        w * (m**4 + 6 * m**2 * s**2 + 3 * s**4) for w, m, s in ((0.25, -1, 0.5), (0.75, 2, 1.5))
    )
    assert law.expect(lambda x: x[:, 0] ** 4).item() == pytest.approx(fourth, rel=1e-12)
    with pytest.raises(ValueError, match="dimension 1 or 2, got 3"):
        single([0.0, 0.0, 0.0], 1.0).expect(lambda x: x)


@pytest.mark.parametrize("law", [LAW, SKEWED], ids=["five", "skewed"])
def test_ball_probability_against_monte_carlo(law):
    x = law.sample(200_000, rng())
    for radius in (0.5, 2.0, 4.0):
        inside = torch.cdist(x.double(), law.means) < radius * law.stds
        assert_mean(inside.double(), law.ball_probability(radius))


def test_ball_probability_of_one_gaussian_in_the_plane():
    for radius in (0.1, 1.0, 2.0, 3.0):
        exact = 1 - math.exp(-(radius**2) / 2)
        assert single([1.0, -2.0], 0.7).ball_probability(radius).item() == pytest.approx(exact)


def two_components(distance: float, weight: float) -> GaussianMixture:
    return GaussianMixture(
        torch.tensor([weight, 1 - weight], dtype=torch.float64),
        torch.tensor([[0.0, 0.0], [distance, 0.0]], dtype=torch.float64),
        torch.ones(2),
    )


def test_label_quantities_of_identical_components():
    law = two_components(0.0, 0.3)
    assert law.label_information() == pytest.approx(0, abs=1e-10)


def test_label_quantities_of_distant_components():
    law = two_components(30.0, 0.3)
    entropy = -0.3 * math.log(0.3) - 0.7 * math.log(0.7)
    assert law.label_information() == pytest.approx(entropy, abs=1e-10)


def test_label_quantities_against_monte_carlo():
    x, labels = LAW.sample_labelled(200_000, rng())
    posterior = LAW.posterior(x)
    exact = 1 - LAW.expect(lambda x: LAW.posterior(x).amax(1))
    assert_mean((posterior.argmax(1) != labels).double(), exact)
    gain = posterior.gather(1, labels[:, None]).log() - math.log(0.2)
    assert_mean(gain, LAW.label_information())


def test_diffusion_ends():
    x = points(50)
    torch.testing.assert_close(LAW.diffused(1).log_prob(x), LAW.log_prob(x))
    standard = multivariate_normal([0, 0], 1).logpdf(x)
    np.testing.assert_allclose(LAW.diffused(0).log_prob(x), standard, atol=1e-10)


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_diffusing_twice_is_diffusing_once(first, second):
    twice, once = LAW.diffused(first).diffused(second), LAW.diffused(first * second)
    torch.testing.assert_close(twice.means, once.means)
    torch.testing.assert_close(twice.stds, once.stds)


def test_diffused_law_is_that_of_noisy_samples():
    x0 = LAW.sample(200_000, rng())
    noisy = math.sqrt(0.3) * x0 + math.sqrt(0.7) * torch.randn(x0.shape, generator=rng(1))
    law = LAW.diffused(0.3)
    for f in (lambda x: x, lambda x: x[:, :1] * x, law.log_prob):
        assert_mean(f(noisy.double()), law.expect(f))


def test_velocity_at_the_ends():
    x = points(50)
    torch.testing.assert_close(LAW.velocity(x, 0), LAW.mean() - x.double())
    torch.testing.assert_close(LAW.velocity(x, 1), x.double())


@given(st.floats(0, 1), IN_PLANE)
def test_velocity_for_one_gaussian(t, x):
    mean, std = torch.tensor([1.0, -2.0]), 0.7
    variance = (t * std) ** 2 + (1 - t) ** 2  # of x_t; regression of x_1 - eps on x_t
    exact = mean + (t * std**2 - (1 - t)) / variance * (x - t * mean)
    torch.testing.assert_close(single([1.0, -2.0], 0.7).velocity(x, t), exact, atol=1e-5, rtol=1e-6)


@settings(max_examples=30)
@given(st.floats(0.05, 0.95), IN_PLANE)
def test_velocity_solves_the_continuity_equation(t, x):
    """dp/dt + div(p v) = 0, divided by p: d log p/dt + v . score + div v = 0."""

    h = 1e-5
    rate = (LAW.interpolated(t + h).log_prob(x) - LAW.interpolated(t - h).log_prob(x)) / (2 * h)
    transport = (LAW.velocity(x, t) * LAW.interpolated(t).score(x)).sum(1)
    divergence = sum(
        (LAW.velocity(x + h * e, t) - LAW.velocity(x - h * e, t)) @ e / (2 * h)
        for e in torch.eye(2, dtype=torch.float64)
    )
    scale = 1 + rate.abs() + transport.abs() + divergence.abs()
    assert ((rate + transport + divergence).abs() < 1e-5 * scale).all()


def test_velocity_is_the_regression_of_the_displacement():
    """E[(x_1 - eps) g(x_t)] = E[v(x_t) g(x_t)] for test functions g."""
    x1, eps = LAW.sample(200_000, rng()), torch.randn(200_000, 2, generator=rng(1))
    xt = (0.4 * x1 + 0.6 * eps).double()
    residual = (x1 - eps) - LAW.velocity(xt, 0.4)
    for g in (torch.ones_like(xt), xt, xt.flip(1), torch.cos(3 * xt)):
        assert_mean(residual * g, 0)


def test_interpolated_law_is_that_of_the_path():
    x1, eps = LAW.sample(200_000, rng()), torch.randn(200_000, 2, generator=rng(1))
    law = LAW.interpolated(0.4)
    xt = (0.6 * eps + 0.4 * x1).double()
    for f in (lambda x: x, lambda x: x[:, :1] * x, law.log_prob):
        assert_mean(f(xt), law.expect(f))
    torch.testing.assert_close(LAW.interpolated(1).log_prob(xt[:9]), LAW.log_prob(xt[:9]))


FIELDS = {
    "velocity": LAW.velocity,
    "diffused score": lambda x, t: LAW.diffused(t).score(x),
    "diffused log_prob": lambda x, t: LAW.diffused(t).log_prob(x),
    "interpolated posterior": lambda x, t: LAW.interpolated(t).posterior(x),
}


@pytest.mark.parametrize("name", FIELDS)
def test_times_may_be_numbers_scalar_tensors_or_one_per_point(name):
    field, x = FIELDS[name], points(6)
    times = torch.tensor([0.0, 0.1, 0.35, 0.5, 0.9, 1.0])
    one_by_one = torch.stack([field(x[i], times[i]) for i in range(6)])
    assert one_by_one.dtype == torch.float64
    torch.testing.assert_close(field(x, times), one_by_one)
    torch.testing.assert_close(field(x, 0.35), field(x, times[2].double()), atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(torch.func.vmap(field)(x, times), one_by_one)


@pytest.mark.parametrize("jacobian", [torch.func.jacrev, torch.func.jacfwd])
@pytest.mark.parametrize("name", FIELDS)
def test_fields_can_be_differentiated_point_by_point(name, jacobian):
    field, x = FIELDS[name], points(4).double()
    times = torch.tensor([0.2, 0.4, 0.6, 0.8], dtype=torch.float64)
    for argument in (0, 1):
        slopes = torch.func.vmap(jacobian(field, argnums=argument))(x, times)
        h = 1e-6
        step = h * (
            torch.eye(2, dtype=torch.float64)[:, None] if argument == 0 else torch.ones(1, 1)
        )
        for k, shift in enumerate(step):
            moved = [
                (x + s * shift, times) if argument == 0 else (x, times + s * h) for s in (1, -1)
            ]
            numeric = (field(*moved[0]) - field(*moved[1])) / (2 * h)
            exact = slopes[..., k] if argument == 0 else slopes
            torch.testing.assert_close(exact, numeric, atol=1e-5, rtol=1e-5)


def test_grid_of_expect_is_fine_and_wide_enough():
    """Moments up to the eighth of a narrow component beside a wide one."""
    law = GaussianMixture(
        torch.tensor([0.5, 0.5]), torch.tensor([[0.0], [1.0]]), torch.tensor([0.1, 2.0])
    )
    eighth = 0.5 * (105 * 0.1**8) + 0.5 * sum(
        math.comb(8, 2 * j) * math.prod(range(1, 2 * j, 2)) * 2.0 ** (2 * j) for j in range(5)
    )
    assert law.expect(lambda x: x[:, 0] ** 8).item() == pytest.approx(eighth, rel=1e-9)


def test_parameters_become_float64():
    law = single([1.0, 2.0], 0.5)
    assert {law.weights.dtype, law.means.dtype, law.stds.dtype} == {torch.float64}


def test_five_gaussians_are_those_that_the_data_come_from():
    law, (data, labels) = five_gaussians(), make_labelled_gaussian_mixture(100_000, 0)
    assert law.weights.tolist() == [0.2] * 5
    for k in range(5):
        mode = torch.from_numpy(data[labels == k]).double()
        assert_mean(mode, law.means[k])
        assert_mean((mode - law.means[k]) ** 2, law.stds[k] ** 2)


def test_labelled_data_have_the_defaults_of_the_exercise():
    data, labels = make_labelled_gaussian_mixture()
    assert data.tobytes() == data_of_the_exercise(10000, 42).tobytes()
    assert len(labels) == 10000


def test_a_sample_is_made_in_double_precision_from_labels_and_noise():
    x, labels = LAW.sample_labelled(1000, rng(7))
    generator = rng(7)
    replay = torch.multinomial(LAW.weights, 1000, replacement=True, generator=generator)
    eps = torch.randn(1000, 2, dtype=torch.float64, generator=generator)
    assert torch.equal(labels, replay)
    assert torch.equal(x, (LAW.means[labels] + LAW.stds[labels, None] * eps).float())


def test_matched_gaussian_is_a_function_of_its_generator():
    first, again = (LAW.sample_matched_gaussian(50, rng(1)) for _ in "ab")
    assert torch.equal(first, again)


def test_exact_results_are_exact_to_double_precision():
    assert LAW.covariance().dtype == torch.float64
    assert LAW.covariance()[0, 0].item() == pytest.approx(5.3275, abs=1e-12)
    assert LAW.diffused(0.3).stds[0].item() == pytest.approx(math.sqrt(0.3 * 0.09 + 0.7), abs=1e-14)
    assert LAW.interpolated(0.3).stds[0].item() == pytest.approx(math.hypot(0.09, 0.7), abs=1e-14)
    mean, std, t, x = 2.0, 0.3, 0.3, 1.1
    exact = mean + (t * std**2 - (1 - t)) / ((t * std) ** 2 + (1 - t) ** 2) * (x - t * mean)
    point = torch.tensor([[x, x]], dtype=torch.float64)
    found = single([mean, mean], std).velocity(point, t)
    assert found[0, 0].item() == pytest.approx(exact, abs=1e-6)  # 0.3 came in single precision
