"""Our samplers step by step against Hugging Face's, for equal noise and any predictor.

``diffusers`` counts its 1000 steps from 0 where the book counts from 1, and its "trailing"
spacing is the even one of Exercise 12.22. Schedulers are plain arithmetic: nothing is downloaded.
"""

import os
from itertools import pairwise

import numpy as np
import pytest
import torch
from monte_carlo import rng
from page_code import on_the_page

from solutions_lib import ddpm
from solutions_lib.ddpm import ancestral, exact_eps, linear_schedule
from solutions_lib.mixture import five_gaussians
from solutions_lib.networks import randn

os.environ["HF_HUB_OFFLINE"] = "1"  # read when diffusers is imported
from diffusers import DDIMScheduler, DDPMScheduler

T = 1000
ALPHA_BAR = linear_schedule(T)
EPS = exact_eps(five_gaussians(), ALPHA_BAR)
LINEAR = {"beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear", "clip_sample": False}


def theirs_in_float64(kind: type, **settings: object) -> DDIMScheduler | DDPMScheduler:
    """Their scheduler; its own 32-bit 1 - alpha_bar is off by up to one part in 1000 at t = 1."""
    scheduler = kind(num_train_timesteps=T, **LINEAR, **settings)
    scheduler.alphas_cumprod = ALPHA_BAR[1:]
    return scheduler


def on_page_12_22(*names: str) -> dict:
    scope = {"torch": torch, "np": np, "pairwise": pairwise, "randn": randn, "ddpm": ddpm}
    return on_the_page("applications/12_22_ddim.ipynb", scope, *names)


def start(n: int = 50) -> torch.Tensor:
    return torch.randn(n, 2, generator=rng(), dtype=torch.float64)


def test_the_schedules_are_equal() -> None:
    theirs = DDPMScheduler(num_train_timesteps=T, **LINEAR).alphas_cumprod
    torch.testing.assert_close(theirs.double(), ALPHA_BAR[1:], rtol=1e-5, atol=0)


def test_ancestral_steps_are_those_of_ddpm_scheduler() -> None:
    """Every step, from the same point with the same noise."""
    scheduler = theirs_in_float64(DDPMScheduler, variance_type="fixed_small")
    x, ours = start(), ancestral(EPS, start(), ALPHA_BAR, rng())
    theirs, gaps = rng(), []
    for t in range(T, 0, -1):
        predicted = EPS(x, torch.full((len(x),), t))
        expected = scheduler.step(predicted, t - 1, x, generator=theirs).prev_sample
        x = next(ours)
        gaps.append((x - expected).abs().max().item())
    assert len(gaps) == T
    assert max(gaps) < 1e-6


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_steps", [10, 50, 250])
def test_ddim_steps_are_those_of_ddim_scheduler(eta: float, n_steps: int) -> None:
    page = on_page_12_22("ddim", "even_times")
    scheduler = theirs_in_float64(DDIMScheduler, set_alpha_to_one=True, timestep_spacing="trailing")
    scheduler.set_timesteps(n_steps)
    times = page["even_times"](T, n_steps)
    assert [t - 1 for t in times[:-1]] == scheduler.timesteps.tolist()
    assert times[-1] == 0
    x, ours = start(), page["ddim"](EPS, start(), ALPHA_BAR, times, eta, rng())
    theirs = rng()
    for t in times[:-1]:
        predicted = EPS(x, torch.full((len(x),), t))
        step = scheduler.step(predicted, t - 1, x, eta=eta, generator=theirs)
        x = next(ours)
        torch.testing.assert_close(x, step.prev_sample, rtol=0, atol=1e-6)
    assert next(ours, None) is None


def test_the_comparison_notices_another_last_level() -> None:
    """Their other convention ends at the first noise level instead of the data."""
    page = on_page_12_22("ddim", "even_times")
    scheduler = theirs_in_float64(
        DDIMScheduler, set_alpha_to_one=False, timestep_spacing="trailing"
    )
    scheduler.set_timesteps(10)
    x, times = start(), page["even_times"](T, 10)
    last = scheduler.step(EPS(x, torch.full((len(x),), times[-2])), times[-2] - 1, x).prev_sample
    ours = next(page["ddim"](EPS, x, ALPHA_BAR, times[-2:], 0.0, rng()))
    assert (ours - last).abs().max() > 1e-3
