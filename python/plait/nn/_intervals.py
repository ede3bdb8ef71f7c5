"""Intervals, quantiles and sample paths of `SequenceRegressor`, for networks with a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from ..train import predict
from ..train.data import at_least_one
from . import _sequence_data as task_of
from . import ragged
from ._adaptive import adapted
from ._sequence_given import Given, Series
from ._sequence_network import COVERAGES

Array = NDArray[Any]


class Intervals(Given):
    """The part of `SequenceRegressor` that quantifies uncertainty."""

    window: int | None
    window_: int

    def quantiles(
        self, X: Any, levels: Sequence[float] = (0.05, 0.5, 0.95), *, future: Any = None, adapt: int | bool = False, y: Any = None
    ) -> Any:
        """Quantiles of the distributions whose means `predict` returns.

        Parameters
        ----------
        X : array_like or list of array_like
            As for `predict`.
        levels : sequence of float
            Above 0 and below 1; with "quantiles", within the levels that were learnt.
        future : array_like or list of array_like, optional
            As for `predict`.
        adapt : int or bool
            With a horizon, the first step of the series that was not in `fit`'s data; True if none was. Forecasts from there on are made
            first and compared with their outcomes: intervals are widened or narrowed if recent ones were too narrow or too wide.
        y : array_like or list of array_like, optional
            The targets at the series' times, for `adapt`, where `fit` had separate targets.

        Returns
        -------
        ndarray or list of ndarray
            As from `predict`, with a first axis of quantiles.
        """
        self._require_spread("quantiles")
        given = self._asked_of(X, future, "quantiles", self.horizon or 0)
        first = self._adapts("quantiles", adapt)
        if first is not None:
            return self._shaped_quantiles(self._following(given, [level_of(level) for level in np.atleast_1d(levels)], first, y), given)
        if self.horizon is not None:
            raw, lengths = self._ahead(given), None
        else:
            rows, lengths = ragged.padded(self._inputs_of(given)[0])
            raw, lengths = self._raw(rows, lengths)
        found = np.stack([self._quantile(raw, level_of(level)) for level in np.atleast_1d(levels)])
        if self.horizon is not None:
            return self._shaped_quantiles(found, given)
        found = self._unscaled(found)
        if given.form == "list" and lengths is not None:
            return [self._thin(found[:, k, :length]) for k, length in enumerate(lengths)]
        return self._thin(found[:, 0] if given.form == "one" else found)

    def interval(self, X: Any, coverage: float = 0.9, *, future: Any = None, adapt: int | bool = False, y: Any = None) -> tuple[Any, Any]:
        """Prediction intervals.

        Parameters
        ----------
        X : array_like or list of array_like
            As for `predict`.
        coverage : float
            The probability, above 0 and below 1; intervals are central.
        future : array_like or list of array_like, optional
            As for `predict`.
        adapt, y
            As for `quantiles`: intervals that adapt to recent outcomes, for series whose behaviour changes.

        Returns
        -------
        tuple of ndarray or of lists
            The lower and the upper ends, each as from `predict`.
        """
        coverage = level_of(coverage, "interval: coverage")
        found = self.quantiles(X, ((1.0 - coverage) / 2.0, (1.0 + coverage) / 2.0), future=future, adapt=adapt, y=y)
        if isinstance(found, list):
            return [part[0] for part in found], [part[1] for part in found]
        return found[0], found[1]

    def sample(self, X: Any, n: int | None = None, steps: int | None = None, *, future: Any = None, rng: Any = 0) -> Array:
        """Sample paths of future values, for networks with a horizon: beyond it, paths are continued from the draws.

        Parameters
        ----------
        X : array_like or list of array_like
            As for `predict`; several series may differ in length.
        n : int, optional
            Number of paths; unless given, one path of expected values.
        steps : int, optional
            Number of steps; the horizon unless given. Beyond the horizon the series must be their own targets.
        future : array_like or list of array_like, optional
            Known future features, shape (time + steps, future), the steps rounded up to whole horizons, since all steps of a block use
            those of the whole block.
        rng : int, SeedSequence or Generator
            Source of the draws.

        Returns
        -------
        ndarray, shape (n, steps, outputs), or (series, n, steps, outputs) of several
            Without `n` there is no axis of paths. Values within one block of the horizon are drawn independently, given the series
            before it.
        """
        if self.horizon is None:
            raise ValueError("sample: needs a network with horizon=")
        steps = self.horizon if steps is None else at_least_one("sample: steps", steps)
        if n is not None:
            self._require_spread("sample")
        given = self._asked_of(X, future, "sample", -(-steps // self.horizon) * self.horizon)
        if steps > self.horizon:
            self._require_closed(f"sample: {steps} steps with a horizon of {self.horizon}")
            self._require_own_inputs("sample")
        count = 1 if n is None else at_least_one("sample: n", n)
        generator = np.random.default_rng(rng)
        xs, known = self._inputs_of(given)
        blocks: list[Array] = []
        paths = [x for x in xs for _ in range(count)]
        ahead = None if known is None else [f for f in known for _ in range(count)]
        for begin in range(0, steps, self.horizon):
            raw = self._ahead_raw(paths, ahead, begin)
            block = self.distribution_.point(raw) if n is None else self.distribution_.draw(raw, generator)
            blocks.append(block)
            if begin + self.horizon < steps:
                paths = [
                    np.concatenate([x, b if ahead is None else np.concatenate([b, f[len(x) : len(x) + len(b)]], axis=1)])
                    for x, b, f in zip(paths, block, ahead or paths, strict=True)
                ]
        made = self._unscaled(np.concatenate(blocks, axis=1)[:, :steps]).reshape(len(xs), count, steps, -1)
        made = self._thin(made[:, 0] if n is None else made)
        return np.asarray(made[0] if given.form == "one" else made)

    def calibrate(self, X: Any, y: Any = None, *, future: Any = None) -> Intervals:
        """Calibrate the intervals on held-out series, so that their coverage there is the nominal one.

        Parameters
        ----------
        X : array_like or list of array_like
            Series, as for `fit`, with a horizon; data that `fit` holds out for early stopping, or its validation data, are used without a
            call.
        y : optional
            Targets at their times, as for `fit`.
        future : array_like or list of array_like, optional
            Known future features at their times.

        Returns
        -------
        SequenceRegressor
            Itself.

        Notes
        -----
        Split conformal prediction: the distances of the interval's ends from the median are multiplied by one factor, a quantile of the
        factors that the true values would have needed. Valid for exchangeable data; for series whose behaviour changes see `adapt` of
        `interval` and `backtest`.

        References
        ----------
        Romano, Patterson and Candès (2019), Conformalized quantile regression.
        """
        self._require_spread("calibrate")
        if self.horizon is None:
            raise ValueError("calibrate: needs a network with horizon=")
        given = self._given(X, y, None, future, fitting=False, what="calibrate")
        at = task_of.origins(given.xs, min(self._window(), max(max(map(len, given.xs)) - self.horizon, 1)), self.horizon)
        if sum(map(len, at)) == 0:
            raise ValueError(f"calibrate: no series has more than the {self.horizon} steps of the horizon")
        inputs, known = self._inputs_of(given)
        targets = self._outputs_of(given)
        window = 1 + min(int(k[0]) for k in at if len(k))
        data = {"X": task_of.gathered(inputs, at, 1 - window, 1), "y": task_of.gathered(list(targets), at, 1, 1 + self.horizon)}
        if known is not None:
            data["future"] = task_of.gathered(known, at, 1, 1 + self.horizon)
        self._calibrate(data)
        return self

    def _calibrate(self, data: dict[str, Array]) -> None:
        """The factors for all coverages, from windows and the true values after them."""
        raw, truth, kind = self._run_ahead(data["X"], data.get("future")), data["y"], self.distribution_
        middle = self._middle(raw)
        factors = np.ones((len(COVERAGES), self.targets))
        above = truth > middle
        for k, coverage in enumerate(COVERAGES):
            try:
                low, high = kind.quantile(raw, (1.0 - coverage) / 2.0), kind.quantile(raw, (1.0 + coverage) / 2.0)
            except ValueError:  # beyond the learned levels
                continue
            width = np.maximum(np.where(above, high - middle, middle - low), 1e-12)
            needed = (np.abs(truth - middle) / width).reshape(-1, self.targets)
            rank = min(np.ceil((len(needed) + 1) * coverage) / len(needed), 1.0)
            factors[k] = np.quantile(needed, rank, axis=0, method="inverted_cdf")
        self.units.nodes["widening"].value = factors

    def _middle(self, raw: Array) -> Array:
        try:
            return self.distribution_.quantile(raw, 0.5)
        except ValueError:
            return np.asarray(self.distribution_.point(raw))

    def _quantile(self, raw: Array, level: float) -> Array:
        """A quantile, with its distance from the median scaled by the calibration factor."""
        quantile, factors = self.distribution_.quantile(raw, level), self._unit("widening")
        if (factors == 1).all():
            return quantile
        factor = np.array([np.interp(abs(2.0 * level - 1.0), COVERAGES, column) for column in factors.T])
        middle = self._middle(raw)
        return np.asarray(middle + factor * (quantile - middle))

    # ---- adaptive intervals ----

    def _adapts(self, what: str, adapt: Any) -> int | None:
        """The first step whose forecast counts, or None."""
        if adapt is False or adapt is None:
            return None
        if self.horizon is None:
            raise ValueError(f"{what}: adapt= needs a network with horizon=")
        if adapt is True:
            return 0
        if not isinstance(adapt, (int, np.integer)) or adapt < 0:
            raise ValueError(f"{what}: adapt: expected a boolean, or the first step that `fit` has not seen, got {adapt!r:.60}")
        return int(adapt)

    def _following(self, given: Series, levels: list[float], first: int, y: Any) -> Array:
        """Quantiles of the steps after each series, (levels, n, horizon, outputs), adapted on the forecasts of the series' own steps."""
        if y is not None:
            truths, _ = self._targets_of(y, given.xs, given.form, False, "quantiles")
            if not isinstance(truths, list):
                raise ValueError("quantiles: y: adapt= needs a target for every step")
        else:
            self._require_own_inputs("quantiles: adapt= needs y=")
            truths = [x[:, : self.targets] for x in given.xs]
        inputs, known = self._inputs_of(given)
        found = []
        for k, (x, truth) in enumerate(zip(inputs, self._standard(truths, "centre", "spread"), strict=True)):
            window, horizon = min(self._window(), len(x)), int(self.horizon or 1)
            at = np.arange(min(max(first - 1, window - 1), len(x) - 1), len(x))
            ahead = None if known is None else task_of.gathered([known[k]], [at], 1, 1 + horizon)
            raw = self._run_ahead(task_of.gathered([x], [at], 1 - window, 1), ahead)
            to_come = np.full((horizon, truth.shape[1]), np.nan)
            came = task_of.gathered([np.concatenate([truth, to_come])], [at], 1, 1 + horizon)
            found.append(np.stack([self._followed(raw, came, level)[-1] for level in levels]))
        return np.stack(found, axis=1)

    def _followed(self, raw: Array, came: Array, level: float) -> Array:
        """A quantile for each origin of one series, the origins one after the other."""
        quantile, middle = self._quantile(raw, level), self._middle(raw)
        coverage = abs(2.0 * level - 1.0)
        if coverage < 1e-9:
            return quantile
        other = self._quantile(raw, 1.0 - level)
        width = np.maximum(np.where((came > middle) == (level > 0.5), np.abs(quantile - middle), np.abs(other - middle)), 1e-12)
        return np.asarray(middle + adapted(np.abs(came - middle) / width, coverage) * (quantile - middle))

    def _shaped_quantiles(self, found: Array, given: Series) -> Any:
        """Quantiles of shape (levels, n, horizon, outputs) in the structure of the result."""
        values = self._thin(self._unscaled(found))
        return values[:, 0] if given.form == "one" else values

    # ---- shared parts ----

    def _require_own_inputs(self, what: str) -> None:
        same = np.array_equal(self._unit("shift"), self._unit("centre")) and np.array_equal(self._unit("scale"), self._unit("spread"))
        if not same:
            raise ValueError(f"{what}: outputs are no next inputs: `fit` was given targets of their own")

    def _asked_of(self, X: Any, future: Any, what: str, steps: int) -> Series:
        """Series to predict, with the known features of the steps after them."""
        self._require_built()
        if steps and self.horizon is None:
            steps = 0
        label = "seed_values" if what == "generate" else "series"
        xs, form = ragged.taken_apart(X, self.features, self._kind(), f"{what}: {label}")
        if xs[0].shape[1] != self.inputs:
            hint = "" if getattr(X, "ndim", 0) != 1 else f" Reshape your data: X.reshape(1, -1) for one step, X.reshape(-1, {self.inputs})."
            raise ValueError(
                f"X has {xs[0].shape[1]} features, but {type(self).__name__} is expecting {self.inputs} features as input.{hint}"
            )
        known = self._known_of(future, xs, form, what, steps)
        return Series(xs, form, None, known, None, self.inputs, self.targets)

    def _window(self) -> int:
        """Length of a forecast's window; a network that was not fitted uses all steps."""
        return int(vars(self).get("window_", 0)) or (2**31 if self.window is None else self.window)

    def _raw(self, rows: Array, lengths: Array) -> tuple[Array, Array]:
        """The network's outputs at every step of standardised rows, and the number of outputs of each.

        If bidirectional, sequences end at their own lengths, and networks trained with one target for each sequence have one output.
        """
        both, ends = self.bidirectional, self.bidirectional and bool(self._unit("ends")[0])

        def make() -> Any:
            x = graph.input("X", (None, None, rows.shape[2]), self.dtype)
            n = graph.input("lengths", (None,), "int64") if both else None
            outs, state = self._said(x, lengths=n, unroll=False)
            return _core.BatchProgram([graph.expand_dims(self.head(self._top(state)), 1) if ends else outs])

        data = {"X": rows, "lengths": lengths} if both else {"X": rows}
        return predict(self._program("ends" if ends else "steps", make), data)[0], np.minimum(lengths, 1) if ends else lengths

    def _ahead(self, given: Series) -> Array:
        xs, known = self._inputs_of(given)
        return self._ahead_raw(xs, known, 0)

    def _ahead_raw(self, xs: list[Array], known: list[Array] | None, begin: int) -> Array:  # noqa: ARG002 - for symmetry with blocks
        """The network's forecasts of the steps after each series; series of equal length are batched."""
        window, horizon = self._window(), int(self.horizon or 1)
        order: dict[int, list[int]] = {}
        for k, x in enumerate(xs):
            order.setdefault(min(len(x), window), []).append(k)
        found: list[Any] = [None] * len(xs)
        for length, group in order.items():
            rows = np.stack([xs[k][-length:] for k in group])
            ahead = None if known is None else np.stack([known[k][len(xs[k]) : len(xs[k]) + horizon] for k in group])
            for k, row in zip(group, self._run_ahead(rows, ahead), strict=True):
                found[k] = row
        return np.stack(found)

    def _run_ahead(self, rows: Array, known: Array | None) -> Array:

        def make() -> Any:
            x = graph.input("X", (None, None, rows.shape[2]), self.dtype)
            f = None if known is None else graph.input("future", (None, *known.shape[1:]), self.dtype)
            return _core.BatchProgram([self._ahead_of(x, f, unroll=False)])

        return predict(self._program("ahead", make), {"X": rows} if known is None else {"X": rows, "future": known})[0]

    def _unscaled(self, values: Array) -> Array:
        """Transformed back to the targets' units; unchanged if nothing was standardised."""
        centre, spread = self._unit("centre"), self._unit("spread")
        if (centre == 0).all() and (spread == 1).all():
            return values
        return np.asarray(values * spread + centre)

    def _points(self, raw: Array) -> Array:
        return self._unscaled(self.distribution_.point(raw))

    def _thin(self, values: Array) -> Array:
        """Without the axis of outputs where the targets had none."""
        return values[..., 0] if self.flat_ else values

    def _shaped(self, outs: Array, given: Series) -> Any:
        values = self._thin(outs)
        if given.form == "one":
            return values[0]
        return list(values) if given.form == "list" and self.horizon is None else values

    def _require_spread(self, what: str) -> None:
        self._require_built()
        if not self.distribution_.spread:
            raise ValueError(f"{what}: needs a distribution; this network was made with distribution={self.distribution!r}")


def level_of(value: Any, what: str = "quantiles: levels") -> float:
    level = float(value)
    if not 0 < level < 1:
        raise ValueError(f"{what}: expected a number above 0 and below 1, got {value!r}")
    return level
