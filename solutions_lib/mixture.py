"""The five-Gaussian data of the chapter and its exact law.

Home page: Exercise 12.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import ncx2
from torch import Tensor

from solutions_lib import _validate

CENTERS = np.array([[2, 2], [-2, 2], [0, -2], [3, -1], [-3, -1]])
STDS = np.array([0.3, 0.4, 0.35, 0.25, 0.45])


def make_labelled_gaussian_mixture(
    n_samples: int = 10000, seed: int = 42
) -> tuple[np.ndarray, np.ndarray]:
    """The data of Exercise 12.3 with the label that each point was drawn from.

    The exercise's code draws the labels first and then discards them; this is the same random
    stream with the labels kept.

    Returns:
        data, float32 of shape (n_samples, 2), and labels, integers 0-4 of shape (n_samples,).
    Raises:
        TypeError, ValueError: ``n_samples`` is not an integer >= 1, or ``seed`` not one >= 0.
    """
    n_samples = _validate.integer("n_samples", n_samples)
    rng = np.random.RandomState(_validate.integer("seed", seed, low=0))
    labels = rng.randint(0, 5, size=n_samples)
    data = CENTERS[labels] + STDS[labels, None] * rng.randn(n_samples, 2)
    return data.astype(np.float32), labels


def make_gaussian_mixture(n_samples: int = 10000, seed: int = 42) -> np.ndarray:
    """The data of Exercise 12.3, bit for bit: float32 of shape (n_samples, 2).

    Raises:
        TypeError, ValueError: as :func:`make_labelled_gaussian_mixture`.
    """
    return make_labelled_gaussian_mixture(n_samples, seed)[0]


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    r"""The law :math:`p(x) = \sum_k w_k\, N(x; m_k, s_k^2 I)` with everything in closed form.

    Densities are in nats; all results are float64, whatever the dtype of the points.

    Args:
        weights: shape (K,), positive, summing to 1.
        means: shape (K, d).
        stds: shape (K,), positive; one standard deviation per component.
    Raises:
        TypeError, ValueError: wrong shape, dtype, sign or sum.

    Home page: Exercise 12.3.
    """

    weights: Tensor
    means: Tensor
    stds: Tensor

    def __post_init__(self) -> None:
        means = _validate.points("means", self.means).double()
        object.__setattr__(self, "means", means)
        for name in ("weights", "stds"):
            value = _validate.tensor(name, getattr(self, name)).double()
            if value.shape != means.shape[:1] or (value <= 0).any():
                raise ValueError(f"{name} must be {len(means)} positive numbers, got {value}")
            object.__setattr__(self, name, value)
        if abs(self.weights.sum() - 1) > 1e-6:
            raise ValueError(f"weights must sum to 1, got {self.weights.sum().item()}")

    @property
    def dim(self) -> int:
        """Dimension d of the points."""
        return self.means.shape[1]

    def _points(self, x: Tensor | np.ndarray) -> Tensor:
        return _validate.points("x", x, self.dim).double()

    def _log_joint(self, x: Tensor) -> Tensor:
        """log w_k + log N(x; m_k, s_k^2 I), shape (n, K)."""
        means, var = self.means.to(x.device), self.stds.to(x.device) ** 2
        squared = (x[:, None, :] - means).square().sum(-1)
        log_norm = 0.5 * self.dim * torch.log(2 * torch.pi * var)
        return self.weights.to(x.device).log() - log_norm - squared / (2 * var)

    def log_prob(self, x: Tensor | np.ndarray) -> Tensor:
        """log p(x) in nats, shape (n,)."""
        return self._log_joint(self._points(x)).logsumexp(1)

    def posterior(self, x: Tensor | np.ndarray) -> Tensor:
        """p(component k | x) by Bayes' rule, shape (n, K)."""
        return self._log_joint(self._points(x)).softmax(1)

    def score(self, x: Tensor | np.ndarray) -> Tensor:
        r"""The score :math:`\nabla_x \log p(x) = \sum_k p(k|x)\,(m_k - x)/s_k^2`, shape (n, d)."""
        x = self._points(x)
        means, var = self.means.to(x.device), self.stds.to(x.device) ** 2
        pull = (means - x[:, None, :]) / var[:, None]
        return (self.posterior(x)[..., None] * pull).sum(1)

    def sample_labelled(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """n draws, float32 of shape (n, d), with their component labels (n,)."""
        n, generator = _validate.integer("n", n), _validate.generator(generator)
        labels = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        eps = torch.randn(n, self.dim, dtype=torch.float64, generator=generator)
        return (self.means[labels] + self.stds[labels, None] * eps).float(), labels

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n draws, float32 of shape (n, d)."""
        return self.sample_labelled(n, generator)[0]

    def mean(self) -> Tensor:
        """E[x], shape (d,)."""
        return self.weights @ self.means

    def covariance(self) -> Tensor:
        """Cov[x] = sum_k w_k (m_k m_k^T + s_k^2 I) - mean mean^T, shape (d, d)."""
        within = (self.weights @ self.stds**2) * torch.eye(self.dim, dtype=torch.float64)
        second = torch.einsum("k,ki,kj->ij", self.weights, self.means, self.means)
        return within + second - torch.outer(self.mean(), self.mean())

    def sample_matched_gaussian(self, n: int, generator: torch.Generator) -> Tensor:
        """n draws, float32 (n, d), of one Gaussian with the law's mean and covariance.

        The structureless control: a useful metric tells it from the law.
        """
        n, generator = _validate.integer("n", n), _validate.generator(generator)
        eps = torch.randn(n, self.dim, dtype=torch.float64, generator=generator)
        return (self.mean() + eps @ torch.linalg.cholesky(self.covariance()).T).float()

    def expect(self, f: Callable[[Tensor], Tensor]) -> Tensor:
        """E[f(x)] by the trapezoidal rule (d <= 2), near machine precision if f is smooth.

        The grid reaches 9 standard deviations beyond every mean with 8 nodes per smallest one.

        Args:
            f: maps points (n, d), float64, to values (n, ...).
        Raises:
            TypeError: ``f`` cannot be called.
            ValueError: d > 2.
        """
        _validate.function("f", f)
        if self.dim > 2:
            raise ValueError(f"expect needs dimension 1 or 2, got {self.dim}")
        low = (self.means - 9 * self.stds[:, None]).amin(0)
        high = (self.means + 9 * self.stds[:, None]).amax(0)
        step = self.stds.min().item() / 8
        axes = [
            torch.arange(a, b, step, dtype=torch.float64) for a, b in zip(low, high, strict=True)
        ]
        grid = torch.cartesian_prod(*axes).reshape(-1, self.dim)
        weights = self.log_prob(grid).exp() * step**self.dim
        return torch.tensordot(weights, f(grid).double(), dims=1)

    def entropy(self) -> float:
        """Differential entropy -E[log p(x)] in nats: the expected NLL of the truth itself."""
        return -self.expect(self.log_prob).item()

    def bayes_error(self) -> float:
        """P(the most probable component given x is not the one that x was drawn from)."""
        return 1 - self.expect(lambda x: self.posterior(x).amax(1)).item()

    def label_information(self) -> float:
        """Mutual information I(component; x) in nats."""
        conditional = self.expect(lambda x: torch.special.entr(self.posterior(x)).sum(1))
        return (torch.special.entr(self.weights).sum() - conditional).item()

    def ball_probability(self, radius: float) -> Tensor:
        """P(x lies within radius * s_k of m_k) under the whole law, for each k; shape (K,).

        In two dimensions a single component puts 1 - exp(-radius^2 / 2) into its own ball: 86 %
        for radius 2, not the 95 % of one dimension.
        """
        radius = _validate.real("radius", radius, 0, open_low=True)
        means, stds, weights = self.means.numpy(), self.stds.numpy(), self.weights.numpy()
        squared = ((means[:, None] - means[None]) ** 2).sum(-1)
        inside = ncx2.cdf((radius * stds[:, None] / stds) ** 2, self.dim, squared / stds**2)
        return torch.from_numpy(inside @ weights)

    def diffused(self, alpha_bar: float) -> GaussianMixture:
        r"""The law of :math:`x_t = \sqrt{\bar\alpha}\,x_0 + \sqrt{1-\bar\alpha}\,\epsilon`.

        Args:
            alpha_bar: in [0, 1]; 1 is the data, 0 the standard normal law.
        """
        alpha_bar = _validate.real("alpha_bar", alpha_bar, 0, 1)
        stds = torch.sqrt(alpha_bar * self.stds**2 + 1 - alpha_bar)
        return GaussianMixture(self.weights, alpha_bar**0.5 * self.means, stds)

    def velocity(self, x: Tensor | np.ndarray, t: float) -> Tensor:
        r"""The flow-matching field :math:`v(x,t) = E[x_1 - \epsilon \mid x_t = x]`, shape (n, d).

        The path is :math:`x_t = (1-t)\,\epsilon + t\,x_1`: noise at t = 0, data at t = 1, paired
        independently.

        Args:
            x: points (n, d).
            t: time in [0, 1].
        Source: Lipman et al. (2023), Flow matching for generative modeling, Theorem 1.
        """
        t, x = _validate.real("t", t, 0, 1), self._points(x)
        law = GaussianMixture(
            self.weights, t * self.means, torch.sqrt((t * self.stds) ** 2 + (1 - t) ** 2)
        )
        means, stds = self.means.to(x.device), self.stds.to(x.device)
        slope = (t * stds**2 - (1 - t)) / ((t * stds) ** 2 + (1 - t) ** 2)
        fields = means + slope[:, None] * (x[:, None, :] - t * means)
        return (law.posterior(x)[..., None] * fields).sum(1)


def five_gaussians() -> GaussianMixture:
    """The exact law of :func:`make_gaussian_mixture`: five components of weight 1/5."""
    return GaussianMixture(
        weights=torch.full((5,), 0.2, dtype=torch.float64),
        means=torch.from_numpy(CENTERS.astype(float)),
        stds=torch.from_numpy(STDS),
    )
