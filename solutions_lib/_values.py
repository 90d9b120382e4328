"""Ranges that annotations name, and the value checks at the borders: data, laws, environment."""

import math
import os
from typing import Annotated

import torch
from beartype.vale import Is
from torch import Tensor

Count = Annotated[int, Is[lambda n: n >= 1]]
Index = Annotated[int, Is[lambda n: 0 <= n < 2**32]]
Positive = Annotated[float | int, Is[lambda v: 0 < v < math.inf]]
NonNegative = Annotated[float | int, Is[lambda v: 0 <= v < math.inf]]
Fraction = Annotated[float | int, Is[lambda v: 0 <= v <= 1]]


def require_finite(**tensors: Tensor) -> None:
    """Raise a ValueError that names the first argument with a NaN or an infinity."""
    for name, value in tensors.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} must be finite, got NaN or infinity")


def environment_int(name: str, default: int, low: int) -> int:
    """The integer in an environment variable, at least ``low``."""
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or int(text) < low:
        raise ValueError(f"{name} must be an integer >= {low}, got {text!r}")
    return int(text)
