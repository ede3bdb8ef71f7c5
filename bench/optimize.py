"""plait's solvers beside the specialists.

    ./dev bench optimize [--match TEXT] [--quick] [--json FILE]

One thread for everybody; contestants take turns in short blocks in one process, and must agree before they are timed. A plait solve of a graph
counts the call from Python, the solve and its checks; tracing and compiling are done before. SciPy and NLopt get the same exact gradients.
Greatest Sharpe ratios and frontiers are those of ./dev bench portfolio.
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

import portfolio
from _harness import QUICK, Contestant, Plan, duration, local, machine, show_machine, show_table, take_turns, thread_environment, write_json

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
PEERS = ["plait", "numpy", "scipy", "nlopt", "daqp", "quadprog", "clarabel", "pyportfolioopt"]


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
    try:
        import clarabel
        from scipy import sparse

        upper = sparse.csc_matrix(np.triu(h * 1e4))
        cone_rows, cone_limits = sparse.csc_matrix(np.vstack([rows, np.eye(n), -np.eye(n)])), np.concatenate([one, ones, zero])
        settings = clarabel.DefaultSettings()
        settings.verbose = False

        def by_clarabel() -> float:
            cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(2 * n)]
            return float(clarabel.DefaultSolver(upper, zero, cone_rows, cone_limits, cones, settings).solve().obj_val) * 1e-4

        contestants["clarabel"] = by_clarabel
    except ImportError:
        pass
    try:
        from scipy.optimize import minimize

        if n <= 20:
            budget = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda _: ones}
            contestants["scipy"] = lambda: float(
                minimize(
                    lambda w: 0.5e4 * w @ h @ w,
                    ones / n,
                    jac=lambda w: 1e4 * h @ w,
                    bounds=[(0, 1)] * n,
                    constraints=budget,
                    method="SLSQP",
                    tol=1e-12,
                ).fun
                * 1e-4
            )
    except ImportError:
        pass
    return contestants


def problems() -> dict[str, tuple[Any, ...]]:
    """Start, f, g >= 0, h = 0, bounds, by number."""
    from reference.hs_further import FURTHER
    from reference.hs_problems import PROBLEMS

    found = {str(k): (p.x0, p.f, p.g, p.h, p.bounds) for k, p in PROBLEMS.items()}
    return found | {k: (x0, f, g, h, bounds) for k, (x0, _, _, f, g, h, bounds) in FURTHER.items()}


def hock_schittkowski(name: str) -> tuple[dict[str, Callable[[], Any]], Contestant]:
    """One problem, traced and compiled before, and SciPy's and NLopt's SLSQP with the same values and gradients; and plait's without Python."""
    import plait
    from plait import _core

    x0, f, g, h, bounds = problems()[name]
    start = np.array(x0, float)
    n = start.size
    x = plait.input("x", (n,), "float64")
    low = np.array([-np.inf if bounds is None or b[0] is None else b[0] for b in bounds or [None] * n], float)
    high = np.array([np.inf if bounds is None or b[1] is None else b[1] for b in bounds or [None] * n], float)
    equal, atleast = (h(x) if h else []), (g(x) if g else [])
    problem = plait.optimize.Problem(f(x), x, equal, atleast, bounds={x: (low, high)})
    core, m = problem.core, len(equal)
    parts = [(kind, part) for kind, part, there in (("eq", slice(0, m), m), ("ineq", slice(m, None), len(atleast))) if there]
    contestants: dict[str, Callable[[], Any]] = {"plait": lambda: problem.solve(start).fun}

    def native(times: int) -> float:
        return float(_core.optimize.slsqp_seconds(core, start, times)) * times

    try:
        import nlopt

        contestants["nlopt"] = lambda: by_nlopt(nlopt, core, start, low, high, parts)
        # As it is used: values by plain Python functions. Gradients still by the compiled ones, so this is less than it takes by hand.
        functions = {"f": f, "eq": h, "ineq": g}
        contestants["nlopt, Python values"] = lambda: by_nlopt(nlopt, core, start, low, high, parts, functions)
    except ImportError:
        pass
    try:
        from scipy.optimize import minimize
    except ImportError:
        return contestants, native
    constraints = [
        {"type": kind, "fun": lambda v, part=part: core.values(v)[1][part], "jac": lambda v, part=part: core.derivatives(v)[1][part]}
        for kind, part in parts
    ]
    contestants["scipy"] = lambda: (
        minimize(
            lambda v: core.values(v)[0],
            start,
            jac=lambda v: core.derivatives(v)[0],
            bounds=bounds,
            constraints=constraints,
            method="SLSQP",
        ).fun
    )
    return contestants, native


def by_nlopt(
    nlopt: Any, core: Any, start: Any, low: Any, high: Any, parts: list[tuple[str, slice]], functions: dict[str, Any] | None = None
) -> float:
    """NLopt's SLSQP to a relative change of 1e-10; where it gives up, how far it came."""
    solver = nlopt.opt(nlopt.LD_SLSQP, start.size)

    def objective(v: Any, slope: Any) -> float:
        if slope.size:
            slope[:] = core.derivatives(v)[0]
        return float(core.values(v)[0] if functions is None else functions["f"](v.tolist()))

    solver.set_min_objective(objective)
    solver.set_lower_bounds(low)
    solver.set_upper_bounds(high)
    for kind, part in parts:
        sign = 1.0 if kind == "eq" else -1.0

        def rows(out: Any, v: Any, slope: Any, part: slice = part, sign: float = sign, kind: str = kind) -> None:
            if slope.size:
                slope[:] = sign * core.derivatives(v)[1][part]
            out[:] = sign * (core.values(v)[1][part] if functions is None else np.array(functions[kind](v.tolist()), float))

        count = len(core.values(start)[1][part])
        (solver.add_equality_mconstraint if kind == "eq" else solver.add_inequality_mconstraint)(rows, np.full(count, 1e-8))
    solver.set_ftol_rel(1e-10)
    solver.set_maxeval(2000)
    try:
        solver.optimize(np.clip(start, low, high))
    except (nlopt.RoundoffLimited, RuntimeError, ValueError):
        return float("nan")
    return float(solver.last_optimum_value())


def many(count: int) -> dict[str, Callable[[], Any]]:
    """Four-asset problems with a covariance each, by solve_many."""
    import plait

    x, c = plait.input("x", (4,), "float64"), plait.input("c", (4, 4), "float64")
    problem = plait.optimize.Problem(x @ c @ x, x, equalities=[x.sum() - 1], bounds={x: (0, 1)}, parameters=[c])
    factors = np.random.default_rng(0).normal(size=(count, 8, 4)) * 0.01
    covariances = factors.transpose(0, 2, 1) @ factors / 8
    start = np.full(4, 0.25)
    return {"plait": lambda: float(problem.solve_many(start, {c: covariances}, threads=1).fun.sum())}


def measure(
    name: str, contestants: dict[str, Callable[[], Any]], plan: Plan, native: Contestant | None = None, agree: bool = True
) -> dict[str, Any]:
    value = contestants["plait"]()
    for peer, contestant in contestants.items():
        other = contestant()
        if agree and abs(other - value) > 1e-6 * max(abs(value), abs(other)):
            print(f"  ! {peer} disagrees: {other} against {value}")
    timed = {key: local(contestant) for key, contestant in contestants.items()}
    times = take_turns(timed if native is None else timed | {"plait in C++": native}, plan)
    rows = [(key, duration(t.median), duration(t.minimum), f"{t.median / times['plait'].median:.2f}") for key, t in times.items()]
    print(f"\n{name}")
    show_table(("", "median", "minimum", "peer / plait"), rows)
    return {"times": {key: t.as_dict() for key, t in times.items()}}


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
    for name, make, size, goal in portfolio.WORKS:
        if not name.startswith("least") and options.match in name:
            results[name] = portfolio.measure(name, make(size), portfolio.market(size)[1], plan, goal)
    if options.match in "hock-schittkowski":
        found = []
        for k in problems():
            contestants, native = hock_schittkowski(k)
            found.append({key: t["median"] for key, t in measure(f"HS{k}", contestants, QUICK, native, agree=False)["times"].items()})
        name = f"hock-schittkowski, median of {len(found)}"
        medians = {key: median(f[key] for f in found) for key in found[0]}
        results[name] = {"times": {key: {"median": value} for key, value in medians.items()}}
        print(f"\n{name} (goal 40 µs, 13 in C++, a ninth of NLopt)")
        rows = [(key, duration(value), f"{value / medians['plait']:.2f}") for key, value in medians.items()]
        show_table(("", "median", "peer / plait"), rows)
    write_json(options.json, {"machine": about, "works": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
