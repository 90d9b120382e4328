"""The generative adversarial network of the chapter (Section 12.4): Goodfellow et al. (2014).

Home pages: Exercise 12.7; 12.9 for the generator's loss (section 3 of the paper).
"""

import math
from collections.abc import Callable, Iterator
from itertools import count
from typing import no_type_check

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from solutions_lib._values import Count, Fraction, Positive
from solutions_lib.networks import mlp, randn
from solutions_lib.training import minibatches


class GAN(nn.Module):
    r"""A generator of points, and a discriminator whose output is the *logit* of D(x)."""

    def __init__(self, dim: Count = 2, hidden_dim: Count = 128, noise_dim: Count = 2) -> None:
        super().__init__()
        self.noise_dim = noise_dim
        self.generator = mlp([noise_dim, hidden_dim, hidden_dim, dim])
        self.discriminator = mlp([dim, hidden_dim, hidden_dim, 1])

    @no_type_check
    def generate(self, n: Count, generator: torch.Generator) -> Float[Tensor, "{n} d"]:
        """n draws G(z), through which gradients flow."""
        weight = next(self.parameters())
        return self.generator(randn((n, self.noise_dim), generator, like=weight))

    @torch.no_grad()
    def sample(self, n: Count, generator: torch.Generator) -> Float[Tensor, "{n} d"]:
        """n draws G(z) without gradients."""
        return self.generate(n, generator)


@no_type_check
def discriminator_loss(
    discriminator: Callable[[Tensor], Tensor],
    real: Float[Tensor, "n d"],
    fake: Float[Tensor, "m d"],
) -> Float[Tensor, ""]:
    r"""Binary cross-entropy of real against fake, -V(G, D), in nats.

    :math:`-E[\log D(\text{real})]-E[\log(1-D(\text{fake}))]` (equation 1), stable in logits.
    """
    return softplus(-discriminator(real)).mean() + softplus(discriminator(fake)).mean()


@no_type_check
def generator_loss(
    discriminator: Callable[[Tensor], Tensor], fake: Float[Tensor, "n d"]
) -> Float[Tensor, ""]:
    r"""The non-saturating loss -E log D(fake), in nats."""
    return softplus(-discriminator(fake)).mean()


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor, step: int) -> None:
    """One step on the optimizer's own parameters; no gradient reaches the other player's."""
    if not math.isfinite(loss.item()):
        raise FloatingPointError(f"loss is {loss.item()} in generator update {step}")
    optimizer.zero_grad()
    loss.backward(inputs=[p for group in optimizer.param_groups for p in group["params"]])
    optimizer.step()


def train_gan(
    gan: GAN,
    data: Float[Tensor, "n d"],
    *,
    noise: torch.Generator,
    shuffle: torch.Generator,
    n_critic: Count = 1,
    batch_size: Count = 250,
    lr: Positive = 1e-3,
    betas: tuple[Fraction, Fraction] = (0.5, 0.999),
    critic_loss: Callable[..., Tensor] = discriminator_loss,
    loss: Callable[..., Tensor] = generator_loss,
) -> Iterator[tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]]:
    """Train in place, without end: yield the last real and fake batch after each generator update.

    Each update is preceded by ``n_critic`` updates of the discriminator, each on fresh data and
    noise; both players use Adam with a constant learning rate. ``critic_loss`` takes discriminator,
    real and fake points, ``loss`` discriminator and fake points; when one turns NaN or infinite, a
    FloatingPointError names the update.
    """
    players = gan.generator, gan.discriminator
    steps, critic_steps = (
        torch.optim.Adam(p.parameters(), lr=lr, betas=betas, fused=True) for p in players
    )
    epochs = (minibatches(data, batch_size=batch_size, generator=shuffle) for _ in count())
    batches = (real for epoch in epochs for (real,) in epoch)
    for step in count():
        for _ in range(n_critic):
            real = next(batches)
            fake = gan.sample(len(real), noise)
            _descend(critic_steps, critic_loss(gan.discriminator, real, fake), step)
        fake = gan.generate(len(real), noise)
        _descend(steps, loss(gan.discriminator, fake), step)
        yield real, fake.detach()
