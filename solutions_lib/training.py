"""Seeds, one minibatch loop, and several seeds in parallel.

Home page: the appendix page "Reproduce and scale".
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import get_reusable_executor
from torch import Tensor, nn
from tqdm import tqdm

from solutions_lib import _validate


def _environment_int(name: str, default: int, low: int) -> int:
    text = os.environ.get(name, str(default))
    try:
        return _validate.integer(name, int(text), low)
    except ValueError:
        raise ValueError(f"{name} must be an integer >= {low}, got {text!r}") from None


def seeds(n: int = 5) -> list[int]:
    """The training seeds of a page: ``n`` of them, counted from the offset.

    Environment: ``SOLUTIONS_LIB_SEEDS`` replaces n, ``SOLUTIONS_LIB_SEED_OFFSET`` (default 0) is
    added to each.
    """
    n = _environment_int("SOLUTIONS_LIB_SEEDS", _validate.integer("n", n), low=1)
    offset = _environment_int("SOLUTIONS_LIB_SEED_OFFSET", 0, low=0)
    return [offset + i for i in range(n)]


def generator(seed: int, device: str | torch.device = "cpu") -> torch.Generator:
    """A random stream of its own; ``SOLUTIONS_LIB_SEED_OFFSET`` is added to the seed."""
    seed = _validate.integer("seed", seed, low=0)
    seed += _environment_int("SOLUTIONS_LIB_SEED_OFFSET", 0, low=0)
    return torch.Generator(device).manual_seed(seed)


def set_seed(seed: int) -> torch.Generator:
    """Seed Python, NumPy and PyTorch (network initialisation), and use one thread.

    One thread, because sums over several depend on their number. The offset is not added: seeds
    from :func:`seeds` hold it already.

    Returns:
        a CPU generator with the same seed, for everything that takes one.
    """
    seed = _validate.integer("seed", seed, low=0)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - for code that uses the global stream
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    return torch.Generator().manual_seed(seed)


@dataclass(frozen=True)
class History:
    """What :func:`fit` saw.

    Attributes:
        loss: mean training loss of each epoch, shape (epochs,).
        tracked: what ``track`` returned after each epoch.
    """

    loss: np.ndarray
    tracked: list[Any] = field(default_factory=list)


def fit(
    model: nn.Module,
    data: Tensor,
    loss: Callable[[Tensor, int], Tensor],
    *,
    epochs: int,
    generator: torch.Generator,
    batch_size: int = 512,
    lr: float = 2e-3,
    track: Callable[[int], Any] | None = None,
) -> History:
    """Minimise ``loss`` with Adam over shuffled minibatches of one tensor.

    The learning rate falls from ``lr`` to zero along a half cosine. The model is trained in place.

    Args:
        model: its parameters are trained.
        data: shape (n, ...), on the model's device; the last batch of an epoch may be smaller.
        loss: maps (batch, epoch), the epoch counted from 0, to a scalar.
        epochs: passes over the data.
        generator: CPU generator of the shuffles.
        batch_size, lr: of Adam (Kingma & Ba, 2015).
        track: called with the epoch after each one; its results are kept.
    Raises:
        FloatingPointError: the loss turned NaN or infinite; the message names epoch and step.
        TypeError, ValueError: bad arguments.
    """
    _validate.instance("model", model, nn.Module)
    _validate.function("loss", loss)
    data = _validate.tensor("data", data)
    if data.ndim == 0 or len(data) == 0:
        raise ValueError(f"data must have at least one row, got shape {tuple(data.shape)}")
    epochs = _validate.integer("epochs", epochs)
    batch_size = _validate.integer("batch_size", batch_size)
    lr = _validate.real("lr", lr, 0, open_low=True)
    _validate.generator(generator)
    if track is not None:
        _validate.function("track", track)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    steps = epochs * math.ceil(len(data) / batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    history = History(np.zeros(epochs))
    for epoch in range(epochs):
        shuffled = data[torch.randperm(len(data), generator=generator).to(data.device)]
        for step, batch in enumerate(shuffled.split(batch_size)):
            value = loss(batch, epoch)
            if not math.isfinite(value.item()):
                raise FloatingPointError(f"loss is {value.item()} in epoch {epoch}, step {step}")
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
            history.loss[epoch] += value.item() * len(batch) / len(data)
        if track is not None:
            history.tracked.append(track(epoch))
    return history


def _train_one(train: Callable[[int], Any], seed: int) -> Any:
    set_seed(seed)
    try:
        return train(seed)
    except Exception as error:
        raise RuntimeError(f"seed {seed} failed: {type(error).__name__}: {error}") from error


def run_seeds(train: Callable[[int], Any], seed_list: Iterable[int] | None = None) -> list[Any]:
    """``[train(seed) for seed in seed_list]``, one process per core, bit-identical to the loop.

    :func:`set_seed` is called before each run. Wrap the call in
    ``joblib.parallel_config(backend="dask")`` to use a cluster.

    Args:
        train: function of the seed; what it returns must be picklable.
        seed_list: the seeds; by default :func:`seeds`.
    Environment: ``SOLUTIONS_LIB_JOBS`` (default: all cores), ``SOLUTIONS_LIB_PROGRESS=0`` (no bar).
    Raises:
        RuntimeError: a run failed; the message names its seed.
        KeyboardInterrupt: passed on after the workers are stopped.
    """
    _validate.function("train", train)
    seed_list = seeds() if seed_list is None else seed_list
    seed_list = [
        _validate.integer("each of seed_list", seed, low=0)
        for seed in _validate.instance("seed_list", seed_list, Iterable)
    ]
    jobs = min(_environment_int("SOLUTIONS_LIB_JOBS", cpu_count(), low=1), max(len(seed_list), 1))
    runs = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_train_one)(train, seed) for seed in seed_list
    )
    quiet = os.environ.get("SOLUTIONS_LIB_PROGRESS") == "0"
    try:
        return list(tqdm(runs, total=len(seed_list), desc="seeds", disable=quiet))
    except KeyboardInterrupt:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)
        raise
