"""A check prints one fixed line or raises, whatever it is given."""

import numpy as np
import pytest
import torch

from solutions_lib.checks import check, check_close, check_mean

NAN = float("nan")
DRAWS = np.random.default_rng(0).normal(2.0, 3.0, 400)
ERROR = DRAWS.std(ddof=1) / 20


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
    "value",
    [1, "yes", None, [True], NAN, np.array([True, True]), torch.ones(1).bool(), torch.tensor(1.0)],
)
def test_check_wants_a_single_truth_value(value):
    with pytest.raises(TypeError, match="holds must be a bool"):
        check("claim", value)


def test_check_close_prints_the_tolerance_and_not_the_value(capsys):
    check_close("pi is near", 3.1416, np.pi, 1e-4)
    check_close("both", torch.tensor([1.0, 2.0]), [1, 2], 0)
    assert capsys.readouterr().out == "✓ pi is near (to 1e-04)\n✓ both (to 0e+00)\n"


@pytest.mark.parametrize("value", [1.02, [1.0, 1.02], NAN, [1.0, NAN], np.inf])
def test_check_close_raises_if_one_value_is_off(value):
    with pytest.raises(AssertionError, match="difference"):
        check_close("one", value, 1.0, 0.01)


def test_check_mean_allows_its_standard_errors_and_no_more(capsys):
    check_mean("mean", DRAWS, DRAWS.mean() + 4.99 * ERROR)
    check_mean("mean", DRAWS, DRAWS.mean() - 1.99 * ERROR, standard_errors=2)
    assert capsys.readouterr().out == (
        "✓ mean (within 5 standard errors)\n✓ mean (within 2 standard errors)\n"
    )
    for expected, errors in ((DRAWS.mean() + 5.01 * ERROR, 5), (DRAWS.mean() - 2.01 * ERROR, 2)):
        with pytest.raises(AssertionError, match="standard error"):
            check_mean("mean", DRAWS, expected, errors)
    with pytest.raises(AssertionError):
        check_mean("mean", DRAWS, NAN)
