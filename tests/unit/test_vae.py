"""The VAE and its objective against torch.distributions and an exactly solvable model."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from monte_carlo import assert_mean, rng
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from solutions_lib.networks import TimeMLP, mlp, randn, time_embedding
from solutions_lib.vae import (
    VAE,
    ElboTerms,
    gaussian_kl,
    gaussian_nll,
    negative_elbo,
    reparameterize,
)


def small_vae(**changes) -> VAE:
    torch.manual_seed(0)
    return VAE(**{"input_dim": 3, "hidden_dim": 8, "latent_dim": 2, **changes})


VALUES = arrays(float, (4, 3), elements=st.floats(-6, 6))


@given(VALUES, VALUES)
def test_kl_and_its_gradient_against_torch_distributions(mu, log_var):
    mu = torch.from_numpy(mu).requires_grad_()
    log_var = torch.from_numpy(log_var).requires_grad_()
    ours = gaussian_kl(mu, log_var)
    theirs = kl_divergence(Normal(mu, torch.exp(0.5 * log_var)), Normal(0.0, 1.0))
    torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(
        torch.autograd.grad(ours.sum(), [mu, log_var]),
        torch.autograd.grad(theirs.sum(), [mu, log_var]),
        atol=1e-9,
        rtol=1e-9,
    )


@given(VALUES, VALUES)
def test_kl_is_positive_away_from_the_prior(mu, log_var):
    kl = gaussian_kl(torch.from_numpy(mu), torch.from_numpy(log_var)).numpy()
    assert (kl >= -1e-15).all()
    assert (kl[(np.abs(mu) > 1e-3) | (np.abs(log_var) > 1e-3)] > 0).all()


def test_kl_is_zero_at_the_prior():
    assert (gaussian_kl(torch.zeros(3, 2), torch.zeros(3, 2)) == 0).all()


@given(VALUES, VALUES, st.floats(0.01, 10))
def test_nll_holds_every_constant(x, mean, var):
    x, mean = torch.from_numpy(x), torch.from_numpy(mean)
    theirs = -Independent(Normal(mean, math.sqrt(var)), 1).log_prob(x)
    torch.testing.assert_close(gaussian_nll(x, mean, var), theirs)


def test_reparameterised_draws_have_the_law_and_the_gradient():
    """With z = mu + sigma eps: dz/dmu = 1 and dz/dlog_var = (z - mu) / 2."""
    mu = torch.full((100_000,), 0.7, dtype=torch.float64, requires_grad=True)
    log_var = torch.full((100_000,), -1.2, dtype=torch.float64, requires_grad=True)
    z = reparameterize(mu, log_var, rng())
    assert_mean(z.detach(), 0.7)
    assert_mean((z.detach() - 0.7) ** 2, math.exp(-1.2))
    by_mu, by_log_var = torch.autograd.grad(z.sum(), [mu, log_var])
    assert (by_mu == 1).all()
    torch.testing.assert_close(by_log_var, (z - mu).detach() / 2)


def test_mlp_layers():
    layers = mlp([2, 5, 7, 3], torch.nn.Tanh)
    assert [type(layer).__name__ for layer in layers] == [
        "Linear",
        "Tanh",
        "Linear",
        "Tanh",
        "Linear",
    ]
    assert [tuple(w.shape) for w in layers.parameters() if w.ndim == 2] == [(5, 2), (7, 5), (3, 7)]


def test_shapes():
    model = small_vae()
    mu, log_var = model.encode(torch.zeros(5, 3))
    assert mu.shape == log_var.shape == (5, 2)
    assert model.decode(mu).shape == (5, 3)
    assert model.sample(7, rng()).shape == (7, 3)
    terms = negative_elbo(model, torch.zeros(5, 3), rng())
    assert terms.reconstruction.shape == (5,)
    assert terms.kl.shape == (5, 2)


def test_loss_weighs_the_kl():
    terms = ElboTerms(torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert terms.loss().item() == pytest.approx(1.5 + 5)
    assert terms.loss(0.1).item() == pytest.approx(1.5 + 0.5)


def test_estimate_is_a_function_of_the_generator():
    model, x = small_vae(), torch.ones(5, 3)
    first, again, other = (negative_elbo(model, x, rng(s)).loss() for s in (1, 1, 2))
    assert first == again != other
    assert torch.equal(model.sample(5, rng(1)), model.sample(5, rng(1)))


def linear_vae(weight: torch.Tensor, decoder_var: float) -> tuple[VAE, MultivariateNormal]:
    """p(x|z) = N(Wz, var I) with an encoder that ignores x, and the exact law of x."""
    d, k = weight.shape
    model = VAE(input_dim=d, hidden_dim=2, latent_dim=k, decoder_var=decoder_var).double()
    model.decoder = torch.nn.Linear(k, d, bias=False).double()
    model.encoder = torch.nn.Linear(d, 2 * k).double()
    with torch.no_grad():
        model.decoder.weight.copy_(weight)
        model.encoder.weight.zero_()
    covariance = weight @ weight.T + decoder_var * torch.eye(d, dtype=torch.float64)
    return model, MultivariateNormal(torch.zeros(d, dtype=torch.float64), covariance)


WEIGHT = torch.tensor([[1.0], [-0.5], [2.0]], dtype=torch.float64)
POINT = torch.tensor([[0.3, -1.0, 0.8]], dtype=torch.float64)


def test_negative_elbo_with_the_exact_posterior_is_the_nll():
    """The KL to the true posterior is zero here, so E of the estimate is -log p."""
    model, law = linear_vae(WEIGHT, 0.5)
    variance = 1 / (1 + WEIGHT.square().sum() / 0.5)
    mean = variance * (POINT @ WEIGHT) / 0.5
    with torch.no_grad():
        model.encoder.bias.copy_(torch.stack([mean.squeeze(), variance.log()]))
        terms = negative_elbo(model, POINT.expand(200_000, 3), rng())
    assert_mean(terms.reconstruction + terms.kl.sum(1), -law.log_prob(POINT))


def test_negative_elbo_is_unbiased_for_another_encoder():
    """E over q of the squared error is known: |x - W mu|^2 + sigma^2 |W|^2."""
    model, law = linear_vae(WEIGHT, 0.5)
    mu, variance = 0.4, 0.3
    with torch.no_grad():
        model.encoder.bias.copy_(torch.tensor([mu, math.log(variance)]))
        terms = negative_elbo(model, POINT.expand(200_000, 3), rng())
    squared = (POINT - mu * WEIGHT.T).square().sum() + variance * WEIGHT.square().sum()
    expected = squared / (2 * 0.5) + 1.5 * math.log(2 * math.pi * 0.5)
    assert_mean(terms.reconstruction, expected)
    assert expected + terms.kl[0].sum() > -law.log_prob(POINT).item()


def test_gradient_of_the_estimate_reaches_encoder_and_decoder():
    model = small_vae()
    negative_elbo(model, torch.ones(5, 3), rng()).loss().backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize(("noise_var", "expected"), [(0, 0.0), (0.2, 0.2), (None, 0.7)])
def test_samples_of_a_linear_decoder_have_its_covariance(noise_var, expected):
    """Unless told otherwise, samples come from the generative model, decoder noise included."""
    model = small_vae(latent_dim=1, decoder_var=0.7)
    model.decoder = torch.nn.Linear(1, 3, bias=False)
    with torch.no_grad():
        model.decoder.weight.copy_(WEIGHT)
    x = model.sample(200_000, rng(), noise_var).double()
    covariance = WEIGHT @ WEIGHT.T + expected * torch.eye(3, dtype=torch.float64)
    assert_mean(x[:, :, None] * x[:, None], covariance)


def test_decoder_means_lie_on_the_decoder_and_carry_no_graph():
    model = small_vae()
    x = model.sample(10, rng(3), noise_var=0)
    assert torch.equal(x, model.decode(randn((10, 2), rng(3), like=x)).detach())
    assert not x.requires_grad


def test_a_model_in_double_precision_samples_in_it():
    assert small_vae().double().sample(3, rng()).dtype == torch.float64


def test_randn_follows_dtype_and_keeps_the_stream():
    like = torch.zeros(1, dtype=torch.float64)
    draws = randn((1000, 2), rng(), like=like)
    assert draws.shape == (1000, 2)
    assert draws.dtype == torch.float64
    assert torch.equal(draws, torch.randn(1000, 2, generator=rng(), dtype=torch.float64))


def test_architecture_is_that_of_the_appendix():
    model = VAE()
    for network, widths in (
        (model.encoder, [(128, 2), (128, 128), (4, 128)]),
        (model.decoder, [(128, 2), (128, 128), (2, 128)]),
    ):
        layers = [tuple(layer.weight.shape) for layer in network[::2]]
        assert layers == widths
        assert {type(layer) for layer in network[1::2]} == {torch.nn.ReLU}
    assert model.decoder_var == 0.5


@given(arrays(np.float64, 3, elements=st.floats(0, 2000)))
def test_time_embedding_has_geometric_frequencies(t):
    dim = 8
    embedding = time_embedding(torch.from_numpy(t), dim)
    for i in range(dim // 2):
        angle = t / 10_000 ** (2 * i / dim)
        np.testing.assert_allclose(embedding[:, i], np.sin(angle), atol=1e-3)
        np.testing.assert_allclose(embedding[:, dim // 2 + i], np.cos(angle), atol=1e-3)


def test_time_mlp_sees_point_and_time_one_by_one():
    torch.manual_seed(0)
    net, x, t = TimeMLP(hidden_dim=16), torch.randn(5, 2, generator=rng()), torch.arange(5)
    out = net(x, t)
    assert out.shape == x.shape
    torch.testing.assert_close(net(x[3:4], t[3:4]), out[3:4])
    assert (net(x, t + 1) - out).abs().min() > 0
    assert (net(x + 1, t) - out).abs().min() > 0
    widths = [tuple(layer.weight.shape) for layer in net.layers[::2]]
    assert widths == [(16, 66), (16, 16), (16, 16), (2, 16)]
    assert {type(layer) for layer in net.layers[1::2]} == {torch.nn.SiLU}


def test_time_scale_multiplies_the_time():
    torch.manual_seed(0)
    net, x, t = TimeMLP(time_scale=1000.0), torch.zeros(3, 2), torch.tensor([0.1, 0.5, 0.9])
    scaled = net(x, t)
    net.time_scale = 1.0
    torch.testing.assert_close(net(x, 1000 * t), scaled)
    assert net.double()(x.double(), t).dtype == torch.float64


def test_defaults_of_the_time_mlp():
    net = TimeMLP()
    assert net.time_scale == 1.0
    assert [tuple(layer.weight.shape) for layer in net.layers[::2]] == [
        (256, 66),
        (256, 256),
        (256, 256),
        (2, 256),
    ]
