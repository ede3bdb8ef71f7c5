"""Costs besides running: import, compilation, memory, the wheel. Each sample in a fresh process."""

from __future__ import annotations

import compileall
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _harness import against, duration, megabytes, on_threads, show_table, thread_environment
from _worker import Worker, WorkerError

ROOT = Path(__file__).resolve().parent.parent

# Imported before the measurement: every contestant needs NumPy, and the additional time is of interest.
IMPORT = """
import time
{before}
begin = time.perf_counter()
import {module}
print(time.perf_counter() - begin)
"""


def as_installed(folder: str) -> dict[str, str]:
    """The environment in which `import plait` finds what this process would import, laid down as an installation lays it down.

    A source tree is copied into `folder` and compiled: a folder that is only on the path of this process is not on that of others.
    """
    environment = thread_environment(1)
    found = importlib.util.find_spec("plait")
    source = Path(found.submodule_search_locations[0]).resolve() if found and found.submodule_search_locations else None
    if source != ROOT / "python" / "plait":
        return environment
    shutil.copytree(source, Path(folder) / "plait", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder, quiet=1)
    return {**environment, "PYTHONPATH": folder}


def imports(peers: Sequence[str], samples: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _imports(peers, samples, as_installed(folder))


def _imports(peers: Sequence[str], samples: int, environment: dict[str, str]) -> dict[str, Any]:
    modules = {"numpy": "", **{peer: "import numpy" for peer in peers if peer != "numpy"}}
    seconds: dict[str, list[float]] = {module: [] for module in modules}
    for turn in range(samples + 1):
        for module, before in modules.items():
            code = IMPORT.format(before=before, module=module)
            # In a folder of its own, so that no source tree can stand in for an installed package.
            ended = subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                env=environment,
                cwd=tempfile.gettempdir(),
                check=False,
            )
            if ended.returncode:
                modules = {name: how for name, how in modules.items() if name != module}
                print(f"  {module}: {ended.stderr.strip().splitlines()[-1]}")
            elif turn:  # the first one reads the disk
                seconds[module].append(float(ended.stdout))
    best = {module: min(values) for module, values in seconds.items() if values}
    print(f"\nimport, the shortest of {samples} (all but NumPy: on top of NumPy)")
    rows = [(m, duration(s), against(s * 1e3, 50, "ms", at_most=True) if m == "plait" else "") for m, s in best.items()]
    show_table(("", "seconds", ""), rows)
    return {"seconds": best}


def compiling(peers: Sequence[str], threads: int, samples: int, compiled: bool) -> dict[str, Any]:
    """From nothing to the first step of the VAE (c) done. What compiling costs is that, less a step and less the building of the graph."""
    result: dict[str, Any] = {}
    ways: list[tuple[str, list[bool]]] = [(peer, []) for peer in peers if peer != "numpy"]
    if compiled and "torch" in peers:
        ways.append(("torch", [True]))
    for peer, arguments in ways:
        name = f"{peer} compiled" if arguments else peer
        found = []
        for _ in range(samples):
            worker = Worker(f"_graph_{peer}", threads)
            try:
                found.append(worker.ask("call", "first_step", *arguments))
            except WorkerError as error:
                print(f"  {error}")
                break
            finally:
                worker.close()
        if found:
            for times in found:
                times["compiling"] = times["first"] - times["step"] + times.get("compile", 0.0)
            result[name] = {key: min(times[key] for times in found) for key in found[0]}
    print(f"\nthe first step of the VAE from nothing, {on_threads(threads)}, the shortest in {samples} processes")
    rows = []
    for name, times in result.items():
        goal = against(times["compiling"] * 1e3, 20, "ms", at_most=True) if name == "plait" else ""
        columns = (times.get("build"), times["compiling"], times["first"], times["step"])
        rows.append((name, *map(duration, columns), goal))
    show_table(("", "graph built", "compiling", "first call", "a step", ""), rows)
    return result


def memory(peers: Sequence[str], threads: int, images: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for peer in peers:
        worker = Worker(f"_graph_{peer}", threads)
        try:
            result[peer] = worker.ask("epoch_memory", images)
            if peer == "plait":
                result["program"] = worker.ask("call", "program_memory")
        except WorkerError as error:
            print(f"  {error}")
        finally:
            worker.close()
    print(f"\npeak memory of an epoch of the VAE over {images} images: growth after package and data are loaded, {on_threads(threads)}")
    show_table(("", "growth"), [(peer, megabytes(result[peer])) for peer in peers if peer in result])
    sizes = result.get("program", {})
    if sizes.get("all_nodes"):
        own, apart = sizes["program"], sizes["all_nodes"]
        print(f"  memory of the step: {megabytes(own)}; all node values side by side: {megabytes(apart)}; share {own / apart:.2f}")
    elif sizes:
        print(f"  memory of the step: {megabytes(sizes['program'])}")
    return result


def wheel(build: bool) -> dict[str, Any]:
    found = sorted((ROOT / "dist").glob("plait-*.whl"), key=lambda path: path.stat().st_mtime)
    with tempfile.TemporaryDirectory() as folder:
        if build:
            subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, str(ROOT)], check=True)
            found = sorted(Path(folder).glob("plait-*.whl"))
        if not found:
            print("\nwheel: there is none in dist/ (--wheel builds one)")
            return {}
        newest = found[-1]
        size = newest.stat().st_size
        with zipfile.ZipFile(newest) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        goal = against(size / 1e6, 3, "MB", at_most=True)
        print(f"\nwheel: {newest.name}: {megabytes(size)}, unpacked {megabytes(unpacked)}; {goal}")
        return {"bytes": size, "unpacked": unpacked}
