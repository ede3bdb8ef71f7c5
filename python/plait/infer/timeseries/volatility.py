"""Models of volatility: GARCH (Bollerslev, 1986) and EGARCH (Nelson, 1991), with Gaussian errors and a choice of means.

Variances before the first observation are the exponentially weighted mean square of the first residuals, as the package ``arch`` has it, so
that likelihoods are equal. Forecast limits are quantiles of simulated paths: the distribution some steps ahead is not normal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import graph
from ._data import Series
from ._model import Model
from ._parameters import Block, Layout, LogVariance, Real, Shares
from .arima import order
from .autoregression import AR

__all__ = ["EGARCH", "GARCH"]

ROOT_2_PI = math.sqrt(2 / math.pi)  # E|z| of a standard normal
BACKCAST_STEPS, BACKCAST_DECAY = 75, 0.94
# Log variances of EGARCH stay within so much of the series': the package ``arch`` bounds variances by factors of 10⁶ likewise. Without bounds
# and with α < 0, one large error gives a variance so small that the next is larger still, without end: the mean of the log likelihood over any
# normal posterior would be minus infinity.
WIDEST = math.log(1e6)


class VolatilityModel(Model):
    """What GARCH and EGARCH share: the mean, the likelihood, and simulation by a recursion over variances."""

    allows_missing = False
    volatility = True

    def __init__(self, mean: Any) -> None:
        name = type(self).__name__
        if isinstance(mean, AR):
            self.lags, self.has_constant = mean.p, mean.trend != "n"
        elif mean in ("constant", "zero"):
            self.lags, self.has_constant = 0, mean == "constant"
        else:
            raise ValueError(f"{name}: mean is 'constant', 'zero' or an AR(k), got {mean!r}")
        self.mean = mean

    # --- the mean

    def _mean_names(self, series: Series) -> list[str]:
        return [*(["mu"] if self.has_constant else []), *(f"ar.L{k + 1}" for k in range(self.lags)), *series.x_names]

    def _mean_columns(self, series: Series) -> Any:
        n, k = len(series.y), self.lags
        columns = [np.ones(n - k)] if self.has_constant else []
        columns += [series.y[k - j : n - j] for j in range(1, k + 1)]
        if series.X is not None:
            columns += list(series.X[k:].T)
        return np.stack(columns, 1) if columns else np.zeros((n - k, 0))

    def _mean_start(self, series: Series) -> tuple[Any, Any]:
        """Least squares: coefficients and residuals."""
        columns, target = self._mean_columns(series), series.y[self.lags :]
        if columns.shape[1] and np.linalg.matrix_rank(columns) < columns.shape[1]:
            raise ValueError(
                f"{type(self).__name__}.fit: y is constant, or the columns of the mean ({', '.join(self._mean_names(series))})"
                " are linearly dependent"
            )
        beta = np.linalg.lstsq(columns, target, rcond=None)[0] if columns.shape[1] else np.zeros(0)
        return beta, target - columns @ beta

    def _residuals(self, parameters: Mapping[str, Any], series: Series) -> Any:
        error = series.y[self.lags :]
        for name, column in zip(self._mean_names(series), self._mean_columns(series).T, strict=True):
            error = error - parameters[name] * column
        return error

    def _prepare(self, series: Series) -> tuple[Series, Layout]:
        name = type(self).__name__
        if len(series.y) <= self.lags + 3:
            raise ValueError(f"{name}.fit: {len(series.y)} observations are too few")
        beta, residuals = self._mean_start(series)
        variance = float(np.var(residuals))
        if not variance > 1e-24 * float(np.max(np.abs(series.y))) ** 2:
            raise ValueError(f"{name}.fit: y is constant about its mean: there is no volatility to model")
        columns = self._mean_columns(series)
        scales = [math.sqrt(variance / len(residuals)) / max(float(np.sqrt(np.mean(c * c))), 1e-300) for c in columns.T]
        mean = [Real((n,), (float(b),), (s,)) for n, b, s in zip(self._mean_names(series), beta, scales, strict=True)]
        return series, Layout([*mean, *self._variance_blocks(variance)])

    def _backcast(self, series: Series) -> float:
        residuals = self._mean_start(series)[1][:BACKCAST_STEPS]
        weights = BACKCAST_DECAY ** np.arange(len(residuals))
        return float(np.sum(weights / weights.sum() * residuals**2))

    def _variance_blocks(self, variance: float) -> list[Block]:
        raise NotImplementedError

    def _variances(self, parameters: Mapping[str, Any], residuals: Any, series: Series) -> Any:
        """The conditional variances, one for each residual: a node."""
        raise NotImplementedError

    def _log_likelihood(self, parameters: Mapping[str, Any], series: Series) -> Any:
        error = self._residuals(parameters, series)
        variance = self._variances(parameters, error, series)
        n = len(series.y) - self.lags
        return -0.5 * (n * math.log(2 * math.pi) + graph.sum(graph.log(variance) + error * error / variance))

    # --- what comes next

    def _recursion(self, parameters: Mapping[str, Any], history: Any) -> Any:
        """The next variance for each path from the history {"e2" | "z", "s2"} of arrays (paths, lags), newest first."""
        raise NotImplementedError

    def _history(self, residuals: Any, variances: Any, backcast: float) -> dict[str, Any]:
        raise NotImplementedError

    def _observe(self, history: dict[str, Any], error: Any, variance: Any) -> dict[str, Any]:
        raise NotImplementedError

    def _past(self, parameters: Mapping[str, Any], series: Series) -> tuple[Any, Any]:
        """Residuals and variances of the series for rows of parameters."""
        names = list(parameters)
        rows = np.stack([parameters[n] for n in names], 1)

        def run(values: Any) -> list[Any]:
            p = {name: values[k] for k, name in enumerate(names)}
            error = self._residuals(p, series)
            return [error + np.zeros(len(series.y) - self.lags) * values[0], self._variances(p, error, series)]

        program = series.programs.setdefault("past", graph.function(run))
        found = [program(row) for row in rows]
        return np.stack([f[0] for f in found]), np.stack([f[1] for f in found])

    def _paths(self, parameters: Mapping[str, Any], series: Series, h: int, X: Any, rng: Any, paths: int, fresh: bool = False) -> Any:
        """Simulated values and variances, (paths, h) each; path i has the parameters of row i modulo the number of rows."""
        rows = len(next(iter(parameters.values())))
        which = np.arange(paths) % rows
        p = {k: np.asarray(v)[which] for k, v in parameters.items()}
        residuals, variances = self._past(parameters, series)
        backcast = self._backcast(series)
        if fresh:
            residuals, variances = residuals[:, :0], variances[:, :0]
        history = {k: v[which] for k, v in self._history(residuals, variances, backcast).items()}
        y = series.y[: self.lags] if fresh else series.y[len(series.y) - self.lags :]
        past = np.broadcast_to(y, (paths, self.lags))
        values, made = np.empty((paths, h)), np.empty((paths, h))
        means = np.empty((paths, h))
        for t in range(h):
            variance = self._recursion(p, history)
            error = np.sqrt(variance) * rng.standard_normal(paths)
            mean = p["mu"] if self.has_constant else np.zeros(paths)
            lags = np.concatenate([past, values[:, max(t - self.lags, 0) : t]], 1)[:, ::-1]
            for k in range(self.lags):
                mean = mean + p[f"ar.L{k + 1}"] * lags[:, k]
            for k, name in enumerate(series.x_names):
                mean = mean + p[name] * X[t, k]
            means[:, t], values[:, t], made[:, t] = mean, mean + error, variance
            history = self._observe(history, error, variance)
        return means, values, made

    def _forecast(self, parameters: Mapping[str, Any], series: Series, h: int, X: Any, rng: np.random.Generator, paths: int) -> Any:
        rows = len(next(iter(parameters.values())))
        count = -(-max(paths, 2000) // rows) * rows
        _, values, variances = self._paths(parameters, series, h, X, rng, count)
        mean = self._mean_forecast(parameters, series, h, X)
        variance = self._variance_forecast(parameters, series, h, variances)
        found = {"mean": mean, "variance": variance, "volatility": True}
        if paths:
            found["paths"] = values
        return found

    def _mean_forecast(self, parameters: Mapping[str, Any], series: Series, h: int, X: Any) -> Any:
        rows = len(next(iter(parameters.values())))
        past = np.broadcast_to(series.y[len(series.y) - self.lags :], (rows, self.lags))
        mean = np.zeros((rows, h))
        for t in range(h):
            lags = np.concatenate([past, mean[:, max(t - self.lags, 0) : t]], 1)[:, ::-1]
            mean[:, t] = parameters["mu"] if self.has_constant else 0.0
            for k in range(self.lags):
                mean[:, t] += parameters[f"ar.L{k + 1}"] * lags[:, k]
            for k, name in enumerate(series.x_names):
                mean[:, t] += parameters[name] * X[t, k]
        return mean

    def _variance_forecast(self, parameters: Mapping[str, Any], series: Series, h: int, simulated: Any) -> Any:  # noqa: ARG002
        """Expected variances; the mean over simulated paths where there is no closed form."""
        return simulated[np.isfinite(simulated).all(axis=1)].mean(0, keepdims=True)

    def _one_step(self, parameters: Mapping[str, Any], series: Series) -> tuple[Any, Any]:
        residuals, variances = self._past(parameters, series)
        lost = np.full((len(residuals), self.lags), np.nan)
        return np.concatenate([lost, series.y[self.lags :] - residuals], 1), np.concatenate([lost, variances], 1)

    def _simulate(self, parameters: Mapping[str, Any], series: Series, n: int, X: Any, fresh: bool, rng: np.random.Generator) -> Any:
        return self._paths(parameters, series, n, X, rng, 1, fresh)[1][0]


class GARCH(VolatilityModel):
    """Generalised autoregressive conditional heteroskedasticity.

    σ²_t = ω + Σ α_i ε²_{t-i} + Σ β_j σ²_{t-j}, with Σ α + Σ β < 1.

    Parameters
    ----------
    p, q : int
        Lags of the squared errors (α, at least 1) and of the variances (β).
    mean : {"constant", "zero"} or AR
        Of the series; an ``AR(k)`` regresses on k lags, conditionally.

    Raises
    ------
    ValueError
        An order is out of range or the mean unknown.

    Notes
    -----
    The parameters are ``mu`` (``ar.L1`` …, the columns of X), ``omega``, ``alpha[1]`` …, ``beta[1]`` …. The likelihood is that of the package
    ``arch`` with its backcast. One step costs O(p + q).

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=300)
    >>> list(plait.infer.timeseries.GARCH().fit(y, method="mle").params)
    ['mu', 'omega', 'alpha[1]', 'beta[1]']
    """

    def __init__(self, p: int = 1, q: int = 1, mean: Any = "constant") -> None:
        self.p, self.q = order(p, "GARCH: p", 1), order(q, "GARCH: q")
        super().__init__(mean)

    def __repr__(self) -> str:
        return f"GARCH({self.p}, {self.q})"

    def _shares(self) -> list[str]:
        return [*(f"alpha[{k + 1}]" for k in range(self.p)), *(f"beta[{k + 1}]" for k in range(self.q))]

    def _variance_blocks(self, variance: float) -> list[Block]:
        names = self._shares()
        return [Shares(("omega", *names), variance, (1.0,) * len(names))]

    def _starts(self, series: Series, layout: Layout) -> list[np.ndarray[Any, Any]]:
        found = []
        base = layout.parameters(np.zeros(layout.size))
        variance = float(np.var(self._mean_start(series)[1]))
        for alpha, beta in ((0.05, 0.9), (0.2, 0.7), (0.1, 0.3)):
            beta = beta if self.q else 0.0
            point = {**base, "omega": variance * (1 - alpha - beta)}
            point.update({n: alpha / self.p if n.startswith("alpha") else beta / self.q for n in self._shares()})
            found.append(layout.unconstrained(point))
        return found

    def _variances(self, parameters: Mapping[str, Any], residuals: Any, series: Series) -> Any:
        n = len(series.y) - self.lags
        backcast = self._backcast(series)
        squares = residuals * residuals
        before = graph.constant(np.full(self.p, backcast))
        padded = graph.concatenate([before, graph.reshape(squares + np.zeros(n), (n,))])
        driven = parameters["omega"] + np.zeros(n)
        for k in range(1, self.p + 1):
            driven = driven + parameters[f"alpha[{k}]"] * padded[self.p - k : self.p - k + n]
        if not self.q:
            return driven
        betas = [parameters[f"beta[{k + 1}]"] for k in range(self.q)]

        def step(past: tuple[Any, ...], x: Any) -> tuple[tuple[Any, ...], Any]:
            value = x
            for b, s in zip(betas, past, strict=True):
                value = value + b * s
            return (value, *past[:-1]), value

        return graph.scan(step, tuple(graph.constant(np.float64(backcast)) for _ in betas), driven)[1]

    def _history(self, residuals: Any, variances: Any, backcast: float) -> dict[str, Any]:
        rows = len(residuals)
        e2 = np.concatenate([np.full((rows, self.p), backcast), residuals**2], 1)[:, ::-1][:, : self.p]
        s2 = np.concatenate([np.full((rows, self.q), backcast), variances], 1)[:, ::-1][:, : self.q]
        return {"e2": e2, "s2": s2}

    def _recursion(self, parameters: Mapping[str, Any], history: Any) -> Any:
        value = parameters["omega"]
        for k in range(self.p):
            value = value + parameters[f"alpha[{k + 1}]"] * history["e2"][:, k]
        for k in range(self.q):
            value = value + parameters[f"beta[{k + 1}]"] * history["s2"][:, k]
        return value

    def _observe(self, history: dict[str, Any], error: Any, variance: Any) -> dict[str, Any]:
        return {
            "e2": np.concatenate([(error * error)[:, None], history["e2"]], 1)[:, : self.p],
            "s2": np.concatenate([variance[:, None], history["s2"]], 1)[:, : self.q],
        }

    def _variance_forecast(self, parameters: Mapping[str, Any], series: Series, h: int, simulated: Any) -> Any:  # noqa: ARG002
        """In closed form: a future squared error is replaced by its expected variance."""
        residuals, variances = self._past(parameters, series)
        history = self._history(residuals, variances, self._backcast(series))
        rows = []
        for _ in range(h):
            variance = self._recursion(parameters, history)
            rows.append(variance)
            history = self._observe(history, np.sqrt(variance), variance)
        return np.stack(rows, 1)


class EGARCH(VolatilityModel):
    """Exponential GARCH: the log of the variance moves, with an asymmetric response to good and bad news.

    ``log σ²_t = ω + Σ α_i (|z_{t-i}| - √(2/π)) + Σ γ_i z_{t-i} + Σ β_j log σ²_{t-j}``, with z = ε / σ.

    Parameters
    ----------
    p, o, q : int
        Lags of the size of errors (α), of their sign (γ) and of the log variances (β).
    mean : {"constant", "zero"} or AR
        As for :class:`GARCH`.

    Raises
    ------
    ValueError
        An order is out of range or the mean unknown.

    Notes
    -----
    The parameters are ``mu`` …, ``omega``, ``alpha[1]`` …, ``gamma[1]`` …, ``beta[1]`` …. The likelihood is that of the package ``arch`` with its
    backcast. The polynomial of β is stationary, and a maximum is one at which the filter forgets its start (Wintenberger, 2013): where it does
    not, as with α < 0 and β near 1, the likelihood is rough and has high but meaningless maxima.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=300) * np.exp(np.sin(np.arange(300) / 30))
    >>> list(plait.infer.timeseries.EGARCH().fit(y, method="mle").params)
    ['mu', 'omega', 'alpha[1]', 'gamma[1]', 'beta[1]']
    """

    may_be_chaotic = True

    def __init__(self, p: int = 1, o: int = 1, q: int = 1, mean: Any = "constant") -> None:
        self.p, self.o, self.q = order(p, "EGARCH: p"), order(o, "EGARCH: o"), order(q, "EGARCH: q")
        if self.p + self.o < 1:
            raise ValueError("EGARCH: p + o is 0, at least one response to errors is needed")
        super().__init__(mean)

    def __repr__(self) -> str:
        return f"EGARCH({self.p}, {self.o}, {self.q})"

    def _names(self) -> tuple[list[str], list[str], list[str]]:
        return (
            [f"alpha[{k + 1}]" for k in range(self.p)],
            [f"gamma[{k + 1}]" for k in range(self.o)],
            [f"beta[{k + 1}]" for k in range(self.q)],
        )

    def _variance_blocks(self, variance: float) -> list[Block]:
        alpha, gamma, beta = self._names()
        return [LogVariance(("omega", *alpha, *gamma, *beta), math.log(variance), len(beta))]

    def _starts(self, series: Series, layout: Layout) -> list[np.ndarray[Any, Any]]:
        base = layout.parameters(np.zeros(layout.size))
        alpha, _gamma, beta = self._names()
        level = math.log(float(np.var(self._mean_start(series)[1])))
        found = []
        for a, b in ((0.1, 0.95), (0.2, 0.8), (0.1, 0.3)):
            b = b if self.q else 0.0
            point = {**base, "omega": level * (1 - b)}
            point.update(dict.fromkeys(alpha, a / max(self.p, 1)))
            point.update({n: b if k == 0 else 0.0 for k, n in enumerate(beta)})
            found.append(layout.unconstrained(point))
        return found

    def _growth(self, parameters: Mapping[str, Any], series: Series) -> Any:
        residuals = self._residuals(parameters, series)
        z = residuals / graph.sqrt(self._variances(parameters, residuals, series))
        deep = max(self.p, self.o)

        def step(state: tuple[Any, ...], z: Any) -> tuple[tuple[Any, ...], Any]:
            sizes, signs, logs = state[:deep], state[deep : 2 * deep], state[2 * deep :]
            change: Any = 0.0
            for names, past in zip(self._names(), (sizes, signs, logs), strict=True):
                for name, s in zip(names, past, strict=False):
                    change = change + parameters[name] * s
            new = (-0.5 * graph.abs(z) * change, *sizes[:-1], -0.5 * z * change, *signs[:-1], *((change, *logs[:-1]) if logs else ()))
            size = graph.sqrt(sum((graph.square(s) for s in new), graph.constant(np.float64(1e-300))))
            return tuple(s / size for s in new), graph.log(size)

        one = graph.constant(np.float64(1.0))
        return graph.mean(graph.scan(step, (one,) * (2 * deep + self.q), z)[1])

    def _variances(self, parameters: Mapping[str, Any], residuals: Any, series: Series) -> Any:
        n = len(series.y) - self.lags
        start = math.log(self._backcast(series))
        level = math.log(float(np.var(self._mean_start(series)[1])))
        deep = max(self.p, self.o)
        zero, first = graph.constant(np.float64(0.0)), graph.constant(np.float64(start))

        def step(state: tuple[Any, ...], e: Any) -> tuple[tuple[Any, ...], Any]:
            sizes, signs, logs = state[:deep], state[deep : 2 * deep], state[2 * deep :]
            value = parameters["omega"]
            for k in range(self.p):
                value = value + parameters[f"alpha[{k + 1}]"] * sizes[k]
            for k in range(self.o):
                value = value + parameters[f"gamma[{k + 1}]"] * signs[k]
            for k in range(self.q):
                value = value + parameters[f"beta[{k + 1}]"] * logs[k]
            value = graph.clip(value, level - WIDEST, level + WIDEST)
            z = e * graph.exp(-0.5 * value)
            return (graph.abs(z) - ROOT_2_PI, *sizes[:-1], z, *signs[:-1], *((value, *logs[:-1]) if logs else ())), value

        state = (*[zero] * (2 * deep), *[first] * self.q)
        errors = graph.reshape(residuals + np.zeros(n), (n,)) if not isinstance(residuals, np.ndarray) else graph.constant(residuals)
        return graph.exp(graph.scan(step, state, errors)[1])

    def _history(self, residuals: Any, variances: Any, backcast: float) -> dict[str, Any]:
        rows, deep = len(residuals), max(self.p, self.o)
        z = residuals / np.sqrt(variances)
        nothing = np.zeros((rows, deep))
        sizes = np.concatenate([nothing, np.abs(z) - ROOT_2_PI], 1)[:, ::-1][:, :deep]
        signs = np.concatenate([nothing, z], 1)[:, ::-1][:, :deep]
        logs = np.concatenate([np.full((rows, self.q), math.log(backcast)), np.log(variances)], 1)[:, ::-1][:, : self.q]
        return {"sizes": sizes, "signs": signs, "logs": logs}

    def _recursion(self, parameters: Mapping[str, Any], history: Any) -> Any:
        value = parameters["omega"]
        for names, key in zip(self._names(), ("sizes", "signs", "logs"), strict=True):
            for k, name in enumerate(names):
                value = value + parameters[name] * history[key][:, k]
        return np.exp(value)

    def _observe(self, history: dict[str, Any], error: Any, variance: Any) -> dict[str, Any]:
        deep = max(self.p, self.o)
        z = (error / np.sqrt(variance))[:, None]
        return {
            "sizes": np.concatenate([np.abs(z) - ROOT_2_PI, history["sizes"]], 1)[:, :deep],
            "signs": np.concatenate([z, history["signs"]], 1)[:, :deep],
            "logs": np.concatenate([np.log(variance)[:, None], history["logs"]], 1)[:, : self.q],
        }
