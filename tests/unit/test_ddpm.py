"""Schedule, loss and sampler against closed forms; nothing is trained."""

import pytest
import torch
from monte_carlo import assert_mean, rng

from solutions_lib.ddpm import SimpleDDPM, ancestral, exact_eps, linear_schedule, q_sample
from solutions_lib.metrics import energy_distance, floor
from solutions_lib.mixture import GaussianMixture, five_gaussians
from solutions_lib.streams import initialisation, stream

LAW = five_gaussians()
ALPHA_BAR = linear_schedule(50, beta_T=0.2)


def one_gaussian(mean: float, std: float) -> GaussianMixture:
    one = torch.ones(1, dtype=torch.float64)
    return GaussianMixture(one, mean * torch.ones(1, 2), std * one)


def test_linear_schedule_is_the_product_of_one_minus_beta() -> None:
    alpha_bar = linear_schedule(1000)
    assert alpha_bar.dtype == torch.float64
    product = 1.0
    for t in range(1, 1001):
        product *= 1 - (1e-4 + (0.02 - 1e-4) * (t - 1) / 999)
        assert alpha_bar[t].item() == pytest.approx(product, rel=1e-12)
    assert alpha_bar[0] == 1
    with pytest.raises(ValueError, match="beta_1 and beta_T must be below 1"):
        linear_schedule(10, beta_T=1.0)


def test_q_sample_has_the_moments_of_the_forward_process() -> None:
    x_0, alpha_bar = torch.full((4000, 2), 3.0), torch.full((4000,), 0.36)
    x_t = q_sample(x_0, alpha_bar, torch.randn(4000, 2, generator=rng()))
    assert_mean(x_t.flatten(), 1.8)
    assert_mean((x_t.flatten() - 1.8).square(), 0.64)


def test_q_sample_takes_one_level_for_each_point() -> None:
    x_0, eps = torch.ones(3, 2), torch.full((3, 2), 2.0)
    x_t = q_sample(x_0, torch.tensor([1.0, 0.0, 0.36], dtype=torch.float64), eps)
    torch.testing.assert_close(x_t[:, 0], torch.tensor([1.0, 2.0, 0.6 + 1.6]))


def test_exact_eps_is_the_regression_of_the_noise() -> None:
    """For one Gaussian, E[eps | x_t] is linear with known slope."""
    mean, std, level = 2.0, 0.5, ALPHA_BAR[20]
    x = torch.randn(10, 2, generator=rng(), dtype=torch.float64)
    eps = exact_eps(one_gaussian(mean, std), ALPHA_BAR)(x, torch.full((10,), 20))
    slope = (1 - level).sqrt() / (level * std**2 + 1 - level)
    torch.testing.assert_close(eps, slope * (x - level.sqrt() * mean))


def test_exact_eps_follows_the_time_of_each_point() -> None:
    eps, x = exact_eps(LAW, ALPHA_BAR), torch.randn(3, 2, generator=rng())
    t = torch.tensor([1, 25, 50])
    together = eps(x, t)
    assert together.dtype == x.dtype
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], eps(x[i : i + 1], t[i : i + 1]))


def test_one_ancestral_step_is_the_posterior_with_the_predicted_x_0() -> None:
    """Ho et al., equation 7: mean and variance of q(x_{t-1} | x_t, x_0), in terms of x_0."""
    x_t = torch.full((20_000, 1), 0.7, dtype=torch.float64)
    alpha_bar = ALPHA_BAR[:6]  # a step where little of the signal is gone
    first = next(ancestral(lambda x, t: 0.3 + 0 * x + 0 * t[:, None], x_t, alpha_bar, rng()))
    before, after = alpha_bar[-1], alpha_bar[-2]
    beta = 1 - before / after
    x_0 = (0.7 - (1 - before).sqrt() * 0.3) / before.sqrt()
    mean = after.sqrt() * beta / (1 - before) * x_0
    mean += (1 - beta).sqrt() * (1 - after) / (1 - before) * 0.7
    assert_mean(first.flatten(), mean.item())
    variance = beta * (1 - after) / (1 - before)
    assert_mean((first.flatten() - mean).square(), variance.item())


def test_ancestral_visits_every_time_once_and_ends_without_noise() -> None:
    times = []

    def eps(x, t):
        times.append(t[0].item())
        return torch.zeros_like(x)

    x_T = torch.randn(5, 2, generator=rng())
    chain = list(ancestral(eps, x_T, ALPHA_BAR, rng()))
    assert times == list(range(50, 0, -1))
    assert len(chain) == 50
    expected = chain[-2] / ALPHA_BAR[1].sqrt().float()
    torch.testing.assert_close(chain[-1], expected)


def test_ancestral_with_the_exact_noise_reaches_the_law() -> None:
    alpha_bar = linear_schedule(200, beta_T=0.05)
    x_T = LAW.diffused(alpha_bar[-1].item()).sample(1000, stream("x_T"))
    *_, x_0 = ancestral(exact_eps(LAW, alpha_bar), x_T, alpha_bar, stream("steps"))
    limits = floor(energy_distance, LAW.sample, 1000, stream("floor"))
    assert (
        energy_distance(x_0, LAW.sample(1000, stream("fresh"))) < limits.mean() + 5 * limits.std()
    )


def test_loss_is_the_mean_squared_error_of_the_noise_over_uniform_times() -> None:
    """A predictor that says zero has a loss of one; a wrong constant c adds c squared."""
    model = SimpleDDPM(hidden_dim=4, n_timesteps=50)
    seen = []

    def forward(x, t):
        seen.append(t)
        return torch.full_like(x, 0.5)

    model.eps.forward = forward
    losses = torch.stack([model.loss(torch.zeros(500, 2), stream("loss", i)) for i in range(40)])
    assert_mean(losses.detach(), 1.25)
    times = torch.cat(seen)
    assert (times.min(), times.max()) == (1, 50)
    assert_mean(times.double(), 25.5)


def test_sample_is_the_ancestral_chain_of_the_network() -> None:
    with initialisation(0):
        model = SimpleDDPM(hidden_dim=8, n_timesteps=10)
    generator = stream("sample")
    x_T = torch.randn(6, 2, generator=generator)
    *_, x_0 = ancestral(model.eps, x_T, model.alpha_bar, generator)
    torch.testing.assert_close(model.sample(6, stream("sample")), x_0.detach())


def test_a_schedule_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"alpha_bar must have 20 \+ 1 levels, got 51"):
        SimpleDDPM(n_timesteps=20, alpha_bar=ALPHA_BAR)
    assert SimpleDDPM(n_timesteps=50, alpha_bar=ALPHA_BAR).alpha_bar is ALPHA_BAR


def test_the_defaults_are_the_settings_of_exercise_12_11() -> None:
    model = SimpleDDPM()
    assert len(model.alpha_bar) == 501
    assert model.eps.layers[2].weight.shape == (256, 256)
    assert SimpleDDPM(hidden_dim=8).eps.layers[2].weight.shape == (8, 8)
