"""Minibatches, and the one training loop over tensors. Home page: "Reproduce and scale"."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from solutions_lib._values import Count, Positive

Data = Shaped[Tensor, "n ..."] | tuple[Shaped[Tensor, "n ..."], ...]


def minibatches(
    *tensors: Shaped[Tensor, "n ..."], batch_size: Count, generator: torch.Generator
) -> Iterator[tuple[Tensor, ...]]:
    """One epoch: the rows of all tensors in one random order; the last batch may be smaller."""
    if len({len(tensor) for tensor in tensors}) != 1:
        sizes = [len(tensor) for tensor in tensors]
        raise ValueError(f"tensors must have equally many rows, at least one tensor; got {sizes}")
    order = torch.randperm(len(tensors[0]), generator=generator)
    shuffled = (tensor[order.to(tensor.device)].split(batch_size) for tensor in tensors)
    yield from zip(*shuffled, strict=True)


def fit_epochs(
    model: nn.Module,
    data: Data,
    loss: Callable[..., Tensor],
    *,
    epochs: Count,
    generator: torch.Generator,
    batch_size: Count = 512,
    lr: Positive = 2e-3,
    optimizer: torch.optim.Optimizer | None = None,
) -> Iterator[float]:
    """Train like :func:`fit`, and yield the mean loss after each epoch.

    Between epochs the caller may look at the model, or change what its loss depends on.
    """
    tensors = data if isinstance(data, tuple) else (data,)
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    steps = epochs * math.ceil(len(tensors[0]) / batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    for epoch in range(epochs):
        total = 0.0
        batches = minibatches(*tensors, batch_size=batch_size, generator=generator)
        for step, batch in enumerate(batches):
            value = loss(*batch)
            if not math.isfinite(value.item()):
                raise FloatingPointError(f"loss is {value.item()} in epoch {epoch}, step {step}")
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
            total += value.item() * len(batch[0])
        yield total / len(tensors[0])


def fit(
    model: nn.Module, data: Data, loss: Callable[..., Tensor], **settings: object
) -> np.ndarray:
    """Minimise ``loss`` of a batch with Adam in shuffled minibatches; the mean loss of each epoch.

    The learning rate falls to zero along a half cosine. ``settings`` are ``epochs``, ``generator``
    (of the shuffles, on the CPU), ``batch_size`` (512), ``lr`` (2e-3, of Adam; Kingma & Ba, 2015)
    and ``optimizer`` (in place of Adam). A loss that turns NaN or infinite raises a
    FloatingPointError that names epoch and step.
    """
    return np.array(list(fit_epochs(model, data, loss, **settings)))
