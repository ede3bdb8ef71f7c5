"""``scipy.special`` on nodes: its ufuncs are dispatched like NumPy's; its plain functions are refused with the name of an alternative."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import Node
from . import gamma_functions, inverses
from ._operands import as_float, floats
from ._types import Operand
from .activations import sigmoid, softplus
from .binary import where
from .elementwise import digamma, erf, exp, expm1, lgamma, log, log1p, sqrt, square
from .numpy_protocol import SPECIAL, UFUNCS

INF = float("inf")
_LOG_ROOT_TAU = 0.9189385332046727  # log √(2π)
_ROOT_TWO, _ROOT_PI = 2.0**0.5, float(np.pi) ** 0.5


def _erfc(x: Operand) -> Node:
    return _core.elementwise("erfc", x)


def ndtr(x: Operand) -> Node:
    """The distribution function of the standard normal distribution."""
    return _core.elementwise("normal_cdf", x)


def log_ndtr(x: Operand) -> Node:
    """Its logarithm, accurate in both tails."""
    node = as_float(x, "log_ndtr")
    far = -12.0 if node.dtype == np.float32 else -20.0
    right, left = node > 1, node < far
    above = log1p(-ndtr(-where(right, node, 1.0)))
    middle = log(ndtr(where(right | left, 0.0, node)))
    # The asymptotic series of Mills' ratio; beyond `far` its eighth term is below rounding.
    t = where(left, node, -30.0)
    u = 1 / square(t)
    series: Any = 1.0
    for k in (15, 13, 11, 9, 7, 5, 3, 1):
        series = 1 - k * u * series
    below = -0.5 * square(t) - log(-t) - _LOG_ROOT_TAU + log(series)
    return where(left, below, where(right, above, middle))


# Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution, PPND16.
_CENTRE = (
    (3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
     67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
     28729.085735721942674, 5226.495278852545925),
)  # fmt: skip
_NEAR = (
    (1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
     0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4),
    (1.0, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459, 0.0151986665636164571966,
     5.475938084995344946e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_TAIL = (
    (6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
     0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4, 1.8463183175100546818e-5,
     1.4215117583164458887e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def _ratio(table: tuple[tuple[float, ...], tuple[float, ...]], r: Node) -> Node:
    made: list[Any] = []
    for coefficients in table:
        value: Any = coefficients[-1]
        for c in coefficients[-2::-1]:
            value = value * r + c
        made.append(value)
    quotient: Node = made[0] / made[1]
    return quotient


def _quantile(q: Node, tail: Node, upper: Node) -> Node:
    """The normal quantile of a probability, given its distance from 1/2, its distance from the nearer end, and which end that is."""
    central = abs(q) <= 0.425
    centre = where(central, q, 0.0)
    centre = centre * _ratio(_CENTRE, 0.180625 - square(centre))
    inside = (tail > 0) & ~central
    root = sqrt(-log(where(inside, tail, 0.01)))
    close = root <= 5
    outer = where(close, _ratio(_NEAR, where(close, root, 3.0) - 1.6), _ratio(_TAIL, where(close, 6.0, root) - 5.0))
    size = where(tail == 0, INF, where(inside, outer, float("nan")))
    found = where(central, centre, where(upper, size, -size))
    # One Newton step: derivatives are then those of the function and not of the approximation.
    finite = abs(found) < (5.0 if q.dtype == np.float32 else 8.0)
    at = where(finite, found, 0.0)
    density = exp(-0.5 * square(at) - _LOG_ROOT_TAU)
    missed = where(upper, ndtr(-at) - tail, tail - ndtr(at))
    return where(finite, at + missed / density, found)


def ndtri(p: Operand) -> Node:
    """The quantile of the standard normal distribution; -inf at 0, inf at 1, NaN beyond."""
    node = as_float(p, "ndtri")
    upper = node > 0.5
    return _quantile(node - 0.5, where(upper, 1 - node, node), upper)


def erfinv(y: Operand) -> Node:
    """The inverse of the error function."""
    node = as_float(y, "erfinv")
    # Near 0 the tail, (1 - y) / 2, would lose digits of y.
    small = abs(node) < 0.3
    t = where(small, node, 0.0)
    near = t * 0.5 * _ratio(_CENTRE, 0.180625 - square(0.5 * t)) / _ROOT_TWO
    near = near + (t - erf(near)) / (exp(-square(near)) * (2 / _ROOT_PI))
    apart = where(small, 0.5, node)
    upper = apart > 0
    return where(small, near, _quantile(apart * 0.5, where(upper, 1 - apart, 1 + apart) * 0.5, upper) / _ROOT_TWO)


def erfcinv(y: Operand) -> Node:
    """The inverse of the complementary error function."""
    node = as_float(y, "erfcinv")
    small = abs(node - 1) < 0.3
    apart = where(small, 0.5, node)
    upper = apart < 1
    far = _quantile((1 - apart) * 0.5, where(upper, apart, 2 - apart) * 0.5, upper) / _ROOT_TWO
    return where(small, erfinv(1 - where(small, node, 1.0)), far)


def logit(p: Operand) -> Node:
    """log(p / (1 - p)), accurate also near 0."""
    node = as_float(p, "logit")
    central = abs(node - 0.5) < 0.2
    s = 2 * (where(central, node, 0.5) - 0.5)
    apart = where(central, 0.1, node)
    return where(central, log1p(s) - log1p(-s), log(apart / (1 - apart)))


def _times_log(name: str, logarithm: Callable[[Node], Node], least: float) -> Callable[[Operand, Operand], Node]:
    def call(a: Operand, b: Operand) -> Node:
        x, y = floats(name, a, b)
        # 0 where x is 0 and the logarithm not finite; else the derivative with respect to x at 0 is the logarithm.
        nothing = (x == 0) & ((y <= least) | (y == INF))
        return where(nothing, 0.0, x * logarithm(where(nothing, 1.0, y)))

    return call


xlogy, xlog1py = _times_log("xlogy", log, 0.0), _times_log("xlog1py", log1p, -1.0)


def entr(x: Operand) -> Node:
    """-x log x; 0 at 0, -inf below."""
    node = as_float(x, "entr")
    plain = node > 0
    return where(plain, -node * log(where(plain, node, 1.0)), where(node == 0, 0.0, where(node < 0, -INF, node)))


def rel_entr(a: Operand, b: Operand) -> Node:
    """X log(x / y); 0 where x is 0, inf outside the domain."""
    x, y = floats("rel_entr", a, b)
    plain = (x > 0) & (y > 0)
    value = x * log(where(plain, x, 1.0) / where(plain, y, 1.0))
    return where(plain, value, where((x == 0) & (y >= 0), 0.0, where((x != x) | (y != y), x + y, INF)))


def kl_div(a: Operand, b: Operand) -> Node:
    """X log(x / y) - x + y."""
    x, y = floats("kl_div", a, b)
    value = rel_entr(x, y)
    return where(value < INF, value - x + y, value)


def exprel(x: Operand) -> Node:
    """(exp(x) - 1) / x, and 1 at 0."""
    node = as_float(x, "exprel")
    near = abs(node) < 0.02
    t = where(near, node, 0.0)
    series = 1 + t / 2 * (1 + t / 3 * (1 + t / 4 * (1 + t / 5 * (1 + t / 6 * (1 + t / 7)))))
    apart = where(near, 1.0, node)
    return where(near, series, where(apart == INF, INF, expm1(apart) / apart))


def boxcox(x: Operand, lmbda: Operand) -> Node:
    """(x^λ - 1) / λ, and log x at λ = 0."""
    node, power = floats("boxcox", x, lmbda)
    return _boxcox(node, log(node), power)


def boxcox1p(x: Operand, lmbda: Operand) -> Node:
    """As boxcox of 1 + x."""
    node, power = floats("boxcox1p", x, lmbda)
    return _boxcox(1 + node, log1p(node), power)


def _boxcox(base: Node, logarithm: Node, power: Node) -> Node:
    endless = abs(logarithm) == INF
    t = where(endless, 1.0, logarithm)
    plain = power == 0
    safe = where(plain, 1.0, power)
    far = where(plain, logarithm, (where(endless, base, 1.0) ** safe - 1) / safe)
    return where(endless, far, t * exprel(power * t))


def huber(delta: Operand, r: Operand) -> Node:
    """r²/2 up to δ, and δ (|r| - δ/2) beyond."""
    d, x = floats("huber", delta, r)
    inside = abs(x) <= d
    return where(d < 0, INF, where(inside, 0.5 * square(where(inside, x, 0.0)), d * (abs(x) - 0.5 * d)))


def pseudo_huber(delta: Operand, r: Operand) -> Node:
    """δ² (√(1 + (r/δ)²) - 1)."""
    d, x = floats("pseudo_huber", delta, r)
    endless = abs(x) == INF
    at = where(endless, 0.0, x)
    # √(δ² + r²) - δ is r² / (δ + √(δ² + r²)), which is accurate for small r and does not overflow.
    whole = d + UFUNCS["hypot"](d, at)
    value = d * (at * (at / where(whole == 0, 1.0, whole)))
    return where(d < 0, INF, where(endless & (d != 0), abs(x), value))


SPECIAL |= {
    "expit": sigmoid,
    "log_expit": lambda x: -softplus(-as_float(x, "log_expit")),
    "softplus": softplus,
    "logit": logit,
    "erf": erf,
    "erfc": _erfc,
    "erfinv": erfinv,
    "erfcinv": erfcinv,
    "gammaln": lgamma,
    "psi": digamma,
    "digamma": digamma,
    **{name: getattr(gamma_functions, name) for name in ("gamma", "gammasgn", "rgamma", "poch", "beta", "betaln", "binom")},
    "xlogy": xlogy,
    "xlog1py": xlog1py,
    "entr": entr,
    "rel_entr": rel_entr,
    "kl_div": kl_div,
    "ndtr": ndtr,
    "log_ndtr": log_ndtr,
    "ndtri": ndtri,
    "exprel": exprel,
    "boxcox": boxcox,
    "boxcox1p": boxcox1p,
    "inv_boxcox": lambda y, lmbda: exp(_inverse_boxcox(y, lmbda)),
    "huber": huber,
    "pseudo_huber": pseudo_huber,
    "exp10": lambda x: exp(as_float(x, "exp10") * float(np.log(10))),
    "log1p": log1p,
    "expm1": expm1,
    "cbrt": inverses.cbrt,
    "exp2": UFUNCS["exp2"],
    "cosm1": lambda x: -2 * square(UFUNCS["sin"](as_float(x, "cosm1") * 0.5)),
    "radian": lambda d, m, s: _radian(*floats("radian", d, m, s)),
}


def _radian(degrees: Node, minutes: Node, seconds: Node) -> Node:
    return (degrees + minutes / 60 + seconds / 3600) * float(np.pi / 180)


def _inverse_boxcox(y: Operand, lmbda: Operand) -> Node:
    value, power = floats("inv_boxcox", y, lmbda)
    plain = power == 0
    safe = where(plain, 1.0, power)
    return where(plain, value, log1p(safe * value) / safe)


# Plain functions of SciPy, which convert arguments to arrays: alternatives by module and name.
INSTEAD = {
    "logsumexp": "plait.logsumexp",
    "softmax": "plait.softmax",
    "log_softmax": "plait.log_softmax",
    "polygamma": "plait.digamma, and plait.grad of it",
    "multigammaln": "a sum of plait.lgamma",
    "solve_triangular": "plait.linalg.triangular_solve",
    "cho_factor": "plait.linalg.cholesky",
    "cho_solve": "plait.linalg.cholesky and triangular_solve",
    "cholesky": "plait.linalg.cholesky",
    "solve": "plait.linalg.solve",
    "inv": "plait.linalg.inv",
    "det": "plait.linalg.det",
    "logpdf": "log_prob of a distribution of plait.infer",
    "logpmf": "log_prob of a distribution of plait.infer",
    "pdf": "plait.exp of log_prob of a distribution of plait.infer",
    "cdf": "cdf of a distribution of plait.infer",
}


def asked_by() -> tuple[str, str] | None:
    """The outermost SciPy function on the stack, which converts a node to an array; and the alternative to use."""
    frame: Any = sys._getframe(1)
    found = None
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("scipy."):
            # A decorator knows the function by a name of its own.
            wrapped = next((value for key in ("f", "func", "fun") if callable(value := frame.f_locals.get(key))), None)
            name = frame.f_code.co_name
            if name.startswith(("_", "wrapper", "<")) and wrapped is not None:
                module, name = str(getattr(wrapped, "__module__", module)), str(getattr(wrapped, "__name__", name))
            if not name.startswith("_") and "._lib" not in module:
                found = (f"scipy.{module.split('.')[1]}'s {name}", INSTEAD.get(name, "plait's functions"))
        frame = frame.f_back
    return found
