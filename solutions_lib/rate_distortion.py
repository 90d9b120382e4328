"""The exact rate-distortion bound of the mixture under squared error. Home page: Exercise 12.3."""

import math

import torch

from solutions_lib._values import Count, Positive
from solutions_lib.mixture import GaussianMixture


def rate_distortion_bound(
    law: GaussianMixture, var: Positive, iterations: Count = 3000
) -> tuple[float, float]:
    r"""Lower and upper end, in nats, of the rate-distortion objective at slope -1/(2 var).

    :math:`\min_{p(\hat x|x)} E\|x-\hat x\|^2/(2\,\text{var}) + I(x;\hat x)`, the intercept of that
    tangent to Shannon's curve R(D), equals
    :math:`\min_Q -E\log\int Q(dy)\,e^{-\|x-y\|^2/(2\,\text{var})}`. The Blahut-Arimoto iteration
    updates Q on a grid; the Kuhn-Tucker condition, on a grid ten times finer, turns any Q into a
    lower bound. If no component is narrower than ``var``, Q is known and both ends equal
    :math:`h(x)-\tfrac d2\log(2\pi\,\text{var})`.
    Source: Berger (1971), section 2.5; Cover & Thomas (2006), section 10.8.
    """
    if law.dim != 2:
        raise ValueError(f"law must have dimension 2, got {law.dim}")
    if var <= law.stds.min() ** 2:
        exact = law.entropy() - math.log(2 * math.pi * var)
        return exact, exact
    step, margin = law.stds.min().item() / 2.5, 7 * law.stds.max().item()
    axes = [
        torch.arange(low - margin, high + margin, step, dtype=torch.float64)
        for low, high in zip(law.means.amin(0), law.means.amax(0), strict=True)
    ]
    mass = law.log_prob(torch.cartesian_prod(*axes)).exp().reshape(len(axes[0]), len(axes[1]))
    mass /= mass.sum()
    rows, columns = (torch.exp(-((a[:, None] - a) ** 2) / (2 * var)) for a in axes)
    q = torch.full_like(mass, 1 / mass.numel())
    for _ in range(iterations):
        partition = rows @ q @ columns
        q = q * (rows @ (mass / partition) @ columns)
    upper = -(mass * partition.log()).sum().item()
    finer = (torch.arange(a[0], a[-1], step / 10, dtype=torch.float64) for a in axes)
    rows, columns = (
        torch.exp(-((b[:, None] - a) ** 2) / (2 * var)) for a, b in zip(axes, finer, strict=True)
    )
    growth = rows @ (mass / partition) @ columns.T
    return upper - math.log(growth.max().item()), upper
