"""The gamma function and relatives: with signs, poles and zeros for negative arguments, and accurate for large ones."""

from __future__ import annotations

import math

from .._core import Node
from ._operands import as_float, floats, negative_sign
from ._types import Operand
from .binary import where
from .elementwise import abs as absolute
from .elementwise import exp, floor, lgamma, log, log1p, sin

INF, NAN = float("inf"), float("nan")

# Stirling's remainder, the sum of B(2k) / (2k (2k - 1) x^(2k - 1)): seven terms are exact to rounding from 10 on.
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_FAR = 10.0


def _pole(x: Node) -> Node:
    return (x <= 0) & (floor(x) == x)


def _odd(whole: Node) -> Node:
    return whole != 2 * floor(whole * 0.5)


def _minus_if(negative: Node, like: Node) -> Node:
    return where(negative, -1.0, 1.0).astype(like.dtype)


def _sign(x: Node) -> Node:
    """The sign of the gamma function; at 0 that of the zero, NaN at the other poles."""
    unknown = (_pole(x) & (x < 0)) | (x != x)
    negative = where(x < 0, _odd(floor(x)), negative_sign(x))
    return where(unknown, NAN, _minus_if(negative, x))


def gammasgn(x: Operand) -> Node:
    """The sign of the gamma function."""
    return _sign(as_float(x, "gammasgn"))


def gamma(x: Operand) -> Node:
    """The gamma function."""
    node = as_float(x, "gamma")
    return _sign(node) * exp(lgamma(node))


def rgamma(x: Operand) -> Node:
    """1 / gamma, which has zeros where gamma has poles."""
    node = as_float(x, "rgamma")
    # By reflection below 1/2: 1 / Γ(x) = Γ(1 - x) sin(πx) / π, whose zeros, slopes and curvatures are exact.
    low = node < 0.5
    t = where(low & (node > -INF), node, 0.25)
    nearest = floor(t + 0.5)
    sine = sin((t - nearest) * math.pi) * _minus_if(_odd(nearest), node)
    size = exp(lgamma(1 - t))
    far = (sine == 0) & (size == INF)
    below = where(far, 0.0, where(far, 1.0, size) * sine) * (1 / math.pi)
    return where(low, where(node == -INF, NAN, below), exp(-lgamma(where(low, 1.0, node))))


def _remainder(x: Node) -> Node:
    u = 1 / x
    square = u * u
    series: Node | float = _STIRLING[-1]
    for term in _STIRLING[-2::-1]:
        series = series * square + term
    return series * u


def _log_ratio(a: Node, b: Node) -> Node:
    """log(Γ(b) / Γ(a + b)), without the difference of two large logarithms; for b and a + b from 10 on.

    Didonato and Morris (1992), Algorithm 708: the digits of the incomplete beta function ratios.
    """
    both = a + b
    return a * (1 - log(both)) - (b - 0.5) * log1p(a / b) + (_remainder(b) - _remainder(both))


def _larger(x: Node, y: Node) -> tuple[Node, Node]:
    """The two in order; by `where`, so that at ties each keeps its own derivative and second derivatives are right."""
    swapped = x > y
    return where(swapped, y, x), where(swapped, x, y)


def _log_beta(x: Node, y: Node) -> Node:
    """log|B(x, y)|."""
    small, large = _larger(x, y)
    far = (large >= _FAR) & (small > -0.5 * large) & (small + large >= _FAR) & (large < INF)
    a, b = where(far, small, 1.0), where(far, large, _FAR)
    near = lgamma(where(far, 1.0, x)) + lgamma(where(far, 1.0, y)) - lgamma(where(far, 2.0, x + y))
    return where((large == INF) & (small > 0), -INF, where(far, lgamma(a) + _log_ratio(a, b), near))


def _reflected(x: Node, y: Node) -> tuple[Node, Node, Node]:
    """Where a pole of one argument cancels with an integer in the other, B(-n, m) = (-1)^m B(1 + n - m, m): the mask, and the arguments."""
    at_x = _pole(x)
    pole, other = where(at_x, x, y), where(at_x, y, x)
    found = _pole(pole) & (floor(other) == other) & (other > 0) & (pole + other < 1) & (pole > -INF)
    return found, where(found, 1 - pole - other, 1.0), where(found, other, 1.0)


def betaln(a: Operand, b: Operand) -> Node:
    """The logarithm of the size of the beta function; infinite where that has a pole."""
    x, y = floats("betaln", a, b)
    return _whole_log_beta(x, y)


def _whole_log_beta(x: Node, y: Node) -> Node:
    found, p, q = _reflected(x, y)
    pole = _pole(x) | _pole(y)
    plain = _log_beta(where(pole, 1.0, x), where(pole, 1.0, y))
    return where(found, _log_beta(p, q), where(pole, INF, plain))


def _sign_of_beta(x: Node, y: Node) -> Node:
    found, _, q = _reflected(x, y)
    pole, zero = _pole(x) | _pole(y), _pole(x + y)
    one = where(pole | zero, 1.0, _sign(x) * _sign(y) * _sign(x + y))
    return where(found & _odd(q), -1.0, one)


def beta(a: Operand, b: Operand) -> Node:
    """The beta function Γ(a) Γ(b) / Γ(a + b); infinite at poles."""
    x, y = floats("beta", a, b)
    return _sign_of_beta(x, y) * exp(_whole_log_beta(x, y))


def binom(n: Operand, k: Operand) -> Node:
    """The binomial coefficient Γ(n + 1) / (Γ(k + 1) Γ(n - k + 1)), 0 where that has a zero and NaN where n is a negative whole number."""
    x, y = floats("binom", n, k)
    p, q = 1 + x - y, 1 + y
    none = _pole(p) | _pole(q)
    unknown = _pole(1 + x) | (x != x) | (y != y)
    p, q = where(none | unknown, 1.0, p), where(none | unknown, 1.0, q)
    m = where(none | unknown, 1.0, 1 + x)
    size = exp(-log(absolute(m)) - _whole_log_beta(p, q))
    value = where(none, 0.0, _sign(m) * _sign(p) * _sign(q) * size)
    endless = (x == INF) & (absolute(y) < INF) & ~none
    return where(unknown, NAN, where(endless, where(y == 0, 1.0, where(y > 0, INF, 0.0)).astype(x.dtype), value))


def poch(z: Operand, m: Operand) -> Node:
    """The rising factorial Γ(z + m) / Γ(z)."""
    x, y = floats("poch", z, m)
    both = x + y
    # Of two poles the quotient is finite: (-1)^m Γ(1 - z) / Γ(1 - z - m); of one below, it is 0.
    turned = _pole(x) & _pole(both) & (both > -INF) & (x > -INF)
    nothing = _pole(x) & ~_pole(both)
    a, b = where(nothing, 0.0, y), where(nothing, 1.0, where(turned, 1 - both, x))
    pole = _pole(a + b) & (a + b < 0)
    sign = where(turned, _minus_if(_odd(y), x), where(pole, 1.0, _sign(where(pole, 1.0, a + b)) * _sign(b)))
    far = (b >= _FAR) & (a > -0.5 * b) & (a + b >= _FAR) & (a <= 1e3 * b) & (b < INF)
    near = lgamma(where(far, 1.0, a + b)) - lgamma(where(far, 1.0, b))
    size = exp(where(far, -_log_ratio(where(far, a, 0.0), where(far, b, _FAR)), near))
    return where(nothing, where(both == both, 0.0, both), sign * size)
