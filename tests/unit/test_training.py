"""Seeds, the minibatch loop, and runs in parallel: equal to a loop, stoppable, clear on errors."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import joblib
import numpy as np
import psutil
import pytest
import torch
from monte_carlo import rng
from torch import Tensor, nn

from solutions_lib.mixture import make_gaussian_mixture
from solutions_lib.training import fit, generator, run_seeds, seeds, set_seed
from solutions_lib.vae import VAE, negative_elbo


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("SEEDS", "SEED_OFFSET", "JOBS"):
        monkeypatch.delenv(f"SOLUTIONS_LIB_{name}", raising=False)
    monkeypatch.setenv("SOLUTIONS_LIB_PROGRESS", "0")


class Scalar(nn.Module):
    """One parameter, zero at first."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))


def test_fit_finds_the_minimum_of_a_convex_loss():
    x = torch.randn(1000, 3, generator=rng())
    truth = torch.tensor([1.0, -2.0, 0.5])
    data = torch.cat([x, (x @ truth)[:, None]], 1)
    set_seed(0)
    model = nn.Linear(3, 1, bias=False)

    def loss(batch: Tensor, _epoch: int) -> Tensor:
        return (model(batch[:, :3]) - batch[:, 3:]).square().mean()

    history = fit(model, data, loss, epochs=30, generator=rng(), batch_size=50, lr=0.05)
    assert history.loss.shape == (30,)
    assert history.loss[-1] < 1e-3 * history.loss[0]
    torch.testing.assert_close(model.weight[0], truth, atol=1e-3, rtol=0)


def test_fit_visits_each_row_once_per_epoch_in_a_new_order():
    model, data, batches = Scalar(), torch.arange(10.0), []

    def loss(batch: Tensor, epoch: int) -> Tensor:
        batches.append((epoch, batch))
        return batch.mean() + 0 * model.value

    history = fit(model, data, loss, epochs=2, generator=rng(), batch_size=4)
    assert [(epoch, len(batch)) for epoch, batch in batches] == [
        (epoch, size) for epoch in (0, 1) for size in (4, 4, 2)
    ]
    first, second = (torch.cat([b for e, b in batches if e == epoch]) for epoch in (0, 1))
    assert torch.equal(first.sort().values, data)
    assert torch.equal(second.sort().values, data)
    assert not torch.equal(first, second)
    np.testing.assert_allclose(history.loss, data.mean())  # the small batch weighs less


def test_fit_lowers_the_learning_rate_to_zero_along_a_half_cosine():
    """With a constant gradient, every step of Adam has the length of the learning rate."""
    model, path = Scalar(), []

    def loss(_batch: Tensor, _epoch: int) -> Tensor:
        path.append(model.value.item())
        return -model.value

    fit(model, torch.zeros(40), loss, epochs=5, generator=rng(), batch_size=10, lr=0.1)
    path.append(model.value.item())
    expected = 0.05 * (1 + np.cos(np.pi * np.arange(20) / 20))
    np.testing.assert_allclose(np.diff(path), expected, atol=1e-6)


def test_fit_keeps_what_track_returns():
    model = Scalar()
    history = fit(
        model,
        torch.zeros(4),
        lambda _batch, _epoch: model.value.square(),
        epochs=3,
        generator=rng(),
        track=lambda epoch: epoch * 10,
    )
    assert history.tracked == [0, 10, 20]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_fit_names_epoch_and_step_of_a_loss_that_is_not_finite(bad):
    model, calls = Scalar(), []

    def loss(_batch: Tensor, _epoch: int) -> Tensor:
        calls.append(1)
        return model.value + (bad if len(calls) == 6 else 0)

    with pytest.raises(FloatingPointError, match=f"loss is {bad} in epoch 1, step 1"):
        fit(model, torch.zeros(10), loss, epochs=3, generator=rng(), batch_size=3)
    assert torch.isfinite(model.value)


def test_set_seed_fixes_every_global_stream():
    def draw() -> tuple:
        own = set_seed(7)
        return (
            random.random(),
            np.random.rand(),  # noqa: NPY002
            torch.rand(1).item(),
            torch.rand(1, generator=own).item(),
        )

    assert draw() == draw()
    assert torch.get_num_threads() == 1


def test_seeds_count_from_the_offset(monkeypatch):
    assert seeds() == [0, 1, 2, 3, 4]
    monkeypatch.setenv("SOLUTIONS_LIB_SEED_OFFSET", "1000")
    assert seeds(2) == [1000, 1001]
    monkeypatch.setenv("SOLUTIONS_LIB_SEEDS", "3")
    assert seeds(2) == [1000, 1001, 1002]


def test_generator_adds_the_offset_and_set_seed_does_not(monkeypatch):
    assert generator(3).initial_seed() == 3
    monkeypatch.setenv("SOLUTIONS_LIB_SEED_OFFSET", "1000")
    assert generator(3).initial_seed() == 1003
    assert set_seed(3).initial_seed() == 3


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_a_bad_number_of_seeds_in_the_environment(monkeypatch, value):
    monkeypatch.setenv("SOLUTIONS_LIB_SEEDS", value)
    with pytest.raises(ValueError, match=f"SOLUTIONS_LIB_SEEDS must be an integer >= 1.*'{value}'"):
        seeds()


@pytest.mark.parametrize("name", ["SEED_OFFSET", "JOBS"])
def test_a_bad_offset_or_number_of_jobs_in_the_environment(monkeypatch, name):
    monkeypatch.setenv(f"SOLUTIONS_LIB_{name}", "-1")
    with pytest.raises(ValueError, match=f"SOLUTIONS_LIB_{name} must be an integer"):
        run_seeds(lambda seed: seed)


def vae_trainer() -> Callable[[int], dict]:
    """A short real training; a closure, so that workers need not import this file."""
    data = torch.from_numpy(make_gaussian_mixture(300))

    def train(seed: int) -> dict:
        stream = generator(seed)
        model = VAE(hidden_dim=8)
        history = fit(
            model,
            data,
            lambda x, _epoch: negative_elbo(model, x, stream).loss(),
            epochs=3,
            generator=stream,
            batch_size=64,
        )
        return {"seed": seed, "loss": history.loss.tobytes(), "x": model.sample(5, stream).numpy()}

    return train


def assert_identical(results: list[dict], expected: list[dict]) -> None:
    assert [r["seed"] for r in results] == [r["seed"] for r in expected]
    assert [r["loss"] for r in results] == [r["loss"] for r in expected]
    assert [r["x"].tobytes() for r in results] == [r["x"].tobytes() for r in expected]


def one_by_one(train: Callable[[int], dict], seed_list: list[int]) -> list[dict]:
    """What run_seeds promises to equal: a plain loop."""
    results = []
    for seed in seed_list:
        set_seed(seed)
        results.append(train(seed))
    return results


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_runs_are_bit_identical_to_a_loop_and_in_order(monkeypatch, jobs):
    monkeypatch.setenv("SOLUTIONS_LIB_JOBS", jobs)
    train, seed_list = vae_trainer(), [3, 0, 2]
    expected = one_by_one(train, seed_list)
    assert expected[0]["loss"] != expected[1]["loss"]
    assert_identical(run_seeds(train, seed_list), expected)


def test_runs_on_a_dask_cluster_are_bit_identical():
    distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    train, seed_list = vae_trainer(), [3, 0, 2]
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        results = run_seeds(lambda seed: {**train(seed), "process": os.getpid()}, seed_list)
    assert os.getpid() not in {result["process"] for result in results}
    assert_identical(results, one_by_one(train, seed_list))


def test_default_seeds_are_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("SOLUTIONS_LIB_JOBS", "1")
    monkeypatch.setenv("SOLUTIONS_LIB_SEEDS", "2")
    monkeypatch.setenv("SOLUTIONS_LIB_SEED_OFFSET", "10")
    assert run_seeds(lambda seed: seed**2) == [100, 121]
    assert run_seeds(lambda seed: seed, []) == []


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_error_names_its_seed(monkeypatch, jobs):
    monkeypatch.setenv("SOLUTIONS_LIB_JOBS", jobs)

    def train(seed: int) -> int:
        if seed == 12:
            raise ZeroDivisionError("no such model")
        return seed

    with pytest.raises(RuntimeError, match="seed 12 failed: ZeroDivisionError: no such model"):
        run_seeds(train, [11, 12, 13])


@pytest.mark.parametrize(("setting", "visible"), [("0", False), ("1", True)])
def test_progress_bar(monkeypatch, capsys, setting, visible):
    monkeypatch.setenv("SOLUTIONS_LIB_JOBS", "1")
    monkeypatch.setenv("SOLUTIONS_LIB_PROGRESS", setting)
    run_seeds(lambda seed: seed, [0, 1])
    out, err = capsys.readouterr()
    assert out == ""
    assert ("2/2" in err) is visible
    assert visible or err == ""


SLEEPERS = """
import pathlib, sys, time
from solutions_lib.training import run_seeds
folder = pathlib.Path(sys.argv[1])

def train(seed):
    (folder / str(seed)).touch()
    time.sleep(600)

if __name__ == "__main__":
    run_seeds(train, [0, 1, 2])
"""


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["process", "group"])
def test_interrupt_stops_the_workers(tmp_path, send):
    """A notebook interrupts the main process or, like a terminal, its whole group."""
    script, started = tmp_path / "sleepers.py", tmp_path / "started"
    script.write_text(SLEEPERS)
    started.mkdir()
    process = subprocess.Popen(
        [sys.executable, script, started],
        env={**os.environ, "SOLUTIONS_LIB_JOBS": "2"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert wait_until(lambda: len(list(started.iterdir())) == 2, 120)
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
        send(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGINT
        assert "KeyboardInterrupt" in err.splitlines()  # joblib may warn about its clean-up
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
