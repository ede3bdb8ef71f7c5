"""`bbvi`: from a model to a posterior and its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .._rng import RandomSource
from ._approximation import Approximation
from ._density import Density
from ._psis import psis
from ._show import Shower
from ._values import Array, generator
from .fixed import Fit, fit, linear_response
from .model import Model, trace
from .posterior import GOOD, USABLE, Posterior
from .stochastic import Run, Settings, Stochastic
from .supports import Support

FAMILIES = ("mean_field", "full_rank", "low_rank", "natural")
GRADIENTS = (
    "auto",
    "score",
    "rao_blackwell",
    "rao_blackwell_control",
    "score_loo",
    "reparameterization",
    "sticking_the_landing",
)
MOST_FIXED = 300  # dimensions up to which draws are fixed
REPORT_DRAWS = 2000  # for the ELBO
KHAT_DRAWS, MOST_KHAT_DRAWS, MOST_KHAT_NUMBERS, MOST_KHAT_FLOPS = 8000, 32_000, 4e6, 2.5e6
EVEN = 0.75  # share of the draws that uneven weights are worth, above which k-hat may be of the bulk
MOST_ERROR = 1.0  # nats: with a larger standard error, a thousand pairs of draws do not determine the ELBO


def bbvi(
    model: Callable[..., Any],
    latents: Mapping[str, Support] | None = None,
    gradient: str = "auto",
    family: str = "mean_field",
    samples: int | None = None,
    optimizer: Any = None,
    batch_size: int | None = None,
    tolerance: float = 0.01,
    max_steps: int | None = None,
    restarts: int = 1,
    rng: RandomSource = 0,
    progress: bool | Callable[..., Any] = True,
) -> Posterior:
    """Black box variational inference.

    Parameters
    ----------
    model : callable
        A model function, called once with a `Model`; or with `latents` a log joint, called once with a dict of nodes.
    latents : dict of str to Support, optional
        Beside a log joint: the support of each latent.
    gradient : str
        "auto", or one estimator for all latents: "score", "rao_blackwell", "rao_blackwell_control", "score_loo", "reparameterization",
        "sticking_the_landing". "auto" uses fixed draws and a quasi-Newton method for smooth models without mini-batches, and otherwise
        chooses for each latent the estimator with the smallest measured variance.
    family : str
        "mean_field", "full_rank" or "low_rank": gaussian on the unconstrained space; "natural": each latent's own.
    samples : int, optional
        Draws of one gradient; None: chosen.
    optimizer : plait.optim.Optimizer, optional
        Update rule of the stochastic fit; None: Adam, its rate halved until the iterates converge.
    batch_size : int, optional
        Rows of ``m.data`` that one step sees.
    tolerance : float
        Error of the ELBO that may remain, in nats.
    max_steps : int, optional
        Steps after which the fit ends, not converged; with fixed draws beside the Newton steps to the mode near which it begins.
    restarts : int
        Fits from different starts; the best is kept, the others are listed in ``modes``.
    rng : int, SeedSequence or Generator, optional
        Source of all randomness.
    progress : bool or callable
        True: a line on stderr for what takes long. A callable gets (step, elbo).

    Returns
    -------
    Posterior
        The approximation and its report. Ctrl-C gives the one so far, marked not converged.

    Raises
    ------
    ValueError
        If the log joint is nowhere finite, or data lie outside of their distribution's support.

    Notes
    -----
    Ranganath, Gerrish and Blei (2014), Black box variational inference; Giordano, Ingram and Broderick (2024) for fixed draws.

    Examples
    --------
    >>> from plait.infer import Normal, bbvi
    >>> def model(m):
    ...     mu = m.latent("mu", Normal(0, 1))
    ...     m.observe(Normal(mu, 0.5), 10.0)
    >>> posterior = bbvi(model, progress=False)
    >>> round(posterior.mean("mu"), 3), round(posterior.std("mu"), 3)
    (8.0, 0.447)
    """
    _check(gradient, family, samples, batch_size, tolerance, max_steps, restarts)
    g = generator(rng)
    traced = trace(model, latents, batch_size)
    shower = Shower(progress)
    try:
        with np.errstate(all="ignore"):  # values that are not finite are avoided, counted and reported
            if _smooth(traced, gradient, family, optimizer):
                return _fixed(traced, model, family, samples, tolerance, max_steps, restarts, g, shower)
            return _stochastic(
                traced, model, latents, gradient, family, samples, optimizer, batch_size, tolerance, max_steps, restarts, g, shower
            )
    finally:
        shower.close()


def _check(gradient: str, family: str, samples: Any, batch_size: Any, tolerance: float, max_steps: Any, restarts: int) -> None:
    if gradient not in GRADIENTS:
        raise ValueError(f"bbvi: gradient: expected one of {', '.join(GRADIENTS)}, got {gradient!r}")
    if family not in FAMILIES:
        raise ValueError(f"bbvi: family: expected one of {', '.join(FAMILIES)}, got {family!r}")
    for name, value in (("samples", samples), ("batch_size", batch_size), ("max_steps", max_steps), ("restarts", restarts)):
        if value is not None and (isinstance(value, bool) or int(value) != value or value < 1):
            raise ValueError(f"bbvi: {name}: expected a whole number of at least 1, got {value!r}")
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise ValueError(f"bbvi: tolerance: expected a number above 0, got {tolerance!r}")


def _smooth(m: Model, gradient: str, family: str, optimizer: Any) -> bool:
    """Whether fixed draws are possible."""
    batched = any(scale != 1.0 for _, _, scale in m.rows)
    discrete = any(latent.discrete for latent in m.latents.values())
    size = sum(latent.free for latent in m.latents.values())
    return gradient == "auto" and family != "natural" and optimizer is None and not batched and not discrete and size <= MOST_FIXED


def first_point(density: Density, rng: np.random.Generator) -> Array:
    """Unconstrained numbers at which the log joint and its gradient are finite."""
    program = density.slope()
    start = np.zeros(density.dimension)
    for attempt in range(200):
        value, slope = program(u=start)
        if np.isfinite(value) and np.isfinite(slope).all():
            return start
        start = rng.standard_normal(density.dimension) * (0.5 + attempt / 20)
    terms = density.by_term(np.zeros(density.dimension))
    wrong = [f"{label!r} is {value}" for label, value in terms.items() if not np.isfinite(value)]
    raise ValueError(
        f"bbvi: the log joint is finite at none of 200 starting points; at the origin {', '.join(wrong) or 'only its slope is not finite'}"
    )


def _stochastic(
    m: Model,
    model: Any,
    latents: Any,
    gradient: str,
    family: str,
    samples: int | None,
    optimizer: Any,
    batch_size: int | None,
    tolerance: float,
    max_steps: int | None,
    restarts: int,
    rng: np.random.Generator,
    shower: Shower,
) -> Posterior:
    whole = trace(model, latents) if any(scale != 1.0 for _, _, scale in m.rows) else m
    runs: list[Run] = []
    for _ in range(restarts):
        settings = Settings(gradient, family, samples, optimizer, batch_size, tolerance, max_steps, bool(runs))
        runs.append(Stochastic(m, whole, settings, rng, shower).run())
        if runs[-1].reason == "interrupted":
            break
    best = max(runs, key=lambda r: (r.converged, r.elbo if np.isfinite(r.elbo) else -np.inf))
    report: dict[str, Any] = {
        "converged": best.converged,
        "reason": best.reason,
        "steps": sum(r.steps for r in runs),
        "nonfinite": sum(r.nonfinite for r in runs),
        "elbo_history": best.history,
        "estimators": best.estimators,
        "family": family,
    }
    found = [{"elbo": r.elbo, "mean": {n: r.q.mean(m.latents[n]) for n in m.latents}} for r in runs]
    return assess(best.q, model, report, found if restarts > 1 else [], rng)


def _fixed(
    m: Model,
    model: Any,
    family: str,
    samples: int | None,
    tolerance: float,
    max_steps: int | None,
    restarts: int,
    rng: np.random.Generator,
    shower: Shower,
) -> Posterior:
    density = Density(m)
    start = first_point(density, rng)
    fits: list[Fit] = []
    for k in range(restarts):
        point = start
        if k > 0:
            for _ in range(100):
                point = start + 2.0 * rng.standard_normal(density.dimension)
                if np.isfinite(density.slope()(u=point)[0]):
                    break
            else:
                point = start
        fits.append(fit(density, family, point, rng, tolerance, samples, max_steps, shower.negative))
        if fits[-1].interrupted:
            break
    best = max(fits, key=lambda f: (f.converged, f.value if np.isfinite(f.value) else -np.inf))
    report: dict[str, Any] = {
        "converged": best.converged,
        "reason": best.reason,
        "steps": sum(f.steps for f in fits),
        "nonfinite": sum(f.nonfinite for f in fits),
        "elbo_history": best.history,
        "estimators": dict.fromkeys(m.latents, f"fixed draws ({best.draws})"),
        "family": family,
    }
    if best.phi is not None:
        report["response"] = lambda functions: linear_response(best, density, functions)
    others = [Approximation(density, f.gaussian) for f in fits]
    found = [{"elbo": f.value, "mean": {n: q.mean(m.latents[n]) for n in m.latents}} for f, q in zip(fits, others, strict=True)]
    return assess(Approximation(density, best.gaussian), model, report, found if restarts > 1 else [], rng, best.modes)


def assess(
    q: Approximation,
    model: Any,
    report: dict[str, Any],
    fits: list[dict[str, Any]],
    rng: np.random.Generator,
    modes: list[tuple[float, Array]] | None = None,
) -> Posterior:
    """The posterior with its ELBO, k-hat and warnings, from fresh draws."""
    values, u = q.draw(REPORT_DRAWS, rng, matched=True)
    try:
        with np.errstate(all="ignore"):
            weights = q.density.evaluate(u, values) - q.log_density(values, u)
            khat, ratios = _tail(q, rng)
    except KeyboardInterrupt:
        weights = ratios = np.full(len(u), np.nan)
        khat = np.inf
        report = {**report, "converged": False, "reason": "interrupted"}
    finite = np.isfinite(weights)
    bad = int((~finite).sum() + (~np.isfinite(ratios)).sum())
    kept = weights[finite]
    elbo = float(kept.mean()) if len(kept) else -np.inf
    report = {**report, "elbo": elbo, "khat": khat, "elbo_error": _error(weights), "nonfinite": report["nonfinite"] + bad}
    warnings = list(q.density.model.notes)
    if report["converged"] and not report["elbo_error"] < MOST_ERROR:
        report = {
            **report,
            "converged": False,
            "reason": f"rare draws decide on the ELBO: its standard error is {report['elbo_error']:.2g}",
        }
    if not report["converged"]:
        warnings.append(f"not converged ({report['reason']})")
    if bad:
        warnings.append(
            f"the log joint is not finite at {bad} of {len(weights) + len(ratios)} draws, which the ELBO leaves out: check supports and scales"
        )
    elif report["nonfinite"]:
        warnings.append(f"{report['nonfinite']} points at which the log joint is not finite were stepped around")
    better = (
        "full_rank" if report["family"] in ("mean_field", "natural") else "a model without the strongest dependence (a non-centred form)"
    )
    if khat > USABLE:
        warnings.append(
            f"k-hat {khat:.2f} > {USABLE}: the approximation misses the posterior's shape; try family={better!r}"
            if better == "full_rank"
            else f"k-hat {khat:.2f} > {USABLE}: the approximation misses the posterior's shape; try {better}"
        )
    elif khat > GOOD:
        warnings.append(f"k-hat {khat:.2f}: usable with .resample() or std(…, correction='linear_response'); sds may be too small")
    if len(fits) > 1:
        top = max(f["elbo"] for f in fits)
        apart = [f for f in fits if not f["elbo"] > top - 1.0]
        if apart:
            warnings.append(
                f"{len(apart)} of {len(fits)} starts ended elsewhere, the worst at an ELBO lower by {top - min(f['elbo'] for f in apart):.3g}: see .modes"
            )
    close = [m for m in (modes or [])[1:] if m[0] > (modes or [])[0][0] - 5.0]
    if close:
        warnings.append(f"{len(close)} other mode(s) hold a comparable share of the posterior, of which this one is not part")
    fits = sorted(fits, key=lambda f: -f["elbo"])
    return Posterior(q, model, **report, warnings=warnings, modes=fits)


def _tail(q: Approximation, rng: np.random.Generator) -> tuple[float, Array]:
    """K-hat, and the log ratios of independent draws that it is of: pairs would count every tail twice.

    If nearly all weights are equal, k-hat's threshold lies among them and not in the tail, and k-hat is meaningless; more draws move the
    threshold up.
    """
    n = q.density.affordable(KHAT_DRAWS)
    ratios = np.zeros(0)
    while True:
        values, u = q.draw(n - len(ratios), rng)
        ratios = np.concatenate([ratios, q.density.evaluate(u, values) - q.log_density(values, u)])
        if not np.isfinite(ratios).any():
            return np.inf, ratios
        khat = psis(ratios)[1]
        weights = np.exp(np.nan_to_num(ratios - np.nanmax(ratios), nan=-np.inf))
        most = min(q.density.affordable(MOST_KHAT_DRAWS, MOST_KHAT_FLOPS), MOST_KHAT_NUMBERS / max(q.gaussian.noise, 1))
        if khat <= GOOD or weights.sum() ** 2 < EVEN * n * (weights**2).sum() or 4 * n > most:
            return khat, ratios
        n *= 4


def _error(weights: Array) -> float:
    """Standard error of the mean over draws that come in pairs of opposite sign."""
    half = len(weights) // 2
    pairs = 0.5 * (weights[:half] + weights[half : 2 * half])
    pairs = pairs[np.isfinite(pairs)]
    return float(pairs.std(ddof=1) / np.sqrt(len(pairs))) if len(pairs) > 1 else np.inf
