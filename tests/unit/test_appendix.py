"""The appendix states the defaults that the code has."""

import inspect
import re
from pathlib import Path

import pytest
import torch
from monte_carlo import assert_mean

from solutions_lib import metrics
from solutions_lib.ddpm import SimpleDDPM, ancestral, linear_schedule
from solutions_lib.flow_matching import FlowMatchingTrainer, euler, independent
from solutions_lib.gan import GAN, train_gan
from solutions_lib.mixture import CENTERS, STDS, five_gaussians
from solutions_lib.networks import TimeMLP
from solutions_lib.streams import seeds, stream
from solutions_lib.training import fit_epochs
from solutions_lib.vae import VAE

APPENDIX = Path(__file__).parents[2] / "chapters/appendix/models_and_data.md"
TEXT = APPENDIX.read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", TEXT, re.MULTILINE))


def default(function: object, name: str) -> object:
    return inspect.signature(function).parameters[name].default


def test_training() -> None:
    assert ROWS["learning rate"].startswith(
        r"$2\cdot 10^{-3}$, falling to zero along a half cosine"
    )
    assert default(fit_epochs, "lr") == 2e-3
    assert ROWS["batch"].startswith("512 points")
    assert default(fit_epochs, "batch_size") == 512
    assert r"\beta_1 = 0.9$, $\beta_2 = 0.999$, fused" in ROWS["optimiser"]
    assert ROWS["runs"].startswith("five")
    assert default(seeds, "n") == 5


def test_data() -> None:
    stated = [ROWS[str(k)] for k in range(1, 6)]
    assert stated == [f"$({x}, {y})$" for x, y in CENTERS]
    stds = re.findall(r"^\| [1-5] \|[^|]+\| ([\d.]+) \| 1/5 \|", TEXT, re.MULTILINE)
    assert list(map(float, stds)) == pytest.approx(STDS.tolist())


def test_vae() -> None:
    assert ROWS["decoder variance"].startswith(r"$\sigma_x^2 = 1/2$")
    assert default(VAE.__init__, "decoder_var") == 0.5
    assert "two hidden ReLU layers" in ROWS["encoder"]
    assert "two hidden ReLU layers" in ROWS["decoder"]


def test_gan() -> None:
    assert ROWS["generator"].startswith("two hidden ReLU layers of 128")
    assert ROWS["generator"].endswith("of dimension 2")
    assert ROWS["discriminator"].startswith("two hidden ReLU layers of 128")
    assert default(GAN.__init__, "hidden_dim") == 128
    assert default(GAN.__init__, "noise_dim") == 2
    assert ROWS["Adam of each player"] == (
        r"$\beta_1 = 0.5$, $\beta_2 = 0.999$, constant learning rate $10^{-3}$"
    )
    assert default(train_gan, "betas") == (0.5, 0.999)
    assert default(train_gan, "lr") == 1e-3
    assert ROWS["points of a batch"].startswith("250,")
    assert default(train_gan, "batch_size") == 250
    assert "(default 1)" in ROWS["one update"]
    assert default(train_gan, "n_critic") == 1


def test_diffusion() -> None:
    assert ROWS["noise predictor"].startswith("three hidden SiLU layers of 256, linear output")
    assert default(SimpleDDPM.__init__, "hidden_dim") == 256
    kinds = [type(layer).__name__ for layer in SimpleDDPM(hidden_dim=4).eps.layers]
    assert kinds == ["Linear", "SiLU"] * 3 + ["Linear"]
    assert ROWS["embedding of the step"].startswith("64 numbers: sines and cosines")
    assert default(TimeMLP.__init__, "time_dim") == 64
    assert default(TimeMLP.__init__, "time_scale") == 1
    assert ROWS["schedule"].startswith(r"$\beta_t$ linear from $10^{-4}$ to $0.02$")
    assert default(linear_schedule, "beta_1") == 1e-4
    assert default(linear_schedule, "beta_T") == 0.02
    assert ROWS["number of steps"] == "$T = 500$"
    assert default(SimpleDDPM.__init__, "n_timesteps") == 500
    assert r"$\bar\alpha_T=0.0064$" in TEXT
    assert linear_schedule(500)[-1].item() == pytest.approx(0.0064, abs=5e-5)


def test_diffusion_loss_and_sampler() -> None:
    assert "a predictor of zero costs 1" in ROWS["noise-prediction loss"]
    model = SimpleDDPM(hidden_dim=4)
    torch.nn.init.zeros_(model.eps.layers[-1].weight)
    torch.nn.init.zeros_(model.eps.layers[-1].bias)
    losses = [model.loss(torch.zeros(500, 2), stream("loss", i)).detach() for i in range(40)]
    assert_mean(torch.stack(losses), 1)
    assert ROWS["step variance"].endswith("which is 0 in the last step")
    alpha_bar = linear_schedule(2, beta_T=0.5)
    x = torch.zeros(5000, 2)
    first, last = ancestral(lambda x, _: torch.zeros_like(x), x, alpha_bar, stream("steps"))
    stated = 0.5 * (1 - alpha_bar[1]) / (1 - alpha_bar[2])
    assert_mean(first.double().square().flatten(), stated.item())
    torch.testing.assert_close(last, first / (1 - 1e-4) ** 0.5)


def test_flow_matching() -> None:
    assert ROWS["velocity network"].startswith("three hidden SiLU layers of 128, linear output")
    assert default(FlowMatchingTrainer.__init__, "hidden_dim") == 128
    kinds = [type(layer).__name__ for layer in FlowMatchingTrainer(hidden_dim=4).velocity.layers]
    assert kinds == ["Linear", "SiLU"] * 3 + ["Linear"]
    assert ROWS["embedding of the time"].endswith(r"$1000\,t$")
    assert FlowMatchingTrainer().velocity.time_scale == 1000
    assert ROWS["coupling"] == "noise and data are paired as they are drawn"
    assert default(FlowMatchingTrainer.__init__, "coupling") is independent
    assert ROWS["integrator"] == "Euler's method, 50 equal steps from $N(0, I)$"
    assert default(FlowMatchingTrainer.sample, "n_steps") == 50
    assert default(FlowMatchingTrainer.sample, "integrator") is euler


def test_flow_matching_loss() -> None:
    """Zero in place of the velocity, and the exact field, cost what the appendix says."""
    floor, of_zero = map(
        float, re.findall(r"velocity loss below ([\d.]+), .* costs ([\d.]+)\.", TEXT)[0]
    )
    law = five_gaussians()
    model = FlowMatchingTrainer(hidden_dim=4)
    draws = [law.sample(1000, stream("data", i)) for i in range(40)]
    for field, stated in ((law.velocity, floor), (lambda x, _: torch.zeros_like(x), of_zero)):
        model.velocity.forward = field
        losses = [model.loss(x, stream("loss", i)) for i, x in enumerate(draws)]
        assert_mean(torch.stack(losses).double(), stated)


def test_rules() -> None:
    assert "at least 50 of 2000 samples within two standard deviations" in TEXT
    assert default(metrics.covered_modes, "min_count") == 50
    assert default(metrics.covered_modes, "radius") == 2
    assert re.search(r"farther than three standard deviations", TEXT)
    assert default(metrics.off_support_rate, "radius") == 3
