"""Fixed draws: the ELBO over one set of standard normal draws is a smooth function, and a quasi-Newton method finds its optimum.

Giordano, Ingram and Broderick (2024), Black box variational inference with a deterministic objective. Draws come in pairs of opposite
sign and with the identity as their second moment, so that for a nearly gaussian posterior a few give the optimum of all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import graph
from ..graph import Node
from ._density import Density
from ._families import Frame, Gaussian, family_of
from ._frames import choose_frame, frame_from, spectrum
from ._lbfgs import Minimum, Pairs, approach, minimize
from ._values import Array

MOST_DRAWS = 4096
FEW_DRAWS = 32  # for the first approach
MOST_LEFT = 10.0  # times the tolerance: largest error that the final number of draws may leave
FAR = (10.0, 100.0, 1e3, 1e4)  # standard deviations along a direction
RUNAWAY = 20.0  # logs of standard deviations that a spread may move from where curvature puts it
RUNAWAY_MEAN = 1000.0  # standard deviations that a mean may move


@dataclass
class Fit:
    """The result of a fit."""

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
        """Change the coordinates."""
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


def flat_direction(density: Density, gaussian: Gaussian) -> str:
    """The latents along a joint line of which the log joint never decreases, so that the posterior is improper; empty if there are none.

    Candidates are directions without curvature at the mean, e.g. of two coefficients of which only the sum is identified: a mean field
    converges in such a case nevertheless.
    """
    curvature = -density.hessian(gaussian.mean)
    if not np.isfinite(curvature).all() or not len(curvature):
        return ""
    values, vectors, scale = spectrum(curvature)
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
    """The covariance of all latents' elements, or of `functions` of them (samples, k), by linear response.

    Giordano, Broderick and Jordan (2018): the response of the optimum's means to linear terms in the log joint. With F the negative ELBO and g the means of the latents as functions of its parameters, the
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
    """The optimum over fixed draws, with enough of them for an error below `tolerance`."""
    d = density.dimension
    family = family_of(family_name, d)
    limit = max_steps or 1000
    try:
        frame, newton, bad, modes = choose_frame(density, start, rng)
        phi = family.start()
        if not modes:
            few = Objective(density, family, matched_draws(FEW_DRAWS, family.noise, rng))
            few.set_frame(frame)
            frame, phi = _recentred(density, family_name, family, frame, approach(few, phi))
    except KeyboardInterrupt:
        frame = frame_from(start, None)
        return Fit(family.gaussian(family.start(), frame), np.nan, False, "interrupted", 0, interrupted=True)
    need = 4 * family.noise
    count = samples or max(32, 1 << int(np.ceil(np.log2(need))))
    count += count % 2
    history: list[float] = []

    def runaway(x: Array) -> bool:
        return bool(np.abs(x[d : 2 * d]).max(initial=0.0) > RUNAWAY or np.abs(x).max(initial=0.0) > RUNAWAY_MEAN)

    pairs: Pairs = deque(maxlen=20)
    steps = newton
    best: Minimum | None = None
    converged, reason = False, "step limit"
    objective = None
    try:
        while True:
            objective = Objective(density, family, matched_draws(count, family.noise, rng))
            objective.set_frame(frame)
            before = objective(phi)[0] if best is not None else np.inf
            found = minimize(objective, phi, max_steps=min(150, limit), callback=report, runaway=runaway, pairs=pairs)
            steps += found.steps
            bad += found.nonfinite
            rounds = 0
            # Without the curvature of a mode the coordinates give no scale for slopes: the curvature at the current point does.
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
                pairs.clear()
                again = minimize(objective, phi, max_steps=min(150, limit), callback=report, runaway=runaway, pairs=pairs)
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
    try:
        free = flat_direction(density, family.gaussian(phi, frame)) if converged else ""
    except KeyboardInterrupt:
        free, converged, reason, best.interrupted = "", False, "interrupted", True
    if free:
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
            values, vectors, scale = spectrum(curvature)
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
