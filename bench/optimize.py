"""plait's solvers beside the specialists.

    ./dev bench optimize [--match TEXT] [--quick] [--json FILE]

One thread for everybody; contestants take turns in short blocks in one process, and must agree before they are timed. A plait solve of a graph
counts the call from Python, the solve and its checks; tracing and compiling are done before. SciPy gets the same exact gradients.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from _harness import QUICK, Plan, duration, local, machine, show_machine, show_table, take_turns, thread_environment, write_json

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
PEERS = ["plait", "numpy", "scipy", "daqp", "quadprog"]


def least_variance(n: int) -> dict[str, Callable[[], Any]]:
    """Daily covariance of n assets with three common factors, weights in [0, 1] that sum to 1: the least variance."""
    from plait import _core

    rng = np.random.default_rng(n)
    returns = rng.normal(size=(3 * n + 20, 3)) @ rng.normal(size=(3, n)) + rng.normal(size=(3 * n + 20, n)) * rng.uniform(0.5, 2, n)
    h, rows, zero, ones, one = np.cov(returns.T) * 1e-4, np.ones((1, n)), np.zeros(n), np.ones(n), np.ones(1)

    def ours() -> float:
        return float(_core.optimize.Qp(h, rows).solve(zero, zero, ones, one, one).objective)

    contestants: dict[str, Callable[[], Any]] = {"plait": ours}
    try:
        import daqp

        sense = np.zeros(n + 1, np.intc)
        sense[-1] = 5
        contestants["daqp"] = lambda: daqp.solve(h * 1e4, zero, rows, np.append(ones, 1.0), np.append(zero, 1.0), sense.copy())[1] * 1e-4
    except ImportError:
        pass
    try:
        import quadprog

        limits, least = np.c_[ones, np.eye(n)], np.append(1.0, zero)
        contestants["quadprog"] = lambda: quadprog.solve_qp(h, zero, limits, least, 1)[1]
    except ImportError:
        pass
    return contestants


def hock_schittkowski(number: int) -> dict[str, Callable[[], Any]]:
    """One problem, traced and compiled before, and SciPy's SLSQP with the same values and gradients."""
    from reference.hs_problems import PROBLEMS

    import plait

    p = PROBLEMS[number]
    x = plait.input("x", (p.n,), "float64")
    low = [-np.inf if b is None else b for b in p.lb]
    high = [np.inf if b is None else b for b in p.ub]
    equal, atleast = (p.h(x) if p.h else []), (p.g(x) if p.g else [])
    problem = plait.optimize.Problem(p.f(x), x, equal, atleast, bounds={x: (low, high)})
    core, m = problem.core, len(equal)
    start = np.array(p.x0, float)
    contestants: dict[str, Callable[[], Any]] = {"plait": lambda: problem.solve(start).fun}
    try:
        from scipy.optimize import minimize
    except ImportError:
        return contestants
    constraints = []
    for kind, part, there in (("eq", slice(0, m), m), ("ineq", slice(m, None), len(atleast))):
        if there:
            constraints.append(
                {
                    "type": kind,
                    "fun": lambda v, part=part: core.values(v)[1][part],
                    "jac": lambda v, part=part: core.derivatives(v)[1][part],
                }
            )
    contestants["scipy"] = lambda: (
        minimize(
            lambda v: core.values(v)[0],
            start,
            jac=lambda v: core.derivatives(v)[0],
            bounds=p.bounds,
            constraints=constraints,
            method="SLSQP",
        ).fun
    )
    return contestants


def many(count: int) -> dict[str, Callable[[], Any]]:
    """Four-asset problems with a covariance each, by solve_many."""
    import plait

    x, c = plait.input("x", (4,), "float64"), plait.input("c", (4, 4), "float64")
    problem = plait.optimize.Problem(x @ c @ x, x, equalities=[x.sum() - 1], bounds={x: (0, 1)}, parameters=[c])
    factors = np.random.default_rng(0).normal(size=(count, 8, 4)) * 0.01
    covariances = factors.transpose(0, 2, 1) @ factors / 8
    start = np.full(4, 0.25)
    return {"plait": lambda: float(problem.solve_many(start, {c: covariances}, threads=1).fun.sum())}


def measure(name: str, contestants: dict[str, Callable[[], Any]], plan: Plan, agree: bool = True) -> dict[str, Any]:
    value = contestants["plait"]()
    for peer, contestant in contestants.items():
        other = contestant()
        if agree and abs(other - value) > 1e-6 * max(abs(value), abs(other)):
            print(f"  ! {peer} disagrees: {other} against {value}")
    times = take_turns({key: local(contestant) for key, contestant in contestants.items()}, plan)
    rows = [(key, duration(t.median), duration(t.minimum), f"{t.median / times['plait'].median:.2f}") for key, t in times.items()]
    print(f"\n{name}")
    show_table(("", "median", "minimum", "peer / plait"), rows)
    return {key: t.as_dict() for key, t in times.items()} | {"median": {key: t.median for key, t in times.items()}}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench optimize", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--match", default="", help="only works whose name holds this")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--json", metavar="FILE", help="everything that was measured; - for the output")
    options = parser.parse_args(arguments)
    os.environ.update(thread_environment(1))  # before a peer is imported
    plan = QUICK if options.quick else Plan(rounds=9)
    about = machine(PEERS)
    show_machine(about)
    results = {}
    for n in (4, 20, 100, 500):
        name = f"least variance, n = {n}"
        if options.match in name:
            results[name] = measure(name, least_variance(n), plan)
    name = "10,000 four-asset problems"
    if options.match in name:
        results[name] = measure(name, many(10_000), plan)
    if options.match in "hock-schittkowski":
        from reference.hs_problems import PROBLEMS

        found = [measure(f"HS{k}", hock_schittkowski(k), QUICK, agree=False)["median"] for k in PROBLEMS]
        name = "hock-schittkowski, median of all"
        results[name] = {key: median(f[key] for f in found) for key in found[0]}
        print(f"\n{name}")
        show_table(("", "median"), [(key, duration(value)) for key, value in results[name].items()])
    write_json(options.json, {"machine": about, "works": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
