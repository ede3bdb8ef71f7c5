"""The predictive distribution of each value: a number, a normal or Student's t distribution, or quantiles."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import graph, losses
from ..losses._holders import elementwise

Array = NDArray[Any]

# Scales are limited to exp(±7) times the targets' own: on a periodic series a scale that goes to zero makes the loss unbounded below.
_SCALES = (-7.0, 7.0)


class Distribution:
    """Distributions whose parameters are a network's outputs: `parts` numbers for each value, concatenated along the last axis."""

    parts = 1
    #: Whether it is a distribution and not only a point.
    spread = True

    def losses(self, prediction: Any, target: Any) -> Any:
        """A node for the loss of each value; `prediction` has `parts` times as many features as `target`."""
        raise NotImplementedError

    def _split(self, prediction: Any) -> list[Any]:
        """The parameters, each of the target's shape; of nodes and of arrays."""
        size = prediction.shape[-1] // self.parts
        return [prediction[..., k * size : (k + 1) * size] for k in range(self.parts)]

    def point(self, prediction: Any) -> Any:
        """The expected value, for nodes and arrays."""
        return self._split(prediction)[0]

    def moved(self, prediction: Any, level: Any, scale: Any) -> Any:
        """A node for the parameters of values that are `scale` times as large and begin at `level`."""
        return graph.concatenate([part * scale + level for part in self._split(prediction)], axis=-1)

    def quantile(self, prediction: Array, level: float) -> Array:
        """The quantile at one level, above 0 and below 1."""
        raise NotImplementedError

    def draw(self, prediction: Array, rng: np.random.Generator) -> Array:
        """One value from each distribution."""
        raise NotImplementedError


class Point(Distribution):
    """No distribution: a number, and the loss to minimise."""

    spread = False

    def __init__(self, loss: Any) -> None:
        self.loss = losses.loss_of(loss, "SequenceRegressor: distribution")

    def losses(self, prediction: Any, target: Any) -> Any:
        """See `Distribution`."""
        each = elementwise(self.loss, prediction, target)
        if getattr(each, "shape", None) != target.shape:
            raise ValueError(f"SequenceRegressor: distribution: expected one loss for each value, shape {target.shape}, got {each!r}")
        return each

    def draw(self, prediction: Array, rng: np.random.Generator) -> Array:  # noqa: ARG002 - deterministic
        """See `Distribution`."""
        return prediction


class Normal(Distribution):
    """A mean and the logarithm of a standard deviation."""

    parts = 2

    def losses(self, prediction: Any, target: Any) -> Any:
        """See `Distribution`."""
        mean, log_scale = self._split(prediction)
        return losses.gaussian_nll(mean, target, graph.clip(log_scale, *_SCALES), "none")

    def moved(self, prediction: Any, level: Any, scale: Any) -> Any:
        """See `Distribution`."""
        mean, log_scale = self._split(prediction)
        return graph.concatenate([mean * scale + level, log_scale + graph.log(scale)], axis=-1)

    def quantile(self, prediction: Array, level: float) -> Array:
        """See `Distribution`."""
        mean, log_scale = self._split(prediction)
        return np.asarray(mean + NormalDist().inv_cdf(level) * np.exp(np.clip(log_scale, *_SCALES)))

    def draw(self, prediction: Array, rng: np.random.Generator) -> Array:
        """See `Distribution`."""
        mean, log_scale = self._split(prediction)
        return np.asarray(mean + rng.standard_normal(mean.shape) * np.exp(np.clip(log_scale, *_SCALES)))


class StudentT(Distribution):
    """A location, the logarithm of a scale, and degrees of freedom above 2, so that there is a variance."""

    parts = 3

    def losses(self, prediction: Any, target: Any) -> Any:
        """See `Distribution`."""
        location, log_scale, more = self._split(prediction)
        return losses.student_t_nll(location, target, 2.0 + graph.softplus(more), graph.clip(log_scale, *_SCALES), "none")

    def moved(self, prediction: Any, level: Any, scale: Any) -> Any:
        """See `Distribution`."""
        location, log_scale, more = self._split(prediction)
        return graph.concatenate([location * scale + level, log_scale + graph.log(scale), more], axis=-1)

    def _arrays(self, prediction: Array) -> tuple[Array, Array, Array]:
        location, log_scale, more = self._split(prediction)
        return location, np.exp(np.clip(log_scale, *_SCALES)), 2.0 + np.logaddexp(0.0, more)

    def quantile(self, prediction: Array, level: float) -> Array:
        """See `Distribution`."""
        location, scale, df = self._arrays(prediction)
        return np.asarray(location + scale * t_quantile(level, df))

    def draw(self, prediction: Array, rng: np.random.Generator) -> Array:
        """See `Distribution`."""
        location, scale, df = self._arrays(prediction)
        return np.asarray(location + scale * rng.standard_t(df))


class Quantiles(Distribution):
    """Quantiles at some levels; linear interpolation between them, constant beyond them."""

    def __init__(self, levels: Any) -> None:
        self.levels = np.asarray(levels, "float64")
        if self.levels.ndim != 1 or len(self.levels) == 0 or not ((self.levels > 0) & (self.levels < 1)).all():
            raise ValueError(f"SequenceRegressor: levels: expected numbers above 0 and below 1, got {levels!r:.60}")
        if (np.diff(self.levels) <= 0).any():
            raise ValueError(f"SequenceRegressor: levels: expected numbers in increasing order, each once, got {levels!r:.60}")
        self.parts = len(self.levels)

    def losses(self, prediction: Any, target: Any) -> Any:
        """See `Distribution`."""
        each = [losses.quantile(q, target, level, "none") for q, level in zip(self._split(prediction), self.levels, strict=True)]
        total = each[0]
        for loss in each[1:]:
            total = total + loss
        return total * (2.0 / self.parts)  # for the median alone, the absolute error

    def point(self, prediction: Any) -> Any:
        """See `Distribution`: the quantile nearest to the median."""
        return self._split(prediction)[int(np.argmin(np.abs(self.levels - 0.5)))]

    def _sorted(self, prediction: Array) -> Array:
        # Separately learned quantile curves may cross; rearrangement improves them (Chernozhukov, Fernández-Val and Galichon, 2010).
        return np.sort(np.stack(self._split(prediction)), axis=0)

    def quantile(self, prediction: Array, level: float) -> Array:
        """See `Distribution`."""
        if not self.levels[0] - 1e-9 <= level <= self.levels[-1] + 1e-9:
            raise ValueError(
                f"SequenceRegressor: the quantile at {level:g} is not within the levels from {self.levels[0]:g} to {self.levels[-1]:g} that were "
                "learnt; give others as levels="
            )
        above = int(np.clip(np.searchsorted(self.levels, level), min(1, self.parts - 1), self.parts - 1))
        curves, below = self._sorted(prediction), max(above - 1, 0)
        width = self.levels[above] - self.levels[below]
        share = (level - self.levels[below]) / width if width else 0.0
        return np.asarray((1.0 - share) * curves[below] + share * curves[above])

    def draw(self, prediction: Array, rng: np.random.Generator) -> Array:
        """See `Distribution`."""
        curves = self._sorted(prediction)
        at = np.interp(rng.random(curves.shape[1:]), self.levels, np.arange(self.parts))
        below = np.minimum(at.astype(int), max(self.parts - 2, 0))
        above = np.minimum(below + 1, self.parts - 1)
        low, high = (np.take_along_axis(curves, k[None], axis=0)[0] for k in (below, above))
        return np.asarray(low + (at - below) * (high - low))


def distribution_of(given: Any, levels: Any) -> Distribution:
    """The distribution for a value of ``distribution=``."""
    if given is None:
        return Point("mse")
    if isinstance(given, str):
        if given == "normal":
            return Normal()
        if given == "student_t":
            return StudentT()
        if given == "quantiles":
            return Quantiles(levels)
        if given not in {"mse", "mae", "huber"}:
            raise ValueError(
                f"SequenceRegressor: distribution: expected 'normal', 'student_t', 'quantiles', None, or a loss of points ('mse', 'mae', "
                f"'huber', one of plait.losses), got {given!r}"
            )
    return Point(given)


def t_quantile(level: float, df: Array) -> Array:
    """Quantiles of Student's t distribution with `df` degrees of freedom of at least 2: Hill (1970), Algorithm 396."""
    tail = min(level, 1.0 - level)
    n = np.asarray(df, "float64")
    if tail == 0.5:
        return np.zeros_like(n)
    p, x = 2.0 * tail, NormalDist().inv_cdf(tail)
    a = 1.0 / (n - 0.5)
    b = 48.0 / a**2
    c = ((20700.0 * a / b - 98.0) * a - 16.0) * a + 96.36
    d = ((94.5 / (b + c) - 3.0) / b + 1.0) * np.sqrt(a * np.pi / 2.0) * n
    far = (d * p) ** (2.0 / n)
    shifted = c + np.where(n < 5.0, 0.3 * (n - 4.5) * (x + 0.6), 0.0)
    shifted = (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b + shifted
    near = a * ((((((0.4 * x**2 + 6.3) * x**2 + 36.0) * x**2 + 94.5) / shifted - x**2 - 3.0) / b + 1.0) * x) ** 2
    with np.errstate(all="ignore"):
        y = np.where(
            far > 0.05 + a,
            np.expm1(near),
            ((1.0 / (((n + 6.0) / (n * far) - 0.089 * d - 0.822) * (n + 2.0) * 3.0) + 0.5 / (n + 4.0)) * far - 1.0) * (n + 1.0) / (n + 2.0)
            + 1.0 / far,
        )
    return np.asarray(np.sign(level - 0.5) * np.sqrt(n * y))
