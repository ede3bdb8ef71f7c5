"""The stochastic fit: a compiled step repeated by a loop in C++; a stationarity test of the iterates halves the rate and stops.

Welandawe, Andersen, Vehtari and Huggins (2024), A framework for improving the reliability of black-box variational inference: at each rate
the iterates become stationary, which R-hat of two halves of a window shows; their average is taken, the rate is halved, and the fit ends when
the averages of two rates are the same distribution to within the tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _core, graph, optim
from ..graph import Node
from ._approximation import Approximation, divergence
from ._density import Density
from ._estimators import JOINED, PATHS, Gradients, Unit, candidates, default_estimator, joined
from ._families import Frame, Gaussian, family_of
from ._frames import choose_frame
from ._natural import natural
from ._show import Shower
from ._values import Array
from .model import Model

RATE = 0.05
WARM_UP = 200
PROBES = 200  # gradients that "auto" measures for each estimator
MOST_STEPS = 100_000
WINDOW = 200
STATIONARY = 1.1
DRIFT = 0.1  # fraction of the tolerance that the distribution may move between windows


@dataclass
class Settings:
    """The user's settings."""

    gradient: str
    family: str
    samples: int | None
    optimizer: Any
    batch_size: int | None
    tolerance: float
    max_steps: int | None
    again: bool = False  # a restart: from another start


@dataclass
class Run:
    """The result of a stochastic fit."""

    q: Approximation
    converged: bool
    reason: str
    steps: int
    nonfinite: int
    elbo: float
    estimators: dict[str, str]
    history: list[float] = field(default_factory=list)


def naturals(m: Model, family: str) -> dict[str, Any]:
    """The latents that get their own family: all that have one for "natural", else those that are whole numbers."""
    return {
        name: found
        for name, latent in m.latents.items()
        if (family == "natural" or latent.discrete) and (found := natural(latent)) is not None
    }


class Step:
    """A compiled step: flat parameters, their update, and running sums of the iterates."""

    def __init__(self, stochastic: Stochastic, estimators: dict[str, str], samples: int, phi: Node | None) -> None:
        s = stochastic
        start = s.start() if phi is None else phi.value
        self.phi = graph.parameter(start, name="phi")
        elbo, gradient = s.gradients(self.phi, estimators, samples)
        usable = graph.less(graph.sum(graph.abs(gradient)), np.inf)
        gradient = graph.where(usable, gradient, 0.0)
        self.rate = graph.parameter(np.asarray(RATE), name="rate")
        rule = s.settings.optimizer or optim.Adam(lambda _t: self.rate)
        updates = dict(rule.updates(-graph.sum(self.phi * graph.stop_gradient(gradient)), [self.phi]))
        self.first, self.second = (graph.parameter(np.zeros(len(start)), name=n) for n in ("first", "second"))
        self.origin = graph.parameter(start, name="origin")
        off = self.phi - self.origin
        updates[self.first] = self.first + off
        updates[self.second] = self.second + graph.square(off)
        outputs = [elbo, graph.cast(graph.logical_not(usable), "float64")]
        self.loop = s.loop(outputs, updates)

    def window(self, n: int, seed: int, at: int) -> tuple[Array, Array, Array, int]:
        """Runs n steps: mean and variance of the iterates, the record, and how many steps were done."""
        self.origin.value = self.phi.value
        self.first.value = np.zeros(len(self.origin.value))
        self.second.value = np.zeros(len(self.origin.value))
        record = np.empty((n, 2))
        self.loop.run(seed, at, record)
        mean = self.first.value / n
        return self.origin.value + mean, np.maximum(self.second.value / n - mean**2, 0.0), record, n


class Stochastic:
    """One fit."""

    def __init__(self, m: Model, whole: Model, settings: Settings, rng: np.random.Generator, shower: Shower) -> None:
        self.model, self.settings, self.rng, self.shower = m, settings, rng, shower
        self.own = naturals(m, settings.family)
        self.density = Density(m, tuple(self.own))
        self.whole = self.density if whole is m else Density(whole, tuple(self.own))  # with all rows: what the result is judged by
        gaussian = [latent for latent in m.latents.values() if latent.name not in self.own]
        for latent in gaussian:
            if latent.discrete:
                raise ValueError(f"bbvi: latent {latent.name!r} is a whole number without a family")
        self.joined = settings.family in ("full_rank", "low_rank")
        if self.joined and self.own:
            raise ValueError(f"bbvi: family {settings.family!r} is of real numbers; {next(iter(self.own))!r} is a whole number")
        if self.joined and settings.gradient not in ("auto", *JOINED):
            raise ValueError(
                f"bbvi: gradient {settings.gradient!r} needs independent latents; with family {settings.family!r} there are {', '.join(JOINED)}"
            )
        if self.own and settings.gradient in PATHS:
            raise ValueError(f"bbvi: gradient {settings.gradient!r} needs gaussian families; {next(iter(self.own))!r} has its own")
        self.stopped = False
        self.frame = self._frame()
        self.family = family_of(settings.family, self.density.dimension) if self.joined else None

    def _frame(self) -> Frame:
        """The start of the gaussians: a mode with its curvature, else the origin."""
        d = self.density.dimension
        centre = self.rng.standard_normal(d) * 2.0 if self.settings.again else np.zeros(d)
        plain = Frame(centre, np.eye(d), np.full(d, -1.0))
        if self.own or d == 0 or d > 64 or self.settings.again:
            return plain
        try:
            found = choose_frame(self.whole, centre, self.rng)[0]
        except KeyboardInterrupt:
            self.stopped = True
            return plain
        return found if self.joined else Frame(found.centre, np.diag(np.exp(found.log_sd)), found.log_sd)

    def start(self) -> Array:
        """Flat parameters at the start."""
        if self.family is not None:
            return np.asarray(self.family.start())
        parts = [np.zeros(2 * self.density.dimension)]
        for found in self.own.values():
            spread = 0.5 if self.settings.again else 0.0
            parts += [p.ravel() + spread * self.rng.standard_normal(p.size) for p in found.start]
        return np.concatenate(parts)

    def units(self, phi: Node, estimators: dict[str, str]) -> list[Unit]:
        """Every latent's distribution as nodes of the flat parameters."""
        d, at, found = self.density.dimension, 2 * self.density.dimension, []
        scale = graph.constant(np.diag(self.frame.root))
        for latent in self.model.latents.values():
            if latent.name in self.own:
                own = self.own[latent.name]
                nodes = []
                for p in own.start:
                    nodes.append(phi[at : at + p.size].reshape(p.shape))
                    at += p.size
                found.append(Unit(latent, nodes, own, estimators[latent.name]))
            else:
                part = self.density.slices[latent.name]
                shape = latent.support.free_shape
                mean = scale[part] * phi[part] + self.frame.centre[part]
                log_sd = phi[part.start + d : part.stop + d] + self.frame.log_sd[part]
                found.append(Unit(latent, [mean.reshape(shape), log_sd.reshape(shape)], None, estimators[latent.name]))
        return found

    def gradients(self, phi: Node, estimators: dict[str, str], samples: int) -> tuple[Node, Node]:
        """The ELBO's estimate and its gradient for the flat parameters."""
        if self.family is not None:
            frame = {
                "centre": graph.constant(self.frame.centre),
                "root": graph.constant(self.frame.root),
                "log_sd": graph.constant(self.frame.log_sd),
                "log_det": graph.constant(np.asarray(np.linalg.slogdet(self.frame.root)[1])),
            }
            return joined(self.density, self.family, frame, phi, samples, next(iter(estimators.values())))
        units = self.units(phi, estimators)
        found = Gradients(self.density, units, samples)
        nodes = [p for u in units for p in u.parameters]
        return found.elbo, graph.gradient(nodes, phi, [graph.stop_gradient(found.gradients[p]) for p in nodes])

    def loop(self, outputs: list[Node], updates: dict[Node, Node]) -> Any:
        """The C++ loop over a program, fed with mini-batches where it has inputs."""
        program = _core.BatchProgram(outputs, updates)
        arrays = {leaf.id: array for leaf, array, _ in self.model.rows}
        feeds = [np.ascontiguousarray(arrays[node.id]) for node in program.inputs]
        return _core.StepLoop(program, feeds, self.model.batch_size or 1)

    def estimators(self) -> dict[str, str]:
        """For each latent the requested estimator, or the initial one."""
        if self.settings.gradient != "auto":
            return dict.fromkeys(self.model.latents, self.settings.gradient)
        return {name: default_estimator(latent, name in self.own) for name, latent in self.model.latents.items()}

    def choose(self, phi: Node, samples: int) -> dict[str, str]:
        """For each latent the estimator with the least gradient variance at the end of the warm-up."""
        chosen = self.estimators()
        if self.family is not None:
            return chosen
        units = self.units(phi, chosen)
        names = list(dict.fromkeys(e for u in units for e in candidates(u)))
        spread: dict[str, dict[str, float]] = {u.latent.name: {} for u in units}
        for name in names:
            plan = {u.latent.name: name if name in candidates(u) else chosen[u.latent.name] for u in units}
            record = self.probe(phi, plan, samples, PROBES)
            for u, part in zip(units, self.parts(units), strict=True):
                if name in candidates(u):
                    spread[u.latent.name][name] = float(record[:, part].var(axis=0).sum())
        return {latent: min(found, key=lambda e: found[e] if np.isfinite(found[e]) else np.inf) for latent, found in spread.items()}

    def parts(self, units: list[Unit]) -> list[Any]:
        """For each unit the slice of its parameters in the flat vector."""
        d, at = self.density.dimension, 2 * self.density.dimension
        found: list[Any] = []
        for u in units:
            if u.natural is not None:
                size = sum(p.size for p in u.natural.start)
                found.append(np.arange(at, at + size))
                at += size
            else:
                part = np.arange(self.density.slices[u.latent.name].start, self.density.slices[u.latent.name].stop)
                found.append(np.concatenate([part, part + d]))
        return found

    def probe(self, phi: Node, estimators: dict[str, str], samples: int, repeats: int) -> Array:
        """Gradients for the flat parameters, a row each."""
        loop = self.loop([self.gradients(phi, estimators, samples)[1]], {})
        record = np.empty((repeats, loop.width))
        loop.run(int(self.rng.integers(2**63)), 0, record)
        return record

    def approximation(self, phi: Array) -> Approximation:
        """The distribution for these parameters."""
        if self.family is not None:
            return Approximation(self.whole, self.family.gaussian(phi, self.frame))
        d = self.density.dimension
        gaussian = Gaussian(self.frame.centre + self.frame.root @ phi[:d], np.exp(self.frame.log_sd + phi[d : 2 * d]))
        at, own = 2 * d, {}
        for name, found in self.own.items():
            values = []
            for p in found.start:
                values.append(phi[at : at + p.size].reshape(p.shape))
                at += p.size
            nodes = found.distribution([graph.constant(v) for v in values])
            own[name] = type(nodes)(**{k: graph.evaluate(v) if isinstance(v, Node) else v for k, v in nodes.parameters.items()})
        return Approximation(self.whole, gaussian, own)

    def distance(self, a: Array, b: Array) -> float:
        """The Kullback-Leibler divergence between the distributions of two sets of parameters."""
        return divergence(self.approximation(a), self.approximation(b), self.rng)

    def run(self) -> Run:
        """The fit."""
        settings = self.settings
        scored = settings.gradient in ("score", "rao_blackwell", "rao_blackwell_control", "score_loo") or bool(self.own)
        samples = settings.samples or (64 if scored else 16)
        limit = settings.max_steps or MOST_STEPS
        seed = int(self.rng.integers(2**63))
        chosen = self.estimators()
        step = Step(self, chosen, samples, None)
        history: list[float] = []
        steps = bad = stages = 0
        average = best = step.phi.value
        last: Array | None = None
        previous: tuple[Array, Array] | None = None
        window, rate = WINDOW, RATE
        converged, reason = False, f"no convergence after {limit} steps"
        try:
            if self.stopped:
                raise KeyboardInterrupt
            if settings.gradient == "auto" and limit > WARM_UP:
                step.window(WARM_UP, seed, 0)
                steps = WARM_UP
                better = self.choose(step.phi, samples)
                if better != chosen:
                    chosen = better
                    step = Step(self, chosen, samples, step.phi)
            while steps < limit:
                n = min(window, limit - steps)
                mean, variance, record, done = step.window(n, seed, steps)
                steps += done
                bad += int(record[:, 1].sum())
                blocks = record[: n - n % 10, 0].reshape(-1, 10).mean(axis=1) if n >= 10 else record[:, 0]
                history += [float(x) for x in blocks]
                self.shower(steps, history[-1])
                best = mean
                if bad > 0 and record[:, 1].mean() > 0.5:
                    reason = "the gradient is not finite at most steps"
                    break
                # Parameters may drift although the distribution does not change: factors that share a variance, logits of probabilities
                # near 0 or 1.
                if previous is not None and (
                    _stationary(previous, (mean, variance), n) or self.distance(mean, previous[0]) < DRIFT * settings.tolerance
                ):
                    stages += 1
                    average = 0.5 * (previous[0] + mean)
                    best = average
                    apart = np.inf if last is None else self.distance(average, last)
                    if apart < settings.tolerance:
                        converged, reason = True, f"iterates of two rates agree to {apart:.1g} nats after {stages} rates"
                        break
                    last, previous = average, None
                    rate *= 0.5
                    step.rate.value = np.asarray(rate)
                    if settings.optimizer is None:
                        step.phi.value = average
                    continue
                previous = (mean, variance)
                window = min(int(window * 1.3), 20_000)
        except KeyboardInterrupt:
            reason = "interrupted"
            best = step.phi.value if last is None else best
        q = self.approximation(best)
        tail = history[-max(len(history) // 10, 1) :]
        elbo = float(np.mean(tail)) if tail else -np.inf
        return Run(q, converged, reason, steps, bad, elbo, chosen, history)


def _stationary(a: tuple[Array, Array], b: tuple[Array, Array], n: int) -> bool:
    """Whether R-hat of two halves of a window is near one for every parameter."""
    within = 0.5 * (a[1] + b[1])
    between = 0.5 * (a[0] - b[0]) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        rhat = np.sqrt((n - 1) / n + between / within)
    return bool((np.where(within > 0, rhat, 1.0) < STATIONARY).all())
