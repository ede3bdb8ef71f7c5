"""The 134 functions of NumPy and SciPy that people trace most: what is made of numbers, and whether that has a slope everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special as sp
import scipy.stats

RNG = np.random.default_rng(3)
X = RNG.normal(size=(3, 4))
P = RNG.uniform(0.1, 0.9, size=(3, 4))  # probabilities
Y = RNG.uniform(1.1, 3.0, size=(3, 4))
V, W = RNG.normal(size=5), RNG.normal(size=5)
A = RNG.normal(size=(4, 4))
SPD = A @ A.T + 4 * np.eye(4)
HOLES = np.where(RNG.random((3, 4)) < 0.3, np.nan, X)


@dataclass
class Traced:
    """A function over arrays, and what it is called with."""

    name: str
    f: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    smooth: bool = True


def _numpy(names: str, *arrays: np.ndarray, smooth: bool = True) -> list[Traced]:
    return [Traced(f"np.{name}", getattr(np, name), arrays, smooth) for name in names.split()]


def _special(names: str, *arrays: np.ndarray, smooth: bool = True) -> list[Traced]:
    return [Traced(f"scipy.special.{name}", getattr(sp, name), arrays, smooth) for name in names.split()]


def _called(name: str, f: Callable[..., Any], *arrays: np.ndarray, smooth: bool = True) -> Traced:
    return Traced(name, f, arrays, smooth)


FUNCTIONS: list[Traced] = [
    # Elementwise.
    *_numpy("abs square cbrt exp expm1 exp2 sin cos tan sinh cosh tanh arctan arcsinh sinc deg2rad", X),
    *_numpy("sqrt log log1p log2 log10 reciprocal", Y),
    *_numpy("arcsin arccos arctanh", P),
    *_numpy("arccosh", Y),
    *_numpy("sign floor ceil trunc rint isnan isfinite", X * 3, smooth=False),
    _called("np.round", lambda x: np.round(x, 1), X, smooth=False),
    *_numpy("arctan2 hypot maximum minimum fmax fmin logaddexp logaddexp2 copysign", X, Y - 2),
    *_numpy("power mod fmod", Y, P),
    *_numpy("floor_divide heaviside", X, Y, smooth=False),
    _called("np.clip", lambda x: np.clip(x, -0.5, 0.5), X),
    _called("np.where", lambda x, y: np.where(x > 0, x * y, y), X, Y),
    _called("np.nan_to_num", np.nan_to_num, HOLES, smooth=False),
    # Reductions, order, statistics.
    *_numpy("sum prod mean var std max min ptp cumsum cumprod median trapezoid diff ediff1d cov corrcoef gradient", X[:2]),
    *_numpy("any all argmax argmin count_nonzero argsort", X, smooth=False),
    *_numpy("sort", X),
    *_numpy("nansum nanmean nanmax nanstd", HOLES, smooth=False),
    _called("np.average", lambda x, w: np.average(x, axis=1, weights=w), X, P),
    _called("np.quantile", lambda x: np.quantile(x, [0.1, 0.75], axis=1), X),
    _called("np.percentile", lambda x: np.percentile(x, 40), X),
    _called("np.partition", lambda x: np.partition(x, 1)[..., 1], X),
    _called("np.interp", lambda x, y: np.interp(x, np.linspace(-2, 2, 5), y), X, V),
    _called("np.searchsorted", lambda x: np.searchsorted(np.array([-1.0, 0.0, 1.0]), x), X, smooth=False),
    # Arranging.
    *_numpy("ravel transpose squeeze flip fliplr rot90 tril triu diagonal", X),
    _called("np.reshape", lambda x: np.reshape(x, (2, -1)), X),
    _called("np.swapaxes", lambda x: np.swapaxes(x, 0, 1), X),
    _called("np.moveaxis", lambda x: np.moveaxis(x, 0, -1), X),
    _called("np.expand_dims", lambda x: np.expand_dims(x, 1), X),
    _called("np.concatenate", lambda x, y: np.concatenate([x, y], 1), X, Y),
    _called("np.stack", lambda x, y: np.stack([x, y], 1), X, Y),
    _called("np.vstack", lambda x, y: np.vstack([x, y]), X, Y),
    _called("np.hstack", lambda x, y: np.hstack([x, y]), X, Y),
    _called("np.column_stack", lambda v, w: np.column_stack([v, w]), V, W),
    _called("np.split", lambda x: np.split(x, 2, axis=1)[1], X),
    _called("np.tile", lambda x: np.tile(x, (2, 1, 2)), X),
    _called("np.repeat", lambda x: np.repeat(x, 2, axis=1), X),
    _called("np.roll", lambda x: np.roll(x, 1, axis=1), X),
    _called("np.pad", lambda x: np.pad(x, 1), X),
    _called("np.broadcast_to", lambda v: np.broadcast_to(v, (2, 5)), V),
    _called("np.diag", np.diag, V),
    _called("np.take", lambda x: np.take(x, [2, 0], axis=1), X),
    _called("np.take_along_axis", lambda x: np.take_along_axis(x, np.array([[0], [2], [1]]), 1), X),
    _called("np.select", lambda x, y: np.select([x > 0.5, x < -0.5], [x, y], 0.0), X, Y),
    _called("np.meshgrid", lambda v, w: np.meshgrid(v, w)[1], V, W),
    # Products and matrices.
    *_numpy("dot vdot inner outer convolve correlate", V, W),
    _called("np.matmul", lambda x, a: np.matmul(x, a), X, A),
    _called("np.tensordot", lambda x, a: np.tensordot(x, a, 1), X, A),
    _called("np.einsum", lambda x, a: np.einsum("ij,kj->ik", x, a), X, A),
    _called("np.kron", np.kron, X[:2, :2], A[:2]),
    _called("np.cross", np.cross, X[:, :3], Y[:, :3]),
    _called("np.trace", np.trace, A),
    _called("np.polyval", lambda v, x: np.polyval(v, x), V, X),
    *[_called(f"np.linalg.{name}", getattr(np.linalg, name), SPD) for name in ("inv", "norm")],
    _called("np.linalg.det", lambda a: np.linalg.det(a * 0.2), SPD),
    _called("np.linalg.cholesky", lambda a: np.linalg.cholesky((a + a.T) * 0.5), SPD),
    _called("np.linalg.slogdet", lambda a: np.linalg.slogdet(a)[1], SPD),
    _called("np.linalg.solve", np.linalg.solve, SPD, X[0]),
    _called("np.linalg.matrix_power", lambda a: np.linalg.matrix_power(a, 3), A),
    # Special functions.
    *_special("expit erf erfc ndtr log_ndtr exprel", X),
    *_special("logit erfinv ndtri entr", P),
    *_special("gammaln gamma digamma", Y),
    *_special("xlogy beta betaln rel_entr", P, Y),
]

_Refused = tuple[str, Callable[[Any], Any], str]
REFUSED: list[_Refused] = [
    ("np.linalg.svd", lambda x: np.linalg.svd(x), "no decomposition"),
    ("np.linalg.eigh", lambda x: np.linalg.eigh(x.T @ x), "no decomposition"),
    ("np.linalg.qr", lambda x: np.linalg.qr(x), "no decomposition"),
    ("np.linalg.pinv", lambda x: np.linalg.pinv(x), r"plait\.linalg\.solve"),
    ("np.linalg.lstsq", lambda x: np.linalg.lstsq(x, x[:, 0]), r"plait\.linalg\.solve"),
    ("np.unique", lambda x: np.unique(x), "not known while the graph is built"),
    ("np.histogram", lambda x: np.histogram(x), "no gradient"),
    ("np.fft.rfft", lambda x: np.fft.rfft(x), "no complex numbers"),
    ("np.apply_along_axis", lambda x: np.apply_along_axis(np.sum, 0, x), "over whole arrays"),
    ("scipy.special.logsumexp", lambda x: sp.logsumexp(x), r"plait\.logsumexp"),
    ("scipy.special.softmax", lambda x: sp.softmax(x), r"plait\.softmax"),
    ("scipy.special.polygamma", lambda x: sp.polygamma(1, x), r"plait\.digamma"),
    ("scipy.special.gammainc", lambda x: sp.gammainc(x, x), "derivative is not known"),
    ("scipy.special.iv", lambda x: sp.iv(1.0, x), "derivative is not known"),
    ("scipy.linalg.solve_triangular", lambda x: scipy.linalg.solve_triangular(x.T @ x, x[0]), r"plait\.linalg\.triangular_solve"),
    ("scipy.stats.norm.logpdf", lambda x: scipy.stats.norm.logpdf(x), r"plait\.infer"),
]
