"""The base class of time series models: fitting by variational inference, maximum a posteriori or maximum likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import graph
from ..._core.optimize import lbfgs
from ...graph import ConvergenceWarning
from ...optimize._programs import graph_problem
from .._density import Density
from .._frames import find_mode
from ..model import trace
from ..supports import Real as RealLine
from ._data import Series, read_series
from ._parameters import Layout
from ._posterior import ParameterPosterior
from .result import Result

METHODS = ("bbvi", "map", "mle")
SOLVED = 0  # status of lbfgs
MOST_STEPS, MOST_VALUES = 500, 800  # of lbfgs: a search that needs more is abandoned
BARRIER = 0.1  # log likelihood by which a filter that forgets its start e times as slowly is less probable
FIRST_VALUES = 150  # evaluations before a search is checked for a kink
NEAR = 1e-5  # of parameters, in units in which they are of order one
STEEP = 1e-2  # a slope of more than that share of the log likelihood is no rounding error
SAME = 1e-4  # log likelihoods closer than this are the same


def _check_values(name: str, priors: Mapping[str, Any], start: Mapping[str, Any], method: str) -> None:
    """Priors are distributions and starts numbers."""
    if priors and method == "mle":
        raise ValueError(f"{name}.fit: priors are for method='bbvi' and 'map'; maximum likelihood has none")
    for key, value in priors.items():
        if not hasattr(value, "log_prob"):
            raise TypeError(f"{name}.fit: the prior of {key!r} is {value!r}, a distribution of plait.infer is needed (Normal(0, 1), say)")
    for key, value in start.items():
        if isinstance(value, str) or np.ndim(value):
            raise TypeError(f"{name}.fit: the start of {key!r} is {value!r}, a number is needed")


class Model:
    """A model of one time series; subclasses give the parameters, the likelihood and the forecasts."""

    allows_missing = True
    may_be_chaotic = False  # whether there are parameters at which the filter never forgets its start

    def fit(
        self,
        y: Any,
        X: Any = None,
        method: str = "bbvi",
        priors: Mapping[str, Any] | None = None,
        start: Mapping[str, float] | None = None,
        rng: Any = 0,
        **options: Any,
    ) -> Result:
        """Fit the model to a series.

        Parameters
        ----------
        y : array_like or pandas.Series, shape (n,)
            The observations in time order. NaN, and dates left out of a regular index, are missing values where the model allows them.
            Dates from Monday to Friday only are days of trade: weekends are never missing, and where the model allows no missing values,
            a day of trade follows the last over a holiday too.
        X : array_like or pandas.DataFrame, shape (n, k), optional
            Regressors of the mean.
        method : {"bbvi", "map", "mle"}
            Variational inference (:func:`plait.infer.bbvi`, with a full-rank gaussian unless `family` says otherwise), the mode of the
            posterior density, or maximum likelihood. The density is that of the quantities that the default priors are about: partial
            autocorrelations, the unconditional variance.
        priors : dict of name to distribution, optional
            Priors of :mod:`plait.infer` for parameters by name, in the units of the series. Parameters without one have a weak prior on the
            scale of the data.
        start : dict of name to float, optional
            Where the search starts; all other parameters start at a moment estimate.
        rng : int, SeedSequence or Generator
            Random numbers of variational inference and of simulated forecasts.
        **options
            For :func:`plait.infer.bbvi`.

        Returns
        -------
        Result
            Parameters, their errors, and forecasts.

        Raises
        ------
        ValueError
            An unknown method or parameter name; a series that is constant, too short, infinite or missing where that is not allowed; unsorted
            or repeated dates.

        Notes
        -----
        The likelihood is a graph; its gradient is exact. Standard errors come from the inverse of the observed information.
        """
        if method not in METHODS:
            raise ValueError(f"fit: method is one of {', '.join(map(repr, METHODS))}, got {method!r}")
        name = type(self).__name__
        series = read_series(y, X, what=f"{name}.fit", missing=self.allows_missing)
        series, layout = self._prepare(series)
        if len(set(layout.names)) < layout.size:
            twice = next(n for n in layout.names if layout.names.count(n) > 1)
            raise ValueError(f"{name}.fit: two parameters would be named {twice!r}; rename that column of X")
        needed = layout.size + 1
        if series.observed.sum() <= needed:
            raise ValueError(f"{name}.fit: {int(series.observed.sum())} observations are too few for {layout.size} parameters")
        for what, given in (("priors", priors), ("start", start)):
            for key in given or {}:
                if key not in layout.names:
                    raise ValueError(f"{name}.fit: {what} names {key!r}; the parameters are {', '.join(layout.names)}")
        _check_values(name, priors or {}, start or {}, method)
        begin = self._starts(series, layout)
        if start:
            begin = [layout.unconstrained({**layout.parameters(begin[0]), **start})]

        def loglik(u: Any) -> Any:
            return self._log_likelihood(layout.parameters(u), series)

        growth = (lambda u: self._growth(layout.parameters(u), series)) if self.may_be_chaotic else None

        if method == "bbvi":
            return self._infer(series, layout, loglik, growth, dict(priors or {}), begin, rng, options)
        if options:
            raise TypeError(f"{name}.fit: {', '.join(options)} is for method='bbvi'")
        target = loglik
        if method == "map":

            def target(u: Any) -> Any:
                return loglik(u) + layout.log_density(u, priors or {})

        best, converged = _maximize(target, begin, growth)
        if not converged:
            warnings.warn(f"{name}.fit: the search for the maximum stopped before it converged", ConvergenceWarning, stacklevel=2)
        covariance = _covariance(target, layout, best)
        return Result(
            self,
            series,
            layout,
            best,
            covariance=covariance,
            loglik=float(graph.function(loglik)(best)),
            converged=converged,
            method=method,
            rng=rng,
            again={"priors": priors},
        )

    def _infer(
        self, series: Series, layout: Layout, loglik: Any, growth: Any, priors: dict[str, Any], begin: Any, rng: Any, options: Any
    ) -> Result:
        again = {"priors": priors, **options}
        from .. import bbvi

        # The mode first: the likelihoods of short series have far, flat regions in which a search from elsewhere would sit.
        def joint(u: Any) -> Any:
            return loglik(u) + layout.log_prior(u, priors)

        mode, _ = _maximize(joint, begin, growth)
        spread = _spread(joint, mode)
        options.setdefault("family", "full_rank")
        options.setdefault("progress", False)
        posterior = bbvi(lambda z: joint(mode + spread @ z["u"]), latents={"u": RealLine(shape=layout.size)}, rng=rng, **options)
        wrapped = ParameterPosterior(posterior, layout, mode, spread)
        center = mode + spread @ np.asarray(posterior.mean("u"))
        return Result(
            self,
            series,
            layout,
            center,
            posterior=wrapped,
            loglik=float(graph.function(loglik)(center)),
            converged=bool(posterior.converged),
            method="bbvi",
            rng=rng,
            again=again,
        )

    # --- what a model says of itself

    def _prepare(self, series: Series) -> tuple[Series, Layout]:
        """The series as the likelihood takes it, and the parameters."""
        raise NotImplementedError

    def _starts(self, series: Series, layout: Layout) -> list[np.ndarray[Any, Any]]:
        """Points from which the search for a mode starts."""
        raise NotImplementedError

    def _log_likelihood(self, parameters: Mapping[str, Any], series: Series) -> Any:
        raise NotImplementedError

    def _growth(self, parameters: Mapping[str, Any], series: Series) -> Any:
        """The mean log growth of a disturbance of the filter per step (Lyapunov exponent), a node; for models that `may_be_chaotic`."""
        raise NotImplementedError

    def _forecast(self, parameters: Mapping[str, Any], series: Series, h: int, X: Any, rng: np.random.Generator, paths: int) -> Any:
        """Moments or paths of the next `h` values for rows of parameters; see `result.Forecast`."""
        raise NotImplementedError

    def _one_step(self, parameters: Mapping[str, Any], series: Series) -> tuple[Any, Any]:
        """Mean and variance of each observation given those before it."""
        raise NotImplementedError

    def _simulate(self, parameters: Mapping[str, Any], series: Series, n: int, X: Any, fresh: bool, rng: np.random.Generator) -> Any:
        """One path of n values."""
        raise NotImplementedError


def _maximize(target: Any, starts: list[np.ndarray[Any, Any]], growth: Any = None) -> tuple[np.ndarray[Any, Any], bool]:
    """The best of the maxima found from each start; of those whose filter forgets its start, where `growth` says how it does."""
    problem = _problem(target, len(starts[0]))
    # A start that leads to the boundary of the stationary region converges very slowly along it; the other starts are used.
    if growth is not None:
        return _maximize_stable(target, starts, growth, problem)
    found = [_search(problem, u0) for u0 in starts]
    best = min(found, key=lambda r: r.f if np.isfinite(r.f) else np.inf)
    # A converged search is preferred to one that continues at the level of rounding, e.g. toward a variance of 0.
    ended = [r for r in found if _ended(r) and r.f <= best.f + SAME]
    if ended:
        return np.asarray(min(ended, key=lambda r: float(r.f)).x), True
    mode, converged = _newton(target, np.asarray(best.x))
    if converged:
        return mode, True
    # The likelihood increases toward a boundary at which roots cancel: an interior maximum, if there is one, is the estimate.
    inside = [mode for mode, converged in (_newton(target, u0) for u0 in starts) if converged]
    if inside:
        return max(inside, key=graph.function(target)), True
    best = lbfgs(problem, np.asarray(best.x), max_iterations=10 * MOST_STEPS, max_evaluations=10 * MOST_VALUES)
    return np.asarray(best.x), _ended(best)


def _maximize_stable(target: Any, starts: list[np.ndarray[Any, Any]], growth: Any, problem: Any) -> tuple[np.ndarray[Any, Any], bool]:
    """The best maximum of those at which the filter forgets its start.

    Elsewhere a likelihood is as rough as the filter is chaotic, and its many maxima say nothing (Wintenberger, 2013, Continuous invertibility
    and stable QML estimation of the EGARCH(1,1) model). A search that went there is done again with a log barrier that keeps it from it.
    """
    speed, height = graph.function(growth), graph.function(target)
    fenced: Any = None
    best: tuple[bool, float, Any] | None = None
    for start in starts:
        one, ended = _search_with_kinks(problem, start, height)
        if not (ended and float(speed(np.asarray(one.x))) < 0):
            fenced = fenced or _problem(lambda u: target(u) + BARRIER * graph.log(-growth(u)), len(start))
            one = _search(fenced, start)
            ended = _ended(one)
        x = np.asarray(one.x)
        this = ended, float(height(x)), x
        if best is None or (this[0], np.nan_to_num(this[1], nan=-np.inf)) > (best[0], np.nan_to_num(best[1], nan=-np.inf)):
            best = this
    assert best is not None
    return best[2], best[0]


def _problem(target: Any, size: int) -> Any:
    """The minimisation of minus `target`, without limits."""
    u = graph.input("u", (size,), dtype="float64")
    problem = graph_problem(-target(u), [u])
    unlimited, none = np.full(size, np.inf), np.empty(0)
    problem.set_limits(-unlimited, unlimited, none, none, none, none, none)
    return problem


def _search(problem: Any, start: np.ndarray[Any, Any]) -> Any:
    """The quasi-Newton method from one start."""
    return lbfgs(problem, start, max_iterations=MOST_STEPS, max_evaluations=MOST_VALUES)


def _search_with_kinks(problem: Any, start: np.ndarray[Any, Any], height: Any) -> tuple[Any, bool]:
    """The same where |ε| makes the likelihood bend sharply at each observation, and whether the search ended at a maximum.

    At a maximum with a mean that equals an observation the slope is none, but it changes its sign, and no search of slopes comes to an end.
    """
    found = lbfgs(problem, start, max_iterations=MOST_STEPS, max_evaluations=FIRST_VALUES)
    if found.status == SOLVED and _ended(found):
        return found, True
    if _is_kink(height, found):
        return found, True
    found = _search(problem, start)
    return found, _ended(found) or _is_kink(height, found)


def _is_kink(height: Any, found: Any) -> bool:
    """Whether the height falls to both sides along the slope, within a step that is short beside any error of estimation."""
    x, slope = np.asarray(found.x), np.asarray(found.gradient)
    size = float(np.linalg.norm(slope))
    if not np.isfinite(size) or size == 0:
        return False
    step = NEAR * max(1.0, float(np.abs(x).max())) * slope / size
    return max(float(height(x + step)), float(height(x - step))) < float(height(x))


def _ended(found: Any) -> bool:
    """Whether a search ended at a maximum: what it takes for one has no slope, in units in which all numbers are of order one."""
    steep = float(np.max(np.abs(found.gradient), initial=0.0)) > STEEP * max(1.0, abs(found.f))
    return bool((found.status == SOLVED and not steep) or _is_flat(found.f, found.gradient))


def _is_flat(value: float, slope: Any) -> bool:
    """Whether a search that found no ascent ended at a maximum up to rounding, judged by the slope."""
    return float(np.max(np.abs(slope), initial=0.0)) <= 1e-5 * max(1.0, abs(value))


def _newton(target: Any, u: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], bool]:
    """Newton's method from the point where the quasi-Newton method failed, e.g. in a curved valley near a double unit root."""
    density = Density(trace(lambda z: target(z["u"]), {"u": RealLine(shape=len(u))}))
    found, _, _, _ = find_mode(density, u)
    value, slope = density.slope()(u=found)
    before, _ = density.slope()(u=u)
    better = bool(np.isfinite(value)) and bool(value >= before)
    return np.asarray(found), better and _is_flat(float(value), slope)


def _information(target: Any, u: np.ndarray[Any, Any]) -> Any:
    return -np.asarray(graph.hessian(target)(u))


def _spread(target: Any, u: np.ndarray[Any, Any]) -> Any:
    """A factor of the covariance of a Gaussian at the mode: coordinates in which the posterior is about standard normal."""
    values, vectors = np.linalg.eigh(_information(target, u))
    return vectors / np.sqrt(np.clip(values, 1e-2, None))


def _covariance(target: Any, layout: Layout, u: np.ndarray[Any, Any]) -> Any:
    """Of the parameters, by the delta method; NaN in directions in which the likelihood is flat (a variance at zero)."""
    information = _information(target, u)
    jacobian = np.asarray(graph.jacobian(lambda v: graph.stack(list(layout.parameters(v).values())))(u))
    values, vectors = np.linalg.eigh(information)
    good = values > 1e-7 * max(float(np.abs(values).max()), 1e-300)
    inverse = (vectors[:, good] / values[good]) @ vectors[:, good].T
    covariance = jacobian @ inverse @ jacobian.T
    lost = np.abs(jacobian @ vectors[:, ~good]) if (~good).any() else np.zeros((len(u), 0))
    flat = (np.abs(vectors[:, ~good]) > 0.5).any(1) if lost.size else np.zeros(len(u), bool)
    covariance[flat] = covariance[:, flat] = np.nan
    return covariance
