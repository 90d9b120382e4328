"""How far samples are from the law. Home page: Exercise 12.17; first used in Exercise 12.3."""

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from torch import Tensor

from solutions_lib._values import Count, Positive, require_finite
from solutions_lib.mixture import GaussianMixture


def _arrays(x: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 arrays."""
    require_finite(x=x, y=y)
    return x.detach().cpu().double().numpy(), y.detach().cpu().double().numpy()


def scaled_distances(x: Float[Tensor, "n d"], law: GaussianMixture) -> Float[Tensor, "n k"]:
    """Distance of each point to each centre m_k, in units of s_k."""
    require_finite(x=x)
    return torch.cdist(x.detach().cpu().double(), law.means) / law.stds


def covered_modes(
    x: Float[Tensor, "n d"], law: GaussianMixture, radius: Positive = 2.0, min_count: Count = 50
) -> Bool[Tensor, " k"]:
    """Modes with ``min_count`` samples within ``radius`` s_k of m_k: the rule of Exercise 12.8."""
    return (scaled_distances(x, law) <= radius).sum(0) >= min_count


def mode_masses(x: Float[Tensor, "n d"], law: GaussianMixture) -> Float[Tensor, " k"]:
    """Share of the samples that Bayes' rule assigns to each component."""
    require_finite(x=x)
    assigned = law.posterior(x.detach().cpu()).argmax(1)
    return torch.bincount(assigned, minlength=len(law.weights)) / len(assigned)


def off_support_rate(
    x: Float[Tensor, "n d"], law: GaussianMixture, radius: Positive = 3.0
) -> float:
    """Share of the samples farther than ``radius`` * s_k from every centre m_k.

    The true rate is ``1 - law.ball_probability(radius).sum()`` where the balls are disjoint.
    """
    return (scaled_distances(x, law) > radius).all(1).double().mean().item()


def nearest_neighbour_distance(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> float:
    """Mean Euclidean distance from each x to its nearest y (in the units of the data).

    Small also for samples that repeat a few points of y: it sees quality, never diversity.
    """
    x, y = _arrays(x, y)
    return float(cKDTree(y).query(x)[0].mean())


def energy_distance(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> float:
    """Energy distance 2 E|X-Y| - E|X-X'| - E|Y-Y'|, in data units: Székely & Rizzo (2013)."""
    x, y = _arrays(x, y)
    return float(2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean())


def wasserstein2(x: Float[Tensor, "n d"], y: Float[Tensor, "n d"]) -> float:
    """Exact W2 distance of two equal-size samples, by optimal assignment, in data units."""
    cost = cdist(*_arrays(x, y), "sqeuclidean")
    return math.sqrt(cost[linear_sum_assignment(cost)].mean())


def sliced_wasserstein2(
    x: Float[Tensor, "n 2"], y: Float[Tensor, "n 2"], n_directions: Count = 64
) -> float:
    """Sliced W2, the root mean square of W2 along equal directions: Bonneel et al. (2015)."""
    x, y = _arrays(x, y)
    angles = np.arange(n_directions) * np.pi / n_directions
    directions = np.stack([np.cos(angles), np.sin(angles)])
    gaps = np.sort(x @ directions, axis=0) - np.sort(y @ directions, axis=0)
    return math.sqrt((gaps**2).mean())


def floor(
    metric: Callable[[Tensor, Tensor], float],
    draw: Callable[[int, torch.Generator], Tensor],
    n: Count,
    generator: torch.Generator,
    replicates: Count = 20,
) -> Float[np.ndarray, " replicates"]:
    """What a perfect model scores: ``metric`` on ``replicates`` pairs of true samples of size n."""
    pairs = ((draw(n, generator), draw(n, generator)) for _ in range(replicates))
    return np.array([metric(x, y) for x, y in pairs])
