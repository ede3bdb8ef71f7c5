"""plait's portfolios beside PyPortfolioOpt, quadprog, daqp and SciPy.

    ./dev bench portfolio [--quick] [--json FILE]

One thread for everybody; contestants take turns, and must agree before they are timed. A contestant gets means and a covariance and gives
weights, as its users call it: what it prepares for a problem is part of the time.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from _harness import QUICK, Plan, against, duration, local, machine, show_machine, show_table, take_turns, thread_environment, write_json

PEERS = ["plait", "numpy", "scipy", "quadprog", "daqp", "pyportfolioopt"]
Contestants = dict[str, Callable[[], Any]]


def market(n: int) -> tuple[Any, Any]:
    """Means and a covariance with four factors, of a year."""
    rng = np.random.default_rng(n)
    loads = rng.normal(0.15, 0.1, (n, 4))
    return rng.normal(0.08, 0.06, n), loads @ loads.T + np.diag(rng.uniform(0.005, 0.05, n))


def least_variance(n: int) -> Contestants:
    from plait.portfolio import Portfolio

    mean, covariance = market(n)
    p = Portfolio(mean, covariance)
    ones, eye = np.ones(n), np.eye(n)
    found: Contestants = {
        "plait": lambda: np.asarray(p.min_variance()),
        "plait, made anew": lambda: np.asarray(Portfolio(mean, covariance).min_variance()),
    }
    try:
        import quadprog

        normals, limits = np.vstack([ones, eye]).T.copy(), np.append(1.0, np.zeros(n))
        found["quadprog"] = lambda: quadprog.solve_qp(covariance, np.zeros(n), normals, limits, 1)[0]
    except ImportError:
        pass
    try:
        import daqp

        rows, upper, lower = ones[None].copy(), np.append(ones, 1.0), np.append(np.zeros(n), 1.0)
        sense = np.append(np.zeros(n, dtype=np.int32), np.int32(5))
        found["daqp"] = lambda: daqp.solve(covariance, np.zeros(n), rows, upper, lower, sense)[0]
    except ImportError:
        pass
    try:
        from scipy.optimize import minimize

        if n <= 100:
            budget = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda _: ones}
            found["SciPy SLSQP"] = lambda: (
                minimize(
                    lambda w: w @ covariance @ w,
                    ones / n,
                    jac=lambda w: 2 * covariance @ w,
                    bounds=[(0, 1)] * n,
                    constraints=budget,
                    tol=1e-12,
                ).x
            )
    except ImportError:
        pass
    try:
        from pypfopt import EfficientFrontier

        if n <= 100:
            found["PyPortfolioOpt"] = lambda: np.array(list(EfficientFrontier(mean, covariance).min_volatility().values()))
    except ImportError:
        pass
    return found


def most_ratio(n: int) -> Contestants:
    from plait.portfolio import Portfolio

    mean, covariance = market(n)
    p = Portfolio(mean, covariance)
    found: Contestants = {"plait": lambda: np.asarray(p.max_sharpe())}
    try:
        import quadprog

        normals, limits = np.vstack([mean, np.eye(n)]).T.copy(), np.append(1.0, np.zeros(n))

        def by_quadprog() -> Any:
            y = quadprog.solve_qp(covariance, np.zeros(n), normals, limits, 1)[0]
            return y / y.sum()

        found["quadprog"] = by_quadprog
    except ImportError:
        pass
    try:
        from pypfopt import EfficientFrontier

        if n <= 100:
            found["PyPortfolioOpt"] = lambda: np.array(list(EfficientFrontier(mean, covariance).max_sharpe(risk_free_rate=0.0).values()))
    except ImportError:
        pass
    return found


def frontier(n: int) -> Contestants:
    from plait.portfolio import Portfolio

    mean, covariance = market(n)
    p = Portfolio(mean, covariance)
    steps = p.efficient_frontier(50).expected_return
    found: Contestants = {"plait": lambda: p.efficient_frontier(50).weights[25]}
    try:
        import quadprog

        normals = np.vstack([np.ones(n), mean, np.eye(n)]).T.copy()

        def by_quadprog() -> Any:
            rows = [quadprog.solve_qp(covariance, np.zeros(n), normals, np.append([1.0, r - 1e-12], np.zeros(n)), 1)[0] for r in steps]
            return rows[25]

        found["quadprog, 50 times"] = by_quadprog
    except ImportError:
        pass
    return found


WORKS: list[tuple[str, Callable[[int], Contestants], int, float | None]] = [
    *((f"least variance, n = {n}", least_variance, n, goal) for n, goal in ((4, None), (20, 0.042e-3), (100, 0.85e-3), (500, 20e-3))),
    *((f"greatest Sharpe ratio, n = {n}", most_ratio, n, goal) for n, goal in ((20, 0.042e-3), (100, 0.85e-3), (500, 20e-3))),
    *((f"frontier of 50 points, n = {n}", frontier, n, goal) for n, goal in ((20, 1e-3), (100, 10e-3))),
]


def measure(name: str, contestants: Mapping[str, Callable[[], Any]], covariance: Any, plan: Plan, goal: float | None) -> dict[str, Any]:
    print(f"\n{name}")
    first = next(iter(contestants.values()))()
    for peer, work in contestants.items():
        other = work()
        apart = abs(other @ covariance @ other / (first @ covariance @ first) - 1)
        if apart > 1e-6:
            print(f"  ! {peer} disagrees: its variance differs by {apart:.1e}")
    times = take_turns({peer: local(work) for peer, work in contestants.items()}, plan)
    ours = times["plait"].median
    rows = [
        (peer, duration(t.median), duration(t.minimum), "" if peer == "plait" else f"{t.median / ours:.2f}") for peer, t in times.items()
    ]
    show_table(("", "median", "minimum", "peer / plait"), rows)
    if goal is not None:
        print(f"  {against(ours * 1e3, goal * 1e3, 'ms', at_most=True)}")
    return {"times": {peer: t.as_dict() for peer, t in times.items()}, "goal": goal}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench portfolio", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--match", default="", help="only works whose name holds this")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--json", metavar="FILE", help="everything that was measured; - for the output")
    options = parser.parse_args(arguments)
    os.environ.update(thread_environment(1))  # before a peer is imported
    about = machine(PEERS)
    show_machine(about)
    plan = QUICK if options.quick else Plan(rounds=9)
    results = {name: measure(name, make(n), market(n)[1], plan, goal) for name, make, n, goal in WORKS if options.match in name}
    write_json(options.json, {"machine": about, "works": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
