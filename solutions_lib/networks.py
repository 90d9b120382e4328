"""Network building blocks, and noise that follows dtype and device."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, no_type_check

import torch
from beartype.vale import Is
from jaxtyping import Float, Real
from torch import Tensor, nn

from solutions_lib._values import Count, Positive

Sizes = Annotated[
    Sequence[int],  # beartype looks at one random item of a sequence only
    Is[lambda sizes: len(sizes) >= 2 and all(isinstance(n, int) and n >= 1 for n in sizes)],
]
Even = Annotated[int, Is[lambda n: n >= 2 and n % 2 == 0]]


@no_type_check
def randn(shape: Sequence[int], generator: torch.Generator, like: Tensor) -> Tensor:
    """Standard normal draws, made on the generator's device, with dtype and device of ``like``."""
    draws = torch.randn(*shape, generator=generator, device=generator.device, dtype=like.dtype)
    return draws.to(like.device)


def mlp(sizes: Sizes, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear layers of the given sizes with ``activation`` between them, none after the last."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers[:-1])


def time_embedding(t: Real[Tensor, " n"], dim: Even) -> Float[Tensor, "n dim"]:
    r"""Sines and cosines of t at dim/2 frequencies, from 1 down towards 1/10000 in equal ratios.

    :math:`\omega_i = 10^{-8i/\text{dim}}`. Source: Vaswani et al. (2017), section 3.5.
    """
    powers = torch.arange(dim // 2, device=t.device) / (dim // 2)
    angles = t[:, None] * torch.exp(-math.log(10_000) * powers)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class TimeMLP(nn.Module):
    """A network of point and time, the eps-network of diffusion and the velocity of flow matching.

    Three hidden SiLU layers on the point beside the embedding of ``time_scale`` * t, which resolves
    differences of order 1: scale 1 for step numbers, about 1000 for times in [0, 1].
    """

    def __init__(
        self, dim: Count = 2, hidden_dim: Count = 256, time_dim: Even = 64, time_scale: Positive = 1
    ) -> None:
        super().__init__()
        self.time_dim, self.time_scale = time_dim, time_scale
        self.layers = mlp([dim + time_dim, hidden_dim, hidden_dim, hidden_dim, dim], nn.SiLU)

    def forward(self, x: Float[Tensor, "n d"], t: Real[Tensor, " n"]) -> Float[Tensor, "n d"]:
        """Output at points x with times t."""
        embedding = time_embedding(self.time_scale * t, self.time_dim).to(x.dtype)
        return self.layers(torch.cat([x, embedding], dim=1))
