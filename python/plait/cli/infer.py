"""The inference sections of ``plait demo``: eight schools with diagnostics of the fit, and a forecast with its fan."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .. import infer, report
from ..infer import timeseries

SCHOOLS = ("A", "B", "C", "D", "E", "F", "G", "H")
EFFECTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def eight_schools(m: infer.Model) -> None:
    """Effects of coaching in eight schools, a hierarchical model with partial pooling (Rubin 1981)."""
    z = m.latent("z", infer.Normal(0, 1), shape=8)
    mu, tau = m.latent("mu", infer.Normal(0, 5)), m.latent("tau", infer.HalfCauchy(5))
    m.observe(infer.Normal(mu + tau * z, ERRORS), EFFECTS)


def demo_sections(seed: int) -> tuple[list[report.Section], dict[str, Any]]:
    """The sections, and the numbers."""
    began = time.perf_counter()
    posterior = infer.bbvi(eight_schools, rng=seed, progress=False)
    seconds = time.perf_counter() - began
    draws = posterior.sample(4000, rng=seed)
    theta = draws["mu"][:, None] + draws["tau"][:, None] * draws["z"]
    low, middle, high = np.quantile(theta, [0.05, 0.5, 0.95], axis=0)

    def effects(ax: Any) -> None:
        at = np.arange(8)
        ax.errorbar(at - 0.12, EFFECTS, 1.645 * ERRORS, fmt="o", color="0.6", label="observed, 90 %")
        ax.errorbar(at + 0.12, middle, [middle - low, high - middle], fmt="o", color="C0", label="posterior, 90 %")
        ax.set_xticks(at, SCHOOLS)
        ax.axhline(posterior.mean("mu"), color="C1", linewidth=0.8, label="mean of all schools")
        ax.legend(fontsize=8, frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))

    def course(ax: Any) -> None:
        history = posterior.elbo_history
        ax.plot(history, marker=".")
        ax.set_ylim(np.median(history) - 3, history.max() + 0.5)
        ax.set_xlabel("step")
        ax.set_ylabel("ELBO")

    rng = np.random.default_rng(seed)
    series = np.zeros(120)
    for t in range(2, 120):
        series[t] = 1.5 * series[t - 1] - 0.75 * series[t - 2] + rng.standard_normal()
    fitted = timeseries.AR(2).fit(series, rng=seed)
    fans = {level: fitted.predict(20, level=level) for level in (0.5, 0.9)}

    def fan(ax: Any) -> None:
        ax.plot(np.arange(60, 120), series[60:], color="C0")
        ahead = np.arange(120, 140)
        for level, forecast in fans.items():
            ax.fill_between(ahead, forecast.lower, forecast.upper, color="C1", alpha=0.25, label=f"{100 * level:.0f} %")
        ax.plot(ahead, np.asarray(fans[0.9]), color="C1")
        ax.legend(fontsize=8)

    sections = [
        report.figure(
            "Eight schools",
            effects,
            "Grey: what each school measured, with its error. Blue: the posterior given all schools. The large effects shrink towards the "
            "common mean, since their errors are large too.",
            size=(7.0, 3.4),
        ),
        report.figure(
            "Convergence of the fit",
            course,
            f"The evidence lower bound after each step; it is flat where the fit has converged. {posterior.steps} steps, "
            f"{1000 * seconds:.0f} ms with compiling: {posterior.reason}.",
        ),
        report.preformatted(
            "Diagnostics",
            posterior.summary(),
            "k-hat says whether the fitted distribution covers the true posterior: below 0.7 it can be relied on.",
        ),
        report.figure(
            "A forecast",
            fan,
            "An oscillating series, and its forecast by an autoregression of order 2. The bands contain the next values with 50 and 90 %; "
            "they widen, since errors accumulate and the parameters are not known exactly.",
            size=(7.0, 3.4),
        ),
    ]
    return sections, {"schools_elbo": posterior.elbo, "schools_khat": posterior.khat, "schools_seconds": seconds}
