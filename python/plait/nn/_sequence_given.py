"""The data of `SequenceRegressor`: checked, converted to one form, and standardised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import graph
from .._masks import unmasked
from ..train.data import at_least_one
from . import _sequence_data as task_of
from . import ragged
from ._instance_norm import step_sizes
from ._sequence_network import SequenceNetwork
from ._weights import sample_weights

Array = NDArray[Any]


@dataclass
class Series:
    """Series, targets (a list for every step, an array for each end, None if the series are the targets), and known future features."""

    xs: list[Array]
    form: str
    ts: list[Array] | Array | None
    known: list[Array] | None
    ws: list[Array] | None
    features: int
    outputs: int
    flat: bool = False


class Given(SequenceNetwork):
    """The part of `SequenceRegressor` that reads data."""

    standardize: bool
    flat_: bool = False

    def _kind(self) -> str:
        """The dtype of the check of values: that of the network, unless they are standardised first."""
        return self.dtype if self.activation is not None or not self.standardize else "float64"

    def _given(self, X: Any, y: Any, sample_weight: Any, future: Any, *, fitting: bool, what: str = "fit") -> Series:
        """Checked data."""
        name = type(self).__name__
        xs, form = ragged.taken_apart(X, self.features, self._kind(), f"{what}: series")
        features = xs[0].shape[1]
        if features == 0:
            raise ValueError(f"{name}: Found array with 0 feature(s) (shape={xs[0].shape}) while a minimum of 1 is required.")
        if not fitting and features != self.inputs:
            raise ValueError(f"X has {features} features, but {name} is expecting {self.inputs} features as input.")
        ts, flat = self._targets_of(y, xs, form, fitting, what)
        if ts is not None:
            outputs = ts[0].shape[-1] if isinstance(ts, list) else ts.shape[-1]
        elif self.outputs is not None:
            outputs = self.outputs
        else:
            outputs = features if self.features is None else 1
        if not fitting:
            outputs = self.targets
        if ts is None and self.horizon is None and self.bidirectional:
            raise ValueError(f"{what}: with bidirectional=True each output sees all steps, the next value, too: give targets, or horizon=")
        if ts is None and self.horizon is None and outputs != features:
            self._require_closed(f"{what}: without targets", features, outputs)
        if ts is None and outputs > features:
            raise graph.ShapeError(f"{what}: the first {outputs} features are the targets, but a step has {features} features")
        if fitting and ts is not None and self.outputs not in (None, outputs):
            raise graph.ShapeError(f"{what}: targets have {outputs} values a step, but outputs={self.outputs}")
        return Series(
            xs, form, ts, self._known_of(future, xs, form, what), self._weights_of(sample_weight, xs, form, ts), features, outputs, flat
        )

    def _targets_of(self, y: Any, xs: list[Array], form: str, fitting: bool, what: str) -> tuple[list[Array] | Array | None, bool]:
        """Targets, and whether they were given without an axis of outputs."""
        if y is None:
            return None, False
        outputs = self.outputs if fitting else self.targets
        if self.features is not None and outputs is None:
            outputs = 1
        many = outputs is None
        if form == "one":
            given = unmasked(y, f"{what}: y")
            if given.dtype.kind != "c" and given.ndim in {1, 2} and len(given) != len(xs[0]) and not (given.ndim == 2 and len(given) == 1):
                raise graph.ShapeError(
                    f"{what}: Found input variables with inconsistent numbers of samples: series has {len(xs[0])} steps and targets have "
                    f"{len(given)}"
                )
        if self.horizon is None:
            ends = _ends(y, xs, outputs or _width(y))
            if ends is not None:
                wrong = np.flatnonzero(~np.isfinite(ends).all(axis=1))
                if len(wrong):
                    raise ValueError(f"{what}: targets: NaN or infinity at sequence {int(wrong[0])}")
                return np.ascontiguousarray(ends, self._kind()), False
        ts, shape = ragged.taken_apart(y, None if many else outputs, self._kind(), f"{what}: targets")
        if len(ts) != len(xs):
            raise graph.ShapeError(f"{what}: {len(xs)} sequences and {len(ts)} targets")
        for k, (x, t) in enumerate(zip(xs, ts, strict=True)):
            if len(x) != len(t):
                raise graph.ShapeError(f"{what}: series[{k}] has {len(x)} steps and targets[{k}] has {len(t)}")
        return ts, shape == "one" and unmasked(y, f"{what}: y").ndim == 1

    def _known_of(self, future: Any, xs: list[Array], form: str, what: str, steps: int = 0) -> list[Array] | None:
        """Known future features, one row for each step of the series and for `steps` after it."""
        if not self.future:
            if future is not None:
                raise ValueError(f"{what}: future= was given, but the network has future=0 known future features")
            return None
        if self.horizon is None:
            name = type(self).__name__
            raise ValueError(f"{name}: future={self.future}: known future features need horizon=, the steps that they are known for")
        if future is None:
            raise ValueError(f"{what}: the network has future={self.future} known future features; give them as future=")
        known = ragged.sequences([future] if form == "one" else future, self.future, self._kind(), f"{what}: future")
        if len(known) != len(xs):
            raise graph.ShapeError(f"{what}: {len(xs)} sequences and {len(known)} of known future features")
        for k, (x, f) in enumerate(zip(xs, known, strict=True)):
            if len(f) < len(x) + steps:
                behind = f" and the {steps} steps behind it" if steps else ""
                raise graph.ShapeError(
                    f"{what}: future{f'[{k}]' if form != 'one' else ''} has {len(f)} rows; one is needed for each of the {len(x)} steps of the "
                    f"series{behind}, {len(x) + steps} in all"
                )
        return [f[: len(x) + steps] for x, f in zip(xs, known, strict=True)]

    def _weights_of(self, given: Any, xs: list[Array], form: str, ts: list[Array] | Array | None) -> list[Array] | None:
        """A weight for every step: those of a single sequence, or each sequence's own at all of its steps."""
        name = type(self).__name__
        if given is None:
            return None
        if form == "one" and not (ts is not None and not isinstance(ts, list)):
            weights = sample_weights(given, len(xs[0]), name)
            return None if weights is None else [weights.astype(self.dtype)]
        weights = sample_weights(given, len(xs), name)
        return None if weights is None else [np.full(len(x), w, self.dtype) for x, w in zip(xs, weights, strict=True)]

    def _require_closed(self, what: str, features: int | None = None, outputs: int | None = None) -> None:
        features, outputs = features or self.inputs, outputs or self.targets
        if features != outputs:
            raise graph.ShapeError(f"{what}: outputs are the next inputs, but this model has {features} inputs and {outputs} outputs")

    # ---- units ----

    def _measure(self, given: Series) -> None:
        """Determines the standardisation from the training data."""
        self.flat_ = given.flat
        if self.bidirectional:
            self.units.nodes["ends"].value = np.array([float(given.ts is not None and not isinstance(given.ts, list))])
        self.units.nodes["widening"].value = np.ones_like(self._unit("widening"))
        if "step" in self.units.nodes:
            self.units.nodes["step"].value = np.zeros(given.outputs, self.dtype)
        if not self.standardize or self.activation is not None:
            return
        steps = np.concatenate(given.xs, dtype="float64")
        shift, scale = _moments(steps)
        centre, spread = shift[: given.outputs], scale[: given.outputs]
        if given.ts is not None:
            centre, spread = _moments(np.concatenate(given.ts, dtype="float64") if isinstance(given.ts, list) else given.ts)
        values = {"shift": shift, "scale": scale, "centre": centre, "spread": spread}
        if given.known is not None:
            values["future_shift"], values["future_scale"] = _moments(np.concatenate(given.known, dtype="float64"))
        if "step" in self.units.nodes and given.ts is None:
            values["step"] = (step_sizes(given.xs, given.outputs) / spread).astype(self.dtype)
        for key, value in values.items():
            self.units.nodes[key].value = value

    def _unit(self, key: str) -> Array:
        return np.asarray(self.units.nodes[key].value)

    def _standard(self, parts: list[Array], shift: str, scale: str) -> list[Array]:
        by, of = self._unit(shift), self._unit(scale)
        return [np.ascontiguousarray((part - by) / of, self.dtype) for part in parts]

    def _inputs_of(self, given: Series) -> tuple[list[Array], list[Array] | None]:
        """The inputs of each step concatenated with known future features, and these alone."""
        xs = self._standard(given.xs, "shift", "scale")
        if given.known is None:
            return xs, None
        known = self._standard(given.known, "future_shift", "future_scale")
        return [np.concatenate([x, f[: len(x)]], axis=1) for x, f in zip(xs, known, strict=True)], known

    def _outputs_of(self, given: Series) -> list[Array] | Array:
        """Targets of every step or end; the series itself by default."""
        if given.ts is None:
            return self._standard([x[:, : given.outputs] for x in given.xs], "centre", "spread")
        if isinstance(given.ts, list):
            return self._standard(given.ts, "centre", "spread")
        return self._standard([given.ts], "centre", "spread")[0]

    # ---- tasks ----

    def _validation(self, given: Any, targets: bool, known: bool) -> Series:
        """Validation data in the structure of the training data."""
        if not targets and not known:
            return self._given(given, None, None, None, fitting=False, what="fit: validation")
        if not isinstance(given, tuple) or len(given) not in {2, 3} or (known and len(given) != 3):
            expected = "(X, y, future)" if known else "(X, y)"
            raise ValueError(f"fit: validation: expected a tuple {expected}, as the training data have it, got {type(given).__name__}")
        if targets and given[1] is None:
            raise ValueError("fit: validation: expected targets, as the training data have them, got None")
        return self._given(given[0], given[1], None, given[2] if len(given) == 3 else None, fitting=False, what="fit: validation")

    def _tasks(
        self, given: Series, held: Series | None, window: int | None, ahead: int, tbptt: int | None, generator: np.random.Generator | None
    ) -> tuple[task_of.Task, tuple[Any, dict[str, Array]] | None]:
        """The training task, and a node and data for validation; with a generator, data for early stopping are held out."""
        back = generator is not None and held is None and self._holds_back()
        if self.horizon is not None:
            return self._direct_tasks(given, held, window, back)
        xs, ts, ws = self._pairs(given)
        if window is not None:
            window = at_least_one("fit: window", window)
            ahead = 0 if isinstance(ahead, int) and ahead == 0 else at_least_one("fit: ahead", ahead)
            if not isinstance(ts, list):
                raise ValueError("fit: window= needs a target for every step")
            need = window + ahead + (given.ts is None)
            if max(map(len, given.xs)) < need:
                longest = max(map(len, given.xs))
                raise ValueError(f"fit: a window with what follows it takes {need} steps, but the longest series has {longest}")
            task = task_of.windowed(self, xs, ts, window, ahead, ws)
            if back:
                counts = [max(len(x) - window - ahead + 1, 0) for x in xs]
                keep, out = self._last(counts, window + ahead - 1)
                rest = {key: value[out] for key, value in task.data.items() if key != "sample_weight"}
                measured = task_of.windowed(self, xs, ts, window, ahead, None).loss(False), rest
                return task_of.Task(task.loss, {key: value[keep] for key, value in task.data.items()}), measured
        elif tbptt is not None:
            if back:
                raise ValueError("fit: early_stopping with tbptt= needs validation=")
            task = task_of.stretches(self, xs, ts, at_least_one("fit: tbptt", tbptt))
        else:
            if back:
                return self._whole_tasks(xs, ts, ws, generator)
            task = task_of.whole(self, xs, ts, ws)
        if held is None:
            return task, None
        other_xs, other_ts, _ = self._pairs(held)
        if window is not None and isinstance(other_ts, list):
            measure = task_of.windowed(self, other_xs, other_ts, window, ahead, None)
        else:
            measure = task_of.whole(self, other_xs, other_ts, None)
        return task, (measure.loss(False), measure.data)

    def _pairs(self, given: Series) -> tuple[list[Array], list[Array] | Array, list[Array] | None]:
        """Sequences and their targets; by default the values of the next step."""
        xs, ts = self._inputs_of(given)[0], self._outputs_of(given)
        if given.ts is not None:
            return xs, ts, given.ws
        if min(map(len, xs)) < 2:
            raise ValueError("fit: a series of one step has no next value to predict")
        return [x[:-1] for x in xs], [t[1:] for t in ts], None if given.ws is None else [w[1:] for w in given.ws]

    def _last(self, counts: list[int], gap: int) -> tuple[Array, Array]:
        """Holds out the last rows of each series; `gap` rows before them, whose targets overlap, are left out."""
        keep, out, at = [], [], 0
        for count in counts:
            back = self._held(count) if count > 1 else 0
            keep.append(np.arange(at, at + max(count - back - gap, 0)))
            out.append(np.arange(at + count - back, at + count))
            at += count
        kept, left = np.concatenate(keep), np.concatenate(out)
        if len(kept) == 0 or len(left) == 0:
            raise ValueError(
                f"{type(self).__name__}: early_stopping: the series are too short to keep some of their {at} windows back; give validation="
            )
        return kept, left

    def _whole_tasks(self, xs: list[Array], ts: Any, ws: list[Array] | None, generator: Any) -> tuple[task_of.Task, Any]:
        """Holds out some of several sequences, or the end of a single one."""
        if len(xs) > 1:
            order, back = generator.permutation(len(xs)), self._held(len(xs))
            keep, out = np.sort(order[back:]), np.sort(order[:back])

            def some(parts: Any, rows: Array) -> Any:
                return parts[rows] if isinstance(parts, np.ndarray) else None if parts is None else [parts[k] for k in rows]

            measure = task_of.whole(self, some(xs, out), some(ts, out), None)
            return task_of.whole(self, some(xs, keep), some(ts, keep), some(ws, keep)), (measure.loss(False), measure.data)
        if not isinstance(ts, list):
            raise ValueError(f"{type(self).__name__}: early_stopping: one sequence with one target cannot be divided; give validation=")
        cut = len(xs[0]) - self._held(len(xs[0]))
        measure = task_of.whole(self, xs, ts, [(np.arange(len(xs[0])) >= cut).astype(self.dtype)])
        task = task_of.whole(self, [xs[0][:cut]], [ts[0][:cut]], None if ws is None else [ws[0][:cut]])
        return task, (measure.loss(False), measure.data)

    def _direct_tasks(self, given: Series, held: Series | None, window: int | None, back: bool) -> tuple[task_of.Task, Any]:
        """Windows and the horizons after them."""
        horizon, longest = at_least_one("fit: horizon", self.horizon), max(map(len, given.xs))
        if window is None:
            window = max(min(max(3 * horizon, 32), longest - horizon), 1)
        self.window_ = window = at_least_one("fit: window", window)
        if longest < window + horizon:
            raise ValueError(f"fit: a window with what follows it takes {window + horizon} steps, but the longest series has {longest}")
        if given.ts is not None and not isinstance(given.ts, list):
            raise ValueError("fit: horizon= needs a target for every step")
        at = task_of.origins(given.xs, window, horizon)

        def made(of: Series, places: list[Array], ws: list[Array] | None) -> task_of.Task:
            inputs, known = self._inputs_of(of)
            targets = self._outputs_of(of)
            if not isinstance(targets, list):
                raise ValueError("fit: horizon= needs a target for every step")
            return task_of.direct(self, inputs, targets, known, ws, places, window)

        if back:
            keep, out = self._last([len(k) for k in at], horizon - 1)
            flat = np.cumsum([0, *map(len, at)])
            parts = [[k[rows[(rows >= b) & (rows < e)] - b] for k, b, e in zip(at, flat, flat[1:], strict=False)] for rows in (keep, out)]
            measure = made(given, parts[1], None)
            return made(given, parts[0], given.ws), (measure.loss(False), measure.data)
        task = made(given, at, given.ws)
        if held is None:
            return task, None
        measure = made(held, task_of.origins(held.xs, window, horizon), None)
        return task, (measure.loss(False), measure.data)


def _moments(values: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of columns; 1 for columns that are constant."""
    values = np.asarray(values, "float64")
    center, spread = values.mean(axis=0), values.std(axis=0)
    return center, np.where(spread > 1e-12 * np.abs(center), spread, 1.0)


def _width(y: Any) -> int:
    """Number of values of a row of targets, where it is the same for all."""
    shape = np.asarray(y).shape if not isinstance(y, (list, tuple)) else np.shape(y[0]) if len(y) else ()
    return int(shape[-1]) if shape and (isinstance(y, (list, tuple)) or len(shape) > 1) else 1


def _ends(targets: Any, xs: list[Array], outputs: int) -> Array | None:
    """The targets as one row for each sequence's end, if they have that form."""
    if len(xs) == 1 == len(xs[0]):
        return None  # the end is the only step
    rows: list[Any] = list(targets) if isinstance(targets, (list, tuple, np.ndarray)) else []
    try:
        array = np.asarray([np.asarray(row, "float64") for row in rows])
    except (TypeError, ValueError):  # of different shapes, or not numbers: refused later, when read as sequences
        return None
    return array.reshape(len(xs), outputs) if array.shape == (len(xs), outputs) or (outputs == 1 and array.shape == (len(xs),)) else None
