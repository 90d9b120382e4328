"""The denoising diffusion model of the chapter (Section 12.5): Ho et al. (2020).

Home pages: Exercise 12.11; 12.10 for the schedule, 12.13 for the loss, 12.21 for the exact noise.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import no_type_check

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from solutions_lib._values import Count, Positive
from solutions_lib.mixture import GaussianMixture
from solutions_lib.networks import TimeMLP, randn

Schedule = Float[Tensor, " levels"]  # alpha_bar at t = 0 (where it is 1), 1, ..., T; float64
Noise = Callable[[Tensor, Tensor], Tensor]  # eps(x_t, t): a network, the exact one, a guided one


def linear_schedule(
    n_timesteps: Count, beta_1: Positive = 1e-4, beta_T: Positive = 0.02
) -> Schedule:
    r"""alpha_bar of :math:`\beta_t` linear in t: :math:`\bar\alpha_t=\prod_{s\le t}(1-\beta_s)`."""
    if not max(beta_1, beta_T) < 1:
        raise ValueError(f"beta_1 and beta_T must be below 1, got {beta_1} and {beta_T}")
    betas = torch.linspace(beta_1, beta_T, n_timesteps, dtype=torch.float64)
    return torch.cat([torch.ones(1, dtype=torch.float64), (1 - betas).cumprod(0)])


@no_type_check
def q_sample(
    x_0: Float[Tensor, "n d"], alpha_bar: Float[Tensor, " n"], eps: Float[Tensor, "n d"]
) -> Float[Tensor, "n d"]:
    r"""A draw of :math:`q(x_t\mid x_0)` from the noise: Ho et al. (2020), equation 4."""
    alpha_bar = alpha_bar.to(x_0.dtype)[:, None]
    return alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * eps


def exact_eps(law: GaussianMixture, alpha_bar: Schedule) -> Noise:
    r"""The best noise predictor for data from ``law``: :math:`E[\epsilon\mid x_t]`."""

    def eps(x: Float[Tensor, "n d"], t: Int[Tensor, " n"]) -> Float[Tensor, "n d"]:
        level = alpha_bar[t.cpu()].to(x.device)
        return (-(1 - level).sqrt()[:, None] * law.diffused(level).score(x)).to(x.dtype)

    return eps


def ancestral(
    eps: Noise, x_T: Float[Tensor, "n d"], alpha_bar: Schedule, generator: torch.Generator
) -> Iterator[Float[Tensor, "n d"]]:
    r"""Yield :math:`x_{T-1},\dots,x_0`: the sampler of Ho et al. (2020), algorithm 2.

    The variance of a step is :math:`\tilde\beta_t=\beta_t(1-\bar\alpha_{t-1})/(1-\bar\alpha_t)`, so
    that the last one adds no noise. A subsequence of a schedule is a schedule too, but ``eps``
    must then be given the step numbers that it knows.
    """
    x = x_T
    levels = list(enumerate(pairwise(alpha_bar.tolist()), start=1))
    for t, (after, before) in reversed(levels):
        alpha = before / after
        predicted = eps(x, torch.full((len(x),), t, device=x.device))
        mean = (x - (1 - alpha) / (1 - before) ** 0.5 * predicted) / alpha**0.5
        sigma = ((1 - alpha) * (1 - after) / (1 - before)) ** 0.5
        x = mean + sigma * randn(x.shape, generator, like=x)
        yield x


class SimpleDDPM(nn.Module):
    """A noise predictor, the chapter's DenoisingMLP, on the linear schedule or the one given."""

    def __init__(
        self,
        input_dim: Count = 2,
        hidden_dim: Count = 256,
        n_timesteps: Count = 500,
        alpha_bar: Schedule | None = None,
    ) -> None:
        super().__init__()
        self.input_dim, self.n_timesteps = input_dim, n_timesteps
        alpha_bar = linear_schedule(n_timesteps) if alpha_bar is None else alpha_bar
        if len(alpha_bar) != n_timesteps + 1:
            raise ValueError(f"alpha_bar must have {n_timesteps} + 1 levels, got {len(alpha_bar)}")
        self.register_buffer("alpha_bar", alpha_bar)
        self.eps = TimeMLP(input_dim, hidden_dim)

    @no_type_check
    def loss(self, x_0: Float[Tensor, "n d"], generator: torch.Generator) -> Float[Tensor, ""]:
        r"""The simple loss :math:`E\|\epsilon-\epsilon_\theta(x_t,t)\|^2/d`: equation 14."""
        t = torch.randint(1, self.n_timesteps + 1, (len(x_0),), generator=generator).to(x_0.device)
        eps = randn(x_0.shape, generator, like=x_0)
        x_t = q_sample(x_0, self.alpha_bar[t], eps)
        return (eps - self.eps(x_t, t)).square().mean()

    @torch.no_grad()
    def sample(self, n: Count, generator: torch.Generator) -> Float[Tensor, "{n} d"]:
        """n draws, by all T steps of :func:`ancestral` from a standard normal x_T."""
        x_T = randn((n, self.input_dim), generator, like=next(self.parameters()))
        *_, x_0 = ancestral(self.eps, x_T, self.alpha_bar, generator)
        return x_0
