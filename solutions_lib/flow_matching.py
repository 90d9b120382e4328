r"""Flow matching as in the chapter (Section 12.6): noise at t = 0, data at t = 1.

A velocity field is any function ``velocity(x, t)`` of points and their times: a network or the
exact one, :meth:`GaussianMixture.velocity`. Home page: Exercise 12.15.
"""

from collections.abc import Callable, Iterator
from typing import no_type_check

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions_lib._values import Count
from solutions_lib.networks import TimeMLP, randn

Velocity = Callable[[Tensor, Tensor], Tensor]
Integrator = Callable[[Velocity, Tensor, int], Iterator[Tensor]]
Coupling = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def euler(
    velocity: Velocity, x: Float[Tensor, "n d"], n_steps: Count
) -> Iterator[Float[Tensor, "n d"]]:
    r"""Yield the points at t = h, 2h, …, 1, by :math:`x_{t+h}=x_t+h\,v(x_t,t)`, h = 1/n_steps."""
    for step in range(n_steps):
        t = torch.full((len(x),), step / n_steps, dtype=x.dtype, device=x.device)
        x = x + velocity(x, t) / n_steps
        yield x


def independent(
    eps: Float[Tensor, "n d"], x_1: Float[Tensor, "n d"]
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
    """The coupling of noise and data that leaves both in the order in which they were drawn."""
    return eps, x_1


class FlowMatchingTrainer(nn.Module):
    r"""A velocity network with the loss that trains it and the flow that samples from it.

    Args:
        input_dim, hidden_dim: widths of points and of the three hidden layers.
        coupling: pairs a batch of noise with a batch of data (12.16 has another).
    """

    def __init__(
        self, input_dim: Count = 2, hidden_dim: Count = 128, coupling: Coupling = independent
    ) -> None:
        super().__init__()
        self.input_dim, self.coupling = input_dim, coupling
        self.velocity = TimeMLP(input_dim, hidden_dim, time_scale=1000)

    @no_type_check
    def loss(self, x_1: Float[Tensor, "n d"], generator: torch.Generator) -> Float[Tensor, ""]:
        r""":math:`E\|(x_1-\epsilon)-v_\theta(x_t,t)\|^2/d` at :math:`x_t=(1-t)\epsilon+t\,x_1`.

        t is uniform on [0, 1]. Source: Lipman et al. (2023), section 4.1, with no noise left at 1.
        """
        eps, x_1 = self.coupling(randn(x_1.shape, generator, like=x_1), x_1)
        t = torch.rand(len(x_1), generator=generator).to(x_1)
        x_t = (1 - t[:, None]) * eps + t[:, None] * x_1
        return (x_1 - eps - self.velocity(x_t, t)).square().mean()

    @torch.no_grad()
    def sample(
        self,
        n: Count,
        generator: torch.Generator,
        n_steps: Count = 50,
        integrator: Integrator = euler,
    ) -> Float[Tensor, "{n} d"]:
        """n draws: standard normal noise carried from t = 0 to 1."""
        eps = randn((n, self.input_dim), generator, like=next(self.parameters()))
        *_, x_1 = integrator(self.velocity, eps, n_steps)
        return x_1
