"""Predictions of `SequenceRegressor`: outputs, forecasts, generation, backtests and scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import graph
from .._estimator import explained
from ..train.data import at_least_one
from . import _sequence_data as task_of
from . import ragged
from ._backtest import Backtest
from ._intervals import Intervals, level_of

Array = NDArray[Any]


class Forecasting(Intervals):
    """The part of `SequenceRegressor` that predicts."""

    window_: int

    def predict(self, X: Any, future: Any = None) -> Any:
        """Outputs at every step, each from the true values up to it; with a horizon, the forecast of the steps after the last one.

        Parameters
        ----------
        X : array_like of shape (time, features) or (n, time, features), or list of arrays of shape (time, features)
            One sequence or several.
        future : array_like or list of array_like, optional
            Known future features at the steps of the series and of the horizon after it, shape (time + horizon, future).

        Returns
        -------
        ndarray or list of ndarray
            With `outputs` features where the series has `features`, in the same structure; with a horizon, shape (horizon, outputs) or
            (n, horizon, outputs). Without an axis of outputs where the targets of `fit` had none. If bidirectional, outputs depend on the
            whole sequence, and there is a single one where `fit` had one target for each sequence.
        """
        given = self._asked_of(X, future, "predict", self.horizon or 0)
        if self.horizon is not None:
            return self._shaped(self._points(self._ahead(given)), given)
        rows, lengths = ragged.padded(self._inputs_of(given)[0])
        raw, lengths = self._raw(rows, lengths)
        outs = self._points(raw)
        if given.form == "list":
            return [self._thin(out[:length]) for out, length in zip(outs, lengths, strict=True)]
        return self._shaped(outs, given)

    def generate(self, seed_values: Any, steps: int = 100, *, future: Any = None) -> Array:
        """Continue a series autoregressively: outputs are the next inputs.

        Parameters
        ----------
        seed_values : array_like, shape (time, features) or (n, time, features), or list of arrays of shape (time, features)
            The series so far; several sequences of one length are continued separately.
        steps : int
            Number of values to generate. With a horizon they are generated in blocks of its length, each from the values before it.
        future : array_like or list of array_like, optional
            Known future features, shape (time + steps, future), the steps rounded up to whole horizons.

        Returns
        -------
        ndarray, shape (steps, outputs) or (n, steps, outputs)
            The next values.

        Notes
        -----
        Without a horizon the state is carried from step to step: O(hidden²) for each, however many came before, in one program that is
        compiled once.
        """
        steps = at_least_one("generate: steps", steps)
        if self.horizon is not None:
            return self.sample(seed_values, None, steps, future=future)
        self._require_built()
        self._require_forward("generate")
        self._require_closed("generate")
        given = self._asked_of(seed_values, future, "generate", 0)
        self._require_own_inputs("generate")
        if len({len(seed) for seed in given.xs}) > 1:
            raise graph.ShapeError("generate: seed_values: sequences of one length are expected")
        program = self._program("generator", lambda: graph.compile(list(self._going_on())))
        first, more = program(seed=np.stack(self._inputs_of(given)[0]), steps=np.zeros(steps - 1, "bool"))
        made = self._unscaled(np.concatenate([first[:, None], more], axis=1))
        return made[0] if given.form == "one" else made

    def backtest(
        self,
        X: Any,
        y: Any = None,
        *,
        future: Any = None,
        start: int | None = None,
        stride: int = 1,
        coverage: float | None = None,
        adapt: bool = False,
    ) -> Backtest:
        """Forecasts from every step of a series that has a horizon after it, with the true values.

        Parameters
        ----------
        X : array_like, shape (time, features)
            One series, which includes the forecast steps.
        y : array_like, optional
            Targets at its times, as for `fit`.
        future : array_like, optional
            Known future features at its times.
        start : int, optional
            The first forecast step; unless given, the first one with a whole window before it.
        stride : int
            Steps from one forecast to the next.
        coverage : float, optional
            Coverage of the intervals; by default 0.9 if there is a distribution.
        adapt : bool
            Whether intervals adapt to the outcomes of the forecasts from `start` on, as in ``interval(…, adapt=start)``: each uses what was
            known at its step.

        Returns
        -------
        Backtest
            Forecasts, true values and intervals; its ``coverage`` is the share of true values within the intervals, and ``mase(season)`` the
            error relative to that of the naive forecast.
        """
        if self.horizon is None:
            raise ValueError("backtest: needs a network with horizon=")
        self._require_built()
        given = self._given(X, y, None, future, fitting=False, what="backtest")
        if given.form != "one":
            raise graph.ShapeError("backtest: expected one series, of shape (time, features)")
        window = self._window()
        at = task_of.origins(given.xs, min(window, len(given.xs[0])), self.horizon)[0]
        if start is not None:
            at = np.arange(max(at_least_one("backtest: start", start) - 1, window - 1), len(given.xs[0]) - self.horizon)
        stride = at_least_one("backtest: stride", stride)
        if not isinstance(adapt, (bool, np.bool_)):
            raise ValueError(f"backtest: adapt: expected a boolean, got {adapt!r:.60}; start= says from which step on")
        if adapt:
            self._require_spread("backtest: adapt")
        else:
            at = at[::stride]
        if len(at) == 0:
            raise ValueError(
                f"backtest: no step of the series' {len(given.xs[0])} has a window of {window} steps before it and {self.horizon} behind it"
            )
        inputs, known = self._inputs_of(given)
        rows = task_of.gathered(inputs, [at], 1 - window, 1)
        raw = self._run_ahead(rows, None if known is None else task_of.gathered(known, [at], 1, 1 + self.horizon))
        truth = given.xs[0][:, : given.outputs] if given.ts is None else given.ts[0]
        low = high = None
        if self.distribution_.spread:
            ends = (1.0 + level_of(0.9 if coverage is None else coverage, "backtest: coverage")) / 2.0
            levels = (1.0 - ends, ends)
            low, high = (self._quantile(raw, level) for level in levels)
            if adapt:
                came = task_of.gathered(list(self._outputs_of(given)), [at], 1, 1 + self.horizon)
                low, high = (self._followed(raw, came, level)[::stride] for level in levels)
                at, raw = at[::stride], raw[::stride]
            low, high = self._unscaled(low), self._unscaled(high)
        elif coverage is not None:
            self._require_spread("backtest: coverage")
        return Backtest(at, self._points(raw), task_of.gathered([truth], [at], 1, 1 + self.horizon), low, high, truth)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None, *, future: Any = None) -> float:
        """Coefficient of determination R², averaged over outputs.

        Parameters
        ----------
        X : array_like or list of array_like
            As for `fit`.
        y : optional
            As for `fit`: unless given, the next values.
        sample_weight : array_like, optional
            As for `fit`.
        future : array_like or list of array_like, optional
            As for `fit`.

        Returns
        -------
        float
            1 for exact predictions, 0 for predicting the mean. With a horizon, over all forecasts from within the series.
        """
        self._require_built()
        given = self._given(X, y, sample_weight, future, fitting=False, what="score")
        weights = given.ws
        if self.horizon is not None:
            window = min(self._window(), max(map(len, given.xs)) - self.horizon)
            at = task_of.origins(given.xs, window, self.horizon)
            if window < 1 or sum(map(len, at)) == 0:
                raise ValueError(f"score: no series has more than the {self.horizon} steps of the horizon")
            inputs, known = self._inputs_of(given)
            raw = self._run_ahead(
                task_of.gathered(inputs, at, 1 - window, 1), None if known is None else task_of.gathered(known, at, 1, 1 + self.horizon)
            )
            truths = [x[:, : given.outputs] for x in given.xs] if not isinstance(given.ts, list) else given.ts
            truth = task_of.gathered(truths, at, 1, 1 + self.horizon).reshape(-1, self.targets)
            each = None if weights is None else task_of.gathered([w[:, None] for w in weights], at, 1, 1 + self.horizon).reshape(-1)
            return explained(truth, self._points(raw).reshape(truth.shape), each)
        rows, lengths = ragged.padded(self._inputs_of(given)[0])
        raw, lengths = self._raw(rows, lengths)
        outs = [out[:length] for out, length in zip(self._points(raw), lengths, strict=True)]
        if given.ts is None:
            prediction, true = np.concatenate([out[:-1] for out in outs]), np.concatenate([x[1:] for x in given.xs])
            each = None if weights is None else np.concatenate([w[1:] for w in weights])
        elif isinstance(given.ts, list):
            prediction, true = np.concatenate(outs), np.concatenate(given.ts)
            each = None if weights is None else np.concatenate(weights)
        else:
            prediction, true = np.stack([out[-1] for out in outs]), given.ts
            each = None if weights is None else np.array([w[-1] for w in weights])
        return explained(true.astype("float64"), prediction, each)

    def _going_on(self) -> tuple[Any, Any]:
        """Nodes for the output after the seed, and for those that follow, as many as `steps` is long."""

        def step(carried: tuple[Any, Any], _: Any) -> tuple[tuple[Any, Any], Any]:
            (y,), state = self([carried[0]], carried[1])
            return (y, state), y

        outs, state = self(graph.input("seed", (None, None, self.inputs), self.dtype), unroll=False)
        first = outs[:, -1]
        return first, graph.scan(step, (first, state), graph.input("steps", (None,), "bool"))[1].swapaxes(0, 1)
