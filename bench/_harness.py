"""Shared by all benches: interleaved contestants, statistics, tables, and facts about the machine.

A contestant is a callable: `contestant(n)` does the work n times and returns the seconds it took. Contestants take turns in short blocks,
so that whatever else the machine does meets them all alike; what is compared is the median over the rounds. A contestant may live in a
process of its own (`_worker.Worker`), where its thread pools, its environment and its memory are not the others' business.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

Contestant = Callable[[int], float]


@dataclass
class Plan:
    """How long to measure."""

    rounds: int = 15
    block: float = 0.02  # seconds of work in a block, at least
    settle: float = (
        0.15  # before a block: OpenBLAS's threads go on spinning for about 105 ms after their last product (measured as CPU time)
    )


QUICK = Plan(rounds=5, block=0.01, settle=0.15)


@dataclass
class Timing:
    """Seconds for one piece of work, a sample from each block."""

    samples: list[float] = field(default_factory=list)
    repeats: int = 1

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def minimum(self) -> float:
        return min(self.samples)

    @property
    def spread(self) -> float | None:
        """Half the distance between the quartiles over the median: above 0.1, look at what else ran. None for less than four samples."""
        if len(self.samples) < 4:
            return None
        low, _, high = statistics.quantiles(self.samples, n=4)
        return (high - low) / 2 / self.median

    def as_dict(self) -> dict[str, Any]:
        return {"median": self.median, "minimum": self.minimum, "spread": self.spread, "repeats": self.repeats, "samples": self.samples}


def local(work: Callable[[], Any]) -> Contestant:
    """A contestant of this process from something that does the work once."""

    def contestant(n: int) -> float:
        repeat = range(n)
        begin = time.perf_counter()
        for _ in repeat:
            work()
        return time.perf_counter() - begin

    return contestant


def calibrate(contestant: Contestant, seconds: float) -> int:
    """Number of repeats that fill a block; also the warm-up."""
    n = 1
    while True:
        taken = contestant(n)
        if taken >= seconds:
            # The first long block may still have warmed caches and threads: the next one decides.
            return max(1, round(n * max(1.0, seconds / contestant(n))))
        n = max(n + 1, min(10 * n, round(1.2 * n * seconds / max(taken, 1e-9))))


def take_turns(contestants: Mapping[str, Contestant], plan: Plan) -> dict[str, Timing]:
    """Time all of them in rounds. Each round starts with another one, so that no contestant always follows the same one."""
    names = list(contestants)
    timings = {}
    for name in names:
        time.sleep(plan.settle)
        timings[name] = Timing(repeats=calibrate(contestants[name], plan.block))
    for turn in range(plan.rounds):
        shift = turn % len(names) if names else 0
        order = names[shift:] + names[:shift]
        for name in order if turn % 2 else reversed(order):
            time.sleep(plan.settle)
            repeats = timings[name].repeats
            timings[name].samples.append(contestants[name](repeats) / repeats)
    return timings


# --- the machine ----------------------------------------------------------------------------------------------------------------------


def cpus() -> list[int]:
    """The cores this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    fields = dict(line.split(":", 1) for line in lines if line.count(":") == 1)
    named = {key.strip(): value.strip() for key, value in fields.items()}
    return named.get("model name") or platform.processor() or platform.machine()


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Package versions; None for what is not installed."""
    found: dict[str, str | None] = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def machine(packages: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "cpu": cpu_name(),
        "cores": len(cpus()),
        "load": list(os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": versions(packages),
        "time": time.strftime("%Y-%m-%d %H:%M:%S"),
    }


def show_machine(about: Mapping[str, Any]) -> None:
    load = " ".join(f"{value:.2f}" for value in about["load"])
    print(f"{about['cpu']}, {about['cores']} cores; load {load} (1, 5, 15 min); {about['system']}; {about['time']}")
    print("Python " + about["python"] + "".join(f", {name} {version or 'absent'}" for name, version in about["versions"].items()))
    if about["load"][0] > 0.3 * about["cores"]:
        print("! the machine is busy: read the minima, trust no ratio")


def show_instructions() -> str:
    """Prints which instruction set plait uses, and returns it."""
    import plait._core

    level: str = plait._core.isa()
    print(f"instruction set {level}; PLAIT_ISA=v3 measures AVX2")
    return level


def load() -> str:
    """The machine's load in the last minute, to stand beside a ratio."""
    return f"load {os.getloadavg()[0]:.1f}"


def thread_environment(threads: int) -> dict[str, str]:
    """The environment in which every peer starts no more threads than this. OpenBLAS, OpenMP and XLA read it only as they are loaded."""
    names = [f"{name}_NUM_THREADS" for name in ("OPENBLAS", "OMP", "MKL", "NUMBA", "PLAIT")] + ["VECLIB_MAXIMUM_THREADS"]
    environment = {**os.environ, **dict.fromkeys(names, str(threads)), "JAX_PLATFORMS": "cpu"}
    if threads == 1:
        environment["XLA_FLAGS"] = (os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false").strip()
    return environment


# --- what is printed ------------------------------------------------------------------------------------------------------------------


def duration(seconds: float | None) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return "-"
    units = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
    scale, unit = next((pair for pair in units if seconds >= 0.9995 * pair[0]), (1e-9, "ns"))
    value = seconds / scale
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {unit}"


def megabytes(size: float | None) -> str:
    return "-" if size is None else f"{size / 1e6:.2f} MB"


def against(value: float | None, goal: float | None, unit: str = "", at_most: bool = False) -> str:
    """The goal and whether it is met."""
    if goal is None:
        return ""
    text = f"goal {'≤' if at_most else '≥'} {goal:g}{unit and ' '}{unit}"
    if value is None:
        return text
    return f"{text}: {'met' if (value <= goal if at_most else value >= goal) else 'MISSED'}"


def on_threads(threads: int) -> str:
    return f"{threads} thread{'s' * (threads > 1)}"


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be; the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  " + "  ".join(cells).rstrip())


def write_json(path: str | None, result: Any) -> None:
    if path == "-":
        json.dump(result, sys.stdout, indent=1)
    elif path:
        Path(path).write_text(json.dumps(result, indent=1) + "\n")
