"""Minibatches and the training loop."""

import inspect

import numpy as np
import pytest
import torch
from monte_carlo import rng
from torch import Tensor, nn

from solutions_lib.training import fit, fit_epochs, minibatches


class Scalar(nn.Module):
    """One parameter, zero at first."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))


def test_fit_finds_the_minimum_of_a_convex_loss():
    x = torch.randn(1000, 3, generator=rng())
    truth = torch.tensor([1.0, -2.0, 0.5])
    data = torch.cat([x, (x @ truth)[:, None]], 1)
    torch.manual_seed(0)
    model = nn.Linear(3, 1, bias=False)

    def loss(batch: Tensor) -> Tensor:
        return (model(batch[:, :3]) - batch[:, 3:]).square().mean()

    losses = fit(model, data, loss, epochs=30, generator=rng(), batch_size=50, lr=0.05)
    assert losses.shape == (30,)
    assert losses[-1] < 1e-3 * losses[0]
    torch.testing.assert_close(model.weight[0], truth, atol=1e-3, rtol=0)


def test_fit_visits_each_row_once_per_epoch_in_a_new_order():
    model, data, batches = Scalar(), torch.arange(10.0), []

    def loss(batch: Tensor) -> Tensor:
        batches.append(batch)
        return batch.mean() + 0 * model.value

    losses = fit(model, data, loss, epochs=2, generator=rng(), batch_size=4)
    assert [len(batch) for batch in batches] == [4, 4, 2] * 2
    first, second = torch.cat(batches[:3]), torch.cat(batches[3:])
    assert torch.equal(first.sort().values, data)
    assert torch.equal(second.sort().values, data)
    assert not torch.equal(first, second)
    np.testing.assert_allclose(losses, data.mean())  # the small batch weighs less


def test_fit_lowers_the_learning_rate_to_zero_along_a_half_cosine():
    """With a constant gradient, every step of Adam has the length of the learning rate."""
    model, path = Scalar(), []

    def loss(_batch: Tensor) -> Tensor:
        path.append(model.value.item())
        return -model.value

    fit(model, torch.zeros(40), loss, epochs=5, generator=rng(), batch_size=10, lr=0.1)
    path.append(model.value.item())
    expected = 0.05 * (1 + np.cos(np.pi * np.arange(20) / 20))
    np.testing.assert_allclose(np.diff(path), expected, atol=1e-6)


def test_between_epochs_the_caller_may_look_and_change_the_loss():
    model, seen, weight = Scalar(), [], 0.0

    def loss(batch: Tensor) -> Tensor:
        seen.append(weight)
        return batch.mean() * weight + 0 * model.value

    data = torch.ones(4)
    losses = []
    for loss_of_epoch in fit_epochs(model, data, loss, epochs=3, generator=rng(), batch_size=2):
        losses.append(loss_of_epoch)
        weight += 1
    assert seen == [0, 0, 1, 1, 2, 2]
    assert losses == [0, 1, 2]


def test_fit_takes_points_with_labels():
    model, pairs = Scalar(), []

    def loss(x: Tensor, label: Tensor) -> Tensor:
        pairs.extend(zip(x.tolist(), label.tolist(), strict=True))
        return x.mean() + 0 * model.value

    x = torch.arange(10.0)
    fit(model, (x, (3 * x).long()), loss, epochs=1, generator=rng(), batch_size=4)
    assert sorted(pairs) == [(float(i), 3 * i) for i in range(10)]
    assert pairs != sorted(pairs)


def test_fit_takes_an_optimizer_and_lowers_its_rate():
    model, path = Scalar(), []

    def loss(_batch: Tensor) -> Tensor:
        path.append(model.value.item())
        return -model.value

    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    fit(model, torch.zeros(8), loss, epochs=2, generator=rng(), batch_size=2, optimizer=optimizer)
    path.append(model.value.item())
    expected = 0.1 * (1 + np.cos(np.pi * np.arange(8) / 8))
    np.testing.assert_allclose(np.diff(path), expected, atol=1e-6)


def test_defaults_are_those_of_the_appendix(monkeypatch):
    """Adam, fused, 0.9 and 0.999, learning rate 2e-3, batches of 512."""
    made, sizes = [], []
    adam = torch.optim.Adam

    def spy(*args: object, **settings: object) -> torch.optim.Optimizer:
        made.append(adam(*args, **settings))
        return made[-1]

    def loss(batch: Tensor) -> Tensor:
        sizes.append(len(batch))
        return model.value.square()

    monkeypatch.setattr(torch.optim, "Adam", spy)
    model = Scalar()
    fit(model, torch.zeros(1000), loss, epochs=1, generator=rng())
    defaults = made[0].defaults
    assert (defaults["betas"], defaults["fused"]) == ((0.9, 0.999), True)
    assert made[0].param_groups[0]["initial_lr"] == 2e-3
    assert sizes == [512, 488]


def test_minibatches_keep_rows_together_and_the_last_is_smaller():
    x, labels = torch.arange(10.0)[:, None], torch.arange(10)
    batches = list(minibatches(x, labels, batch_size=4, generator=rng()))
    assert [len(batch[0]) for batch in batches] == [4, 4, 2]
    rows, marks = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert torch.equal(rows[:, 0].long(), marks)
    assert torch.equal(marks.sort().values, labels)
    assert not torch.equal(marks, labels)
    (single,) = minibatches(x, batch_size=100, generator=rng())
    assert len(single) == 1
    assert single[0].shape == (10, 1)


def test_minibatches_go_on_with_their_generator():
    generator = rng()
    orders = [next(minibatches(torch.arange(50), batch_size=50, generator=generator)) for _ in "ab"]
    assert not torch.equal(orders[0][0], orders[1][0])


@pytest.mark.parametrize("tensors", [(), (torch.zeros(3), torch.zeros(4))])
def test_minibatches_want_equally_many_rows(tensors):
    with pytest.raises((TypeError, ValueError), match="tensors"):
        list(minibatches(*tensors, batch_size=2, generator=rng()))


def test_fit_documents_the_settings_of_its_loop():
    settings = inspect.signature(fit_epochs).parameters.values()
    named = [p.name for p in settings if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert all(f"``{name}``" in inspect.getdoc(fit) for name in named)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_fit_names_epoch_and_step_of_a_loss_that_is_not_finite(bad):
    model, calls = Scalar(), []

    def loss(_batch: Tensor) -> Tensor:
        calls.append(1)
        return model.value + (bad if len(calls) == 6 else 0)

    with pytest.raises(FloatingPointError, match=f"loss is {bad} in epoch 1, step 1"):
        fit(model, torch.zeros(10), loss, epochs=3, generator=rng(), batch_size=3)
    assert torch.isfinite(model.value)


def test_minibatches_and_fit_follow_their_generator_alone():
    x, model = torch.arange(50.0), Scalar()
    orders = [next(minibatches(x, batch_size=50, generator=rng(s)))[0] for s in (1, 1, 2)]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])
    seen = []

    def loss(batch: Tensor) -> Tensor:
        seen.append(batch)
        return batch.mean() + 0 * model.value

    fit(model, x, loss, epochs=1, generator=rng(1), batch_size=50)
    assert torch.equal(seen[0], orders[0])
