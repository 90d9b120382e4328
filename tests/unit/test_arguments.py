"""Every public function names a bad argument; every one has a docstring and full type hints."""

import importlib
import inspect
import pkgutil
import typing

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from monte_carlo import rng

import solutions_lib
from solutions_lib import (
    checks,
    display,
    metrics,
    mixture,
    networks,
    plotting,
    rate_distortion,
    training,
    vae,
)

NAN, INF = float("nan"), float("inf")
LAW = mixture.five_gaussians()
LINE = mixture.GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1))
POINTS = torch.zeros(3, 2)
MODEL = vae.VAE(hidden_dim=4)

COUNT = [0, -1, 2.0, "2", True, None, NAN]
SEED = [-1, 1.0, "1", True, None]
POSITIVE = [0, -1.0, NAN, INF, "1", True, None, 1j, torch.zeros(2)]
SHARE = [-0.1, 1.1, NAN, "1", True, None]
NOT_CALLABLE = [None, 3, "mean"]
NOT_GENERATOR = [None, 0, np.random.default_rng(0)]
NOT_LAW = [None, "five", MODEL]
ROWS = [None, 1.0, [[0.0, 0.0]], torch.zeros(2), torch.zeros(3, 5), torch.zeros(3, 2).long()]
POINT_CLOUD = [
    *ROWS,
    np.zeros((3, 2), dtype=int),
    torch.zeros(0, 2),
    torch.zeros(1, 3, 2),
    torch.tensor([[0.0, NAN]]),
    np.array([[0.0, -INF]]),
]
POSITIVE_VECTOR = [None, [1.0], torch.ones(2), torch.ones(1).long(), -torch.ones(1)] + [
    torch.tensor([value]) for value in (0.0, NAN, INF)
]
PAIR = {"x": POINTS, "y": POINTS}
PAIR_BAD = {"x": POINT_CLOUD, "y": POINT_CLOUD}
EQUAL_BAD = {name: [*POINT_CLOUD, torch.zeros(4, 2)] for name in PAIR}


def axes() -> Axes:
    return plt.figure().add_subplot()


def square(batch: torch.Tensor, _epoch: int = 0) -> torch.Tensor:
    return MODEL.encode(batch)[0].square().mean()


# function: (arguments that it takes, bad values of each)
TABLE = {
    mixture.make_gaussian_mixture: (
        {"n_samples": 3, "seed": 0},
        {"n_samples": COUNT, "seed": [*SEED, 2**32]},
    ),
    mixture.make_labelled_gaussian_mixture: (
        {"n_samples": 3, "seed": 0},
        {"n_samples": COUNT, "seed": [*SEED, 2**32]},
    ),
    mixture.GaussianMixture: (
        {"weights": torch.ones(1), "means": torch.zeros(1, 2), "stds": torch.ones(1)},
        {
            "weights": [*POSITIVE_VECTOR, torch.tensor([0.9])],
            "means": [v for v in POINT_CLOUD if getattr(v, "shape", None) != (3, 5)],
            "stds": POSITIVE_VECTOR,
        },
    ),
    LAW.log_prob: ({"x": POINTS}, {"x": POINT_CLOUD}),
    LAW.posterior: ({"x": POINTS}, {"x": POINT_CLOUD}),
    LAW.score: ({"x": POINTS}, {"x": POINT_CLOUD}),
    LAW.velocity: ({"x": POINTS, "t": 0.5}, {"x": POINT_CLOUD, "t": SHARE}),
    LAW.sample: ({"n": 2, "generator": rng()}, {"n": COUNT, "generator": NOT_GENERATOR}),
    LAW.sample_labelled: ({"n": 2, "generator": rng()}, {"n": COUNT, "generator": NOT_GENERATOR}),
    LAW.sample_matched_gaussian: (
        {"n": 2, "generator": rng()},
        {"n": COUNT, "generator": NOT_GENERATOR},
    ),
    LAW.expect: ({"f": LAW.log_prob}, {"f": NOT_CALLABLE}),
    LAW.ball_probability: ({"radius": 1}, {"radius": POSITIVE}),
    LAW.diffused: ({"alpha_bar": 0.5}, {"alpha_bar": SHARE}),
    networks.mlp: (
        {"sizes": [2, 3], "activation": torch.nn.ReLU},
        {"sizes": [None, 3, [], [2], [2, 0], [2, 3.0], [2, True]], "activation": NOT_CALLABLE},
    ),
    vae.gaussian_kl: ({"mu": POINTS, "log_var": POINTS}, {"mu": ROWS, "log_var": ROWS}),
    vae.gaussian_nll: (
        {"x": POINTS, "mean": POINTS, "var": 1.0},
        {"x": ROWS, "mean": ROWS, "var": POSITIVE},
    ),
    vae.reparameterize: (
        {"mu": POINTS, "log_var": POINTS, "generator": rng()},
        {"mu": ROWS, "log_var": ROWS, "generator": NOT_GENERATOR},
    ),
    vae.VAE: (
        {"input_dim": 2, "hidden_dim": 3, "latent_dim": 2, "decoder_var": 0.5},
        {
            "input_dim": COUNT,
            "hidden_dim": COUNT,
            "latent_dim": COUNT,
            "decoder_var": POSITIVE,
        },
    ),
    MODEL.encode: ({"x": POINTS}, {"x": ROWS}),
    MODEL.decode: ({"z": POINTS}, {"z": ROWS}),
    MODEL.sample: (
        {"n": 2, "generator": rng(), "noise_var": 0.5},
        {"n": COUNT, "generator": NOT_GENERATOR, "noise_var": [-1, NAN, INF, "1", None]},
    ),
    vae.ElboTerms(POINTS[:, 0], POINTS).loss: ({"beta": 1}, {"beta": [-1, NAN, INF, "1", None]}),
    vae.negative_elbo: (
        {"model": MODEL, "x": POINTS, "generator": rng()},
        {"model": [None, "vae", torch.nn.ReLU()], "x": ROWS, "generator": NOT_GENERATOR},
    ),
    vae.randn: ({"shape": (2,), "generator": rng()}, {"generator": NOT_GENERATOR}),
    training.seeds: ({"n": 2}, {"n": COUNT}),
    training.generator: ({"seed": 1}, {"seed": SEED}),
    training.set_seed: ({"seed": 1}, {"seed": SEED}),
    training.fit: (
        {
            "model": MODEL,
            "data": POINTS,
            "loss": square,
            "epochs": 1,
            "generator": rng(),
            "batch_size": 2,
            "lr": 1e-3,
            "track": int,
        },
        {
            "model": [None, "vae", square],
            "data": [None, [1.0], POINTS.long(), POINTS[:0], torch.tensor(1.0), POINTS / 0],
            "loss": NOT_CALLABLE,
            "epochs": COUNT,
            "generator": NOT_GENERATOR,
            "batch_size": COUNT,
            "lr": POSITIVE,
            "track": [3, "loss"],
        },
    ),
    training.run_seeds: (
        {"train": abs, "seed_list": range(2)},
        {"train": NOT_CALLABLE, "seed_list": [3, "12", [-1], [0, 1.0], [None]]},
    ),
    metrics.covered_modes: (
        {"x": POINTS, "law": LAW, "radius": 2, "min_count": 50},
        {"x": POINT_CLOUD, "law": NOT_LAW, "radius": POSITIVE, "min_count": COUNT},
    ),
    metrics.mode_masses: ({"x": POINTS, "law": LAW}, {"x": POINT_CLOUD, "law": NOT_LAW}),
    metrics.off_support_rate: (
        {"x": POINTS, "law": LAW, "radius": 3},
        {"x": POINT_CLOUD, "law": NOT_LAW, "radius": POSITIVE},
    ),
    metrics.nearest_neighbour_distance: (PAIR, PAIR_BAD),
    metrics.energy_distance: (PAIR, PAIR_BAD),
    metrics.wasserstein2: (PAIR, EQUAL_BAD),
    metrics.sliced_wasserstein2: (
        {**PAIR, "n_directions": 4},
        {**EQUAL_BAD, "n_directions": COUNT},
    ),
    metrics.floor: (
        {
            "metric": metrics.energy_distance,
            "law": LAW,
            "n": 2,
            "generator": rng(),
            "replicates": 2,
        },
        {
            "metric": NOT_CALLABLE,
            "law": NOT_LAW,
            "n": COUNT,
            "generator": NOT_GENERATOR,
            "replicates": COUNT,
        },
    ),
    rate_distortion.rate_distortion_bound: (
        {"law": LAW, "var": 1.0, "iterations": 1},
        {"law": [*NOT_LAW, LINE], "var": POSITIVE, "iterations": COUNT},
    ),
    checks.check: ({"claim": "c", "holds": True}, {"holds": [None, 1, NAN, "yes", [True]]}),
    checks.check_close: (
        {"claim": "c", "value": 1, "expected": 1, "atol": 0},
        {"atol": [-1, NAN, INF, "1", None]},
    ),
    checks.check_mean: (
        {"claim": "c", "draws": np.arange(40), "expected": 19.5, "standard_errors": 5},
        {
            "draws": [[], np.arange(29), np.ones(40), np.ones((40, 2)), [NAN, *range(40)]],
            "standard_errors": POSITIVE,
        },
    ),
    display.mean_sd: (
        {"values": [1, 2], "digits": 2},
        {"values": [[], [1], [1, NAN]], "digits": [-1, 1.0, None]},
    ),
    display.seed_table: (
        {"columns": {"plain": [{"loss": 1}, {"loss": 2}]}, "digits": 1},
        {"columns": [None, [{"loss": 1}]], "digits": [-1, 1.0, None]},
    ),
    plotting.panels: (
        {"n_rows": 1, "n_columns": 2, "width": 5},
        {"n_rows": COUNT, "n_columns": COUNT, "width": POSITIVE},
    ),
    plotting.draw_cloud: (
        {"ax": axes(), "x": POINTS, "labels": [0, 1, 4]},
        {"ax": [None, plt], "x": POINT_CLOUD, "labels": [[0, 1], [0, 1, 5], [0, 1, -1], "abc"]},
    ),
    plotting.draw_prior: ({"ax": axes()}, {"ax": [None, plt]}),
    plotting.draw_density: ({"ax": axes(), "law": LAW}, {"ax": [None, plt], "law": NOT_LAW}),
}
# What is handed on as it is: to matplotlib, to PyTorch, to the message of a check.
HANDED_ON = {"claim", "color", "detail", "device", "expected", "objects", "shape", "size", "value"}
RECORDS = {training.History, vae.ElboTerms}


def public_api() -> dict[str, typing.Callable]:
    """Functions, classes and methods by qualified name; properties by their getter."""
    found = {}
    for info in pkgutil.iter_modules(solutions_lib.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"solutions_lib.{info.name}")
        for name, item in vars(module).items():
            if name.startswith("_") or getattr(item, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(item):
                for method_name, member in vars(item).items():
                    method = getattr(member, "fget", member)
                    if not method_name.startswith("_") and inspect.isfunction(method):
                        found[f"{info.name}.{name}.{method_name}"] = method
            found[f"{info.name}.{name}"] = item
    return found


API = public_api()


def parameters(item: typing.Callable) -> set[str]:
    return set(inspect.signature(item).parameters) - {"self"}


def plain(item: typing.Callable) -> typing.Callable:
    """The function behind a bound method."""
    return getattr(item, "__func__", item)


BAD = [
    pytest.param(function, {**good, name: value}, name, id=f"{function.__qualname__}-{name}{i}")
    for function, (good, bad) in TABLE.items()
    for name, values in bad.items()
    for i, value in enumerate(values)
]


@pytest.fixture(autouse=True)
def _one_job(monkeypatch):
    monkeypatch.setenv("SOLUTIONS_LIB_JOBS", "1")


@pytest.mark.parametrize("function", TABLE, ids=lambda f: f.__qualname__)
def test_good_arguments_are_taken(function):
    """So that what fails with one bad argument fails because of it."""
    function(**TABLE[function][0])


@pytest.mark.parametrize(("function", "arguments", "name"), BAD)
def test_a_bad_argument_is_named(function, arguments, name):
    with pytest.raises((TypeError, ValueError), match=rf"(?i)\b{name}\b"):
        function(**arguments)


@pytest.mark.parametrize("name", API)
def test_table_of_bad_arguments_is_complete(name):
    item = API[name]
    if item not in RECORDS and parameters(item) - HANDED_ON:
        bad = {plain(function): bad for function, (_, bad) in TABLE.items()}[item]
        assert set(bad) == parameters(item) - HANDED_ON


@pytest.mark.parametrize("name", API)
def test_docstring_and_type_hints(name):
    item = API[name]
    doc = (item.__doc__ or "").strip()
    assert doc, "no docstring"
    assert not doc.startswith(f"{item.__name__}("), "the docstring is a generated signature"
    function = item.__init__ if inspect.isclass(item) else item
    hints = typing.get_type_hints(function)
    assert set(hints) >= parameters(item) | {"return"}
