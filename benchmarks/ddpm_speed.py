"""Speed and quality of the DDPM of Exercise 12.11, beside the setting of a public recipe.

Ours: hidden width 256, T = 500, 200 epochs of ``fit``. The other has the setting that the public
``tanelp/tiny-diffusion`` gives for its base run: three hidden layers of 128, batches of 32
from a DataLoader, AdamW at 1e-3, gradients clipped at norm 1, T = 50, 200 epochs. Only the setting
is taken: network and sampler are ours. Its betas end at 0.02 for T = 50 too, so 60 % of the signal
power is left in x_T; it is therefore also sampled from the true law of x_T, which real data do not
offer.

Both are scored by sliced W2 at n = 20 000 to fresh truth, beside the floor and the training set's
own row. Run ``python benchmarks/ddpm_speed.py`` (about five minutes on one thread).
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from solutions_lib.ddpm import SimpleDDPM, ancestral
from solutions_lib.metrics import floor, sliced_wasserstein2
from solutions_lib.mixture import five_gaussians, make_gaussian_mixture
from solutions_lib.report import mean_sd
from solutions_lib.streams import initialisation, stream
from solutions_lib.training import fit

EPOCHS, POINTS, SCORED = 200, 2000, 20_000
DATA = torch.from_numpy(make_gaussian_mixture())
LAW = five_gaussians()


def sgemm_rate(n: int = 2000, width: int = 256, seconds: float = 2.0) -> float:
    """Flops in a CPU-second of the matrix product that the sampler's hidden layers need."""
    x, w, out = torch.randn(n, width), torch.randn(width, width), torch.empty(n, width)
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        torch.mm(x, w, out=out)
        count += 1
    return count * 2 * n * width**2 / spent


def flops_per_point(model: SimpleDDPM) -> int:
    """Of the matrix products in one pass forward."""
    return 2 * sum(p.numel() for p in model.parameters() if p.ndim == 2)


def train_ours(model: SimpleDDPM) -> None:
    """The book's loop with its defaults."""
    noise, shuffle = stream("noise"), stream("shuffle")
    fit(model, DATA, lambda x: model.loss(x, noise), epochs=EPOCHS, generator=shuffle)


def train_recipe(model: SimpleDDPM) -> None:
    """The usual loop with the recipe's setting."""
    noise, shuffle = stream("noise"), stream("shuffle")
    loader = DataLoader(
        TensorDataset(DATA), batch_size=32, shuffle=True, drop_last=True, generator=shuffle
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(EPOCHS):
        for (x,) in loader:
            loss = model.loss(x, noise)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()


def seconds_of(task: Callable[[], object]) -> float:
    """CPU time of one call."""
    start = time.process_time()
    task()
    return time.process_time() - start


def score(x: torch.Tensor) -> float:
    """Sliced W2 to fresh truth."""
    return sliced_wasserstein2(x, LAW.sample(len(x), stream("reference")))


def measure(name: str, model: SimpleDDPM, train: Callable[[SimpleDDPM], None], rate: float) -> None:
    """Print cost and quality of one model."""
    flops = flops_per_point(model)
    trained = seconds_of(lambda: train(model))
    sampled = seconds_of(lambda: model.sample(POINTS, stream("timed samples")))
    work = {
        "training": (trained, 3 * EPOCHS * len(DATA) * flops),  # forward, and twice backward
        f"sampling {POINTS}": (sampled, POINTS * model.n_timesteps * flops),
    }
    print(f"{name}: alpha_bar_T = {model.alpha_bar[-1]:.4f}")
    for task, (seconds, total) in work.items():
        share = 100 * total / rate / seconds
        print(f"  {task:14}{seconds:8.2f} CPU-seconds, {share:3.0f} % of the sgemm rate")
    print(f"  sliced W2 from N(0, I)         {score(model.sample(SCORED, stream('samples'))):.3f}")
    x_T = LAW.diffused(model.alpha_bar[-1]).sample(SCORED, stream("x_T"))
    with torch.no_grad():
        *_, x_0 = ancestral(model.eps, x_T, model.alpha_bar, stream("steps"))
    print(f"  sliced W2 from the law of x_T  {score(x_0):.3f}")


def main() -> None:
    """Print the core's rate, the references, and both models."""
    torch.set_num_threads(1)
    rate = sgemm_rate()
    print(f"sgemm, {POINTS} x 256 by 256 x 256: {rate / 1e9:.0f} GFLOP in a CPU-second")
    limits = floor(sliced_wasserstein2, LAW.sample, SCORED, stream("floor"))
    rows = [torch.randint(len(DATA), (SCORED,), generator=stream("rows", i)) for i in range(5)]
    own = np.array([score(DATA[row]) for row in rows])
    print(f"sliced W2, n = {SCORED}: floor {mean_sd(limits)}, training set {mean_sd(own)}")
    with initialisation(0):
        ours = SimpleDDPM(hidden_dim=256, n_timesteps=500)
        recipe = SimpleDDPM(hidden_dim=128, n_timesteps=50)
    measure("ours", ours, train_ours, rate)
    measure("the recipe's setting", recipe, train_recipe, rate)


if __name__ == "__main__":
    main()
