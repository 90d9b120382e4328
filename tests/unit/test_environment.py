"""The environment is the one that the pins describe."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def pins(file: str) -> dict[str, Requirement]:
    """The pinned packages of a requirements file, by name."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:  # of an extra that is not installed, or for another system
        return None


def test_every_package_is_locked_and_installed_as_pinned() -> None:
    direct, lock = pins("requirements.txt"), pins("constraints.txt")
    complaints = [
        f"{name}: {pin.specifier} here, {lock[name].specifier} in the lock"
        for name, pin in direct.items()
        if pin.specifier != lock[name].specifier or installed(name) is None
    ]
    for name, pin in lock.items():
        if len(pin.specifier) != 1 or "+" in str(pin.specifier) or "==" not in str(pin.specifier):
            complaints.append(f"{name}: {pin.specifier} is no exact pin for every platform")
        elif installed(name) and not pin.specifier.contains(installed(name)):
            complaints.append(f"{name}: {installed(name)} is installed, not {pin.specifier}")
    assert not complaints
