"""A check prints one fixed line or raises, whatever it is given; tables and source are right."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import binom

from solutions_lib import vae
from solutions_lib.report import (
    by_seed,
    check,
    check_close,
    check_mean,
    check_most,
    check_runs,
    mean_sd,
    seed_table,
    show_source,
    tidy,
)

NAN = float("nan")
DRAWS = np.random.default_rng(0).normal(2.0, 3.0, 400)
ERROR = DRAWS.std(ddof=1) / 20
RUNS = [1.0, 2.0, 3.0]  # mean 2, standard deviation 1, standard error 1 / sqrt(3)


@pytest.mark.parametrize(
    "true", [True, np.bool_(True), np.array(True), torch.tensor(True), np.float64(1) < 2]
)
def test_check_prints_the_claim(capsys, true):
    check("two is even", true, detail="never shown")
    assert capsys.readouterr().out == "✓ two is even\n"


@pytest.mark.parametrize("false", [False, np.bool_(False), torch.tensor(False), NAN > 0])
def test_check_raises_with_its_detail_and_prints_nothing(capsys, false):
    with pytest.raises(AssertionError, match="✗ two is odd 2 % 2 = 0"):
        check("two is odd", false, detail="2 % 2 = 0")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "value", [1, "yes", None, [True], NAN, np.array([True]), torch.tensor(1.0)]
)
def test_check_wants_a_single_truth_value(value):
    with pytest.raises(TypeError, match="parameter 'holds'"):
        check("claim", value)


def test_check_close_prints_the_tolerance_and_not_the_value(capsys):
    check_close("pi is near", 3.1416, np.pi, 1e-4)
    check_close("both", torch.tensor([1.0, 2.0]), [1, 2], 0)
    assert capsys.readouterr().out == "✓ pi is near (to 1e-04)\n✓ both (to 0e+00)\n"


@pytest.mark.parametrize("value", [1.02, [1.0, 1.02], NAN, [1.0, NAN], np.inf])
def test_check_close_raises_if_one_value_is_off(value):
    with pytest.raises(AssertionError, match="difference"):
        check_close("one", value, 1.0, 0.01)


def test_check_mean_allows_five_standard_errors_and_no_more(capsys):
    check_mean("mean", DRAWS, DRAWS.mean() + 4.99 * ERROR)
    assert capsys.readouterr().out == "✓ mean (within 5 standard errors)\n"
    for expected in (DRAWS.mean() + 5.01 * ERROR, DRAWS.mean() - 5.01 * ERROR, NAN):
        with pytest.raises(AssertionError, match="standard error"):
            check_mean("mean", DRAWS, expected)


@pytest.mark.parametrize("draws", [DRAWS[:29], np.ones(50), DRAWS[:, None], np.full(50, NAN)])
def test_check_mean_wants_enough_different_draws(draws):
    with pytest.raises(ValueError, match="at least 30"):
        check_mean("mean", draws, 2.0)


def test_a_bound_must_lie_four_standard_deviations_from_the_mean(capsys):
    check_runs("above", RUNS, above=-2.01)
    check_runs("below", RUNS, below=6.01)
    check_runs("between", RUNS, above=-2.01, below=6.01)
    assert capsys.readouterr().out.startswith("✓ above (all 3 runs)\n")
    for bounds in ({"above": -1.99}, {"below": 5.99}, {"above": -2.01, "below": 5.99}):
        with pytest.raises(AssertionError, match="sd 1"):
            check_runs("too tight", RUNS, **bounds)


def test_a_claim_about_the_mean_asks_four_standard_errors(capsys):
    reach = 4 / np.sqrt(3)
    check_runs("mean", RUNS, above=2 - reach - 0.01, of_mean=True)
    check_runs("mean", RUNS, below=2 + reach + 0.01, of_mean=True)
    assert capsys.readouterr().out == "✓ mean (mean of 3 runs)\n" * 2
    for bounds in ({"above": 2 - reach + 0.01}, {"below": 2 + reach - 0.01}):
        with pytest.raises(AssertionError):
            check_runs("mean", RUNS, of_mean=True, **bounds)


def test_every_run_must_satisfy_the_bound_itself():
    """One run in thirty is five standard deviations off: the margin alone would let it pass."""
    values = [0.0] * 30 + [1.0]
    mean, sd = np.mean(values), np.std(values, ddof=1)
    assert mean + 4 * sd < 0.99
    check_runs("mean only", values, below=0.99, of_mean=True)
    with pytest.raises(AssertionError):
        check_runs("each", values, below=0.99)
    with pytest.raises(AssertionError):
        check_runs("each", np.negative(values), above=-0.99)


def test_every_column_is_bounded_by_itself():
    values = np.array([[0.0, 1.0], [0.1, 9.0], [0.2, 17.0]])
    check_runs("both below", values, below=100)
    with pytest.raises(AssertionError):
        check_runs("second is wide", values, below=20)
    check_runs("first alone", values[:, 0], below=1)


@pytest.mark.parametrize("bad", [[1.0, NAN, 1.0], [NAN], [np.inf, 1.0]])
def test_a_run_that_is_not_finite_fails(bad):
    with pytest.raises(AssertionError):
        check_runs("finite", bad, above=-100)


def test_one_run_has_no_spread(capsys):
    check_runs("one", [2.0], above=1)
    check_runs("series", pd.Series([2.0, 2.0]), above=1.999)
    assert capsys.readouterr().out == "✓ one (all 1 runs)\n✓ series (all 2 runs)\n"


@pytest.mark.parametrize("values", [[], 3.0, np.ones((2, 2, 2))])
def test_runs_come_in_rows_with_a_bound(values):
    with pytest.raises(ValueError, match="one row or number for each run"):
        check_runs("shape", values, above=0)
    with pytest.raises(ValueError, match="with a bound"):
        check_runs("no bound", RUNS)


@pytest.mark.parametrize(("n", "probability"), [(5, 0.9), (5, 0.99), (10, 0.8), (20, 0.95)])
def test_check_most_fails_a_true_statement_less_than_once_in_1000(capsys, n, probability):
    passed = []
    for seen in range(n + 1):
        try:
            check_most("it dies", [True] * seen + [False] * (n - seen), probability)
            passed.append(seen)
        except AssertionError:
            pass
    k = min(passed)
    assert passed == list(range(k, n + 1))
    assert k >= 1
    assert binom.cdf(k - 1, n, probability) < 1e-3 <= binom.cdf(k, n, probability)
    assert f"✓ it dies (in at least {k} of {n} runs)" in capsys.readouterr().out


def test_check_most_says_when_the_runs_are_too_few(capsys):
    check_most("it dies", [False, False], 0.9)
    assert capsys.readouterr().out == "– it dies (not tested: 2 runs are too few)\n"


PLAIN = [{"loss": 1, "modes": 5}, {"loss": torch.tensor(2.0), "modes": 5}]
ANNEALED = [{"loss": 0, "modes": 4}, {"loss": 4, "modes": 5}]
RESULTS = tidy({"plain": PLAIN, "annealed": iter(ANNEALED)})


def test_tidy_has_one_value_to_a_row():
    assert list(RESULTS.columns) == ["seed", "variant", "figure", "value"]
    assert len(RESULTS) == 8
    assert RESULTS.iloc[2].tolist() == [1, "plain", "loss", 2.0]


def test_by_seed_pairs_the_runs():
    runs = by_seed(RESULTS)
    assert (runs["annealed", "loss"] - runs["plain", "loss"]).tolist() == [-1, 2]


def test_seed_table_has_a_row_per_figure_and_a_column_per_variant():
    assert seed_table(RESULTS, digits=1).to_dict() == {
        "plain": {"loss": "1.5 ± 0.7", "modes": "5.0 ± 0.0"},
        "annealed": {"loss": "2.0 ± 2.8", "modes": "4.5 ± 0.7"},
    }
    assert list(seed_table(RESULTS).columns) == ["plain", "annealed"]


def test_mean_and_sample_standard_deviation():
    assert mean_sd([1, 2, 3]) == "2.000 ± 1.000"
    assert mean_sd(np.array([0.5, 1.5]), digits=1) == "1.0 ± 0.7"


def test_shown_source_is_the_installed_one_with_short_docstrings():
    shown = show_source(vae.gaussian_kl, vae.VAE).data
    assert shown.startswith("```python\ndef gaussian_kl(")
    assert "    return 0.5 * (mu.square() + log_var.exp() - log_var - 1)" in shown
    first_lines = [doc.strip().splitlines()[0] for doc in (vae.VAE.__doc__, vae.VAE.sample.__doc__)]
    assert all(f'"""{line}"""\n' in shown for line in first_lines)
    assert "decoder means" in vae.VAE.sample.__doc__
    assert "decoder means" not in shown
    assert "self.decoder = mlp([latent_dim, hidden_dim, hidden_dim, input_dim])" in shown
    compile(shown.removeprefix("```python\n").removesuffix("```"), "shown", "exec")


def test_shown_source_of_a_method_stands_at_the_margin_and_may_quote_in_its_docstring():
    class Example:
        def method(self):
            """Says "yes".

            Not shown.
            """
            return "yes"

    assert show_source(Example.method).data == (
        '```python\ndef method(self):\n    """Says "yes"."""\n    return "yes"\n```'
    )
