"""Forecasts and simulation shared by all linear Gaussian models: each gives its state space, this file runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import _core, graph
from ._data import Series
from ._model import Model
from ._state_space import StateSpace, diffuse_estimate, kalman_filter, log_likelihood


class LinearModel(Model):
    """A model in state space form."""

    def _space(self, parameters: Mapping[str, Any], series: Series) -> StateSpace:
        raise NotImplementedError

    def _offset(self, parameters: Mapping[str, Any], series: Series, X: Any, first: int, n: int) -> Any:
        """The part of the mean that is not in the state, for n steps from step `first`: a node or array, or 0."""
        raise NotImplementedError

    def _design(self, series: Series, X: Any, h: int) -> Any:  # noqa: ARG002
        """Z of the next h steps, where it changes; None where it does not."""
        return None

    def _log_likelihood(self, parameters: Mapping[str, Any], series: Series) -> Any:
        y = np.nan_to_num(series.y) - self._offset(parameters, series, series.X, 0, len(series.y))
        return log_likelihood(self._space(parameters, series), y, series.observed)

    def _filtered(self, draws: Mapping[str, Any], series: Series) -> dict[str, Any]:
        """Filter results for rows of parameters, arrays with the rows as first axis."""
        names = list(draws)
        rows = np.stack([draws[n] for n in names], axis=1)
        n = len(series.y)

        def run(values: Any) -> list[Any]:
            parameters = {name: values[k] for k, name in enumerate(names)}
            offset = self._offset(parameters, series, series.X, 0, n)
            space = self._space(parameters, series)
            y = np.nan_to_num(series.y) - offset
            v, F, a, P = kalman_filter(space, y, series.observed)
            parts = [v, F, a, P, space.T.matrix(), space.Q(), space.Z, space.H, space.P0(), y + np.zeros(n)]
            return [_core.as_node(x, "timeseries").astype("float64") for x in parts]

        program = series.programs.setdefault("filter", graph.function(run))
        found = [program(row) for row in rows]
        keys = ("v", "F", "a", "P", "T", "Q", "Z", "H", "P0", "y")
        return {k: np.stack([np.asarray(f[i], dtype=np.float64) for f in found]) for i, k in enumerate(keys)}

    def _state(self, draws: Mapping[str, Any], series: Series) -> dict[str, Any]:
        """The filter's results, with mean and covariance of the state after the last observation."""
        f = self._filtered(draws, series)
        if f["a"].shape[-1] > 1:
            delta, covariance = diffuse_estimate(f["v"], f["F"], series.observed)
            response = f["a"][..., 1:]
            f["mean"] = f["a"][..., 0] + (response @ delta[..., None])[..., 0]
            f["cov"] = f["P"] + response @ covariance @ np.swapaxes(response, -1, -2)
            f["delta"] = delta
        else:
            f["mean"], f["cov"] = f["a"][..., 0], f["P"]
        return f

    def _forecast(self, parameters: Mapping[str, Any], series: Series, h: int, X: Any, rng: Any, paths: int) -> Any:  # noqa: ARG002
        f = self._state(parameters, series)
        Z = self._design(series, X, h)
        mean, P = f["mean"], f["cov"]
        means, variances = [], []
        for t in range(h):
            z = f["Z"] if Z is None else np.broadcast_to(Z[t], (len(mean), len(Z[t])))
            means.append((z * mean).sum(-1))
            variances.append(np.einsum("si,sij,sj->s", z, P, z) + f["H"])
            mean = (f["T"] @ mean[..., None])[..., 0]
            P = f["T"] @ P @ np.swapaxes(f["T"], -1, -2) + f["Q"]
        offset = self._offset_rows(parameters, series, X, h)
        return {"mean": np.stack(means, 1) + offset, "variance": np.maximum(np.stack(variances, 1), 0.0)}

    def _offset_rows(self, parameters: Mapping[str, Any], series: Series, X: Any, h: int) -> Any:
        columns = {k: np.asarray(v)[:, None] for k, v in parameters.items()}
        return self._offset(columns, series, X, len(series.y), h)

    def _one_step(self, parameters: Mapping[str, Any], series: Series) -> tuple[Any, Any]:
        f = self._filtered(parameters, series)
        v, F = f["v"], f["F"]
        predicted = f["y"][..., None] - v[..., :1]
        mean, variance = predicted[..., 0], F.copy()
        k = v.shape[-1] - 1
        if k:
            weight = (series.observed / F)[..., None, None]
            response = v[..., 1:]
            outer = np.cumsum(response[..., :, None] * response[..., None, :] * weight, axis=1)
            inner = np.cumsum(response * v[..., :1] * weight[..., 0], axis=1)
            # what is known before each observation
            outer = np.concatenate([np.zeros_like(outer[:, :1]), outer[:, :-1]], axis=1)
            inner = np.concatenate([np.zeros_like(inner[:, :1]), inner[:, :-1]], axis=1)
            covariance = np.linalg.pinv(outer, rcond=1e-12, hermitian=True)
            delta = -(covariance @ inner[..., None])[..., 0]
            mean = mean - (response * delta).sum(-1)
            variance = variance + np.einsum("snk,snkl,snl->sn", response, covariance, response)
            mean[:, :k] = np.nan  # δ is not determined yet
            variance[:, :k] = np.nan
        offset = self._offset({n: np.asarray(p)[:, None] for n, p in parameters.items()}, series, series.X, 0, len(series.y))
        return mean + offset, variance

    def _simulate(self, parameters: Mapping[str, Any], series: Series, n: int, X: Any, fresh: bool, rng: np.random.Generator) -> Any:
        f = self._state(parameters, series)
        T, Q, H = f["T"][0], f["Q"][0], float(f["H"][0])
        space = self._space({k: float(v[0]) for k, v in parameters.items()}, series)
        if fresh:
            mean = space.origin + space.D @ f["delta"][0] if space.D.shape[1] else space.origin
            cov = f["P0"][0]
        else:
            mean, cov = f["mean"][0], f["cov"][0]
        Z = self._design(series, X, n)
        state = mean + _root(cov) @ rng.standard_normal(len(T))
        shock = _root(Q)
        values = np.empty(n)
        for t in range(n):
            z = f["Z"][0] if Z is None else Z[t]
            values[t] = z @ state + np.sqrt(H) * rng.standard_normal()
            state = T @ state + shock @ rng.standard_normal(len(T))
        columns = {k: np.asarray(v)[:1] for k, v in parameters.items()}
        return values + self._offset(columns, series, X, 0 if fresh else len(series.y), n)


def _root(covariance: Any) -> Any:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
