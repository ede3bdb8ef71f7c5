"""Hock-Schittkowski test problems (Lecture Notes in Econ. & Math. Systems 187, 1981) in plain Python operators.

Written from the mathematical statements; every f, constraint, bound and start was checked numerically against
the CUTEst/SIF versions (GrattonToint/S2MPJ) at the start and at random points, and every f* by solvers.

    minimise f(x)   s.t.  h_i(x) = 0,  g_j(x) >= 0,  lb <= x <= ub        (None = no bound)

Each function takes a *sequence of scalars* (list of floats, list of symbolic variables of any autodiff library)
and uses only + - * / **, and exp/log/sin/cos/sqrt below, which dispatch to a method `v.exp()` when v has one,
else to NumPy's ufunc (which in turn honours __array_ufunc__ of foreign types).
PROBLEMS: dict number -> Problem.  Problem.bounds gives SciPy's list of pairs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np


def _fn(name):
    u = getattr(np, name)
    m = getattr(math, name)

    def fn(v):
        if isinstance(v, (float, int)):
            try:
                return m(v)
            except OverflowError:
                return math.inf
            except ValueError:
                return math.nan
        meth = getattr(v, name, None)
        return meth() if callable(meth) else u(v)

    fn.__name__ = name
    return fn


exp, log, sin, cos, sqrt = (_fn(k) for k in ("exp", "log", "sin", "cos", "sqrt"))


@dataclass
class Problem:
    name: str
    x0: list
    fstar: float  # best known value (global unless noted in `local`)
    f: Callable
    g: Callable | None = None  # list of values, each >= 0
    h: Callable | None = None  # list of values, each == 0
    lb: Sequence | None = None
    ub: Sequence | None = None
    local: tuple = ()  # other local minima values accepted as "converged to a KKT point"
    note: str = ""
    n: int = field(init=False)

    def __post_init__(self):
        self.n = len(self.x0)

        def ex(b):
            if b is None:
                return [None] * self.n
            if not isinstance(b, (list, tuple)):
                return [b] * self.n
            assert len(b) == self.n, self.name
            return list(b)

        self.lb, self.ub = ex(self.lb), ex(self.ub)

    @property
    def bounds(self):
        return list(zip(self.lb, self.ub, strict=False))


PROBLEMS = {}


def _p(k, x0, fstar, f, g=None, h=None, lb=None, ub=None, local=(), note=""):
    PROBLEMS[k] = Problem(f"HS{k}", [float(v) for v in x0], float(fstar), f, g, h, lb, ub, tuple(local), note)


r2, r3, r7 = math.sqrt(2), math.sqrt(3), math.sqrt(7)


def prod(x):
    p = x[0]
    for v in x[1:]:
        p = p * v
    return p


def total(x):
    s = x[0]
    for v in x[1:]:
        s = s + v
    return s


def rosen(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def dot(c, x):
    s = 0.0
    for ci, xi in zip(c, x, strict=False):
        if ci != 0:
            s = s + ci * xi
    return s
