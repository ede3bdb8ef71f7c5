"""Structural models: a level, a trend, and coefficients that drift, each with an exact diffuse start (Harvey, 1989)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._data import Series
from ._linear import LinearModel
from ._parameters import Layout, Positive, Real
from ._smoother import smooth
from ._state_space import Affine, StateSpace

__all__ = ["DynamicRegression", "LocalLevel", "LocalTrend"]

# Where the search starts: shares of the variance of the differences for the observation noise and for each state's noise. The likelihood
# has a local maximum at a zero variance now and then, so it is tried from both sides.
STARTS = ((0.5, 0.1), (0.1, 0.5), (0.3, 1e-4))


class StructuralModel(LinearModel):
    """A random-walk state observed in noise; regressors have constant coefficients unless the model says otherwise."""

    def _states(self, series: Series) -> tuple[list[str], Any]:
        """Names of the variances of the states (in their order; None where a state has no noise), and T."""
        raise NotImplementedError

    def _design_matrix(self, series: Series, X: Any, n: int) -> Any:  # noqa: ARG002
        """Z: (m,) or (n, m)."""
        return np.eye(1, len(self._states(series)[1]))[0]

    def _fixed(self, series: Series) -> tuple[str, ...]:
        """Regressors with constant coefficients."""
        return series.x_names

    def _variances(self, series: Series) -> list[str]:
        return ["sigma2.irregular", *self._states(series)[0]]

    def _prepare(self, series: Series) -> tuple[Series, Layout]:
        y = series.y[series.observed]
        name = type(self).__name__
        m = len(self._states(series)[1])
        if len(y) <= m + 1:
            raise ValueError(f"{name}.fit: {len(y)} observations are too few for {m} states")
        steps = np.diff(y)
        spread = float(np.var(steps))
        if not spread > 1e-24 * max(float(np.max(np.abs(y))), 1e-300) ** 2:
            raise ValueError(f"{name}.fit: y is constant, or a straight line: every variance is 0")
        fixed = self._fixed(series)
        blocks: list[Any] = []
        if fixed:
            assert series.X is not None
            X = series.X[series.observed]
            dX = np.diff(X, axis=0)
            if np.linalg.matrix_rank(dX) < dX.shape[1]:
                raise ValueError(f"{name}.fit: the columns {', '.join(fixed)} of X are constant or linearly dependent")
            beta = np.linalg.lstsq(dX, steps, rcond=None)[0]
            spread = max(float(np.var(steps - dX @ beta)), 1e-12 * spread)
            blocks += [Real((n,), (float(b),), (np.sqrt(spread) / float(np.std(c)),)) for n, b, c in zip(fixed, beta, dX.T, strict=True)]
        blocks += [Positive((n,), (s,)) for n, s in zip(self._variances(series), self._scales(series, spread), strict=True)]
        return series, Layout(blocks)

    def _scales(self, series: Series, spread: float) -> list[float]:
        return [spread] * len(self._variances(series))

    def _starts(self, series: Series, layout: Layout) -> list[np.ndarray[Any, Any]]:
        base = layout.parameters(np.zeros(layout.size))
        first, *others = self._variances(series)
        found = [{**base, first: base[first] * noise, **{n: base[n] * drift for n in others}} for noise, drift in STARTS]
        return [layout.unconstrained(v) for v in found]

    def _space(self, parameters: Mapping[str, Any], series: Series) -> StateSpace:
        names, T = self._states(series)
        m = len(T)
        Z = self._design_matrix(series, series.X, len(series.y))
        variances = [parameters[name] for name in names]
        H, origin = parameters["sigma2.irregular"], self._origin(series, m)
        return StateSpace(T=Affine(T), R=Affine(np.eye(m)), s=variances, Z=Z, H=H, D=np.eye(m), origin=origin)

    def _smoothed(self, parameters: Mapping[str, Any], series: Series) -> tuple[list[str], Any, Any]:
        """Names of the states, and their means and standard deviations given the whole series, (n, m) each."""
        names, T = self._states(series)
        f = {k: v[0] for k, v in self._filtered({k: np.array([v]) for k, v in parameters.items()}, series).items()}
        space = self._space(parameters, series)
        start = np.concatenate([space.origin[:, None], space.D], axis=1)
        Z = np.broadcast_to(f["Z"], (len(series.y), len(T)))
        mean, covariance = smooth(T, f["Q"], Z, float(f["H"]), f["P0"], start, f["y"], series.observed)
        spread = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
        return [name.removeprefix("sigma2.") for name in names], mean, spread

    def _origin(self, series: Series, m: int) -> Any:
        """A level at the first observation, without a slope."""
        return series.y[series.observed][0] * np.eye(1, m)[0]

    def _offset(self, parameters: Mapping[str, Any], series: Series, X: Any, first: int, n: int) -> Any:  # noqa: ARG002
        total: Any = np.zeros(n)
        for k, name in enumerate(self._fixed(series)):
            total = total + parameters[name] * np.asarray(X)[:, k]
        return total

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class LocalLevel(StructuralModel):
    """A random walk observed in noise.

    y_t = μ_t + ε_t, μ_{t+1} = μ_t + η_t. The parameters are ``sigma2.irregular`` and ``sigma2.level``, and a coefficient for each column of X.

    Notes
    -----
    The likelihood is that of statsmodels' ``UnobservedComponents(y, "llevel")``. Missing values are skipped.

    Examples
    --------
    >>> y = [1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935]
    >>> fitted = plait.infer.timeseries.LocalLevel().fit(y, method="mle")
    >>> list(fitted.params)
    ['sigma2.irregular', 'sigma2.level']
    """

    def _states(self, series: Series) -> tuple[list[str], Any]:  # noqa: ARG002
        return ["sigma2.level"], np.eye(1)


class LocalTrend(StructuralModel):
    """A level with a slope, both random walks, observed in noise.

    y_t = μ_t + ε_t, μ_{t+1} = μ_t + ν_t + η_t, ν_{t+1} = ν_t + ζ_t. The parameters are ``sigma2.irregular``, ``sigma2.level`` and
    ``sigma2.trend``, and a coefficient for each column of X.

    Notes
    -----
    The likelihood is that of statsmodels' ``UnobservedComponents(y, "lltrend")``. Missing values are skipped.

    Examples
    --------
    >>> y = np.arange(30) + np.random.default_rng(0).normal(size=30)
    >>> fitted = plait.infer.timeseries.LocalTrend().fit(y, method="mle")
    >>> bool(abs(fitted.predict(1).mean[0] - 30) < 1.5)
    True
    """

    def _states(self, series: Series) -> tuple[list[str], Any]:  # noqa: ARG002
        return ["sigma2.level", "sigma2.trend"], np.array([[1.0, 1.0], [0.0, 1.0]])


class DynamicRegression(StructuralModel):
    """A regression whose coefficients are random walks.

    y_t = X_t β_t + ε_t, β_{t+1} = β_t + η_t, each coefficient with its own variance. The parameters are ``sigma2.irregular``,
    ``sigma2.intercept`` and ``sigma2.`` with the name of each column of X.

    Parameters
    ----------
    intercept : bool
        Whether there is an intercept, a random walk too.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(80, 1))
    >>> y = X[:, 0] * np.linspace(1, 2, 80) + 0.1 * rng.normal(size=80)
    >>> fitted = plait.infer.timeseries.DynamicRegression(intercept=False).fit(y, X, method="mle")
    >>> bool(abs(fitted.predict(1, X=[[1.0]]).mean[0] - 2) < 0.3)
    True
    """

    def __init__(self, intercept: bool = True) -> None:
        self.intercept = bool(intercept)

    def fit(self, y: Any, X: Any = None, *args: Any, **options: Any) -> Any:  # noqa: D102
        if X is None:
            raise ValueError("DynamicRegression.fit: X is needed, the regressors whose coefficients move")
        return super().fit(y, X, *args, **options)

    fit.__doc__ = StructuralModel.fit.__doc__

    def _columns(self, series: Series) -> tuple[str, ...]:
        return (*(("intercept",) if self.intercept else ()), *series.x_names)

    def _fixed(self, series: Series) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def _states(self, series: Series) -> tuple[list[str], Any]:
        names = self._columns(series)
        return [f"sigma2.{n}" for n in names], np.eye(len(names))

    def _scales(self, series: Series, spread: float) -> list[float]:
        X = self._design_matrix(series, series.X, len(series.y))
        return [spread, *(spread / max(float(np.mean(c * c)), 1e-300) for c in X.T)]

    def _prepare(self, series: Series) -> tuple[Series, Layout]:
        Z = self._design_matrix(series, series.X, len(series.y))[series.observed]
        if np.linalg.matrix_rank(Z) < Z.shape[1]:
            raise ValueError(f"DynamicRegression.fit: the columns {', '.join(self._columns(series))} are linearly dependent")
        return super()._prepare(series)

    def _design_matrix(self, series: Series, X: Any, n: int) -> Any:  # noqa: ARG002
        X = np.asarray(X)
        return np.concatenate([np.ones((n, 1)), X], axis=1) if self.intercept else X

    def _origin(self, series: Series, m: int) -> Any:  # noqa: ARG002
        """The coefficients of a regression in which they stay."""
        Z = self._design_matrix(series, series.X, len(series.y))[series.observed]
        return np.linalg.lstsq(Z, series.y[series.observed], rcond=None)[0]

    def _design(self, series: Series, X: Any, h: int) -> Any:
        return self._design_matrix(series, X, h)
