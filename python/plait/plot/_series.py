"""Plots of series: generated continuations, forecasts with intervals, fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ._style import axes_or_new, colour, legend, plain, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..nn import Backtest


class Ahead(Protocol):
    """The interface of a forecast that plots use."""

    @property
    def mean(self) -> Any:
        """Expected values."""

    @property
    def lower(self) -> Any:
        """Lower limits, or None."""

    @property
    def upper(self) -> Any:
        """Upper limits, or None."""

    @property
    def index(self) -> Any:
        """The times."""

    @property
    def level(self) -> float:
        """The probability between the limits."""


def continuation(truth: npt.ArrayLike, made: npt.ArrayLike, *, names: Sequence[str] = (), ax: Axes | None = None) -> Axes:
    """A series, and a model's continuation of its beginning.

    Parameters
    ----------
    truth : array_like, shape (n,) or (n, features)
        The true series.
    made : array_like, shape (m,) or (m, features)
        The model's values for its last m steps; those before were given to it.
    names : sequence of str
        Of the features.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        `made` is longer than `truth`, or has another number of features.

    Examples
    --------
    >>> series = np.sin(np.arange(60) / 4)
    >>> model = plait.nn.SequenceRegressor(1, hidden=8, rng=0).fit(series, epochs=3)
    >>> ax = plait.plot.continuation(series, model.generate(series[:30], 30))
    >>> len(ax.lines) >= 2
    True
    """
    true, values = (np.asarray(a, dtype=np.float64).reshape(len(np.asarray(a)), -1) for a in (truth, made))
    if len(values) > len(true) or values.shape[1] != true.shape[1]:
        raise ValueError(f"continuation: {np.shape(made)} values for a series of shape {np.shape(truth)}")
    ax = axes_or_new(ax, (8, 3.2))
    begin = len(true) - len(values)
    for k in range(true.shape[1]):
        name = f"{names[k]}, " if k < len(names) else ""
        ax.plot(np.arange(len(true)), true[:, k], color=colour(k, ax), alpha=0.35, linewidth=3, label=f"{name}true")
        ax.plot(np.arange(begin, len(true)), values[:, k], color=colour(k, ax), linewidth=1.2, label=f"{name}generated")
    ax.axvspan(-0.5, begin - 0.5, color=quiet(ax), alpha=0.15, linewidth=0)
    ax.set_xlim(-0.5, len(true) - 0.5)
    ax.set_xlabel("step")
    legend(ax, 2, above=True)
    return plain(ax)


def forecast(
    found: Ahead | Sequence[Ahead],
    observed: npt.ArrayLike | None = None,
    ax: Axes | None = None,
    *,
    times: Any = None,
    past: int | None = None,
) -> Axes:
    """A forecast with its limits, after the last observations.

    Parameters
    ----------
    found : Forecast or sequence of Forecast
        The result of ``result.predict``; several of the same times with different levels are drawn as a fan.
    observed : array_like or pandas Series, shape (n,), optional
        The series before.
    ax : Axes, optional
        Where to draw; a new figure without it.
    times : array_like, shape (n,), optional
        The times of `observed`; its index if it is a pandas Series, else the steps before the forecast's first.
    past : int, optional
        Number of observations to show; four times the forecast's length unless given.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        There is no forecast, or there are not as many times as observations.

    Examples
    --------
    >>> series = np.sin(np.arange(60) / 4) + 0.1 * np.random.default_rng(0).normal(size=60)
    >>> result = plait.infer.timeseries.AR(2).fit(series, method="mle")
    >>> ax = plait.plot.forecast(result.predict(12), series)
    >>> len(ax.lines) >= 2
    True
    """
    fans: list[Ahead] = sorted([found] if hasattr(found, "mean") else list(found), key=lambda one: one.level)  # type: ignore[list-item]
    if not fans:
        raise ValueError("forecast: there is none")
    ax = axes_or_new(ax, (7.0, 3.2))
    ahead = _drawable(fans[0].index)
    if observed is not None:
        values = np.asarray(observed, dtype=np.float64)
        when = _drawable(times if times is not None else _index_of(observed, len(values), ahead))
        if len(when) != len(values):
            raise ValueError(f"times: {len(when)} for {len(values)} observations")
        keep = 4 * len(ahead) if past is None else past
        start = max(0, len(values) - keep)
        ax.plot(when[start:], values[start:], color=quiet(ax), linewidth=1, label="observed")
    for one in reversed(fans):
        if one.lower is not None:
            label = f"{100 * one.level:.0f} %"
            ax.fill_between(ahead, one.lower, one.upper, color=colour(0, ax), alpha=0.2, linewidth=0, label=label)
    ax.plot(ahead, fans[0].mean, color=colour(0, ax), label="forecast")
    ax.set_xlabel("time")
    plain(ax)
    legend(ax)
    return ax


def fit(
    observed: npt.ArrayLike,
    mean: npt.ArrayLike,
    sd: npt.ArrayLike | None = None,
    ax: Axes | None = None,
    *,
    times: Any = None,
    label: str = "one-step forecast",
    band: str = "2 sd",
) -> Axes:
    """A series as points, and a model's fit of it with a band of two standard deviations.

    Parameters
    ----------
    observed : array_like or pandas Series, shape (n,)
        The series; NaN where nothing was observed.
    mean : array_like, shape (n,)
        The means of the model.
    sd : array_like, shape (n,), optional
        Its standard deviations.
    ax : Axes, optional
        Where to draw; a new figure without it.
    times : array_like, shape (n,), optional
        The times; the index of `observed` if it is a pandas Series, else 0 to n - 1.
    label, band : str
        Names of the line and of the band.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        The lengths differ.

    Examples
    --------
    >>> wave = np.sin(np.arange(60) / 4)
    >>> ax = plait.plot.fit(wave + 0.1 * np.random.default_rng(0).normal(size=60), wave, np.full(60, 0.1))
    >>> len(ax.lines) >= 2
    True
    """
    values, line = np.asarray(observed, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    if values.ndim != 1 or values.shape != line.shape:
        raise ValueError(f"fit: a series of shape {values.shape} and means of shape {line.shape}")
    when = _drawable(times if times is not None else _index_of(observed, len(values), None))
    ax = axes_or_new(ax, (7.0, 3.2))
    ax.plot(when, values, ".", color=quiet(ax), markersize=3, label="observed")
    ax.plot(when, line, color=colour(0, ax), linewidth=1, label=label)
    if sd is not None:
        spread = 2 * np.asarray(sd, dtype=np.float64)
        ax.fill_between(when, line - spread, line + spread, color=colour(0, ax), alpha=0.2, linewidth=0, label=band)
    # Limits from the data: the first forecasts of a diffuse start have enormous variances.
    known = np.concatenate([values[np.isfinite(values)], line[np.isfinite(line)]])
    if known.size:
        low, high = float(known.min()), float(known.max())
        room = 0.3 * (high - low) or 1.0
        ax.set_ylim(low - room, high + room)
    ax.set_xlabel("time")
    plain(ax)
    legend(ax)
    return ax


def quantiles(observed: npt.ArrayLike, made: Sequence[npt.ArrayLike], ax: Axes | None = None) -> Axes:
    """A posterior predictive check: quantiles of simulated data over those of the observed.

    Parameters
    ----------
    observed : array_like, shape (n,)
        The data.
    made : sequence of array_like
        Simulated data sets, each drawn as a line; for a well-specified model around the diagonal.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=100)
    >>> ax = plait.plot.quantiles(y, [np.random.default_rng(k).normal(size=100) for k in range(1, 51)])
    >>> len(ax.lines) >= 1
    True
    """
    ax = axes_or_new(ax, (4.5, 4.0))
    probabilities = np.linspace(0.01, 0.99, 50)
    values = np.asarray(observed, dtype=np.float64)
    true = np.quantile(values[np.isfinite(values)], probabilities)
    for other in made:
        ax.plot(true, np.quantile(np.asarray(other, dtype=np.float64), probabilities), color=colour(0, ax), alpha=0.15, linewidth=0.8)
    ax.plot(true, true, color=quiet(ax), linewidth=1)
    ax.set_xlabel("quantiles of the observations")
    ax.set_ylabel("quantiles of simulated data")
    return plain(ax)


def rolling(found: Backtest, ax: Axes | None = None, *, ahead: int = 1, output: int = 0) -> Axes:
    """A network's rolling forecasts of a series, with intervals, and the observed values.

    Parameters
    ----------
    found : plait.nn.Backtest
        The result of ``SequenceRegressor.backtest``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    ahead : int
        Steps ahead of the forecasts, from 1 to the horizon.
    output : int
        Index of the output.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        There is no such step ahead, or no such output.

    Examples
    --------
    >>> t = np.arange(200) % 12.0
    >>> model = plait.nn.SequenceRegressor(hidden=4, horizon=3, epochs=2, distribution="normal", rng=0).fit(t[:150])
    >>> ax = plait.plot.rolling(model.backtest(t, start=150), ahead=3)
    >>> ax.get_title()
    '3 steps ahead'
    """
    _, horizon, outputs = found.forecast.shape
    if not 1 <= ahead <= horizon:
        raise ValueError(f"ahead: expected a number from 1 to {horizon}, got {ahead!r}")
    if not 0 <= output < outputs:
        raise ValueError(f"output: expected a number from 0 to {outputs - 1}, got {output!r}")
    ax = axes_or_new(ax, (7.0, 3.2))
    when = found.origins + ahead
    ax.plot(when, found.truth[:, ahead - 1, output], ".", color=quiet(ax), markersize=4, label="observed")
    ax.plot(when, found.forecast[:, ahead - 1, output], color=colour(0, ax), label="forecast")
    if found.lower is not None and found.upper is not None:
        low, high = found.lower[:, ahead - 1, output], found.upper[:, ahead - 1, output]
        ax.fill_between(when, low, high, color=colour(0, ax), alpha=0.2, linewidth=0, label="interval")
    ax.set_xlabel("step")
    ax.set_title(f"{ahead} step{'s' if ahead > 1 else ''} ahead")
    plain(ax)
    legend(ax)
    return ax


def _drawable(times: Any) -> Any:
    """Times that matplotlib draws: the periods of pandas become their beginnings."""
    return times.to_timestamp() if hasattr(times, "to_timestamp") else times


def _index_of(observed: Any, n: int, ahead: Any) -> Any:
    """The times of a series: its own index, or steps up to the first of the forecast, or 0 to n - 1."""
    own = getattr(observed, "index", None)
    if own is not None and not callable(own):
        return own
    first = 0 if ahead is None or not np.issubdtype(np.asarray(ahead).dtype, np.number) else int(np.asarray(ahead)[0]) - n
    return np.arange(first, first + n)
