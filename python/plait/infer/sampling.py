"""Samples of an estimator's gradients, for measuring their variance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import _core, graph
from .._rng import RandomSource, seed
from ._density import Density
from ._estimators import PATHS, Gradients, Unit
from ._values import Array
from .model import trace
from .stochastic import naturals
from .supports import Support


def gradient_samples(
    model: Callable[..., Any],
    latents: Mapping[str, Support] | None = None,
    gradient: str = "reparameterization",
    at: Mapping[str, Any] | None = None,
    samples: int = 1,
    repeats: int = 1000,
    family: str = "mean_field",
    rng: RandomSource = 0,
) -> dict[str, tuple[Array, ...]]:
    """Many gradients of the ELBO, each as in one step of a fit.

    Parameters
    ----------
    model : callable
        As for `bbvi`.
    latents : dict of str to Support, optional
        As for `bbvi`.
    gradient : str
        The estimator.
    at : dict of str to tuple
        Where: mean and sd of each latent's unconstrained numbers; for a latent with a family of its own that family's parameters, such as
        (probs,) or (concentration, rate).
    samples : int
        Draws of one gradient.
    repeats : int
        How many gradients.
    family : str
        "mean_field", or "natural".
    rng : int, SeedSequence or Generator, optional
        Source of randomness.

    Returns
    -------
    dict of str to tuple of ndarray
        (d/d mean, d/d log sd) of each latent, each (repeats, …); for a family of its own the slopes for the logs of its parameters, or logits.

    Examples
    --------
    >>> from plait.infer import Normal, gradient_samples
    >>> at = {"x": (0.0, 1.0)}
    >>> found = gradient_samples(lambda m: m.latent("x", Normal(0, 1)), gradient="sticking_the_landing", at=at, repeats=5)
    >>> found["x"][0]
    array([0., 0., 0., 0., 0.])
    """
    m = trace(model, latents)
    own = naturals(m, family)
    density = Density(m, tuple(own))
    missing = set(m.latents) - set(at or {})
    if missing:
        raise ValueError(f"gradient_samples: at: nothing for {', '.join(map(repr, sorted(missing)))}")
    if own and gradient in PATHS:
        raise ValueError(f"gradient_samples: gradient {gradient!r} needs gaussian families; {next(iter(own))!r} has its own")
    units = []
    for name, latent in m.latents.items():
        given = (at or {})[name]
        given = given if isinstance(given, tuple) else (given,)
        if name in own:
            values = [np.broadcast_to(v, p.shape) for v, p in zip(own[name].free(given), own[name].start, strict=True)]
        else:
            if len(given) != 2:
                raise ValueError(f"gradient_samples: at[{name!r}]: expected (mean, sd), got {len(given)} values")
            shape = latent.support.free_shape
            values = [np.broadcast_to(np.asarray(v, np.float64), shape) for v in (given[0], np.log(given[1]))]
        nodes = [graph.parameter(np.array(v, np.float64)) for v in values]
        units.append(Unit(latent, list(nodes), own.get(name), gradient))
    found = Gradients(density, units, samples)
    outputs = [found.gradients[p] for u in units for p in u.parameters]
    loop = _core.StepLoop(_core.BatchProgram(outputs, {}), [], 1)
    record = np.empty((int(repeats), loop.width))
    loop.run(seed(rng), 0, record)
    result: dict[str, tuple[Array, ...]] = {}
    column = 0
    for u in units:
        parts = []
        for p in u.parameters:
            size = int(np.prod(p.value.shape))
            parts.append(record[:, column : column + size].reshape((-1, *(int(n or 0) for n in p.shape))))
            column += size
        result[u.latent.name] = tuple(parts)
    return result
