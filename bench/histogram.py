"""plait's histograms beside NumPy, boost-histogram and fast-histogram.

    ./dev bench histogram [--match TEXT] [--values N] [--quick] [--json FILE]

Contestants take turns in short blocks in one process, and must agree before they are timed; fast-histogram does not look at borders again
and may be off by what lies on them. One thread for everybody but where plait's threads are the question. boost-histogram is filled into an
axis of its own kind for uniform and logarithmic borders, and into a variable one for others.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from _harness import (
    QUICK,
    Plan,
    against,
    duration,
    load,
    local,
    machine,
    show_instructions,
    show_machine,
    show_table,
    take_turns,
    thread_environment,
    write_json,
)

PEERS = ["plait", "numpy", "boost-histogram", "fast-histogram"]


@dataclass(frozen=True)
class Work:
    """One table."""

    name: str
    goal: float | None  # best peer's time over plait's
    contestants: Callable[[int], Mapping[str, Callable[[], Any]]]  # of so many values; the first one is plait's
    per_value: bool = True
    may_be_off: float = 0.0  # share of values that peers put elsewhere


def values(kind: str, n: int) -> Any:
    """Data of one shape, most of it within [-4, 4]."""
    rng = np.random.default_rng(1)
    if kind == "cauchy":
        return rng.standard_cauchy(n)
    if kind == "one bin":
        return rng.uniform(0.301, 0.302, n)
    x = rng.normal(size=n)
    if kind == "sorted":
        x.sort()
    if kind == "constant":
        x[:] = 0.3
    if kind == "NaN":
        x[rng.random(n) < 0.1] = np.nan
    if kind == "tenths":
        x = np.round(x, 1)
    if kind == "lognormal":
        x = np.exp(2 * x)
    return x.astype(np.float32) if kind == "float32" else x


def optional(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"  ! {name}: not installed")
        return None


def uniform(kind: str, bins: int, threads: int = 1) -> Callable[[int], Mapping[str, Callable[[], Any]]]:
    def contestants(n: int) -> Mapping[str, Callable[[], Any]]:
        import plait

        x = values(kind, n)
        made: dict[str, Callable[[], Any]] = {
            "plait": lambda: plait.Histogram.uniform(bins, -4, 4).fill(x, threads=threads).values(),
        }
        if threads > 1:
            return {**made, "plait, one thread": lambda: plait.Histogram.uniform(bins, -4, 4).fill(x, threads=1).values()}
        if (bh := optional("boost_histogram")) is not None:
            made["boost-histogram"] = lambda: bh.Histogram(bh.axis.Regular(bins, -4, 4), storage=bh.storage.Double()).fill(x).values()
        if (fast := optional("fast_histogram")) is not None:
            made["fast-histogram"] = lambda: fast.histogram1d(x, bins, (-4, 4))
        if kind != "NaN":
            made["numpy"] = lambda: np.histogram(x, bins, (-4, 4))[0]
        return made

    return contestants


def edges_of(kind: str, bins: int) -> Any:
    if kind == "log":
        return np.geomspace(1e-3, 1e3, bins + 1)
    return np.sort(np.random.default_rng(2).uniform(-4, 4, bins + 1))


def other_borders(kind: str, bins: int, weighted: bool = False, threads: int = 1) -> Callable[[int], Mapping[str, Callable[[], Any]]]:
    def contestants(n: int) -> Mapping[str, Callable[[], Any]]:
        import plait

        x, edges = values("lognormal" if kind == "log" else "normal", n), edges_of(kind, bins)
        w = np.random.default_rng(3).random(n) if weighted else None
        made: dict[str, Callable[[], Any]] = {"plait": lambda: plait.Histogram(edges).fill(x, weights=w, threads=threads).values()}
        if threads > 1:
            return {**made, "plait, one thread": lambda: plait.Histogram(edges).fill(x, weights=w, threads=1).values()}
        if (bh := optional("boost_histogram")) is not None:
            storage = bh.storage.Weight() if weighted else bh.storage.Double()
            axes = {"boost-histogram": bh.axis.Variable(edges)}
            if kind == "log":
                axes["boost-histogram, log axis"] = bh.axis.Regular(bins, 1e-3, 1e3, transform=bh.axis.transform.log)
            for name, axis in axes.items():
                made[name] = lambda axis=axis: bh.Histogram(axis, storage=storage).fill(x, weight=w).values()
        made["numpy"] = lambda: np.histogram(x, edges, weights=w)[0]
        return made

    return contestants


def one_by_one(_: int) -> Mapping[str, Callable[[], Any]]:
    import plait

    h = plait.Histogram.uniform(100, 0, 1)
    insert = h.insert
    made: dict[str, Callable[[], Any]] = {"plait": lambda: insert(0.3)}
    if (bh := optional("boost_histogram")) is not None:
        theirs = bh.Histogram(bh.axis.Regular(100, 0, 1))
        fill = theirs.fill
        made["boost-histogram"] = lambda: fill(0.3)
    return made


def two_axes(n: int) -> Mapping[str, Callable[[], Any]]:
    import plait

    x, y = values("normal", n), values("cauchy", n)
    made: dict[str, Callable[[], Any]] = {
        "plait": lambda: plait.Histogram(np.linspace(-4, 4, 101), np.linspace(-4, 4, 101)).fill(x, y, threads=1).values(),
    }
    if (bh := optional("boost_histogram")) is not None:
        made["boost-histogram"] = lambda: bh.Histogram(bh.axis.Regular(100, -4, 4), bh.axis.Regular(100, -4, 4)).fill(x, y).values()
    if (fast := optional("fast_histogram")) is not None:
        made["fast-histogram"] = lambda: fast.histogram2d(x, y, 100, ((-4, 4), (-4, 4)))
    return made


WORKS = [
    *(Work(f"uniform, {bins} bins, normal", 1.2, uniform("normal", bins), may_be_off=1e-6) for bins in (10, 100, 1000, 10_000)),
    *(
        Work(f"uniform, 100 bins, {kind}", 1.2, uniform(kind, 100), may_be_off=0.5 if kind in {"tenths", "NaN"} else 1e-3)
        for kind in ("sorted", "constant", "one bin", "cauchy", "NaN", "tenths", "float32")
    ),
    *(Work(f"log, {bins} bins", 3, other_borders("log", bins), may_be_off=1e-6) for bins in (10, 100, 1000, 10_000)),
    *(Work(f"random borders, {bins} bins", 3, other_borders("random", bins)) for bins in (10, 100, 1000, 10_000)),
    *(Work(f"weighted, random borders, {bins} bins", 4, other_borders("random", bins, weighted=True)) for bins in (10, 100, 1000, 10_000)),
    Work("two axes, 100 x 100 bins", None, two_axes, may_be_off=1e-6),
    Work("insert one value", 20, one_by_one, per_value=False),
    Work("uniform, 100 bins, two threads", 1.7, uniform("normal", 100, threads=2)),
    Work("random borders, 1000 bins, two threads", 1.7, other_borders("random", 1000, threads=2)),
    Work("weighted, random borders, 1000 bins, two threads", 1.7, other_borders("random", 1000, weighted=True, threads=2)),
]


def measure(work: Work, n: int, plan: Plan) -> dict[str, Any]:
    print(f"\n{work.name}")
    contestants = dict(work.contestants(n))
    ours, *peers = contestants
    value = contestants[ours]()
    for peer in peers:
        other = contestants[peer]()
        if (
            value is not None
            and work.per_value
            and np.abs(np.asarray(other) - value).sum() > 2 * work.may_be_off * n + 1e-9 * np.abs(value).sum()
        ):
            print(f"  ! {peer} disagrees by {np.abs(np.asarray(other) - value).sum():g}")
    times = take_turns({name: local(contestant) for name, contestant in contestants.items()}, plan)
    rows = []
    for name, timing in times.items():
        ratio = "" if name == ours else f"{timing.median / times[ours].median:.2f}"
        each = f"{timing.median / n * 1e9:.2f} ns" if work.per_value else ""
        rows.append((name, duration(timing.median), duration(timing.minimum), each, ratio))
    show_table(("", "median", "minimum", "a value", "peer / plait"), rows)
    result: dict[str, Any] = {"times": {name: timing.as_dict() for name, timing in times.items()}, "goal": work.goal, "values": n}
    if peers:
        result["ratio"] = min(times[peer].median for peer in peers) / times[ours].median
        print(f"  best peer / plait {result['ratio']:.2f}  {against(result['ratio'], work.goal)}  ({load()})")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench histogram", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--match", default="", help="only works whose name holds this")
    parser.add_argument("--values", type=int, default=10_000_000, help="how many are counted (default 10 million)")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--json", metavar="FILE", help="everything that was measured; - for the output")
    options = parser.parse_args(arguments)
    os.environ.update({name: value for name, value in thread_environment(1).items() if name != "PLAIT_NUM_THREADS"})
    plan = QUICK if options.quick else Plan(rounds=9)
    about = machine(PEERS)
    show_machine(about)
    about["isa"] = show_instructions()
    results = {work.name: measure(work, options.values, plan) for work in WORKS if options.match in work.name}
    write_json(options.json, {"machine": about, "works": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
