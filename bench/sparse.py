"""plait's sparse vectors beside those of other libraries.

    ./dev bench sparse [--match TEXT] [--quick] [--json FILE]

One thread for everybody but where plait's threads are the question; contestants take turns in short blocks in one process, and must agree before they are timed. Calls are those from
Python; Eigen's go by way of ctypes, which costs about 0.3 µs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

PEERS = ["plait", "numpy", "scipy", "numba", "python-graphblas", "scikit-learn", "sparse_dot_topn"]


@dataclass(frozen=True)
class Work:
    """One row of the table."""

    name: str
    contestants: Callable[[], Mapping[str, Callable[[], Any]]]  # the first one is plait's
    goals: Mapping[str, float] = field(default_factory=dict)  # that peer's time over plait's; "" is the best of all


def made(makers: Mapping[str, Any], *arguments: Any) -> dict[str, Callable[[], Any]]:
    """The contestants whose packages are there."""
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make(*arguments)
        except ImportError:
            print(f"  ! {name}: not installed")
    return found


def pair(n: int, m: int, overlap: float, kind: str = "spread", seed: int = 0) -> tuple[Any, Any]:
    """Two vectors of n and m values; a share `overlap` of the shorter one's positions is common."""
    rng = np.random.default_rng([n, m, seed])
    size = 64 * max(n, m)
    if kind == "runs":  # neighbours in runs, as of images or of one-hot groups
        starts = np.sort(rng.choice(size // 64, max(n, m) // 16 * 2, replace=False)) * 64
        pool = (starts[:, None] + np.arange(16)).ravel()
        pool = rng.permutation(pool.reshape(-1, 16)).reshape(-1)
    else:
        pool = rng.choice(size, n + m, replace=False)
    common = int(overlap * min(n, m))
    a, b = pool[:n], np.concatenate([pool[:common], pool[n : n + m - common]])
    return tuple((np.sort(p).astype(np.int32), rng.normal(size=len(p)), size) for p in (a, b))


def in_turn(dots: Sequence[Callable[[], float]]) -> Callable[[], float]:
    """One call that does all of them; their mean."""
    if len(dots) == 1:
        return dots[0]
    return lambda: sum(dot() for dot in dots) / len(dots)


def dot_work(n: int, m: int, overlap: float, goals: Mapping[str, float], kind: str = "spread") -> Work:
    def contestants() -> Mapping[str, Callable[[], Any]]:
        from _sparse_peers import DOTS

        # Several pairs in turn: for a single pair of medium size the branch predictor would learn all branches.
        several = 24 if 1000 <= max(n, m) <= 100_000 else 1
        rings = [made(DOTS, *pair(n, m, overlap, kind, seed)) for seed in range(several)]
        return {name: in_turn([ring[name] for ring in rings]) for name in rings[0]}

    times = " (24 of them)" if 1000 <= max(n, m) <= 100_000 else ""
    return Work(f"dot, {n} against {m} values, {overlap:.0%} common, {kind}{times}", contestants, goals)


def zipf_rows(rows: int, words: int, vocabulary: int, power: float) -> Any:
    """Counts of words drawn by Zipf's law."""
    from scipy.sparse import csr_array

    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, vocabulary + 1) ** power
    drawn: NDArray[Any] = rng.choice(vocabulary, (rows, words), p=weights / weights.sum())
    counts = csr_array((np.ones(drawn.size), drawn.ravel(), np.arange(0, drawn.size + 1, words)), shape=(rows, vocabulary))
    counts.sum_duplicates()
    return counts


def best_work(rows: int, words: int, vocabulary: int, power: float, goal: float | None) -> Work:
    def contestants() -> Mapping[str, Callable[[], Any]]:
        from _sparse_peers import BESTS

        return made(BESTS, zipf_rows(rows, words, vocabulary, power), 10)

    name = f"top-10 cosine, {rows} rows of {words} words of {vocabulary}, power {power:g}"
    return Work(name, contestants, {} if goal is None else {"": goal})


def threads_work(rows: int, words: int, vocabulary: int, power: float) -> Work:
    def contestants() -> Mapping[str, Callable[[], Any]]:
        import plait

        counts = plait.SparseRows.from_scipy(zipf_rows(rows, words, vocabulary, power))

        def best(threads: int) -> Any:
            return counts.top_k(counts, 10, threads=threads)[1][:, -1]

        return {"plait": partial(best, 2), "plait, one thread": partial(best, 1)}

    return Work(f"top-10 cosine, {rows} rows of {words} words of {vocabulary}, two threads", contestants, {"plait, one thread": 1.7})


WORKS = [
    dot_work(100, 100, 0.01, {"": 2.5}),
    dot_work(100, 100, 0.5, {"": 2.5}),
    dot_work(10_000, 10_000, 0.01, {"eigen": 4, "scipy": 12}),
    dot_work(10_000, 10_000, 0.5, {"eigen": 1.6, "scipy": 12}),
    dot_work(10_000, 10_000, 1.0, {}),
    dot_work(10_000, 10_000, 0.5, {}, "runs"),
    dot_work(1_000_000, 1_000_000, 0.01, {"eigen": 2}),
    dot_work(1_000_000, 1_000_000, 0.5, {"eigen": 1.5}),
    dot_work(10, 1_000_000, 0.5, {"": 40}),
    dot_work(1000, 1_000_000, 0.5, {}),
    best_work(2000, 100, 20_000, 1.0, 2),
    best_work(2000, 200, 30_000, 1.1, 2),
    best_work(20_000, 20, 100_000, 0.7, None),
    threads_work(10_000, 100, 20_000, 1.0),
]


def agree(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=1e-7, atol=1e-7))


def measure(work: Work, plan: Plan) -> dict[str, Any]:
    print(f"\n{work.name}")
    contestants = work.contestants()
    ours, *peers = contestants
    value = contestants[ours]()
    for peer in peers:
        other = contestants[peer]()
        if not agree(value, other):
            print(f"  ! {peer} disagrees: {other} against {value}")
    times = take_turns({name: local(contestant) for name, contestant in contestants.items()}, plan)
    ratios = {name: timing.median / times[ours].median for name, timing in times.items() if name != ours}
    rows = [(n, duration(t.median), duration(t.minimum), f"{ratios[n]:.2f}" if n in ratios else "") for n, t in times.items()]
    show_table(("", "median", "minimum", "peer / plait"), rows)
    for peer, goal in work.goals.items():
        ratio = min(ratios.values(), default=None) if peer == "" else ratios.get(peer)
        if ratio is not None:
            print(f"  {peer or 'best peer'} / plait {ratio:.2f}  {against(ratio, goal)}  ({load()})")
    return {"times": {name: timing.as_dict() for name, timing in times.items()}, "goals": dict(work.goals), "ratios": ratios}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench sparse", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--match", default="", help="only works whose name holds this")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--json", metavar="FILE", help="everything that was measured; - for the output")
    options = parser.parse_args(arguments)
    os.environ.update(thread_environment(1))  # before a peer is imported
    plan = QUICK if options.quick else Plan(rounds=9)
    about = machine(PEERS)
    show_machine(about)
    about["isa"] = show_instructions()
    results = {work.name: measure(work, plan) for work in WORKS if options.match in work.name}
    write_json(options.json, {"machine": about, "works": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
