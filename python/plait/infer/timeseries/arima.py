"""ARIMA models, seasonal ones too, with exact likelihood in state space form (Harvey, 1989)."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ... import graph
from ._data import Series
from ._linear import LinearModel
from ._parameters import Layout, Positive, Real, Stationary
from ._state_space import Affine, StateSpace, add, log_likelihood, multiply

__all__ = ["ARIMA", "ARMA"]


def order(value: Any, what: str, least: int = 0) -> int:
    """A number of lags; ValueError names it."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} is a number of lags, got {value!r}") from None
    if number < least:
        raise ValueError(f"{what} is {number}, at least {least} is needed")
    return number


def product(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Coefficients of a product of polynomials; entries are numbers, arrays or nodes."""
    out: list[Any] = [0.0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] = add(out[i + j], multiply(x, y))
    return out


def _unit(rows: int, columns: int, i: int, j: int) -> np.ndarray[Any, Any]:
    """The matrix whose only entry is a one at (i, j)."""
    found = np.zeros((rows, columns))
    found[i, j] = 1.0
    return found


class ARIMA(LinearModel):
    """Autoregressive integrated moving average, with seasonal factors and regressors.

    φ(B) Φ(Bˢ) (1 - B)ᵈ (1 - Bˢ)ᴰ (y_t - mean_t) = θ(B) Θ(Bˢ) ε_t, where mean_t holds a constant (d = 0) or a drift, and X β.

    Parameters
    ----------
    p, d, q : int
        Lags of the autoregression, differences, lags of the moving average.
    seasonal : tuple of int (P, D, Q, s), optional
        The seasonal orders and the length of a season.
    trend : {"auto", "n", "c"}
        "auto" is a constant where nothing is differenced and none beyond; "n" none; "c" a constant, or with differences a drift per step.

    Raises
    ------
    ValueError
        An order is negative, a season shorter than 2, or a trend of another name.

    Notes
    -----
    Parameters are named as statsmodels names them: ``const`` (the mean) or ``drift``, the regressors' columns, ``ar.L1`` …, ``ma.L1`` …,
    ``ar.S.L12`` …, ``ma.S.L12`` …, ``sigma2``. Polynomials are stationary and invertible (Barndorff-Nielsen and Schou, 1973). Missing values
    are skipped by the filter. A step of the likelihood costs O(r³) with r = max(p + sP, q + sQ + 1) states.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = 10 + np.cumsum(rng.normal(size=200))
    >>> fitted = plait.infer.timeseries.ARIMA(0, 1, 0).fit(y, method="mle")
    >>> bool(0.7 < fitted.params["sigma2"] < 1.3)
    True
    >>> fitted.predict(3).mean.shape
    (3,)
    """

    def __init__(self, p: int = 1, d: int = 0, q: int = 0, seasonal: tuple[int, int, int, int] | None = None, trend: str = "auto") -> None:
        name = type(self).__name__
        self.p, self.d, self.q = order(p, f"{name}: p"), order(d, f"{name}: d"), order(q, f"{name}: q")
        if seasonal is not None and (not isinstance(seasonal, (tuple, list)) or len(seasonal) != 4):
            raise ValueError(f"{name}: seasonal is (P, D, Q, s), got {seasonal!r}")
        self.seasonal = (
            None if seasonal is None else tuple(order(v, f"{name}: seasonal {k}") for v, k in zip(seasonal, "PDQs", strict=True))
        )
        if self.seasonal and self.seasonal[3] < 2 and any(self.seasonal[:3]):
            raise ValueError(f"{name}: a season has at least 2 steps, got s = {self.seasonal[3]}")
        if trend not in ("auto", "n", "c"):
            raise ValueError(f"{name}: trend is 'auto', 'n' or 'c', got {trend!r}")
        self.trend = trend
        self.called = name  # in messages

    def __repr__(self) -> str:
        seasonal = f", seasonal={self.seasonal}" if self.seasonal else ""
        return f"{type(self).__name__}({self.p}, {self.d}, {self.q}{seasonal})"

    @property
    def _seasons(self) -> tuple[int, int, int, int]:
        return self.seasonal or (0, 0, 0, 1)  # type: ignore[return-value]

    def _trend_name(self) -> str | None:
        differenced = self.d + self._seasons[1] > 0
        if self.trend == "n" or (self.trend == "auto" and differenced):
            return None
        return "drift" if differenced else "const"

    def _difference(self) -> list[float]:
        """Coefficients of (1 - B)ᵈ (1 - Bˢ)ᴰ."""
        _P, D, _Q, s = self._seasons
        found: list[Any] = [1.0]
        for _ in range(self.d):
            found = list(np.convolve(found, [1.0, -1.0]))
        for _ in range(D):
            found = list(np.convolve(found, [1.0, *[0.0] * (s - 1), -1.0]))
        return [float(v) for v in found]

    def _differenced(self, x: Any) -> Any:
        return np.apply_along_axis(lambda c: np.convolve(c, self._difference(), "valid"), 0, x)

    def _regressors(self, series: Series, X: Any, first: int, n: int) -> tuple[list[str], Any]:
        """Names and columns of everything linear in the mean."""
        columns, names = [], []
        trend = self._trend_name()
        if trend:
            names.append(trend)
            columns.append(np.ones(n) if trend == "const" else np.arange(first + 1.0, first + n + 1))
        if X is not None:
            names += series.x_names
            columns += list(np.asarray(X).T)
        return names, np.stack(columns, 1) if columns else np.zeros((n, 0))

    def _prepare(self, series: Series) -> tuple[Series, Layout]:
        k = len(self._difference()) - 1
        if len(series.y) <= k + 1:
            raise ValueError(f"{self.called}.fit: {len(series.y)} observations are too few for differences over {k} steps")
        names, design = self._regressors(series, series.X, 0, len(series.y))
        w = self._differenced(series.y)
        good = ~np.isnan(w)
        P, _D, Q, s = self._seasons
        coefficients, residual = np.zeros(len(names)), w[good]
        if good.sum() > len(names):
            dd = self._differenced(design)[good] if names else design[:0]
            if names:
                if np.linalg.matrix_rank(dd) < len(names):
                    raise ValueError(f"{self.called}.fit: the columns {', '.join(names)} are linearly dependent after differencing")
                coefficients = np.linalg.lstsq(dd, w[good], rcond=None)[0]
                residual = w[good] - dd @ coefficients
        spread = float(np.std(residual)) if len(residual) else 0.0
        if not spread > 1e-12 * max(float(np.max(np.abs(w[good]), initial=0.0)), 1e-300) or not spread > 0:
            raise ValueError(f"{self.called}.fit: nothing is left to explain: y is constant, or an exact function of its regressors")
        sizes = np.std(self._differenced(design), axis=0) if names else []
        blocks: list[Any] = [
            Real((n,), (float(c),), (spread / float(size) if size > 0 else spread,))
            for n, c, size in zip(names, coefficients, sizes, strict=True)
        ]
        blocks += [
            Stationary(tuple(f"ar.L{k + 1}" for k in range(self.p))),
            Stationary(tuple(f"ma.L{k + 1}" for k in range(self.q)), sign=-1),
            Stationary(tuple(f"ar.S.L{s * (k + 1)}" for k in range(P))),
            Stationary(tuple(f"ma.S.L{s * (k + 1)}" for k in range(Q)), sign=-1),
            Positive(("sigma2",), (spread * spread,)),
        ]
        return series, Layout(blocks)

    def _starts(self, series: Series, layout: Layout) -> list[np.ndarray[Any, Any]]:
        base = layout.parameters(np.zeros(layout.size))
        plain = {**base}
        found = self._hannan_rissanen(series, layout, plain)
        return [layout.unconstrained(v) for v in ([plain, found] if found else [plain])]

    def _hannan_rissanen(self, series: Series, layout: Layout, base: dict[str, Any]) -> dict[str, Any] | None:
        """Coefficients by regression on lags and on the residuals of a long autoregression (Hannan and Rissanen, 1982)."""
        P, _D, Q, s = self._seasons
        ar = [*range(1, self.p + 1), *(s * k for k in range(1, P + 1))]
        ma = [*range(1, self.q + 1), *(s * k for k in range(1, Q + 1))]
        names, design = self._regressors(series, series.X, 0, len(series.y))
        u = np.where(series.observed, series.y, np.nan) - design @ np.array([base[n] for n in names])
        w = self._differenced(u)
        w = np.where(np.isnan(w), 0.0, w)
        far = max([*ar, *ma, 1])
        length = min(max(2 * far, 10), len(w) // 3)
        if not ar + ma or length <= 0 or len(w) < 2 * far + length + 5:
            return None
        lagged = np.stack([w[length - k : len(w) - k] for k in range(1, length + 1)], 1)
        e = np.concatenate([np.zeros(length), w[length:] - lagged @ np.linalg.lstsq(lagged, w[length:], rcond=None)[0]])
        first = length + far
        columns = [w[first - k : len(w) - k] for k in ar] + [e[first - k : len(w) - k] for k in ma]
        values = np.linalg.lstsq(np.stack(columns, 1), w[first:], rcond=None)[0]
        found = dict(base)
        at = 0
        for block in layout.blocks:
            if not isinstance(block, Stationary):
                continue
            at_block = {"ar.L": 0, "ar.S": self.p, "ma.L": len(ar), "ma.S": len(ar) + self.q}[block.names[0][:4]]
            part = values[at_block : at_block + block.size]
            for _ in range(200):  # toward 0 until the roots are outside of the unit circle
                try:
                    if np.all(np.abs(block.backward(part)) < 2.5):
                        break
                except ValueError:
                    pass
                part = part * 0.9 ** np.arange(1, len(part) + 1)
            found.update(zip(block.names, part, strict=True))
            at += block.size
        return found

    def _polynomials(self, p: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        """Coefficients of the autoregression (of lags 1 …) and of the moving average (of lags 1 …), seasonal factors multiplied out."""
        P, _D, Q, s = self._seasons
        ar: list[Any] = product(
            [1.0, *(-1 * p[f"ar.L{k + 1}"] for k in range(self.p))], _spread_out([-1 * p[f"ar.S.L{s * (k + 1)}"] for k in range(P)], s)
        )
        ma: list[Any] = product(
            [1.0, *(p[f"ma.L{k + 1}"] for k in range(self.q))], _spread_out([p[f"ma.S.L{s * (k + 1)}"] for k in range(Q)], s)
        )
        return [-1 * a if not isinstance(a, float) else -a for a in ar[1:]], ma[1:]

    def _arma(self, p: Mapping[str, Any]) -> tuple[Affine, Affine, int]:
        """T and R of the ARMA part, and its number of states r: y = x₁, T the companion of φ, R = (1, θ) (Harvey, 1989, 4.3)."""
        ar, ma = self._polynomials(p)
        r = max(len(ar), len(ma) + 1)
        T = Affine(np.eye(r, k=1), [(phi, _unit(r, r, k, 0)) for k, phi in enumerate(ar)])
        R = Affine(_unit(r, 1, 0, 0), [(theta, _unit(r, 1, k + 1, 0)) for k, theta in enumerate(ma)])
        return T, R, r

    def _space(self, parameters: Mapping[str, Any], series: Series) -> StateSpace:
        """With the differenced values as states: (y_{t-1} … y_{t-k}, ARMA states), the first k diffuse."""
        T, R, r = self._arma(parameters)
        delta = -np.array(self._difference()[1:])
        k = len(delta)
        Z = np.concatenate([delta, np.eye(1, r)[0]])
        C = np.zeros((k + r, k + r))
        if k:
            C[0] = Z
            C[1:k, : k - 1] = np.eye(k - 1)
        C[k:, k:] = T.constant
        both = Affine(C, [(p, np.pad(unit, [(k, 0), (k, 0)])) for p, unit in T.terms])
        tall = Affine(np.pad(R.constant, [(k, 0), (0, 0)]), [(p, np.pad(u, [(k, 0), (0, 0)])) for p, u in R.terms])
        origin = np.zeros(k + r)
        origin[:k] = series.y[series.observed][0]
        D = np.eye(k + r)[:, :k]
        return StateSpace(T=both, R=tall, s=[parameters["sigma2"]], Z=Z, H=0.0, D=D, origin=origin, stationary=r)

    def _log_likelihood(self, parameters: Mapping[str, Any], series: Series) -> Any:
        if not series.observed.all():
            return super()._log_likelihood(parameters, series)
        # Without missing values the likelihood of the differences is the diffuse one, with fewer states.
        names, design = self._regressors(series, series.X, 0, len(series.y))
        w = self._differenced(series.y)
        if names:
            w = w - self._differenced(design) @ _vector([parameters[n] for n in names])
        T, R, r = self._arma(parameters)
        space = StateSpace(
            T=T, R=R, s=[parameters["sigma2"]], Z=np.eye(1, r)[0], H=0.0, D=np.zeros((r, 0)), origin=np.zeros(r), stationary=r
        )
        return log_likelihood(space, w, np.ones(len(w) if isinstance(w, np.ndarray) else w.shape[0], bool))

    def _offset(self, parameters: Mapping[str, Any], series: Series, X: Any, first: int, n: int) -> Any:
        names, design = self._regressors(series, X, first, n)
        total: Any = np.zeros(n)
        for name, column in zip(names, design.T, strict=True):
            total = total + parameters[name] * column
        return total


def _spread_out(coefficients: Sequence[Any], s: int) -> list[Any]:
    """1 + c₁ Bˢ + c₂ B²ˢ …."""
    out: list[Any] = [1.0]
    for c in coefficients:
        out += [0.0] * (s - 1) + [c]
    return out


def _vector(parts: Sequence[Any]) -> Any:
    return graph.stack([graph.constant(np.float64(v)) if isinstance(v, float) else v for v in parts])


class ARMA(ARIMA):
    """Autoregressive moving average of a stationary series about a constant; :class:`ARIMA` with d = 0.

    Parameters
    ----------
    p, q : int
        Lags of the autoregression and of the moving average.
    trend : {"auto", "n", "c"}
        "n" leaves the constant out.

    Raises
    ------
    ValueError
        An order is negative.

    Examples
    --------
    >>> y = np.sin(np.arange(100) / 3) + np.random.default_rng(0).normal(size=100)
    >>> list(plait.infer.timeseries.ARMA(1, 1).fit(y, method="mle").params)
    ['const', 'ar.L1', 'ma.L1', 'sigma2']
    """

    def __init__(self, p: int = 1, q: int = 0, trend: str = "auto") -> None:
        super().__init__(p, 0, q, trend=trend)

    def __repr__(self) -> str:
        return f"ARMA({self.p}, {self.q})"
