"""Named streams do not meet; runs in parallel equal a loop, are stoppable and clear on errors."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import joblib
import psutil
import pytest
import torch

from solutions_lib.mixture import make_gaussian_mixture
from solutions_lib.streams import initialisation, run_seeds, seed_of, seeds, stream
from solutions_lib.training import fit
from solutions_lib.vae import VAE, negative_elbo


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("SEEDS", "SEED_OFFSET", "JOBS"):
        monkeypatch.delenv(f"SOLUTIONS_LIB_{name}", raising=False)
    monkeypatch.setenv("SOLUTIONS_LIB_PROGRESS", "0")


def first_draws(name: str, index: int) -> tuple:
    return tuple(torch.rand(3, generator=stream(name, index)).tolist())


def test_streams_differ_in_name_index_and_offset(monkeypatch):
    names = ["initialisation", "shuffle", "noise", "noise ", "", "a", "aa"]
    drawn = {}
    for offset in (0, 1, 2, 5, 1000, 10**6):
        monkeypatch.setenv("SOLUTIONS_LIB_SEED_OFFSET", str(offset))
        for name, index in itertools.product(names, (0, 1, 2, 5, 1000, 10**6)):
            drawn[offset, name, index] = first_draws(name, index)
    assert len(set(drawn.values())) == len(drawn) == 6 * 7 * 6


def test_a_stream_starts_anew_at_every_call():
    assert first_draws("noise", 3) == first_draws("noise", 3)
    assert 0 <= seed_of("noise", 3) < 2**32
    assert stream("noise", 3).initial_seed() == seed_of("noise", 3)


def test_streams_keep_their_draws_for_ever():
    """Stored pages depend on these numbers."""
    assert [seed_of("noise"), seed_of("noise", 1), seed_of("shuffle")] == [
        1314133028,
        117618137,
        968404236,
    ]


def test_initialisation_has_a_stream_of_its_own_and_leaves_no_trace():
    torch.manual_seed(5)
    expected, threads = torch.rand(1), torch.get_num_threads()
    torch.manual_seed(5)
    with initialisation(0):
        inside = torch.rand(3)
        assert torch.get_num_threads() == 1
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads
    same = torch.rand(3, generator=stream("initialisation", 0))
    assert torch.equal(inside, same)
    for other in (stream("noise", 0), stream("shuffle", 0), stream("initialisation", 1)):
        assert not torch.equal(inside, torch.rand(3, generator=other))


def test_initialisation_takes_one_thread_and_restores_the_rest_after_an_error():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with initialisation(0):
            assert torch.get_num_threads() == 1
        with pytest.raises(ZeroDivisionError), initialisation(0):
            raise ZeroDivisionError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_seeds_are_counted_from_zero(monkeypatch):
    assert seeds() == [0, 1, 2, 3, 4]
    assert seeds(8) == list(range(8))
    monkeypatch.setenv("SOLUTIONS_LIB_SEED_OFFSET", "1000")
    assert seeds(2) == [0, 1]
    monkeypatch.setenv("SOLUTIONS_LIB_SEEDS", "3")
    assert seeds(2) == [0, 1, 2]


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_a_bad_number_in_the_environment(monkeypatch, value):
    monkeypatch.setenv("SOLUTIONS_LIB_SEEDS", value)
    with pytest.raises(ValueError, match=f"SOLUTIONS_LIB_SEEDS must be an integer >= 1.*'{value}'"):
        seeds()
    for name in ("SEED_OFFSET", "JOBS"):
        monkeypatch.delenv("SOLUTIONS_LIB_SEEDS", raising=False)
        monkeypatch.setenv(f"SOLUTIONS_LIB_{name}", "-1")
        with pytest.raises((ValueError, RuntimeError), match=f"SOLUTIONS_LIB_{name} must be"):
            run_seeds(lambda seed: seed_of("noise", seed), [0])
        monkeypatch.delenv(f"SOLUTIONS_LIB_{name}")


def vae_trainer() -> Callable[[int], dict]:
    """A short real training; a closure, so that workers need not import this file."""
    data = torch.from_numpy(make_gaussian_mixture(300))

    def train(seed: int) -> dict:
        noise = stream("noise", seed)
        model = VAE(hidden_dim=8)
        losses = fit(
            model,
            data,
            lambda x: negative_elbo(model, x, noise).loss(),
            epochs=3,
            generator=stream("shuffle", seed),
            batch_size=64,
        )
        draws = model.sample(5, stream("samples", seed))
        return {"seed": seed, "loss": losses.tobytes(), "x": draws.numpy().tobytes()}

    return train


def one_by_one(train: Callable[[int], dict], seed_list: list[int]) -> list[dict]:
    """What run_seeds promises to equal: a plain loop."""
    results = []
    for seed in seed_list:
        with initialisation(seed):
            results.append(train(seed))
    return results


JOBS = pytest.mark.parametrize("jobs", ["1", "2"], ids=["one_process", "two_processes"])


@JOBS
def test_runs_are_bit_identical_to_a_loop_in_any_order(monkeypatch, jobs):
    monkeypatch.setenv("SOLUTIONS_LIB_JOBS", jobs)
    train = vae_trainer()
    expected = one_by_one(train, [3, 0, 2])
    assert expected[0]["loss"] != expected[1]["loss"]
    assert run_seeds(train, [3, 0, 2]) == expected
    assert run_seeds(train, [2, 3, 0]) == [expected[2], expected[0], expected[1]]


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
    assert os.getpid() not in {result.pop("process") for result in results}
    assert results == one_by_one(train, seed_list)


def test_default_seeds_are_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("SOLUTIONS_LIB_JOBS", "1")
    monkeypatch.setenv("SOLUTIONS_LIB_SEEDS", "2")
    assert run_seeds(lambda seed: seed**2) == [0, 1]
    assert run_seeds(lambda seed: seed, []) == []


@JOBS
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
import pathlib, signal, sys, time
from solutions_lib.streams import run_seeds
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits "ignored"
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


def test_a_stream_without_an_index_is_the_first():
    assert stream("noise").initial_seed() == seed_of("noise", 0) == seed_of("noise")
