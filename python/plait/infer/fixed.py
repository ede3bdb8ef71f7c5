"""Fixed draws: the ELBO over one set of standard normal draws is a smooth function, and a quasi-Newton method finds its optimum.

Giordano, Ingram and Broderick (2024), Black box variational inference with a deterministic objective. Draws come in pairs of opposite
sign and with the identity as their second moment, so that for a nearly gaussian posterior a few give the optimum of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import graph
from ..graph import Node
from ._density import CHUNK, Density
from ._families import Frame, Gaussian, family_of
from ._lbfgs import Minimum, minimize
from ._values import Array, is_node

MOST_DRAWS = 4096
MOST_LEFT = 10.0  # tolerances that the last of the draws may leave open
FAR = (10.0, 100.0, 1e3, 1e4)  # standard deviations along a direction
RUNAWAY = 20.0  # standard deviations, or logs of them, that a parameter may move from where curvature puts it
MOST_FOR_STARTS = 32  # dimensions up to which modes are looked for from several starts
SPREADS = (1.0, 2.0, 3.0, 4.0)  # how far from the first
BEST_STARTS = 3


@dataclass
class Fit:
    """What a fit found."""

    gaussian: Gaussian
    value: float
    converged: bool
    reason: str
    steps: int
    nonfinite: int = 0
    interrupted: bool = False
    history: list[float] = field(default_factory=list)
    phi: Array | None = None
    frame: Frame | None = None
    objective: Any = None
    draws: int = 0
    modes: list[tuple[float, Array]] = field(default_factory=list)


def matched_draws(samples: int, dimension: int, rng: np.random.Generator) -> Array:
    """Normal draws in pairs of opposite sign; where there are enough of them their second moment is the identity exactly."""
    half = rng.standard_normal((samples // 2, dimension))
    if samples // 2 >= 2 * dimension:
        values, vectors = np.linalg.eigh(half.T @ half / len(half))
        half = half @ (vectors / np.sqrt(values)) @ vectors.T
    else:
        half /= np.sqrt((half**2).mean(axis=0))
    return np.concatenate([half, -half])


class Objective:
    """The negative ELBO over one set of draws: value, gradient and Hessian-vector products as programs."""

    def __init__(self, density: Density, family: Any, noise: Array) -> None:
        self.density, self.family, self.noise = density, family, noise
        d, s = density.dimension, len(noise)
        self.phi = graph.input("phi", (family.size,), "float64")
        self.frame_nodes = {
            "centre": graph.input("centre", (d,), "float64"),
            "root": graph.input("root", (d, d), "float64"),
            "log_sd": graph.input("log_sd", (d,), "float64"),
            "log_det": graph.input("log_det", (), "float64"),
        }
        u, entropy = family.place(self.phi, self.frame_nodes, graph.constant(noise))
        joint = graph.broadcast_to(density.log_joint(u, s), (s,))
        self.loss = -(joint.mean() + entropy)
        self.slope = graph.gradient(self.loss, self.phi)
        self.u = u
        self.program = graph.compile([self.loss, self.slope])
        self.used = {node for node in self.program.inputs if node is not self.phi}
        self._product: Any = None
        self.feeds: dict[Any, Any] = {}

    def set_frame(self, frame: Frame) -> None:
        """The coordinates from now on."""
        self.frame = frame
        values = {
            "centre": frame.centre,
            "root": frame.root,
            "log_sd": frame.log_sd,
            "log_det": np.asarray(np.linalg.slogdet(frame.root)[1]),
        }
        self.feeds = {self.frame_nodes[k]: v for k, v in values.items() if self.frame_nodes[k] in self.used}

    def __call__(self, phi: Array) -> tuple[float, Array]:
        """The negative ELBO and its gradient."""
        value, slope = self.program({self.phi: phi, **self.feeds})
        return float(value), slope

    def hessian(self, phi: Array) -> Array:
        """The Hessian, a product for each row."""
        if self._product is None:
            v = graph.input("v", (self.family.size,), "float64")
            node = graph.gradient((self.slope * v).sum(), self.phi)
            self._product = graph.compile(node), v
        program, v = self._product
        inputs = set(program.inputs)
        feeds = {k: x for k, x in {self.phi: phi, **self.feeds}.items() if k in inputs}
        rows = np.array([program({v: e, **feeds}) for e in np.eye(self.family.size)])
        return np.asarray(0.5 * (rows + rows.T))


def _spectrum(curvature: Array) -> tuple[Array, Array, Array]:
    """Eigenvalues and eigenvectors of a symmetric matrix scaled to a diagonal of ±1, and the scale: units of latents do not matter."""
    diagonal = np.abs(np.diag(curvature))
    scale = 1.0 / np.sqrt(np.maximum(diagonal, 1e-12 * max(diagonal.max(initial=0.0), 1e-300) if (diagonal == 0).any() else 1e-300))
    values, vectors = np.linalg.eigh(scale[:, None] * curvature * scale)
    return values, vectors, scale


def find_mode(density: Density, u: Array, max_steps: int = 80) -> tuple[Array, Array | None, int, int]:
    """A mode by Newton's method in |eigenvalues|: the point, minus the Hessian there if it is positive definite, steps, values not finite."""
    program = density.slope()
    value, slope = program(u=u)
    bad = steps = 0
    while True:
        curvature = -density.hessian(u)
        if not np.isfinite(curvature).all():
            return u, None, steps, bad + 1
        values, vectors, scale = _spectrum(curvature)
        definite = bool(values.min(initial=1.0) > 1e-13)
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
    values, vectors, scale = _spectrum(curvature)
    root = scale[:, None] * (vectors / np.sqrt(np.maximum(values, 1e-13)))
    return Frame(centre.copy(), root, -0.5 * np.log(np.diag(curvature)))


def choose_frame(density: Density, start: Array, rng: np.random.Generator) -> tuple[Frame, int, int, list[tuple[float, Array]]]:
    """Coordinates at the best mode by Laplace's approximation, from `start` and, in few dimensions, from points around it."""
    program = density.slope()
    starts = [start]
    if density.dimension <= MOST_FOR_STARTS:
        # The best of many points around it, far ones among them, and one that nothing speaks for.
        around = start + np.repeat(SPREADS, CHUNK // len(SPREADS))[:, None] * rng.standard_normal((CHUNK, density.dimension))
        with np.errstate(all="ignore"):
            height = density.evaluate(around)
        order = np.argsort(-np.where(np.isfinite(height), height, -np.inf), kind="stable")
        starts += [*around[order[:BEST_STARTS]], around[0]]
    best: tuple[float, Array, Array | None] = -np.inf, start, None
    modes: list[tuple[float, Array]] = []
    steps = bad = 0
    for point in starts:
        if not np.isfinite(program(u=point)[0]):
            continue
        mode, curvature, taken, wrong = find_mode(density, point)
        steps, bad = steps + taken, bad + wrong
        if curvature is None:
            continue
        evidence = float(program(u=mode)[0]) - 0.5 * float(np.linalg.slogdet(curvature)[1])
        if not any(np.abs(mode - other).max(initial=0.0) < 1e-3 * (1 + np.abs(other).max(initial=0.0)) for _, other in modes):
            modes.append((evidence, mode))
        if evidence > best[0] + 1e-6:
            best = evidence, mode, curvature
    frame, plain = frame_from(best[1], best[2]), prior_frame(density, start, rng)
    if not modes or _worth(density, plain, rng) > _worth(density, frame, rng) + 1.0:
        return plain, steps, bad, []  # what looks like a mode is the thin end of a funnel: a density without a maximum
    return frame, steps, bad, sorted(modes, key=lambda m: -m[0])


def prior_frame(density: Density, start: Array, rng: np.random.Generator) -> Frame:
    """Coordinates by the medians and quartiles of the priors' unconstrained numbers; around `start` where a prior depends on other latents."""
    frame = frame_from(start, None)
    for latent in density.gaussian:
        if latent.prior is None or any(is_node(p) for p in latent.prior.parameters.values()):
            continue
        part = density.slices[latent.name]
        drawn = np.asarray(latent.prior.sample((200, *latent.support.shape), rng))
        free = latent.support.to_free(drawn).reshape(200, -1)
        low, centre, high = np.quantile(free, [0.25, 0.5, 0.75], axis=0)
        spread = (high - low) / 1.35
        if np.isfinite(centre).all() and np.isfinite(spread).all() and (spread > 0).all():
            frame.centre[part], frame.log_sd[part] = centre, np.log(spread)
    return Frame(frame.centre, np.diag(np.exp(frame.log_sd)), frame.log_sd)


def _worth(density: Density, frame: Frame, rng: np.random.Generator) -> float:
    """The ELBO of a frame's own gaussian, up to a constant."""
    with np.errstate(all="ignore"):
        value = density.evaluate(frame.centre + rng.standard_normal((CHUNK, density.dimension)) @ frame.root.T).mean()
        found = float(value + np.linalg.slogdet(frame.root)[1])
    return found if np.isfinite(found) else -np.inf


def flat_direction(density: Density, gaussian: Gaussian) -> str:
    """The latents along whose joint line the log joint never falls, so that no normalising constant exists; empty where there are none.

    Candidates are directions without curvature at the mean, as of two coefficients of which only the sum is identified: a family that does
    not follow such a direction converges on it all the same.
    """
    curvature = -density.hessian(gaussian.mean)
    if not np.isfinite(curvature).all() or not len(curvature):
        return ""
    values, vectors, scale = _spectrum(curvature)
    program = density.slope()
    value = program(u=gaussian.mean)[0]
    for k in np.flatnonzero(values < 1e-9 * np.abs(values).max(initial=1e-300)):
        line = scale * vectors[:, k]
        line /= np.abs(line / gaussian.marginal_sd()).max()
        for sign in (-1.0, 1.0):
            heights = [program(u=gaussian.mean + sign * t * line)[0] for t in FAR]
            if np.isfinite(heights).all() and min(heights) > value - 5.0:
                involved = [n for n, s in density.slices.items() if np.abs(line[s] / gaussian.marginal_sd()[s]).max(initial=0.0) > 1e-3]
                return ", ".join(map(repr, involved))
    return ""


def linear_response(found: Fit, density: Density, functions: Callable[[dict[str, Node]], Node] | None = None) -> Array:
    """The covariance of all latents' elements, or of `functions` of them (samples, k), as means of the optimum answer to linear terms added to the log joint.

    Giordano, Broderick and Jordan (2018): with F the negative ELBO and g the means of the latents as functions of its parameters, the
    covariance is ∇gᵀ (∇²F)⁻¹ ∇g at the optimum.
    """
    objective = found.objective
    samples = len(objective.noise)
    values, _ = density.values(objective.u, samples)
    if functions is not None:
        flat = functions(values)
    else:
        flat = graph.concatenate([values[latent.name].reshape((samples, -1)) for latent in density.gaussian], axis=1)
    means = graph.mean(flat, axis=0)
    weight = graph.input("weight", (means.shape[0] or 0,), "float64")
    program = graph.compile(graph.gradient((means * weight).sum(), objective.phi))
    inputs = set(program.inputs)
    feeds = {k: x for k, x in {objective.phi: found.phi, **objective.feeds}.items() if k in inputs}
    slopes = np.array([program({weight: e, **feeds}) for e in np.eye(means.shape[0] or 0)])
    hessian = objective.hessian(found.phi)
    return np.asarray(slopes @ np.linalg.solve(hessian, slopes.T))


def fit(
    density: Density,
    family_name: str,
    start: Array,
    rng: np.random.Generator,
    tolerance: float = 0.01,
    samples: int | None = None,
    max_steps: int | None = None,
    report: Callable[[int, float], None] | None = None,
) -> Fit:
    """The optimum over fixed draws, as many as keep what they leave open below `tolerance`."""
    d = density.dimension
    family = family_of(family_name, d)
    limit = max_steps or 1000
    try:
        frame, newton, bad, modes = choose_frame(density, start, rng)
    except KeyboardInterrupt:
        frame = frame_from(start, None)
        return Fit(family.gaussian(family.start(), frame), np.nan, False, "interrupted", 0, interrupted=True)
    need = 4 * family.noise
    count = samples or max(32, 1 << int(np.ceil(np.log2(need))))
    count += count % 2
    phi = family.start()
    history: list[float] = []

    def runaway(x: Array) -> bool:
        return bool(np.abs(x).max(initial=0.0) > RUNAWAY)

    steps = newton
    best: Minimum | None = None
    converged, reason = False, "step limit"
    objective = None
    try:
        while True:
            objective = Objective(density, family, matched_draws(count, family.noise, rng))
            objective.set_frame(frame)
            before = objective(phi)[0] if best is not None else np.inf
            found = minimize(objective, phi, max_steps=min(150, limit), callback=report, runaway=runaway)
            steps += found.steps
            bad += found.nonfinite
            rounds = 0
            # Without a mode's curvature the coordinates say nothing of what a small slope is: those of the curvature where the fit stands do.
            unproven = not modes
            while (
                ((not found.converged and found.steps > 0) or unproven)
                and not found.interrupted
                and not runaway(found.x)
                and steps < limit
                and rounds < 6
            ):
                rounds += 1
                frame, phi = _recentred(density, family_name, family, frame, found.x)
                objective.set_frame(frame)
                again = minimize(objective, phi, max_steps=min(150, limit), callback=report, runaway=runaway)
                steps, bad = steps + again.steps, bad + again.nonfinite
                history += [-v for v in found.history]
                unproven = unproven and not again.value > found.value - 0.1 * tolerance
                stuck = abs(again.value - found.value) < 1e-6 * (1 + abs(found.value)) and again.steps < 3
                found = again
                if stuck:
                    found.converged = bool(0.5 * (found.slope @ found.slope) < 1e-2)
                    break
            if unproven:
                found.converged = False
            history += [-v for v in found.history]
            phi, best = found.x, found
            gaussian = family.gaussian(phi, frame)
            if runaway(phi):
                worst = int(np.argmax(gaussian.marginal_sd()))
                name = next(n for n, s in density.slices.items() if s.start <= worst < s.stop)
                converged, reason = False, f"improper: the spread of {name!r} grows without end"
                break
            if found.interrupted or not found.converged:
                reason = "interrupted" if found.interrupted else f"no convergence after {steps} steps"
                break
            left = before - found.value
            if samples is not None or count >= MOST_DRAWS or (left < tolerance and before < np.inf):
                converged = samples is not None or left < MOST_LEFT * tolerance
                reason = f"{count} fixed draws"
                if before < np.inf:
                    reason += f"; {'more of them' if converged else 'the last of them'} change the ELBO by {max(left, 0.0):.1g}"
                break
            count = min(4 * count, MOST_DRAWS)
    except KeyboardInterrupt:  # between two runs of the quasi-Newton method
        return Fit(family.gaussian(phi, frame), np.nan, False, "interrupted", steps, bad, True, history)
    assert best is not None
    if converged and (free := flat_direction(density, family.gaussian(phi, frame))):
        converged, reason = False, f"improper: along a line in {free} the log joint never falls"
    return Fit(
        family.gaussian(phi, frame),
        -best.value,
        converged,
        reason,
        steps,
        bad,
        best.interrupted,
        history,
        phi,
        frame,
        objective,
        count,
        modes,
    )


def _recentred(density: Density, name: str, family: Any, frame: Frame, phi: Array) -> tuple[Frame, Array]:
    """The same gaussian in the coordinates of the curvature at its mean."""
    g = family.gaussian(phi, frame)
    curvature = -density.hessian(g.mean)
    if name == "mean_field":
        usable = np.isfinite(curvature).all()
        if usable:
            values, vectors, scale = _spectrum(curvature)
            root = scale[:, None] * (vectors / np.sqrt(np.maximum(np.abs(values), 1e-12)))
        else:
            root = np.diag(g.sd)
        return Frame(g.mean, root, np.log(g.sd)), np.zeros(family.size)
    if name == "full_rank" and g.factor is not None:
        return Frame(g.mean, g.factor, np.log(g.sd)), np.zeros(family.size)
    new = phi.copy()
    d = family.dimension
    new[: 2 * d] = 0
    new[2 * d :] = ((g.factor if g.factor is not None else 0) / g.sd[:, None]).ravel()
    return Frame(g.mean, np.diag(g.marginal_sd()), np.log(g.sd)), new
