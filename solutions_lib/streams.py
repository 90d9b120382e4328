"""Random streams by name, runs over seeds in parallel. Home page: "Reproduce and scale"."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import get_reusable_executor
from tqdm import tqdm

from solutions_lib._values import Count, Index, environment_int


def seed_of(name: str, index: Index = 0) -> int:
    """The 32-bit seed of a stream, for libraries that want a number; PyTorch takes :func:`stream`.

    ``name`` says what the draws are for, ``index`` is mostly the run. With the seed offset,
    ``SOLUTIONS_LIB_SEED_OFFSET`` (0), they enter a ``numpy.random.SeedSequence``: no two streams
    are related.
    """
    offset = environment_int("SOLUTIONS_LIB_SEED_OFFSET", 0, low=0)
    entropy = np.random.SeedSequence([offset, index, *name.encode()])
    return int(entropy.generate_state(1)[0])


def stream(name: str, index: Index = 0, device: str | torch.device = "cpu") -> torch.Generator:
    """A fresh generator at the start of the stream ``name``, ``index``; see :func:`seed_of`."""
    return torch.Generator(device).manual_seed(seed_of(name, index))


def seeds(n: Count = 5) -> list[int]:
    """The runs of a page, 0 to n - 1; ``SOLUTIONS_LIB_SEEDS`` replaces n."""
    return list(range(environment_int("SOLUTIONS_LIB_SEEDS", n, low=1)))


@contextmanager
def initialisation(seed: Index) -> Iterator[None]:
    """Within the block, networks draw their weights from the stream "initialisation" of ``seed``.

    The block runs on one thread, because sums over several depend on their number. Afterwards
    PyTorch's global generator and its threads are what they were before.
    """
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        torch.manual_seed(seed_of("initialisation", seed))
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _run(train: Callable[[int], Any], seed: int) -> Any:
    try:
        with initialisation(seed):
            return train(seed)
    except Exception as error:
        raise RuntimeError(f"seed {seed} failed: {type(error).__name__}: {error}") from error


def run_seeds(train: Callable[[int], Any], seed_list: Sequence[Index] | None = None) -> list[Any]:
    """``[train(seed) for seed in seed_list]``, one process per core, bit-identical to the loop.

    Each run is within :func:`initialisation`, draws as ``stream("noise", seed)`` and returns what
    can be pickled; if one fails, a RuntimeError names its seed. ``SOLUTIONS_LIB_JOBS`` sets the
    number of processes, ``SOLUTIONS_LIB_PROGRESS=0`` hides the bar, and
    ``joblib.parallel_config(backend="dask")`` around the call uses a cluster.
    """
    seed_list = seeds() if seed_list is None else seed_list
    jobs = min(environment_int("SOLUTIONS_LIB_JOBS", cpu_count(), low=1), max(len(seed_list), 1))
    tasks = (delayed(_run)(train, seed) for seed in seed_list)
    runs = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    quiet = os.environ.get("SOLUTIONS_LIB_PROGRESS") == "0"
    try:
        return list(tqdm(runs, total=len(seed_list), desc="seeds", disable=quiet))
    except KeyboardInterrupt:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)
        raise
