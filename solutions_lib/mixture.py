"""The five-Gaussian data of the chapter and its exact law. Home page: Exercise 12.3."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.stats import ncx2
from torch import Tensor

from solutions_lib._values import Count, Fraction, Index, Positive, require_finite

CENTERS = np.array([[2, 2], [-2, 2], [0, -2], [3, -1], [-3, -1]])
STDS = np.array([0.3, 0.4, 0.35, 0.25, 0.45])

Time = Fraction | Float[Tensor, ""] | Float[Tensor, "*n"]  # one, or one per point


def make_labelled_gaussian_mixture(
    n_samples: Count = 10000, seed: Index = 42
) -> tuple[Float[np.ndarray, "n 2"], Int[np.ndarray, " n"]]:
    """The data of Exercise 12.3 with the labels 0-4, which its code draws first and discards."""
    rng = np.random.RandomState(seed)
    labels = rng.randint(0, 5, size=n_samples)
    data = CENTERS[labels] + STDS[labels, None] * rng.randn(n_samples, 2)
    return data.astype(np.float32), labels


def make_gaussian_mixture(n_samples: Count = 10000, seed: Index = 42) -> Float[np.ndarray, "n 2"]:
    """The data of Exercise 12.3, bit for bit, in float32."""
    return make_labelled_gaussian_mixture(n_samples, seed)[0]


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    r"""The law :math:`p(x) = \sum_k w_k\, N(x; m_k, s_k^2 I)` with everything in closed form.

    Densities are in nats. Results are float64 on the device of the points; only samples are
    float32, ready for a network. Leading axes of ``means`` and ``stds`` make one law for each
    point, as :meth:`diffused` does with one time for each.
    """

    weights: Float[Tensor, " k"]
    means: Float[Tensor, "*n k d"]
    stds: Float[Tensor, "*n k"]

    def __post_init__(self) -> None:
        require_finite(weights=self.weights, means=self.means, stds=self.stds)
        for name in ("weights", "stds"):
            if (getattr(self, name) <= 0).any():
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if abs(self.weights.sum() - 1) > 1e-6:
            raise ValueError(f"weights must sum to 1, got {self.weights.sum().item()}")
        for name in ("weights", "means", "stds"):
            object.__setattr__(self, name, getattr(self, name).double())

    @property
    def dim(self) -> int:
        """Dimension d of the points."""
        return self.means.shape[-1]

    def _log_joint(self, x: Float[Tensor, "*n d"]) -> Float[Tensor, "*n k"]:
        """log w_k + log N(x; m_k, s_k^2 I)."""
        weights, means, var = (p.to(x.device) for p in (self.weights, self.means, self.stds**2))
        squared = (x.double()[..., None, :] - means).square().sum(-1)
        log_norm = 0.5 * self.dim * torch.log(2 * torch.pi * var)
        return weights.log() - log_norm - squared / (2 * var)

    def log_prob(self, x: Float[Tensor, "*n {self.dim}"]) -> Float[Tensor, "*n"]:
        """log p(x) in nats."""
        return self._log_joint(x).logsumexp(-1)

    def posterior(self, x: Float[Tensor, "*n {self.dim}"]) -> Float[Tensor, "*n k"]:
        """p(component k | x) by Bayes' rule."""
        return self._log_joint(x).softmax(-1)

    def score(self, x: Float[Tensor, "*n {self.dim}"]) -> Float[Tensor, "*n d"]:
        r"""The score :math:`\nabla_x \log p(x) = \sum_k p(k|x)\,(m_k - x)/s_k^2`."""
        means, var = self.means.to(x.device), self.stds.to(x.device) ** 2
        pull = (means - x.double()[..., None, :]) / var[..., None]
        return (self.posterior(x)[..., None] * pull).sum(-2)

    def sample_labelled(
        self, n: Count, generator: torch.Generator
    ) -> tuple[Float[Tensor, "{n} d"], Int[Tensor, " {n}"]]:
        """n draws with their component labels."""
        self._require_one()
        labels = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        eps = torch.randn(n, self.dim, dtype=torch.float64, generator=generator)
        return (self.means[labels] + self.stds[labels, None] * eps).float(), labels

    def sample(self, n: Count, generator: torch.Generator) -> Float[Tensor, "{n} d"]:
        """n draws."""
        return self.sample_labelled(n, generator)[0]

    def mean(self) -> Float[Tensor, " d"]:
        """E[x]."""
        self._require_one()
        return self.weights @ self.means

    def covariance(self) -> Float[Tensor, "d d"]:
        """Cov[x] = sum_k w_k (m_k m_k^T + s_k^2 I) - mean mean^T."""
        mean = self.mean()
        within = (self.weights @ self.stds**2) * torch.eye(self.dim, dtype=torch.float64)
        second = torch.einsum("k,ki,kj->ij", self.weights, self.means, self.means)
        return within + second - torch.outer(mean, mean)

    def sample_matched_gaussian(
        self, n: Count, generator: torch.Generator
    ) -> Float[Tensor, "{n} d"]:
        """The structureless control: n draws of one Gaussian with the law's mean and covariance."""
        eps = torch.randn(n, self.dim, dtype=torch.float64, generator=generator)
        return (self.mean() + eps @ torch.linalg.cholesky(self.covariance()).T).float()

    def expect(
        self, f: Callable[[Float[Tensor, "n d"]], Float[Tensor, "n ..."]]
    ) -> Float[Tensor, "*shape"]:
        """E[f(x)] by the trapezoidal rule (d <= 2), near machine precision if f is smooth."""
        self._require_one()
        if self.dim > 2:
            raise ValueError(f"expect needs dimension 1 or 2, got {self.dim}")
        # 9 standard deviations beyond every mean, 8 nodes per smallest one
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

    def label_information(self) -> float:
        """Mutual information I(component; x) in nats."""
        conditional = self.expect(lambda x: torch.special.entr(self.posterior(x)).sum(1))
        return (torch.special.entr(self.weights).sum() - conditional).item()

    def ball_probability(self, radius: Positive) -> Float[Tensor, " k"]:
        """P(x lies within radius * s_k of m_k) under the whole law, for each k.

        In the plane a component puts 1 - exp(-radius^2 / 2) into its ball: 86 % for 2, not 95 %.
        """
        self._require_one()
        means, stds, weights = self.means.numpy(), self.stds.numpy(), self.weights.numpy()
        squared = ((means[:, None] - means[None]) ** 2).sum(-1)
        inside = ncx2.cdf((radius * stds[:, None] / stds) ** 2, self.dim, squared / stds**2)
        return torch.from_numpy(inside @ weights)

    def diffused(self, alpha_bar: Time) -> "GaussianMixture":
        r"""The law of :math:`\sqrt{\bar\alpha}\,x_0 + \sqrt{1-\bar\alpha}\,\epsilon`: data at 1."""
        alpha_bar = torch.as_tensor(alpha_bar, dtype=torch.float64)
        return self._scaled(alpha_bar.sqrt(), 1 - alpha_bar)

    def interpolated(self, t: Time) -> "GaussianMixture":
        r"""The law of :math:`x_t = (1-t)\,\epsilon + t\,x_1`: noise at t = 0, data at t = 1."""
        t = torch.as_tensor(t, dtype=torch.float64)
        return self._scaled(t, (1 - t) ** 2)

    def velocity(self, x: Float[Tensor, "*n {self.dim}"], t: Time) -> Float[Tensor, "*n d"]:
        r"""The flow-matching field :math:`E[x_1 - \epsilon \mid x_t = x]` of :meth:`interpolated`.

        Noise and data are paired independently. Source: Lipman et al. (2023), Theorem 1.
        """
        t = torch.as_tensor(t, dtype=torch.float64, device=x.device)
        law, means, var = self.interpolated(t), self.means.to(x.device), self.stds.to(x.device) ** 2
        slope = (t[..., None] * var - (1 - t[..., None])) / law.stds**2
        away = x.double()[..., None, :] - law.means
        return (law.posterior(x)[..., None] * (means + slope[..., None] * away)).sum(-2)

    def _scaled(self, scale: Tensor, noise_var: Tensor) -> "GaussianMixture":
        """The law of scale * x + sqrt(noise_var) * eps, one for each scale."""
        law = copy(self)  # not through the constructor: its checks on values would stop vmap
        means, stds = self.means.to(scale.device), self.stds.to(scale.device)
        scale, noise_var = scale[..., None], noise_var[..., None]
        object.__setattr__(law, "means", scale[..., None] * means)
        object.__setattr__(law, "stds", (scale**2 * stds**2 + noise_var).sqrt())
        return law

    def _require_one(self) -> None:
        if self.means.ndim != 2:
            raise ValueError(f"one law is needed here, not one per point: means {self.means.shape}")


def five_gaussians() -> GaussianMixture:
    """The exact law of :func:`make_gaussian_mixture`: five components of weight 1/5."""
    return GaussianMixture(
        weights=torch.full((5,), 0.2, dtype=torch.float64),
        means=torch.from_numpy(CENTERS.astype(float)),
        stds=torch.from_numpy(STDS),
    )
