"""Named random streams, and runs over several seeds in parallel.

Home page: the appendix page "Reproduce and scale".
"""

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
    """The 32-bit seed of one stream: of the seed offset, ``index`` and ``name``, and no others.

    The three enter a ``numpy.random.SeedSequence``, so that no two streams are related. For
    libraries that want a number; PyTorch code takes :func:`stream`.

    Args:
        name: what the draws are for, such as ``"noise"``.
        index: the run, or another number that tells streams of one purpose apart.
    Environment: ``SOLUTIONS_LIB_SEED_OFFSET`` (default 0) gives every stream new draws.
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

    The block runs on one thread, because sums over several depend on their number. PyTorch's
    global generator and the number of threads are afterwards what they were before.
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

    Each run is within :func:`initialisation`; other streams are drawn as ``stream("noise", seed)``.
    Wrap the call in ``joblib.parallel_config(backend="dask")`` to use a cluster.

    Args:
        train: function of the seed; what it returns must be picklable.
        seed_list: the seeds; by default :func:`seeds`.
    Environment: ``SOLUTIONS_LIB_JOBS`` (default: all cores), ``SOLUTIONS_LIB_PROGRESS=0`` (no bar).
    Raises:
        RuntimeError: a run failed; the message names its seed.
        KeyboardInterrupt: passed on after the workers are stopped.
    """
    seed_list = seeds() if seed_list is None else seed_list
    jobs = min(environment_int("SOLUTIONS_LIB_JOBS", cpu_count(), low=1), max(len(seed_list), 1))
    runs = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_run)(train, seed) for seed in seed_list
    )
    quiet = os.environ.get("SOLUTIONS_LIB_PROGRESS") == "0"
    try:
        return list(tqdm(runs, total=len(seed_list), desc="seeds", disable=quiet))
    except KeyboardInterrupt:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)
        raise
