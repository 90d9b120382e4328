"""Training speed of ``fit`` on the VAE of Exercise 12.3, and what checking the types costs it.

``fit`` and a plain DataLoader loop train in turn, for the same epochs on one thread. The cost of
the checks comes from one long training whose epochs have them on and off in turn.
Run ``python benchmarks/fit_speed.py`` (about two minutes).
"""

import time
from collections.abc import Callable

import jaxtyping
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from solutions_lib.mixture import five_gaussians, make_gaussian_mixture
from solutions_lib.report import mean_sd
from solutions_lib.streams import initialisation, stream
from solutions_lib.training import fit, fit_epochs
from solutions_lib.vae import VAE, negative_elbo

EPOCHS, ROUNDS = 60, 3
DATA = torch.from_numpy(make_gaussian_mixture())


def loss_of(model: VAE, seed: int) -> Callable[[torch.Tensor], torch.Tensor]:
    noise = stream("noise", seed)
    return lambda x: negative_elbo(model, x, noise).loss()


def train_with_fit(model: VAE, seed: int) -> None:
    """The book's loop with its defaults."""
    fit(model, DATA, loss_of(model, seed), epochs=EPOCHS, generator=stream("shuffle", seed))


def train_with_loader(model: VAE, seed: int) -> None:
    """The usual loop: DataLoader, batch 128, Adam with its defaults."""
    loss, shuffle = loss_of(model, seed), stream("shuffle", seed)
    loader = DataLoader(TensorDataset(DATA), batch_size=128, shuffle=True, generator=shuffle)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(EPOCHS):
        for (x,) in loader:
            optimizer.zero_grad()
            loss(x).backward()
            optimizer.step()


def measure(train: Callable[[VAE, int], None], seed: int) -> tuple[float, float]:
    """Samples per CPU-second, and the negative ELBO on fresh data in nats."""
    model, start = VAE(), time.process_time()
    train(model, seed)
    rate = EPOCHS * len(DATA) / (time.process_time() - start)
    with torch.no_grad():
        test = five_gaussians().sample(20_000, stream("test points"))
        return rate, negative_elbo(model, test, stream("test noise")).loss().item()


def share_lost_to_checks(epochs: int = 200) -> float:
    """Median CPU time of an epoch with the type checks, over that without, minus one."""
    model, seconds, start = VAE(), [], time.process_time()
    loop = fit_epochs(model, DATA, loss_of(model, 0), epochs=epochs, generator=stream("shuffle"))
    for epoch, _ in enumerate(loop):
        now = time.process_time()
        seconds.append(now - start)
        start = now
        jaxtyping.config.update("jaxtyping_disable", epoch % 2 == 0)  # for the next epoch
    jaxtyping.config.update("jaxtyping_disable", False)
    return np.median(seconds[2::2]) / np.median(seconds[1::2]) - 1


def main() -> None:
    """Print rate and final loss of both loops, their ratio, and the cost of the checks."""
    torch.optim.Adam([torch.zeros(1, requires_grad=True)]).zero_grad()  # imports, once
    loops = {"fit": train_with_fit, "DataLoader": train_with_loader}
    results = {name: [] for name in loops}
    for seed in range(ROUNDS):
        for name, train in loops.items():
            with initialisation(seed):
                results[name].append(measure(train, seed))
    print(f"{EPOCHS} epochs, {ROUNDS} rounds, mean ± standard deviation")
    rates = {}
    for name, result in results.items():
        rates[name], losses = np.array(result).T
        print(f"{name:12}{mean_sd(rates[name], 0):>18} samples per CPU-second", end="")
        print(f"{mean_sd(losses, 4):>20} nats on fresh data")
    print(f"fit / DataLoader   {mean_sd(rates['fit'] / rates['DataLoader'], 2)}")
    with initialisation(0):
        print(f"lost to the checks {100 * share_lost_to_checks():.1f} %")


if __name__ == "__main__":
    main()
