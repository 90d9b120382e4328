"""What a page shows of the library is the library's own source."""

from pathlib import Path

import pytest

from solutions_lib import vae
from solutions_lib.display import mean_sd, seed_table, show_source


def test_shown_source_is_that_of_the_file():
    shown = show_source(vae.gaussian_kl, vae.VAE).data
    assert shown.startswith("```python\ndef gaussian_kl(")
    assert shown.endswith("\n```")
    file = Path(vae.__file__).read_text(encoding="utf-8")
    first, second = shown[len("```python\n") : -len("\n```")].split("\n\nclass VAE")
    assert first in file
    assert "class VAE" + second in file


def test_mean_and_sample_standard_deviation():
    assert mean_sd([1, 2, 3]) == "2.000 ± 1.000"
    assert mean_sd((x for x in (0.5, 1.5)), digits=1) == "1.0 ± 0.7"


def test_seed_table_has_a_row_per_figure_and_a_column_per_variant():
    plain = [{"loss": 1, "modes": 5}, {"loss": 2, "modes": 5}]
    annealed = [{"loss": 0, "modes": 4}, {"loss": 4, "modes": 5}]
    table = seed_table({"plain": plain, "annealed": iter(annealed)}, digits=1)
    assert table.to_dict() == {
        "plain": {"loss": "1.5 ± 0.7", "modes": "5.0 ± 0.0"},
        "annealed": {"loss": "2.0 ± 2.8", "modes": "4.5 ± 0.7"},
    }


@pytest.mark.parametrize("values", [[], [1.0], [[1.0, 2.0]], [1.0, float("nan")]])
def test_a_spread_needs_two_finite_numbers(values):
    with pytest.raises(ValueError, match="values must be at least two finite numbers"):
        mean_sd(values)
