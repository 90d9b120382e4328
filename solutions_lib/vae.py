"""The variational autoencoder of the chapter (Section 12.3).

Home page: Exercise 12.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from solutions_lib import _validate
from solutions_lib.networks import mlp


def gaussian_kl(mu: Tensor, log_var: Tensor) -> Tensor:
    r"""KL divergence of N(mu, exp(log_var)) from N(0, 1), per element, in nats.

    :math:`\tfrac12(\mu^2 + \sigma^2 - \log\sigma^2 - 1)`, same shape as the arguments; sum over the
    last axis for a diagonal Gaussian. Source: Kingma & Welling (2014), appendix B.

    NaN passes through, here and in the other functions of a training step; :func:`fit` stops on it.

    Raises:
        TypeError, ValueError: not floating-point tensors, or of different shapes.
    """
    mu, log_var = _validate.floating("mu", mu), _validate.floating("log_var", log_var)
    _validate.same_shape("mu", mu, "log_var", log_var)
    return 0.5 * (mu.square() + log_var.exp() - log_var - 1)


def gaussian_nll(x: Tensor, mean: Tensor, var: float) -> Tensor:
    r"""-log N(x; mean, var I) in nats with every constant, shape (n,).

    :math:`\|x-\text{mean}\|^2/(2\,\text{var}) + \tfrac d2\log(2\pi\,\text{var})`.

    Raises:
        TypeError, ValueError: not floating-point tensors, of different shapes, or ``var`` <= 0.
    """
    x, mean = _validate.floating("x", x), _validate.floating("mean", mean)
    _validate.same_shape("x", x, "mean", mean)
    var = _validate.real("var", var, 0, open_low=True)
    constant = 0.5 * x.shape[-1] * math.log(2 * math.pi * var)
    return (x - mean).square().sum(-1) / (2 * var) + constant


def reparameterize(mu: Tensor, log_var: Tensor, generator: torch.Generator) -> Tensor:
    r"""One draw :math:`z = \mu + \sigma\odot\epsilon` with gradients, the shape of ``mu``.

    Source: Kingma & Welling (2014), section 2.4. Home page: Exercise 12.2.

    Raises:
        TypeError, ValueError: not floating-point tensors, of different shapes, or no generator.
    """
    mu, log_var = _validate.floating("mu", mu), _validate.floating("log_var", log_var)
    _validate.same_shape("mu", mu, "log_var", log_var)
    return mu + torch.exp(0.5 * log_var) * randn(mu.shape, generator)


class VAE(nn.Module):
    r"""Gaussian encoder, Gaussian decoder with a fixed variance, standard normal prior.

    :math:`q_\phi(z|x) = N(\mu(x), \mathrm{diag}\,\sigma^2(x))` and
    :math:`p_\theta(x|z) = N(\mathrm{decoder}(z), \text{decoder\_var}\, I)`; encoder and decoder are
    ReLU networks with two hidden layers.

    Args:
        input_dim, hidden_dim, latent_dim: widths, each >= 1.
        decoder_var: variance of the decoder noise. The default 1/2 makes the reconstruction term
            the plain sum of squared errors plus a constant.
    """

    def __init__(
        self,
        input_dim: int = 2,
        hidden_dim: int = 128,
        latent_dim: int = 2,
        decoder_var: float = 0.5,
    ) -> None:
        super().__init__()
        self.input_dim = _validate.integer("input_dim", input_dim)
        self.latent_dim = _validate.integer("latent_dim", latent_dim)
        self.decoder_var = _validate.real("decoder_var", decoder_var, 0, open_low=True)
        hidden_dim = _validate.integer("hidden_dim", hidden_dim)
        self.encoder = mlp([input_dim, hidden_dim, hidden_dim, 2 * latent_dim])
        self.decoder = mlp([latent_dim, hidden_dim, hidden_dim, input_dim])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_var of q(z|x), each (n, latent_dim), for x of shape (n, input_dim)."""
        mu, log_var = self.encoder(_validate.rows("x", x, self.input_dim)).chunk(2, dim=-1)
        return mu, log_var

    def decode(self, z: Tensor) -> Tensor:
        """Mean of p(x|z), shape (n, input_dim), for z of shape (n, latent_dim)."""
        return self.decoder(_validate.rows("z", z, self.latent_dim))

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator, noise_var: float = 0.0) -> Tensor:
        """n draws: z from the prior, the decoder mean, plus N(0, noise_var I); (n, input_dim).

        ``noise_var=0`` gives the decoder means that most code plots, ``noise_var=decoder_var``
        the generative model that the ELBO bounds.
        """
        noise_var = _validate.real("noise_var", noise_var, 0)
        z = randn((_validate.integer("n", n), self.latent_dim), generator)
        mean = self.decode(z)
        return mean + noise_var**0.5 * randn(mean.shape, generator)


@dataclass(frozen=True)
class ElboTerms:
    """The two terms of the negative ELBO, in nats.

    Attributes:
        reconstruction: -log p(x|z) for one z per point, with its constant, shape (n,).
        kl: KL of q(z|x) from the prior, per point and latent dimension, shape (n, latent_dim).
    """

    reconstruction: Tensor
    kl: Tensor

    def loss(self, beta: float = 1.0) -> Tensor:
        """Mean over the points of reconstruction + beta * KL; the negative ELBO at beta = 1."""
        beta = _validate.real("beta", beta, 0)
        return (self.reconstruction + beta * self.kl.sum(-1)).mean()


def negative_elbo(model: VAE, x: Tensor, generator: torch.Generator) -> ElboTerms:
    r"""One-sample estimate of the negative ELBO of each point, by reparameterisation.

    :math:`-\mathrm{ELBO}(x) = E_{q(z|x)}[-\log p(x|z)] + KL(q(z|x)\,\|\,p(z))` with
    :math:`z = \mu + \sigma\odot\epsilon`. Source: Kingma & Welling (2014), equation 10.

    Args:
        model: the VAE.
        x: points (n, input_dim).
        generator: source of eps.
    """
    mu, log_var = _validate.instance("model", model, VAE).encode(x)
    z = reparameterize(mu, log_var, generator)
    reconstruction = gaussian_nll(x, model.decode(z), model.decoder_var)
    return ElboTerms(reconstruction, gaussian_kl(mu, log_var))


def randn(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard normal draws on the generator's device."""
    generator = _validate.generator(generator)
    return torch.randn(shape, generator=generator, device=generator.device)
