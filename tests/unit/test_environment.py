"""The environment is the one that the pins describe."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def pins(file: str) -> dict[str, Requirement]:
    """The pinned packages of a requirements file, by name."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


DIRECT, LOCK = pins("requirements.txt"), pins("constraints.txt")


@pytest.mark.parametrize("name", DIRECT)
def test_direct_dependency_is_locked_and_installed_as_pinned(name: str) -> None:
    assert DIRECT[name].specifier == LOCK[name].specifier
    assert DIRECT[name].specifier.contains(version(name))  # "==2.13.0" contains 2.13.0+cpu


@pytest.mark.parametrize("name", LOCK)
def test_locked_package_is_the_locked_version_where_installed(name: str) -> None:
    (pin,) = LOCK[name].specifier
    assert pin.operator == "=="
    assert "+" not in pin.version, "a local label resolves on one platform only"
    try:
        installed = version(name)
    except PackageNotFoundError:
        pytest.skip("belongs to an extra that is not installed")
    assert LOCK[name].specifier.contains(installed)
