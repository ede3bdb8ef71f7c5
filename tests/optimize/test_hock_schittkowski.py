"""The problems of Hock and Schittkowski (1981) with default options, traced and called, and some more written here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from reference.hs_further import FURTHER
from reference.hs_problems import PROBLEMS, exp, log, sin

from plait.optimize import minimize

# number: start, optimum, other local minima, f, g >= 0, h = 0, bounds
MORE: dict[str, tuple[Any, ...]] = {
    "62": (
        [0.7, 0.2, 0.1],
        -26272.51448,
        (),
        lambda x: (
            -32.174
            * (
                255 * log((x[0] + x[1] + x[2] + 0.03) / (0.09 * x[0] + x[1] + x[2] + 0.03))
                + 280 * log((x[1] + x[2] + 0.03) / (0.07 * x[1] + x[2] + 0.03))
                + 290 * log((x[2] + 0.03) / (0.13 * x[2] + 0.03))
            )
        ),
        None,
        lambda x: [x[0] + x[1] + x[2] - 1],
        [(0, 1)] * 3,
    ),
    "63": (
        [2.0, 2, 2],
        961.7151721,
        (),
        lambda x: 1000 - x[0] ** 2 - 2 * x[1] ** 2 - x[2] ** 2 - x[0] * x[1] - x[0] * x[2],
        None,
        lambda x: [8 * x[0] + 14 * x[1] + 7 * x[2] - 56, x[0] ** 2 + x[1] ** 2 + x[2] ** 2 - 25],
        [(0, None)] * 3,
    ),
    "64": (
        [1.0, 1, 1],
        6299.842428,
        (),
        lambda x: 5 * x[0] + 50000 / x[0] + 20 * x[1] + 72000 / x[1] + 10 * x[2] + 144000 / x[2],
        lambda x: [1 - 4 / x[0] - 32 / x[1] - 120 / x[2]],
        None,
        [(1e-5, None)] * 3,
    ),
    "65": (
        [-5.0, 5, 0],
        0.9535288567,
        (),
        lambda x: (x[0] - x[1]) ** 2 + ((x[0] + x[1] - 10) / 3) ** 2 + (x[2] - 5) ** 2,
        lambda x: [48 - x[0] ** 2 - x[1] ** 2 - x[2] ** 2],
        None,
        [(-4.5, 4.5), (-4.5, 4.5), (-5, 5)],
    ),
    "66": (
        [0.0, 1.05, 2.9],
        0.5181632741,
        (),
        lambda x: 0.2 * x[2] - 0.8 * x[0],
        lambda x: [x[1] - exp(x[0]), x[2] - exp(x[1])],
        None,
        [(0, 100), (0, 100), (0, 10)],
    ),
    "71": (
        [1.0, 5, 5, 1],
        17.0140173,
        (),
        lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
        lambda x: [x[0] * x[1] * x[2] * x[3] - 25],
        lambda x: [x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + x[3] ** 2 - 40],
        [(1, 5)] * 4,
    ),
    "72": (
        [1.0, 1, 1, 1],
        727.67937,
        (),
        lambda x: 1 + x[0] + x[1] + x[2] + x[3],
        lambda x: [
            0.0401 - 4 / x[0] - 2.25 / x[1] - 1 / x[2] - 0.25 / x[3],
            0.010085 - 0.16 / x[0] - 0.36 / x[1] - 0.64 / x[2] - 0.64 / x[3],
        ],
        None,
        [(0.001, (5 - k) * 1e5) for k in range(1, 5)],
    ),
    "76": (
        [0.5] * 4,
        -4.681818181,
        (),
        lambda x: x[0] ** 2 + 0.5 * x[1] ** 2 + x[2] ** 2 + 0.5 * x[3] ** 2 - x[0] * x[2] + x[2] * x[3] - x[0] - 3 * x[1] + x[2] - x[3],
        lambda x: [5 - x[0] - 2 * x[1] - x[2] - x[3], 4 - 3 * x[0] - x[1] - 2 * x[2] + x[3], x[1] + 4 * x[2] - 1.5],
        None,
        [(0, None)] * 4,
    ),
    "77": (
        [2.0] * 5,
        0.24150513,
        (),
        lambda x: (x[0] - 1) ** 2 + (x[0] - x[1]) ** 2 + (x[2] - 1) ** 2 + (x[3] - 1) ** 4 + (x[4] - 1) ** 6,
        None,
        lambda x: [x[0] ** 2 * x[3] + sin(x[3] - x[4]) - 2 * math.sqrt(2), x[1] + x[2] ** 4 * x[3] ** 2 - 8 - math.sqrt(2)],
        None,
    ),
    "78": (
        [-2, 1.5, 2, -1, -1],
        -2.91970041,
        (),
        lambda x: x[0] * x[1] * x[2] * x[3] * x[4],
        None,
        lambda x: [
            x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + x[3] ** 2 + x[4] ** 2 - 10,
            x[1] * x[2] - 5 * x[3] * x[4],
            x[0] ** 3 + x[1] ** 3 + 1,
        ],
        None,
    ),
    "80": (
        [-2, 2, 2, -1, -1],
        0.0539498478,
        (),
        lambda x: exp(x[0] * x[1] * x[2] * x[3] * x[4]),
        None,
        lambda x: [
            x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + x[3] ** 2 + x[4] ** 2 - 10,
            x[1] * x[2] - 5 * x[3] * x[4],
            x[0] ** 3 + x[1] ** 3 + 1,
        ],
        [(-2.3, 2.3)] * 2 + [(-3.2, 3.2)] * 3,
    ),
    "100": (
        [1.0, 2, 0, 4, 0, 1, 1],
        680.6300573,
        (),
        lambda x: (
            (x[0] - 10) ** 2
            + 5 * (x[1] - 12) ** 2
            + x[2] ** 4
            + 3 * (x[3] - 11) ** 2
            + 10 * x[4] ** 6
            + 7 * x[5] ** 2
            + x[6] ** 4
            - 4 * x[5] * x[6]
            - 10 * x[5]
            - 8 * x[6]
        ),
        lambda x: [
            127 - 2 * x[0] ** 2 - 3 * x[1] ** 4 - x[2] - 4 * x[3] ** 2 - 5 * x[4],
            282 - 7 * x[0] - 3 * x[1] - 10 * x[2] ** 2 - x[3] + x[4],
            196 - 23 * x[0] - x[1] ** 2 - 6 * x[5] ** 2 + 8 * x[6],
            -4 * x[0] ** 2 - x[1] ** 2 + 3 * x[0] * x[1] - 2 * x[2] ** 2 - 5 * x[5] + 11 * x[6],
        ],
        None,
        None,
    ),
    "113": (
        [2.0, 3, 5, 5, 1, 2, 7, 3, 6, 10],
        24.3062091,
        (),
        lambda x: (
            x[0] ** 2
            + x[1] ** 2
            + x[0] * x[1]
            - 14 * x[0]
            - 16 * x[1]
            + (x[2] - 10) ** 2
            + 4 * (x[3] - 5) ** 2
            + (x[4] - 3) ** 2
            + 2 * (x[5] - 1) ** 2
            + 5 * x[6] ** 2
            + 7 * (x[7] - 11) ** 2
            + 2 * (x[8] - 10) ** 2
            + (x[9] - 7) ** 2
            + 45
        ),
        lambda x: [
            105 - 4 * x[0] - 5 * x[1] + 3 * x[6] - 9 * x[7],
            -10 * x[0] + 8 * x[1] + 17 * x[6] - 2 * x[7],
            8 * x[0] - 2 * x[1] - 5 * x[8] + 2 * x[9] + 12,
            -3 * (x[0] - 2) ** 2 - 4 * (x[1] - 3) ** 2 - 2 * x[2] ** 2 + 7 * x[3] + 120,
            -5 * x[0] ** 2 - 8 * x[1] - (x[2] - 6) ** 2 + 2 * x[3] + 40,
            -0.5 * (x[0] - 8) ** 2 - 2 * (x[1] - 4) ** 2 - 3 * x[4] ** 2 + x[5] + 30,
            -(x[0] ** 2) - 2 * (x[1] - 2) ** 2 + 2 * x[0] * x[1] - 14 * x[4] + 6 * x[5],
            3 * x[0] - 6 * x[1] - 12 * (x[8] - 8) ** 2 + 7 * x[9],
        ],
        None,
        None,
    ),
}


def plain(f: Callable[..., Any]) -> Callable[..., Any]:
    """The same, in a form that can't be traced."""
    return lambda x: f([float(v) for v in x])


def problems() -> list[Any]:
    given = [(str(k), (p.x0, p.fstar, p.local, p.f, p.g, p.h, p.bounds)) for k, p in PROBLEMS.items()]
    return [pytest.param(*p, id=f"HS{k}") for k, p in [*given, *MORE.items(), *FURTHER.items()]]


@pytest.mark.parametrize("form", [lambda f: f, plain], ids=["traced", "called"])
@pytest.mark.parametrize(("x0", "best", "local", "f", "g", "h", "bounds"), problems())
def test_solved_with_default_options(  # type: ignore[no-untyped-def]
    form, x0: list[float], best: float, local: tuple[float, ...], f, g, h, bounds
) -> None:
    constraints = [{"type": kind, "fun": form(c)} for kind, c in (("eq", h), ("ineq", g)) if c is not None]
    r = minimize(form(f), x0, bounds=bounds, constraints=constraints)
    x = [float(v) for v in r.x]
    violation = max([0.0, *(abs(v) for v in (h(x) if h else [])), *(-v for v in (g(x) if g else []))])
    assert r.success, r.message
    assert violation <= 1e-5
    assert min(abs(r.fun - value) / max(1.0, abs(value)) for value in (best, *local)) <= 1e-4
    if bounds is not None:
        low = np.array([-np.inf if b[0] is None else b[0] for b in bounds])
        high = np.array([np.inf if b[1] is None else b[1] for b in bounds])
        assert np.all((r.x >= low) & (r.x <= high))


def test_no_more_evaluations_than_the_peer_takes() -> None:
    """SciPy 1.17's SLSQP takes 652 on those of the 55 that it solves, with exact gradients and default options."""
    total = 0
    for p in PROBLEMS.values():
        constraints = [{"type": kind, "fun": c} for kind, c in (("eq", p.h), ("ineq", p.g)) if c is not None]
        total += int(minimize(p.f, p.x0, bounds=p.bounds, constraints=constraints).nfev)
    assert total <= 652
