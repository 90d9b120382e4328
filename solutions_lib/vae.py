"""The variational autoencoder of the chapter (Section 12.3): Kingma & Welling (2014).

Home pages: Exercise 12.3; 12.1 for the KL (appendix B of the paper), 12.2 for the draw of z.
``no_type_check`` marks what every training step calls: checking it costs a tenth of the speed.
"""

import math
from dataclasses import dataclass
from typing import no_type_check

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions_lib._values import Count, NonNegative, Positive
from solutions_lib.networks import mlp, randn


def gaussian_kl(
    mu: Float[Tensor, "*shape"], log_var: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """KL divergence of N(mu, exp(log_var)) from N(0, 1), per element, in nats."""
    return 0.5 * (mu.square() + log_var.exp() - log_var - 1)


@no_type_check
def gaussian_nll(
    x: Float[Tensor, "*n d"], mean: Float[Tensor, "*n d"], var: Positive
) -> Float[Tensor, "*n"]:
    r"""-log N(x; mean, var I) in nats with every constant."""
    constant = 0.5 * x.shape[-1] * math.log(2 * math.pi * var)
    return (x - mean).square().sum(-1) / (2 * var) + constant


@no_type_check
def reparameterize(
    mu: Float[Tensor, "*shape"], log_var: Float[Tensor, "*shape"], generator: torch.Generator
) -> Float[Tensor, "*shape"]:
    r"""One draw :math:`z = \mu + \sigma\odot\epsilon` with gradients."""
    return mu + torch.exp(0.5 * log_var) * randn(mu.shape, generator, like=mu)


class VAE(nn.Module):
    r"""Gaussian encoder, Gaussian decoder with a fixed variance, standard normal prior.

    :math:`q_\phi(z|x) = N(\mu(x), \mathrm{diag}\,\sigma^2(x))` and :math:`p_\theta(x|z) =
    N(\mathrm{decoder}(z), \text{decoder\_var}\, I)`. The variance 1/2 makes the reconstruction term
    the sum of squared errors plus a constant.
    """

    def __init__(
        self,
        input_dim: Count = 2,
        hidden_dim: Count = 128,
        latent_dim: Count = 2,
        decoder_var: Positive = 0.5,
    ) -> None:
        super().__init__()
        self.latent_dim, self.decoder_var = latent_dim, decoder_var
        self.encoder = mlp([input_dim, hidden_dim, hidden_dim, 2 * latent_dim])
        self.decoder = mlp([latent_dim, hidden_dim, hidden_dim, input_dim])

    @no_type_check
    def encode(self, x: Float[Tensor, "n d"]) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n k"]]:
        """mu and log_var of q(z|x)."""
        mu, log_var = self.encoder(x).chunk(2, dim=-1)
        return mu, log_var

    @no_type_check
    def decode(self, z: Float[Tensor, "n k"]) -> Float[Tensor, "n d"]:
        """Mean of p(x|z)."""
        return self.decoder(z)

    @torch.no_grad()
    def sample(
        self, n: Count, generator: torch.Generator, noise_var: NonNegative | None = None
    ) -> Float[Tensor, "{n} d"]:
        """n draws from the generative model: z from the prior, x from N(decoder(z), noise_var I).

        The default is the decoder's variance; 0 gives the decoder means that most code plots.
        """
        noise_var = self.decoder_var if noise_var is None else noise_var
        weight = next(self.parameters())
        mean = self.decode(randn((n, self.latent_dim), generator, like=weight))
        return mean + math.sqrt(noise_var) * randn(mean.shape, generator, like=mean)


@no_type_check
@dataclass(frozen=True)
class ElboTerms:
    """The two terms of the negative ELBO in nats: -log p(x|z) for one z per point, and the KL."""

    reconstruction: Float[Tensor, " n"]
    kl: Float[Tensor, "n k"]

    def loss(self, beta: NonNegative = 1.0) -> Float[Tensor, ""]:
        """Mean over the points of reconstruction + beta * KL; the negative ELBO at beta = 1."""
        return (self.reconstruction + beta * self.kl.sum(-1)).mean()


@no_type_check
def negative_elbo(model: VAE, x: Float[Tensor, "n d"], generator: torch.Generator) -> ElboTerms:
    r"""One-sample estimate of the negative ELBO of each point, by reparameterisation.

    :math:`E_{q(z|x)}[-\log p(x|z)] + KL(q(z|x)\,\|\,p(z))`, equation 10.
    """
    mu, log_var = model.encode(x)
    z = reparameterize(mu, log_var, generator)
    reconstruction = gaussian_nll(x, model.decode(z), model.decoder_var)
    return ElboTerms(reconstruction, gaussian_kl(mu, log_var))
