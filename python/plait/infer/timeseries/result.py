"""The result of a fit: parameters with errors, information criteria, forecasts, simulation and plots."""

from __future__ import annotations

import dataclasses
import importlib
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ._data import Series, read_future
from ._parameters import Layout

if TYPE_CHECKING:
    from ._model import Model

__all__ = ["Forecast", "Result"]

DRAWS = 1000  # parameters drawn from a posterior for a forecast
PATHS = 10_000  # paths whose quantiles are the limits
LARGEST = 1e300  # of a forecast: sums and interpolated quantiles of larger ones overflow


@dataclasses.dataclass
class Forecast:
    """Forecasts of the next values, and limits that hold each with a given probability.

    ``np.asarray(forecast)`` is the mean.

    Parameters
    ----------
    mean : ndarray, shape (h,)
        Expected values.
    lower, upper : ndarray, shape (h,), or None
        Each value lies between them with probability `level`.
    index : ndarray or pandas index, shape (h,)
        The times.
    level : float
        See above.
    variance : ndarray, shape (h,), or None
        Expected conditional variances, of volatility models.
    """

    mean: Any
    lower: Any
    upper: Any
    index: Any
    level: float
    variance: Any = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.mean, dtype=dtype) if copy else np.asarray(self.mean, dtype=dtype)

    def __len__(self) -> int:
        return len(self.mean)

    def to_frame(self) -> Any:
        """A pandas DataFrame with the columns mean, lower and upper (and variance, for volatility models).

        Returns
        -------
        pandas.DataFrame
            Indexed by the times of the forecasts.
        """
        pd = importlib.import_module("pandas")

        columns = {k: getattr(self, k) for k in ("mean", "lower", "upper", "variance") if getattr(self, k) is not None}
        return pd.DataFrame(columns, index=pd.Index(self.index))


class Result:
    """A fitted model of a time series; made by ``fit``.

    Parameters
    ----------
    model : model
        Which was fitted.
    series : Series
        To what.
    layout : Layout
        The parameters and their maps.
    u : array, shape (k,)
        Unconstrained coordinates of the estimate.
    loglik : float
        See below.
    converged : bool
        See below.
    method : str
        How it was fitted.
    covariance : array, shape (k, k), optional
        Of the parameters.
    posterior : ParameterPosterior, optional
        See below.
    rng : int, SeedSequence or Generator
        For fits while rolling.
    again : dict, optional
        What else such fits are given: priors, and options of the inference.

    Attributes
    ----------
    params : dict of str to float
        Parameters in the units of the series: maxima, or posterior means.
    stderr : dict of str to float
        Their standard errors, or posterior standard deviations; NaN for a variance at its limit 0.
    posterior : ParameterPosterior or None
        Of variational inference.
    loglik : float
        Log likelihood at the parameters, all constants included.
    nobs, n_params : int
        Observations that the likelihood is of, and parameters.
    converged : bool
        Whether the search converged.
    """

    def __init__(
        self,
        model: Model,
        series: Series,
        layout: Layout,
        u: Any,
        *,
        loglik: float,
        converged: bool,
        method: str,
        covariance: Any = None,
        posterior: Any = None,
        rng: Any = 0,
        again: dict[str, Any] | None = None,
    ) -> None:
        self._again = again or {}
        self.model, self.posterior, self.loglik, self.converged, self.method = model, posterior, loglik, converged, method
        self._series, self._layout, self._u, self._rng = series, layout, u, rng
        self.covariance = covariance
        point = {k: float(v) for k, v in layout.parameters(u).items()}
        self._point = point
        if posterior is None:
            self.params = point
            with np.errstate(invalid="ignore"):
                self.stderr = dict(zip(layout.names, map(float, np.sqrt(np.diag(covariance))), strict=True))
        else:
            self.params = {name: posterior.mean(name) for name in layout.names}
            self.stderr = {name: posterior.std(name) for name in layout.names}
        self.n_params = layout.size
        self.nobs = int(series.observed.sum())

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log L + 2 k."""
        return -2 * self.loglik + 2 * self.n_params

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log L + k log n."""
        return -2 * self.loglik + self.n_params * math.log(self.nobs)

    def summary(self) -> str:
        """The fit as a table.

        Returns
        -------
        str
            A line for each parameter, and the likelihood and criteria.
        """
        lines = [f"{self.model!r} by {self.method}, {self.nobs} observations{'' if self.converged else ' (NOT CONVERGED)'}"]
        width = max([len(n) for n in self.params] + [9])
        lines.append(f"{'parameter':<{width}} {'estimate':>12} {'std. error':>12}")
        lines += [f"{n:<{width}} {v:>12.5g} {self.stderr[n]:>12.4g}" for n, v in self.params.items()]
        lines.append(f"log likelihood {self.loglik:.3f}   AIC {self.aic:.3f}   BIC {self.bic:.3f}")
        if self.posterior is not None:
            lines.append(str(self.posterior.base.summary()).splitlines()[-1])
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.summary()

    def _draws(self, n: int, rng: Any) -> dict[str, Any]:
        """Rows of parameters: draws of the posterior, or the estimate."""
        if self.posterior is None:
            return {k: np.array([v]) for k, v in self._point.items()}
        found: dict[str, Any] = self.posterior.sample(n, rng=rng)
        return found

    def predict(self, h: int, X: Any = None, level: float = 0.9, intervals: bool = True, rng: Any = 0) -> Forecast:
        """Forecast the next values.

        Parameters
        ----------
        h : int
            How many steps.
        X : array_like, shape (h, k), optional
            Regressors of those steps, needed where the model was fitted with some.
        level : float
            Probability with which each value lies between ``lower`` and ``upper``.
        intervals : bool
            Whether limits are wanted; without them a forecast of a Gaussian model is faster.
        rng : int, SeedSequence or Generator
            Random numbers of simulated limits.

        Returns
        -------
        Forecast
            ``.mean``, ``.lower``, ``.upper``, ``.index``, ``.to_frame()``; for volatility models also ``.variance``.

        Raises
        ------
        ValueError
            `h` is not positive, `level` not between 0 and 1, or `X` is missing or has other columns than at fit.

        Notes
        -----
        After variational inference the forecast averages over draws of the parameters. Limits of volatility models are quantiles of simulated
        paths; of Gaussian models with fixed parameters they are exact.
        """
        h = _positive(h, "predict: h")
        level = _probability(level)
        future = read_future(X, self._series, h)
        generator = np.random.default_rng(rng)
        draws = self._draws(DRAWS, generator)
        with np.errstate(all="ignore"):  # of draws far out
            found = self.model._forecast(draws, self._series, h, future, generator, PATHS if intervals else 0)
        found = _finite(found)
        return self._summarize(found, level, intervals, self._series.steps.future(h), generator)

    def _summarize(self, found: Any, level: float, intervals: bool, index: Any, rng: np.random.Generator) -> Forecast:
        """A forecast from moments (rows of means and variances for each draw of the parameters) or simulated paths."""
        tails = [(1 - level) / 2, (1 + level) / 2]
        mean = found["mean"].mean(0)
        variance = found["variance"].mean(0) if found.get("volatility") else None
        if not intervals:
            return Forecast(mean, None, None, index, level, variance)
        if "paths" in found:
            lower, upper = np.quantile(found["paths"], tails, axis=0)
        elif len(found["mean"]) == 1:
            from statistics import NormalDist

            z = NormalDist().inv_cdf(tails[1])
            sd = np.sqrt(found["variance"][0])
            lower, upper = mean - z * sd, mean + z * sd
        else:  # a mixture of Gaussians, one for each draw
            repeats = -(-PATHS // len(found["mean"]))
            noise = rng.standard_normal((repeats, *found["mean"].shape))
            values = (found["mean"] + np.sqrt(found["variance"]) * noise).reshape(-1, len(mean))
            lower, upper = np.quantile(values, tails, axis=0)
        return Forecast(mean, lower, upper, index, level, variance)

    def predict_in_sample(self, h: int, refit: bool = False, level: float = 0.9, rng: Any = 0) -> Forecast:
        """Rolling forecasts of the last `h` observations, each one step ahead from those before it.

        Parameters
        ----------
        h : int
            How many of the last observations.
        refit : bool
            Fit again before each of them, on what comes before; otherwise the parameters are those of the whole series.
        level : float
            As in :meth:`predict`.
        rng : int, SeedSequence or Generator
            Random numbers of simulated limits.

        Returns
        -------
        Forecast
            Indexed by the times of those observations.
        """
        h = _positive(h, "predict_in_sample: h")
        level = _probability(level)
        series, n = self._series, len(self._series.y)
        if h >= n:
            raise ValueError(f"predict_in_sample: h is {h}, but there are only {n} observations")
        rows = []
        if refit:
            for t in range(n - h, n):
                part = None if series.X is None else series.X[:t]
                fitted = self.model.fit(self._levels()[:t], part, method=self.method, rng=self._rng, **self._again)
                rows.append(fitted.predict(1, None if series.X is None else series.X[t : t + 1], level=level, rng=rng))
            stack = {k: [getattr(r, k) for r in rows] for k in ("mean", "lower", "upper", "variance")}
            joined = {k: None if v[0] is None else np.concatenate(v) for k, v in stack.items()}
            return Forecast(joined["mean"], joined["lower"], joined["upper"], series.steps.past()[n - h :], level, joined["variance"])
        mean, variance = self.model._one_step({k: np.array([v]) for k, v in self._point.items()}, series)
        from statistics import NormalDist

        z = NormalDist().inv_cdf((1 + level) / 2)
        mean, variance = mean[0, n - h :], variance[0, n - h :]
        sd = np.sqrt(variance)
        return Forecast(
            mean, mean - z * sd, mean + z * sd, series.steps.past()[n - h :], level, variance if hasattr(self.model, "volatility") else None
        )

    def states(self, level: float = 0.9) -> dict[str, Forecast]:
        """The states of a structural model at every time, given the whole series: level and slope, or the coefficients as they moved.

        Parameters
        ----------
        level : float
            Probability with which each lies between ``lower`` and ``upper``, for parameters as they were estimated.

        Returns
        -------
        dict of str to Forecast
            By name ("level", "trend"; "intercept" and the columns of X): ``.mean``, ``.lower``, ``.upper``, ``.index``, ``.to_frame()``.

        Raises
        ------
        TypeError
            The model has no states to speak of: it is not LocalLevel, LocalTrend or DynamicRegression.

        Notes
        -----
        A fixed-interval smoother with an exact diffuse start, O(n m³) for m states.

        Examples
        --------
        >>> y = [1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935]
        >>> level = plait.infer.timeseries.LocalLevel().fit(y, method="mle").states()["level"]
        >>> level.mean.shape, bool((level.lower < level.mean).all())
        ((12,), True)
        """
        level = _probability(level)
        if not hasattr(self.model, "_smoothed"):
            raise TypeError(f"states: {self.model!r} has no level, trend or moving coefficients")
        names, mean, spread = self.model._smoothed(self._point, self._series)
        from statistics import NormalDist

        reach = NormalDist().inv_cdf((1 + level) / 2) * spread
        times = self._series.steps.past()
        return {k: Forecast(m, m - r, m + r, times, level) for k, m, r in zip(names, mean.T, reach.T, strict=True)}

    def _levels(self) -> Any:
        return self._series.y

    def simulate(self, n: int, rng: Any = 0, start: str = "continue", X: Any = None) -> Any:
        """One path of the fitted model.

        Parameters
        ----------
        n : int
            How many values.
        rng : int, SeedSequence or Generator
            Random numbers.
        start : {"continue", "fresh"}
            After the last observation, or from the model's own start: its stationary distribution, or the estimated first state where it has
            none.
        X : array_like, shape (n, k), optional
            Regressors of the path.

        Returns
        -------
        ndarray, shape (n,)
            The values.
        """
        n = _positive(n, "simulate: n")
        if start not in ("continue", "fresh"):
            raise ValueError(f"simulate: start is 'continue' or 'fresh', got {start!r}")
        future = read_future(X, self._series, n, "simulate")
        generator = np.random.default_rng(rng)
        draw = {k: v[:1] for k, v in self._draws(1, generator).items()}
        return self.model._simulate(draw, self._series, n, future, start == "fresh", generator)

    def plot_fit(self, ax: Any = None) -> Any:
        """The series and the model's one-step forecasts of it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib Axes
            The plot.
        """
        from ...plot import fit

        mean, variance = self.model._one_step({k: np.array([v]) for k, v in self._point.items()}, self._series)
        band = "2 conditional sd" if hasattr(self.model, "volatility") else "2 sd"
        return fit(self._series.y, mean[0], np.sqrt(variance[0]), ax, times=self._series.steps.past(), band=band)

    def plot_predict(self, h: int, X: Any = None, level: float = 0.9, past: int | None = None, ax: Any = None) -> Any:
        """The end of the series and the fan of its forecast.

        Parameters
        ----------
        h : int
            How many steps to forecast.
        X : array_like, optional
            Regressors of those steps.
        level : float
            Probability of the outer limits; the fan has two more within them.
        past : int, optional
            How many observations to show; four times `h` unless given.
        ax : matplotlib Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib Axes
            The plot.
        """
        from ...plot import forecast

        fans = [self.predict(h, X, level=q) for q in sorted({0.5, 0.5 * (0.5 + level), level})]
        return forecast(fans, self._series.y, ax, times=self._series.steps.past(), past=past)

    def plot_ppc(self, draws: int = 50, rng: Any = 0, ax: Any = None) -> Any:
        """A posterior predictive check: the distribution of the series beside those of simulated ones.

        Parameters
        ----------
        draws : int
            How many simulated series.
        rng : int, SeedSequence or Generator
            Random numbers.
        ax : matplotlib Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib Axes
            The plot.
        """
        from ...plot import quantiles

        generator = np.random.default_rng(rng)
        n = len(self._series.y)
        made = [self.simulate(n, generator, "fresh", self._series.X) for _ in range(draws)]
        return quantiles(self._series.y[self._series.observed], made, ax)


def _finite(found: dict[str, Any]) -> dict[str, Any]:
    """Without draws of the parameters, and simulated paths, that explode; a warning says how many there were."""
    rows = {k: np.asarray(v) for k, v in found.items() if k in ("mean", "variance", "paths")}
    with np.errstate(invalid="ignore"):
        good = {k: (np.abs(v) < LARGEST).all(axis=1) for k, v in rows.items()}
    if not all(g.any() for g in good.values()):
        raise FloatingPointError("predict: the forecast overflows")
    draws = max(int((~good[k]).sum()) for k in ("mean", "variance"))
    paths = int((~good["paths"]).sum()) if "paths" in good else 0
    lost = [
        f"{n} of {len(rows[k])} {what}"
        for n, k, what in ((draws, "mean", "draws from the posterior"), (paths, "paths", "simulated paths"))
        if n
    ]
    if not lost:
        return found
    warnings.warn(f"predict: {' and '.join(lost)} have no finite forecast and were left out", RuntimeWarning, stacklevel=3)
    return {**found, **{k: v[good[k]] for k, v in rows.items()}}


def _positive(h: Any, what: str) -> int:
    import operator

    try:
        value = operator.index(h)
    except TypeError:
        raise TypeError(f"{what} is {h!r}, a whole number of steps is needed") from None
    if value < 1:
        raise ValueError(f"{what} is {value}, at least 1 is needed")
    return value


def _probability(level: Any) -> float:
    if not isinstance(level, (float, int, np.number)) or not 0 < level < 1:
        raise ValueError(f"predict: level is {level!r}, a probability between 0 and 1 is needed (0.9, say)")
    return float(level)
