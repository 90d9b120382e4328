"""Loss and flow against closed forms; nothing is trained."""

import math

import pytest
import torch
from monte_carlo import assert_mean, rng

from solutions_lib.flow_matching import FlowMatchingTrainer, euler, independent
from solutions_lib.mixture import GaussianMixture, five_gaussians
from solutions_lib.streams import initialisation, stream

LAW = five_gaussians()


def test_euler_on_a_linear_field_is_a_power() -> None:
    """x' = a x: each step multiplies by 1 + a h."""
    x = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    path = list(euler(lambda x, t: 0.7 * x + 0 * t[:, None], x, 8))
    assert len(path) == 8
    for step, point in enumerate(path, start=1):
        torch.testing.assert_close(point, x * (1 + 0.7 / 8) ** step)


def test_euler_visits_the_left_ends_and_is_of_first_order() -> None:
    times = []

    def velocity(x, t):
        times.append(t[0].item())
        return torch.cos(t)[:, None].expand_as(x)

    x = torch.zeros(3, 2, dtype=torch.float64)
    errors = []
    for n_steps in (10, 20):
        times.clear()
        *_, end = euler(velocity, x, n_steps)
        errors.append(abs(end[0, 0].item() - math.sin(1)))
        assert times == pytest.approx([step / n_steps for step in range(n_steps)])
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)


def test_one_step_from_noise_lands_at_the_mean() -> None:
    """v(x, 0) = E[x_1] - x, so a single Euler step maps every point to the mean of the data."""
    x = torch.randn(5, 2, generator=rng(), dtype=torch.float64)
    (end,) = euler(LAW.velocity, x, 1)
    torch.testing.assert_close(end, LAW.mean().expand_as(x))


def test_the_exact_flow_of_one_gaussian_carries_noise_to_its_law() -> None:
    """From N(0, 1) to N(m, s^2) the flow is the affine map m + s x."""
    one = torch.ones(1, dtype=torch.float64)
    law = GaussianMixture(one, torch.tensor([[2.0, -1.0]]), 0.5 * one)
    x = torch.randn(6, 2, generator=rng(), dtype=torch.float64)
    *_, end = euler(law.velocity, x, 4000)
    torch.testing.assert_close(end, law.means + 0.5 * x, atol=2e-3, rtol=0)


def test_loss_regresses_on_data_minus_noise_at_points_between() -> None:
    """With data at 3, a field c costs E(3 - eps - c)^2 = (3 - c)^2 + 1 per coordinate."""
    model = FlowMatchingTrainer(hidden_dim=4)
    seen = []

    def forward(x, t):
        seen.append((x, t))
        return torch.full_like(x, 1.0)

    model.velocity.forward = forward
    data = torch.full((500, 2), 3.0)
    losses = torch.stack([model.loss(data, stream("loss", i)) for i in range(40)])
    assert_mean(losses.detach(), 5.0)
    x, t = (torch.cat(parts) for parts in zip(*seen, strict=True))
    assert_mean(t.double(), 0.5)
    assert_mean((t * (x[:, 0] - 3 * t)).double(), 0)
    assert_mean((x[:, 0] - 3 * t).square().double(), 1 / 3)  # E(1 - t)^2


def test_the_loss_follows_the_coupling() -> None:
    """A coupling that takes the data for the noise leaves nothing to regress on."""
    model = FlowMatchingTrainer(hidden_dim=4, coupling=lambda _, x_1: (x_1, x_1))
    model.velocity.forward = lambda x, t: 0 * x + 0 * t[:, None]
    assert model.loss(torch.randn(9, 2, generator=rng()), stream("loss")) == 0
    eps, x_1 = torch.zeros(3, 2), torch.ones(3, 2)
    assert independent(eps, x_1) == (eps, x_1)


def test_sample_is_the_flow_of_noise() -> None:
    with initialisation(0):
        model = FlowMatchingTrainer(hidden_dim=8)
    eps = torch.randn(6, 2, generator=stream("sample"))
    *_, x_1 = euler(model.velocity, eps, 50)
    torch.testing.assert_close(model.sample(6, stream("sample")), x_1.detach())
    x_1 = model.sample(6, stream("sample"), 3, lambda _, x, n: iter([x + n]))
    torch.testing.assert_close(x_1, eps + 3)


def test_the_defaults_are_those_that_pages_rely_on() -> None:
    model = FlowMatchingTrainer()
    assert model.velocity.layers[2].weight.shape == (128, 128)
    assert model.velocity.time_scale == 1000
    assert model.input_dim == 2
