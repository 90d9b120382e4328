"""Argument checks shared by the public functions: each names the argument and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

T = TypeVar("T")


def tensor(name: str, value: object) -> Tensor:
    """``value`` as a finite floating-point tensor (arrays are wrapped, not copied)."""
    if isinstance(value, np.ndarray):
        if not np.issubdtype(value.dtype, np.floating):
            raise TypeError(f"{name} must have a floating dtype, got {value.dtype}")
        value = torch.from_numpy(value)
    elif not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor or numpy.ndarray, got {type(value)}")
    value = floating(name, value)
    if not torch.isfinite(value).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return value


def floating(name: str, value: object) -> Tensor:
    """``value`` if it is a floating-point tensor; not scanned for NaN, for use within loops."""
    if not instance(name, value, Tensor).is_floating_point():
        raise TypeError(f"{name} must have a floating dtype, got {value.dtype}")
    return value


def rows(name: str, value: object, dim: int) -> Tensor:
    """``value`` if it is a floating-point tensor of shape (n, dim); not scanned for NaN."""
    value = floating(name, value)
    if value.ndim != 2 or value.shape[1] != dim:
        raise ValueError(f"{name} must have shape (n, {dim}), got {tuple(value.shape)}")
    return value


def points(name: str, value: object, dim: int | None = None) -> Tensor:
    """``value`` as a finite tensor of shape (n, dim) with n >= 1."""
    value = tensor(name, value)
    if value.ndim != 2 or len(value) == 0 or (dim is not None and value.shape[1] != dim):
        wanted = f"(n, {'d' if dim is None else dim})"
        raise ValueError(f"{name} must have shape {wanted} with n >= 1, got {tuple(value.shape)}")
    return value


def same_shape(name: str, value: Tensor, other_name: str, other: Tensor) -> None:
    """Both tensors have one shape."""
    if value.shape != other.shape:
        raise ValueError(
            f"{name} and {other_name} must have the same shape, "
            f"got {tuple(value.shape)} and {tuple(other.shape)}"
        )


def integer(name: str, value: object, low: int = 1) -> int:
    """``value`` as an int that is at least ``low``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be >= {low}, got {value}")
    return int(value)


def real(
    name: str, value: object, low: float, high: float = math.inf, open_low: bool = False
) -> float:
    """``value`` as a float in [low, high], or in (low, high] with ``open_low``."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    if not math.isfinite(value) or not low <= value <= high or (open_low and value == low):
        bracket = "(" if open_low else "["
        raise ValueError(f"{name} must be finite and in {bracket}{low}, {high}], got {value}")
    return float(value)


def instance(name: str, value: object, kind: type[T]) -> T:
    """``value`` if it is a ``kind``."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be of type {kind.__name__}, got {type(value).__name__}")
    return value


def function(name: str, value: object) -> Callable[..., Any]:
    """``value`` if it can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be callable, got {type(value).__name__}")
    return value


def generator(value: object) -> torch.Generator:
    """``value`` if it is a torch.Generator."""
    return instance("generator", value, torch.Generator)
