"""Our solvers, Euler's and the page's RK4, against ``torchdiffeq`` on the same fields.

Its "rk4" is Kutta's 3/8 rule. It has the classical method's order and agrees with it exactly on
fields that are linear with constant coefficients, or that depend on time alone by a cubic.
"""

from collections.abc import Callable

import pytest
import torch
from monte_carlo import rng
from page_code import on_the_page
from torch import Tensor
from torchdiffeq import odeint

from solutions_lib.flow_matching import Velocity, euler
from solutions_lib.mixture import five_gaussians

PAGE = "flow_matching/12_15_flow_matching.ipynb"
LAW = five_gaussians()
TURN = torch.tensor([[0.3, -1.2], [0.8, -0.5]], dtype=torch.float64)


def rk4() -> Callable:
    return on_the_page(PAGE, {"torch": torch}, "rk4")["rk4"]


def theirs(velocity: Velocity, x: Tensor, n_steps: int, method: str) -> Tensor:
    """Their states at t = h, 2h, ..., 1."""
    times = torch.linspace(0, 1, n_steps + 1, dtype=x.dtype)
    return odeint(lambda t, y: velocity(y, t.expand(len(y))), x, times, method=method)[1:]


def start(n: int = 50) -> Tensor:
    return torch.randn(n, 2, generator=rng(), dtype=torch.float64)


@pytest.mark.parametrize("n_steps", [1, 7, 50])
def test_euler_takes_their_steps(n_steps: int) -> None:
    ours = torch.stack(list(euler(LAW.velocity, start(), n_steps)))
    torch.testing.assert_close(ours, theirs(LAW.velocity, start(), n_steps, "euler"))


@pytest.mark.parametrize(
    "velocity",
    [
        lambda x, t: x @ TURN.T + 0 * t[:, None],
        lambda x, t: (1 - 2 * t + 4 * t**3)[:, None].expand_as(x),
    ],
)
def test_rk4_takes_their_steps_where_all_rules_of_order_four_agree(velocity: Velocity) -> None:
    ours = torch.stack(list(rk4()(velocity, start(), 5)))
    torch.testing.assert_close(ours, theirs(velocity, start(), 5, "rk4"))


def test_rk4_is_not_their_rule_elsewhere() -> None:
    *_, ours = rk4()(LAW.velocity, start(), 5)
    assert (ours - theirs(LAW.velocity, start(), 5, "rk4")[-1]).abs().max() > 1e-5


def test_rk4_reaches_their_adaptive_solution() -> None:
    """Of the exact field, with a step for which Euler's method is far off."""
    adaptive = odeint(
        lambda t, y: LAW.velocity(y, t.expand(len(y))),
        start(),
        torch.tensor([0.0, 1.0], dtype=torch.float64),
        method="dopri5",
        rtol=1e-9,
        atol=1e-9,
    )[-1]
    *_, ours = rk4()(LAW.velocity, start(), 200)
    *_, coarse = euler(LAW.velocity, start(), 200)
    torch.testing.assert_close(ours, adaptive, rtol=0, atol=1e-5)
    assert (coarse - adaptive).abs().max() > 1e-3
