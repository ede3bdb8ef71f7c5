"""Shared by all tests: the folder of real data, and hypothesis's settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

# Data sets looked for by plait.datasets and by the fixtures below: beside the checkout unless PLAIT_DATA names another folder.
if "PLAIT_DATA" not in os.environ and (ROOT.parent / "shared" / "data").is_dir():
    os.environ["PLAIT_DATA"] = str(ROOT.parent / "shared" / "data")

# No deadline: the machine may be busy, and a timing is never a test. In CI the same examples at every run.
hypothesis.settings.register_profile("plait", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("plait")


@pytest.fixture
def ieee() -> Iterator[None]:
    """Programs and tables keep subnormal numbers, for tests that compare to the last unit everywhere."""
    import plait

    plait.set_flush_subnormals(False)
    yield
    plait.set_flush_subnormals(True)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real data sets (PLAIT_DATA); the test is skipped where there is none."""
    folder = Path(os.environ.get("PLAIT_DATA", ""))
    if "PLAIT_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("no folder of data sets: set PLAIT_DATA")
    return folder


@pytest.fixture(scope="session")
def data_file(data_dir: Path) -> Callable[[str], Path]:
    """``data_file("uci/iris.csv")`` is that file's path; the test is skipped, naming the file, where it is absent."""

    def find(name: str) -> Path:
        path = data_dir / name
        if not path.exists():
            pytest.skip(f"{name} is not in PLAIT_DATA ({data_dir})")
        return path

    return find
