"""Black box variational inference: distributions, models, and posteriors with diagnostics."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .bounded import Beta, Dirichlet, Uniform
from .continuous import Cauchy, Normal, StudentT
from .discrete import Bernoulli, Binomial, Categorical, NegativeBinomial, Poisson
from .distribution import Distribution
from .model import Model
from .multivariate import MultivariateNormal
from .positive import Exponential, Gamma, HalfCauchy, HalfNormal, InverseGamma, LogNormal
from .posterior import Posterior
from .run import bbvi
from .sampling import gradient_samples
from .supports import Integers, Interval, Ordered, Positive, Real, Simplex, Support

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "Integers",
    "Interval",
    "InverseGamma",
    "LogNormal",
    "Model",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "Ordered",
    "Poisson",
    "Positive",
    "Posterior",
    "Real",
    "Simplex",
    "StudentT",
    "Support",
    "Uniform",
    "bbvi",
    "gradient_samples",
]

if TYPE_CHECKING:
    from . import timeseries as timeseries
else:

    def __getattr__(name):
        if name != "timeseries":  # loaded when it is first asked for
            raise AttributeError(f"module 'plait.infer' has no attribute {name!r}")
        return importlib.import_module(".timeseries", __name__)
