"""Autoregressions: with exact likelihood as an ARIMA, or conditional on the first values, where the likelihood is a regression's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import graph
from ._data import Series
from ._model import Model
from ._parameters import Layout, Positive, Real
from .arima import ARIMA, order

__all__ = ["AR"]


class ConditionalAR(Model):
    """A regression of y_t on its p last values: y_t = const + Σ φ_k y_{t-k} + X_t β + ε_t for t > p."""

    allows_missing = False

    def __init__(self, p: int, trend: bool) -> None:
        self.p, self.trend = p, trend

    def _names(self, series: Series) -> list[str]:
        return [*(["const"] if self.trend else []), *(f"ar.L{k + 1}" for k in range(self.p)), *series.x_names]

    def _columns(self, series: Series) -> Any:
        n, p = len(series.y), self.p
        columns = [np.ones(n - p)] if self.trend else []
        columns += [series.y[p - k : n - k] for k in range(1, p + 1)]
        if series.X is not None:
            columns += list(series.X[p:].T)
        return np.stack(columns, 1) if columns else np.zeros((n - p, 0))

    def _regression(self, series: Series) -> tuple[Any, Any, float]:
        columns, names = self._columns(series), self._names(series)
        if np.linalg.matrix_rank(columns) < len(names) or len(columns) <= len(names):
            raise ValueError(
                f"AR.fit: {len(columns)} values after the first {self.p} cannot tell {', '.join(names)} apart"
                " (a constant series, linearly dependent regressors, or too few observations)"
            )
        target = series.y[self.p :]
        beta = np.linalg.lstsq(columns, target, rcond=None)[0]
        variance = float(np.mean((target - columns @ beta) ** 2))
        if not variance > 1e-24 * float(np.max(np.abs(target), initial=0.0)) ** 2:
            raise ValueError("AR.fit: nothing is left to explain: y is an exact function of its past")
        return beta, np.linalg.inv(columns.T @ columns), variance

    def _prepare(self, series: Series) -> tuple[Series, Layout]:
        if len(series.y) <= self.p:
            raise ValueError(f"AR.fit: {len(series.y)} observations are too few for {self.p} lags")
        beta, inverse, variance = self._regression(series)
        scales = np.sqrt(np.diag(inverse) * variance)
        blocks: list[Any] = [Real((n,), (float(b),), (float(s),)) for n, b, s in zip(self._names(series), beta, scales, strict=True)]
        return series, Layout([*blocks, Positive(("sigma2",), (variance,))])

    def _starts(self, series: Series, layout: Layout) -> list[np.ndarray[Any, Any]]:  # noqa: ARG002
        return [np.zeros(layout.size)]

    def _log_likelihood(self, parameters: Mapping[str, Any], series: Series) -> Any:
        error = series.y[self.p :]
        for name, column in zip(self._names(series), self._columns(series).T, strict=True):
            error = error - parameters[name] * column
        n = len(series.y) - self.p
        return -0.5 * (n * graph.log(2 * np.pi * parameters["sigma2"]) + graph.sum(error * error) / parameters["sigma2"])

    def _forecast(self, parameters: Mapping[str, Any], series: Series, h: int, X: Any, rng: Any, paths: int) -> Any:  # noqa: ARG002
        rows = len(next(iter(parameters.values())))
        phi = np.stack([parameters[f"ar.L{k + 1}"] for k in range(self.p)], 1) if self.p else np.zeros((rows, 0))
        past = np.broadcast_to(series.y[len(series.y) - self.p :], (rows, self.p)).copy()
        psi = np.zeros((rows, h))  # responses to a shock
        mean = np.zeros((rows, h))
        for t in range(h):
            lags = np.concatenate([past, mean[:, max(t - self.p, 0) : t]], 1)[:, ::-1][:, : self.p]
            mean[:, t] = self._outside(parameters, series, X, t) + (phi * lags).sum(1)
            psi[:, t] = 1.0 if t == 0 else sum(phi[:, k] * psi[:, t - 1 - k] for k in range(min(self.p, t)))
        return {"mean": mean, "variance": np.cumsum(psi * psi, 1) * parameters["sigma2"][:, None]}

    def _outside(self, parameters: Mapping[str, Any], series: Series, X: Any, t: int) -> Any:
        """The part of the mean that does not come from the past."""
        total = parameters["const"] if self.trend else 0.0
        if X is not None:
            total = total + sum(parameters[n] * X[t, k] for k, n in enumerate(series.x_names))
        return total

    def _one_step(self, parameters: Mapping[str, Any], series: Series) -> tuple[Any, Any]:
        beta = np.stack([parameters[n] for n in self._names(series)], 1) if self._names(series) else np.zeros((1, 0))
        mean = np.concatenate([np.full((len(beta), self.p), np.nan), beta @ self._columns(series).T], 1)
        return mean, np.broadcast_to(parameters["sigma2"][:, None], mean.shape)

    def _simulate(self, parameters: Mapping[str, Any], series: Series, n: int, X: Any, fresh: bool, rng: np.random.Generator) -> Any:
        past = list(series.y[: self.p] if fresh else series.y[len(series.y) - self.p :])
        sd = float(np.sqrt(parameters["sigma2"][0]))
        for t in range(n):
            mean = float(np.asarray(self._outside(parameters, series, X, t)).ravel()[0])
            mean += sum(float(parameters[f"ar.L{k + 1}"][0]) * past[-1 - k] for k in range(self.p))
            past.append(mean + sd * rng.standard_normal())
        return np.array(past[self.p :])


class AR(Model):
    """Autoregression of p lags.

    Parameters
    ----------
    p : int
        How many lags.
    conditional : bool
        False: the exact likelihood of a stationary series about its mean ``const`` (:class:`ARIMA` with d = q = 0). True: the likelihood given
        the first p values, a regression as statsmodels' ``AutoReg`` has it, in which ``const`` is the intercept and nothing need be stationary.
    trend : {"auto", "n", "c"}
        "n" leaves the constant out.

    Raises
    ------
    ValueError
        `p` is negative.

    Examples
    --------
    >>> y = np.sin(np.arange(100) / 3) + 0.1 * np.random.default_rng(0).normal(size=100)
    >>> fitted = plait.infer.timeseries.AR(2).fit(y, method="mle")
    >>> list(fitted.params)
    ['const', 'ar.L1', 'ar.L2', 'sigma2']
    """

    def __init__(self, p: int = 1, conditional: bool = False, trend: str = "auto") -> None:
        self.p, self.conditional, self.trend = order(p, "AR: p"), bool(conditional), trend
        exact = ARIMA(self.p, 0, 0, trend=trend)
        exact.called = "AR"
        self._form: Model = ConditionalAR(self.p, trend != "n") if conditional else exact
        self.allows_missing = self._form.allows_missing

    def __repr__(self) -> str:
        return f"AR({self.p}{', conditional=True' if self.conditional else ''})"

    def _prepare(self, series: Series) -> tuple[Series, Layout]:
        return self._form._prepare(series)

    def _starts(self, series: Series, layout: Layout) -> list[np.ndarray[Any, Any]]:
        return self._form._starts(series, layout)

    def _log_likelihood(self, parameters: Mapping[str, Any], series: Series) -> Any:
        return self._form._log_likelihood(parameters, series)

    def _forecast(self, parameters: Mapping[str, Any], series: Series, h: int, X: Any, rng: Any, paths: int) -> Any:
        return self._form._forecast(parameters, series, h, X, rng, paths)

    def _one_step(self, parameters: Mapping[str, Any], series: Series) -> tuple[Any, Any]:
        return self._form._one_step(parameters, series)

    def _simulate(self, parameters: Mapping[str, Any], series: Series, n: int, X: Any, fresh: bool, rng: np.random.Generator) -> Any:
        return self._form._simulate(parameters, series, n, X, fresh, rng)
