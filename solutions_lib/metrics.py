"""How far samples are from the law, each distance with its sampling floor.

Home page: Exercise 12.17; first used in Exercise 12.3. Points are tensors or arrays (n, d).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from torch import Tensor

from solutions_lib import _validate
from solutions_lib.mixture import GaussianMixture

Points = Tensor | np.ndarray


def _pair(x: Points, y: Points) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 arrays of points in one space."""
    x = _validate.points("x", x).detach().cpu().double().numpy()
    y = _validate.points("y", y).detach().cpu().double().numpy()
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x and y must have one dimension, got {x.shape[1]} and {y.shape[1]}")
    return x, y


def _scaled_distances(x: Points, law: GaussianMixture) -> Tensor:
    """Distance of each point to each centre in units of that component's s_k, shape (n, K)."""
    law = _validate.instance("law", law, GaussianMixture)
    x = _validate.points("x", x, law.dim).detach().cpu().double()
    return torch.cdist(x, law.means) / law.stds


def covered_modes(
    x: Points, law: GaussianMixture, radius: float = 2.0, min_count: int = 50
) -> Tensor:
    """Which modes have at least ``min_count`` samples within ``radius`` * s_k of m_k; bool (K,).

    The defaults are the rule of Exercise 12.8, stated there for 2000 samples.
    """
    radius = _validate.real("radius", radius, 0, open_low=True)
    inside = _scaled_distances(x, law) <= radius
    return inside.sum(0) >= _validate.integer("min_count", min_count)


def mode_masses(x: Points, law: GaussianMixture) -> Tensor:
    """Share of the samples that Bayes' rule assigns to each component, shape (K,), sum 1."""
    law = _validate.instance("law", law, GaussianMixture)
    assigned = law.posterior(_validate.points("x", x, law.dim).detach().cpu()).argmax(1)
    return torch.bincount(assigned, minlength=len(law.weights)) / len(assigned)


def off_support_rate(x: Points, law: GaussianMixture, radius: float = 3.0) -> float:
    """Share of the samples farther than ``radius`` * s_k from every centre m_k.

    The true rate is ``1 - law.ball_probability(radius).sum()`` where the balls are disjoint.
    """
    radius = _validate.real("radius", radius, 0, open_low=True)
    return (_scaled_distances(x, law) > radius).all(1).double().mean().item()


def nearest_neighbour_distance(x: Points, y: Points) -> float:
    """Mean Euclidean distance from each x to its nearest y (in the units of the data).

    Small also for samples that repeat a few points of y: it sees quality, never diversity.
    """
    x, y = _pair(x, y)
    return float(cKDTree(y).query(x)[0].mean())


def energy_distance(x: Points, y: Points) -> float:
    r"""Energy distance :math:`2E|X-Y| - E|X-X'| - E|Y-Y'|` of the two empirical laws; >= 0.

    In the units of the data. Source: Székely & Rizzo (2013).
    """
    x, y = _pair(x, y)
    return float(2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean())


def _equal_sizes(x: np.ndarray, y: np.ndarray) -> None:
    if len(x) != len(y):
        raise ValueError(f"x and y must have equally many points, got {len(x)} and {len(y)}")


def wasserstein2(x: Points, y: Points) -> float:
    """Exact W2 distance of two equal-size samples, by optimal assignment, in data units."""
    x, y = _pair(x, y)
    _equal_sizes(x, y)
    cost = cdist(x, y, "sqeuclidean")
    return math.sqrt(cost[linear_sum_assignment(cost)].mean())


def sliced_wasserstein2(x: Points, y: Points, n_directions: int = 64) -> float:
    """Sliced W2 of two equal-size samples in the plane, over equally spaced directions.

    The square root of the mean squared W2 of the one-dimensional projections.
    Source: Bonneel et al. (2015).
    """
    x, y = _pair(x, y)
    _equal_sizes(x, y)
    if x.shape[1] != 2:
        raise ValueError(f"x and y must have shape (n, 2), got {x.shape}")
    angles = np.arange(_validate.integer("n_directions", n_directions)) * np.pi / n_directions
    directions = np.stack([np.cos(angles), np.sin(angles)])
    gaps = np.sort(x @ directions, axis=0) - np.sort(y @ directions, axis=0)
    return math.sqrt((gaps**2).mean())


def floor(
    metric: Callable[[Tensor, Tensor], float],
    law: GaussianMixture,
    n: int,
    generator: torch.Generator,
    replicates: int = 20,
) -> np.ndarray:
    """``metric`` between two independent true samples of n points: what a perfect model scores.

    Args:
        metric: maps two samples (n, d) to a number; ignore one of them for one-sample metrics.
        law: the truth.
        n: points in each sample.
        generator: source of the samples.
        replicates: independent pairs.
    Returns:
        shape (replicates,).
    """
    _validate.function("metric", metric)
    _validate.instance("law", law, GaussianMixture)
    replicates = _validate.integer("replicates", replicates)
    return np.array(
        [metric(law.sample(n, generator), law.sample(n, generator)) for _ in range(replicates)]
    )
