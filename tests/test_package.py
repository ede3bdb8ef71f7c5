"""The package as installed: what it brings, and what importing it costs."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

import plait

HEAVY = {"matplotlib", "scipy", "sklearn", "pandas", "torch", "jax", "tqdm", "arviz", "dask", "mpi4py", "onnx"}


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_pulls_in_nothing_heavy() -> None:
    loaded = set(json.loads(run_python("import json, sys, plait; print(json.dumps([m.split('.')[0] for m in sys.modules]))")))
    assert "plait" in loaded
    assert loaded & HEAVY == set()


def test_import_time_is_reported(record_property: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    """A figure, not a judgement: what `import plait` takes after NumPy is there."""
    code = "import time, numpy; t = time.perf_counter(); import plait; print(1e3 * (time.perf_counter() - t))"
    milliseconds = min(float(run_python(code)) for _ in range(3))
    record_property("import_ms_over_numpy", milliseconds)
    with capsys.disabled():
        print(f"[import plait over NumPy: {milliseconds:.1f} ms] ", end="")


def test_installed_package_has_type_stubs() -> None:
    folder = Path(plait.__file__).parent
    assert (folder / "py.typed").exists()
    assert (folder / "_core" / "__init__.pyi").exists()


def test_no_file_asks_for_the_machine_it_is_built_on(root: Path) -> None:
    flag = "-march=" + "native"
    found = subprocess.run(["git", "grep", "-lI", "-e", flag], cwd=root, check=False, capture_output=True, text=True)
    if found.returncode > 1:
        pytest.skip("not a git checkout")
    assert found.stdout == ""


def test_command_line_entry_point_is_declared() -> None:
    entries = importlib.metadata.entry_points(group="console_scripts", name="plait")
    if not entries:
        pytest.skip("plait is not installed, only found on the path")
    assert {entry.value for entry in entries} == {"plait.cli:main"}
