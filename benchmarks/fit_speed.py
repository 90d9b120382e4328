"""Training speed of ``fit`` against a plain DataLoader loop, on the VAE of Exercise 12.3.

Both train the same model with the same loss for the same epochs, one thread, seed by seed in turn.
Run ``python benchmarks/fit_speed.py`` (about two minutes).
"""

import time

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from solutions_lib.display import mean_sd
from solutions_lib.mixture import five_gaussians, make_gaussian_mixture
from solutions_lib.training import fit, set_seed
from solutions_lib.vae import VAE, negative_elbo

EPOCHS = 100
SEEDS = range(3)


def train_with_fit(model: VAE, data: torch.Tensor, generator: torch.Generator) -> None:
    """The book's loop with its defaults."""
    fit(
        model,
        data,
        lambda x, _epoch: negative_elbo(model, x, generator).loss(),
        epochs=EPOCHS,
        generator=generator,
    )


def train_with_loader(model: VAE, data: torch.Tensor, generator: torch.Generator) -> None:
    """The usual loop: DataLoader, batch 128, Adam with its defaults."""
    loader = DataLoader(TensorDataset(data), batch_size=128, shuffle=True, generator=generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(EPOCHS):
        for (x,) in loader:
            optimizer.zero_grad()
            negative_elbo(model, x, generator).loss().backward()
            optimizer.step()


def warm_up() -> None:
    """Let PyTorch import what its optimizers need, which takes seconds and happens once."""
    torch.optim.Adam([torch.zeros(1, requires_grad=True)]).zero_grad()


def measure(train, seed: int, data: torch.Tensor, test: torch.Tensor) -> tuple[float, float]:
    """Samples per CPU-second, and the negative ELBO on fresh data in nats."""
    generator = set_seed(seed)
    model = VAE()
    start = time.process_time()
    train(model, data, generator)
    rate = EPOCHS * len(data) / (time.process_time() - start)
    with torch.no_grad():
        loss = negative_elbo(model, test, torch.Generator().manual_seed(0)).loss().item()
    return rate, loss


def main() -> None:
    """Print rate, ratio and final loss of both loops."""
    data = torch.from_numpy(make_gaussian_mixture())
    test = five_gaussians().sample(20_000, torch.Generator().manual_seed(0))
    warm_up()
    loops = {"fit": train_with_fit, "DataLoader": train_with_loader}
    results = {name: [] for name in loops}
    for seed in SEEDS:
        for name, train in loops.items():
            results[name].append(measure(train, seed, data, test))
    print(f"{EPOCHS} epochs, {len(SEEDS)} seeds, mean ± standard deviation")
    for name, result in results.items():
        rates, losses = zip(*result, strict=True)
        print(f"{name:12}{mean_sd(rates, 0):>18} samples per CPU-second", end="")
        print(f"{mean_sd(losses, 4):>20} nats on fresh data")
    rates = {name: np.array(result)[:, 0] for name, result in results.items()}
    print(f"ratio       {mean_sd(rates['fit'] / rates['DataLoader'], 2):>18}")


if __name__ == "__main__":
    main()
