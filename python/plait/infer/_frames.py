"""Where a fit starts: modes of the log joint, curvature there, and coordinates in which the posterior is about standard normal."""

from __future__ import annotations

import numpy as np

from .. import _core, graph
from ..graph import Node
from ._density import CHUNK, Density
from ._families import Frame
from ._values import Array, is_node
from .distribution import Distribution

MOST_FOR_STARTS = 32  # dimensions up to which several starts are used to find modes
SPREADS = (1.0, 2.0, 3.0, 4.0)  # how far from the first
BEST_STARTS = 3
PRIOR_DRAWS = 2000
NARROWER = (1.0, 0.1, 0.01)  # than the priors, where a fit starts from them


def spectrum(curvature: Array) -> tuple[Array, Array, Array]:
    """Eigenvalues and eigenvectors of a symmetric matrix scaled to a diagonal of ±1, and the scale: units of latents do not matter."""
    diagonal = np.abs(np.diag(curvature))
    scale = 1.0 / np.sqrt(np.maximum(diagonal, 1e-12 * max(diagonal.max(initial=0.0), 1e-300) if (diagonal == 0).any() else 1e-300))
    values, vectors = np.linalg.eigh(scale[:, None] * curvature * scale)
    return values, vectors, scale


def find_mode(
    density: Density, u: Array, max_steps: int = 80, trail: list[tuple[float, Array, Array]] | None = None
) -> tuple[Array, Array | None, int, int]:
    """A mode by Newton's method in |eigenvalues|: the point, minus the Hessian there if it is positive definite, steps, values not finite.

    `trail` is given the points on the way with a positive definite one: Laplace's approximation of the evidence, the point, minus the Hessian.
    """
    program = density.slope()
    value, slope = program(u=u)
    bad = steps = 0
    while True:
        curvature = -density.hessian(u)
        if not np.isfinite(curvature).all():
            return u, None, steps, bad + 1
        values, vectors, scale = spectrum(curvature)
        definite = bool(values.min(initial=1.0) > 1e-13)
        if trail is not None and definite:
            trail.append((float(value) - 0.5 * float(np.linalg.slogdet(curvature)[1]), u, curvature))
        direction = scale * (vectors @ ((vectors.T @ (scale * slope)) / np.maximum(np.abs(values), 1e-9)))
        gain = float(direction @ slope)
        if gain < 1e-8 * (1.0 if definite else 1e-4) or steps >= max_steps or np.abs(u).max(initial=0.0) > 1e12:
            return u, curvature if definite and gain < 1e-3 else None, steps, bad
        step = 1.0
        for _ in range(50):
            new = u + step * direction
            new_value, new_slope = program(u=new)
            if np.isfinite(new_value) and np.isfinite(new_slope).all():
                if new_value >= value + 1e-4 * step * gain:
                    break
            else:
                bad += 1
            step *= 0.5
        else:  # rounding hides any further rise, of the value or of the point
            still = bool((np.abs(direction) <= 8 * np.finfo(float).eps * np.abs(u)).all())
            return u, curvature if definite and (gain < 1e-3 or still) else None, steps, bad
        u, value, slope = new, new_value, new_slope
        steps += 1


def frame_from(centre: Array, curvature: Array | None) -> Frame:
    """Coordinates for a posterior with this curvature at its centre."""
    d = len(centre)
    if curvature is None:
        return Frame(centre.copy(), np.eye(d), np.zeros(d))
    values, vectors, scale = spectrum(curvature)
    root = scale[:, None] * (vectors / np.sqrt(np.maximum(values, 1e-13)))
    return Frame(centre.copy(), root, -0.5 * np.log(np.diag(curvature)))


def choose_frame(density: Density, start: Array, rng: np.random.Generator) -> tuple[Frame, int, int, list[tuple[float, Array]]]:
    """Coordinates at the best mode by Laplace's approximation, from `start` and, in few dimensions, from points around it."""
    program = density.slope()
    starts = [start]
    if density.dimension <= MOST_FOR_STARTS:
        # The best of many points around it, including distant ones, and one arbitrary point.
        around = start + np.repeat(SPREADS, CHUNK // len(SPREADS))[:, None] * rng.standard_normal((CHUNK, density.dimension))
        with np.errstate(all="ignore"):
            height = density.evaluate(around)
        order = np.argsort(-np.where(np.isfinite(height), height, -np.inf), kind="stable")
        starts += [*around[order[:BEST_STARTS]], around[0]]
    best: tuple[float, Array, Array | None] = -np.inf, start, None
    modes: list[tuple[float, Array]] = []
    trail: list[tuple[float, Array, Array]] = []
    steps = bad = 0
    for point in starts:
        if not np.isfinite(program(u=point)[0]):
            continue
        mode, curvature, taken, wrong = find_mode(density, point, trail=trail)
        steps, bad = steps + taken, bad + wrong
        if curvature is None:
            continue
        evidence = float(program(u=mode)[0]) - 0.5 * float(np.linalg.slogdet(curvature)[1])
        if not any(np.abs(mode - other).max(initial=0.0) < 1e-3 * (1 + np.abs(other).max(initial=0.0)) for _, other in modes):
            modes.append((evidence, mode))
        if evidence > best[0] + 1e-6:
            best = evidence, mode, curvature
    # An apparent mode may be the narrow end of a funnel, a density without a maximum: then the priors or an earlier point are used.
    prior = prior_frame(density, start, rng)
    others = [Frame(prior.centre, prior.root, prior.log_sd + np.log(k)) for k in NARROWER]
    if trail:
        others.append(frame_from(*max(trail, key=lambda t: t[0])[1:]))
    worths = [_worth(density, other, rng) for other in others]
    if not modes or max(worths) > _worth(density, frame_from(best[1], best[2]), rng) + 1.0:
        return others[int(np.argmax(worths))], steps, bad, []
    return frame_from(best[1], best[2]), steps, bad, sorted(modes, key=lambda m: -m[0])


def prior_frame(density: Density, start: Array, rng: np.random.Generator) -> Frame:
    """Coordinates by the medians and quartiles of the priors' unconstrained numbers, each given the medians of those that it depends on."""
    frame = frame_from(start, None)
    medians: dict[Node, Array] = {}
    for latent in density.latents:
        prior = _at(latent.prior, medians)
        if latent.name not in density.slices or prior is None:
            continue
        part = density.slices[latent.name]
        drawn = np.asarray(_spread_over(prior, latent.support.shape).sample(PRIOR_DRAWS, rng))
        free = latent.support.to_free(drawn).reshape(PRIOR_DRAWS, -1)
        low, centre, high = np.quantile(free, [0.25, 0.5, 0.75], axis=0)
        spread = (high - low) / 1.35
        if np.isfinite(centre).all() and np.isfinite(spread).all() and (spread > 0).all():
            frame.centre[part], frame.log_sd[part] = centre, np.log(spread)
            medians[latent.leaf] = np.quantile(drawn, 0.5, axis=0)
    return Frame(frame.centre, np.diag(np.exp(frame.log_sd)), frame.log_sd)


def _spread_over(prior: Distribution, batch: tuple[int, ...]) -> Distribution:
    """The same distribution with that batch shape, which its own broadcasts to."""
    key, first = next(iter(prior.parameters.items()))
    inner = np.shape(first)[len(prior._batch_of(key)) :]
    return type(prior)(**{**prior.parameters, key: np.broadcast_to(first, (*batch, *inner))})


def _at(prior: Distribution | None, values: dict[Node, Array]) -> Distribution | None:
    """A prior with its parameters at values of the latents that they depend on; None where some have no value."""
    if prior is None:
        return None
    nodes = {k: p for k, p in prior.parameters.items() if is_node(p)}
    if not nodes:
        return prior
    below = {n.id for n in _core.ancestors(list(nodes.values())) if n.op == "input"}
    feeds = {leaf: x for leaf, x in values.items() if leaf.id in below}
    if len(feeds) < len(below):
        return None
    try:
        found = graph.evaluate(list(nodes.values()), feeds)
        return type(prior)(**{**prior.parameters, **dict(zip(nodes, found, strict=True))})
    except ValueError:
        return None


def _worth(density: Density, frame: Frame, rng: np.random.Generator) -> float:
    """The ELBO of a frame's own independent gaussian, up to a constant."""
    with np.errstate(all="ignore"):
        value = density.evaluate(frame.centre + rng.standard_normal((CHUNK, density.dimension)) * np.exp(frame.log_sd)).mean()
        found = float(value + frame.log_sd.sum())
    return found if np.isfinite(found) else -np.inf
