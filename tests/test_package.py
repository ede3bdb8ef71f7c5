"""The installed package: its files, and the cost of importing it."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import re
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
    """Records the time of `import plait` after NumPy; there is no limit."""
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


def test_the_licence_of_every_shipped_table_is_shipped(root: Path) -> None:
    """Files other than Python are plait's own or listed, with their licence, in LICENSES/README.md."""
    folder = root / "LICENSES"
    table = (folder / "README.md").read_text(encoding="utf-8")
    own = {".py", ".pyi", ".typed", ".css", ".js", ".html", ".so", ".pyc", ".h", ".c"}
    package = root / "python" / "plait"
    foreign = {p.parent.relative_to(root / "python").as_posix() for p in package.rglob("*") if p.is_file() and p.suffix not in own}
    assert foreign == {"plait/align/matrices"}
    assert [name for name in foreign if f"`{name}/`" not in table] == []
    named = set(re.findall(r"\]\(([\w.-]+)\)", table))
    assert named == {p.name for p in folder.iterdir()} - {"README.md"}
    for name in (p.name for p in (package / "align" / "matrices").iterdir()):
        assert name in (folder / "ncbi-tables.txt").read_text(encoding="utf-8")
    assert 'license-files = ["LICENSE", "LICENSES/*"]' in (root / "pyproject.toml").read_text(
        encoding="utf-8"
    )  # the wheel's and the sdist's


def test_an_installed_package_has_its_licences() -> None:
    try:
        held = importlib.metadata.files("plait") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("plait is not installed, only found on the path")
    assert {"LICENSE", "ncbi-tables.txt", "pybind11.txt"} <= {p.name for p in held if "licenses" in p.parts}


def test_versions_and_pythons_are_said_once_and_alike(root: Path) -> None:
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.*)"', project, re.MULTILINE)
    assert version is not None
    assert f"\nversion: {version[1]}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert plait.__version__ in {version[1], "0+unknown"}  # a source tree that is only on the path has no version
    classified = re.findall(r"Python :: 3\.(\d+)", project)
    built = re.findall(r'"cp3(\d+)-\*"', project)
    assert classified == built
    assert f'requires-python = ">=3.{built[0]}"' in project


def test_each_machine_of_the_workflow_builds_wheels_of_its_own_kind(root: Path) -> None:
    """Another kind's would need an emulator, which these machines have not."""
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r"^archs = (.*?)\s*(?:#|$)", project, re.MULTILINE) == ['["auto64"]', '["auto64"]']
    machines = re.search(r"os: \[(.*)\]", (root / ".github" / "workflows" / "wheels.yml").read_text(encoding="utf-8"))
    assert machines is not None
    assert len(machines[1].split(", ")) == 4  # Linux and macOS, x86-64 and ARM


def test_workflows_only_call_dev(root: Path) -> None:
    workflows = sorted((root / ".github" / "workflows").glob("*.yml"))
    assert len(workflows) == 4
    tasks = set(re.findall(r"^task_(\w+)\(\)", (root / "dev").read_text(encoding="utf-8"), re.MULTILINE))
    for path in workflows:
        commands = re.findall(r"^\s*- run: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert commands != []
        for command in commands:
            assert re.match(r"\./dev (\w+)", command), f"{path.name}: {command}"
            assert command.split()[1] in tasks


def test_help_opens_with_the_parts_and_ends_soon() -> None:
    import pydoc

    text = pydoc.plain(pydoc.render_doc(plait))
    lines = text.splitlines()
    assert len(lines) < 120
    opening = "\n".join(lines[:40])
    parts = [name for name in plait.__all__ if inspect.ismodule(getattr(plait, name))]
    assert len(parts) > 10
    assert [name for name in parts if f"plait.{name} " not in opening] == []
    assert set(plait.__all__) <= set(dir(plait))  # for everybody else


def test_versions_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    plait.show_versions()
    told = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert told["plait"] == plait.__version__
    assert {"python", "numpy", "safetensors", "machine", "instruction set", "threads"} <= told.keys()


def test_parts_are_reached_from_the_package_alone() -> None:
    """`import plait` is enough for every part that the help names; a process of its own, since others may have imported it here."""
    code = (
        "import plait; plait.infer.timeseries.AR; plait.plot; plait.report; plait.linalg; plait.nn.SequenceRegressor; plait.train.History"
    )
    run_python(code)
