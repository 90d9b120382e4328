"""Every public function is annotated, says what it does, and names a bad argument.

The bad values come from the annotations themselves: another dtype, another number of axes, a
number outside of its range.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from monte_carlo import rng

import solutions_lib
from solutions_lib import (
    _values,
    ddpm,
    gan,
    metrics,
    mixture,
    networks,
    plotting,
    rate_distortion,
    streams,
    training,
    vae,
)

MODULES = [
    importlib.import_module(f"solutions_lib.{info.name}")
    for info in pkgutil.iter_modules(solutions_lib.__path__)
]
LAW = mixture.five_gaussians()
X = torch.zeros(3, 2)
MODEL = vae.VAE(hidden_dim=4)
DIFFUSION = ddpm.SimpleDDPM(hidden_dim=4, n_timesteps=3)
PLAYERS = gan.GAN(hidden_dim=4)
NAN, INF = float("nan"), float("inf")
OUT_OF_RANGE = {
    _values.Count: [0, -1, 2.5, "2", None],
    _values.Index: [-1, 2**32, 0.5, "1"],
    _values.Positive: [0, -1.0, NAN, INF, "1"],
    _values.NonNegative: [-0.1, NAN, INF, "1"],
    _values.NonNegative | None: [-0.1, NAN, INF, "1"],
    mixture.Time: [-0.1, 1.1, NAN, "1", None],
    networks.Sizes: [[3], [], [3, 0], [3, 2.5], None],
    networks.Even: [0, 3, 2.0],
    torch.Generator: [None, 0, np.random.default_rng(0)],
    mixture.GaussianMixture: [None, MODEL],
}
CALLS: dict[Callable, dict[str, Any]] = {
    mixture.make_gaussian_mixture: {"n_samples": 3, "seed": 0},
    mixture.make_labelled_gaussian_mixture: {"n_samples": 3, "seed": 0},
    LAW.log_prob: {"x": X},
    LAW.posterior: {"x": X},
    LAW.score: {"x": X},
    LAW.sample: {"n": 3, "generator": rng()},
    LAW.sample_labelled: {"n": 3, "generator": rng()},
    LAW.sample_matched_gaussian: {"n": 3, "generator": rng()},
    LAW.ball_probability: {"radius": 2.0},
    LAW.diffused: {"alpha_bar": 0.5},
    LAW.interpolated: {"t": 0.5},
    LAW.velocity: {"x": X, "t": 0.5},
    metrics.scaled_distances: {"x": X, "law": LAW},
    metrics.covered_modes: {"x": X, "law": LAW, "radius": 2.0, "min_count": 50},
    metrics.mode_masses: {"x": X, "law": LAW},
    metrics.off_support_rate: {"x": X, "law": LAW, "radius": 3.0},
    metrics.nearest_neighbour_distance: {"x": X, "y": X},
    metrics.energy_distance: {"x": X, "y": X},
    metrics.wasserstein2: {"x": X, "y": X},
    metrics.sliced_wasserstein2: {"x": X, "y": X, "n_directions": 4},
    metrics.floor: {
        "metric": metrics.energy_distance,
        "draw": LAW.sample,
        "n": 5,
        "generator": rng(),
        "replicates": 2,
    },
    rate_distortion.rate_distortion_bound: {"law": LAW, "var": 0.01, "iterations": 1},
    networks.mlp: {"sizes": [2, 3]},
    networks.time_embedding: {"t": torch.zeros(3), "dim": 4},
    networks.TimeMLP: {"dim": 2, "hidden_dim": 4, "time_dim": 4, "time_scale": 1.0},
    vae.gaussian_kl: {"mu": X, "log_var": X},
    vae.VAE: {"input_dim": 2, "hidden_dim": 4, "latent_dim": 2, "decoder_var": 0.5},
    MODEL.sample: {"n": 3, "generator": rng(), "noise_var": 0.1},
    ddpm.linear_schedule: {"n_timesteps": 3, "beta_1": 0.1, "beta_T": 0.2},
    ddpm.SimpleDDPM: {"input_dim": 2, "hidden_dim": 4, "n_timesteps": 3},
    DIFFUSION.sample: {"n": 3, "generator": rng()},
    ddpm.ancestral: {
        "eps": DIFFUSION.eps,
        "x_T": X,
        "alpha_bar": DIFFUSION.alpha_bar,
        "generator": rng(),
    },
    gan.GAN: {"dim": 2, "hidden_dim": 4, "noise_dim": 2},
    PLAYERS.sample: {"n": 3, "generator": rng()},
    gan.train_gan: {
        "gan": PLAYERS,
        "data": X,
        "noise": rng(),
        "shuffle": rng(),
        "n_critic": 1,
        "batch_size": 2,
        "lr": 0.1,
    },
    streams.seed_of: {"name": "noise", "index": 0},
    streams.stream: {"name": "noise", "index": 0},
    streams.seeds: {"n": 3},
    training.fit_epochs: {
        "model": MODEL,
        "data": X,
        "loss": lambda x: MODEL.encode(x)[0].square().mean(),
        "epochs": 1,
        "generator": rng(),
        "batch_size": 2,
        "lr": 0.1,
    },
    plotting.panels: {"n_rows": 1, "n_columns": 1, "width": 3.0},
}


def bad_values(annotation: object) -> list[object]:
    """Values that an annotation forbids."""
    if "Float[Tensor" in str(annotation) and annotation is not mixture.Time:
        other_axes = [] if "*" in str(annotation) else [torch.zeros(1, 1, 3, 5)]
        missing = [] if str(annotation).endswith("| None") else [None]
        return [*missing, [[0.0, 0.0]], X.long(), X.numpy(), *other_axes]
    return OUT_OF_RANGE.get(annotation, [])


def public() -> Iterator[tuple[str, Callable]]:
    """Public functions, classes and methods of the package."""
    for module in MODULES:
        for name, item in vars(module).items():
            if name.startswith("_") or getattr(item, "__module__", "") != module.__name__:
                continue
            if inspect.isclass(item):
                yield name, item
                for method, function in vars(item).items():
                    if not method.startswith("_") and inspect.isfunction(function):
                        yield f"{name}.{method}", function
            elif inspect.isfunction(item):
                yield name, item


@pytest.mark.parametrize("function", CALLS, ids=lambda f: f.__qualname__)
def test_a_bad_argument_is_named_with_its_value(function: Callable) -> None:
    arguments = CALLS[function]
    function(**arguments)  # the call is good as it stands
    tested = 0
    for name, parameter in inspect.signature(function).parameters.items():
        for bad in bad_values(parameter.annotation):
            with pytest.raises(TypeError, match=rf"parameter '{name}'|argument: '{name}'"):
                function(**{**arguments, name: bad})
            tested += 1
    assert tested


def test_shapes_must_agree() -> None:
    other, wide = torch.zeros(4, 2), torch.zeros(3, 5)
    for call, name in (
        (lambda: vae.gaussian_kl(X, other), "log_var"),
        (lambda: metrics.wasserstein2(X, other), "y"),
        (lambda: metrics.sliced_wasserstein2(X, other), "y"),
        (lambda: metrics.energy_distance(X, wide), "y"),
        (lambda: LAW.log_prob(wide), "x"),
        (lambda: networks.TimeMLP()(X, torch.zeros(4)), "t"),
        (lambda: mixture.GaussianMixture(torch.ones(1), X, torch.ones(3)), "means"),
        (
            lambda: plotting.draw_cloud(plt.figure().add_subplot(), X, torch.zeros(4).long()),
            "labels",
        ),
    ):
        with pytest.raises(TypeError, match=f"parameter '{name}'"):
            call()
    plt.close("all")


@pytest.mark.parametrize("bad", [NAN, INF])
def test_values_are_checked_at_the_borders(bad: float) -> None:
    one, mean = torch.ones(1), torch.zeros(1, 2)
    for name, law in (
        ("weights", (one * bad, mean, one)),
        ("means", (one, mean + bad, one)),
        ("stds", (one, mean, one * bad)),
    ):
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            mixture.GaussianMixture(*law)
    for metric in (metrics.energy_distance, metrics.wasserstein2):
        with pytest.raises(ValueError, match="y must be finite"):
            metric(X, X + bad)
    for metric in (metrics.mode_masses, metrics.scaled_distances):
        with pytest.raises(ValueError, match="x must be finite"):
            metric(X + bad, LAW)


def test_a_law_needs_positive_parameters_that_sum_to_one() -> None:
    one, mean = torch.ones(1, dtype=torch.float64), torch.zeros(1, 2)
    for law, message in (
        ((one, mean, 0 * one), "stds must be positive"),
        ((torch.tensor([2.0, -1.0]), torch.zeros(2, 2), torch.ones(2)), "weights must be positive"),
        ((0.9 * one, mean, one), "weights must sum to 1, got 0.9"),
        ((1.0001 * one, mean, one), "weights must sum to 1"),
    ):
        with pytest.raises(ValueError, match=message):
            mixture.GaussianMixture(*law)


def test_one_law_per_point_has_no_moments_and_no_samples() -> None:
    law = LAW.diffused(torch.rand(4))
    for call in (
        law.mean,
        law.covariance,
        law.entropy,
        lambda: law.sample(3, rng()),
        lambda: law.ball_probability(1.0),
        lambda: law.expect(lambda x: x),
    ):
        with pytest.raises(ValueError, match="one law is needed here"):
            call()


def test_everything_public_is_annotated_and_documented() -> None:
    complaints = []
    for name, item in public():
        if not inspect.getdoc(item):
            complaints.append(f"{name} has no docstring")
        function = item.__init__ if inspect.isclass(item) else item
        signature = inspect.signature(function)
        for parameter in signature.parameters.values():
            if (
                parameter.name not in ("self", "args", "kwargs")
                and parameter.annotation is inspect._empty
            ):
                complaints.append(f"{name}: {parameter.name} is not annotated")
        if not inspect.isclass(item) and signature.return_annotation is inspect._empty:
            complaints.append(f"{name}: no return annotation")
    assert not complaints
