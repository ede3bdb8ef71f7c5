"""Gradients of the ELBO from samples, with an estimator for each latent, as nodes of one program.

Ranganath, Gerrish and Blei (2014) for the score function, Rao-Blackwellisation and control variates; Mnih and Rezende (2016) for leave-one-out
baselines; Kingma and Welling (2014) for reparameterisation; Roeder, Wu and Duvenaud (2017) for sticking the landing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .. import graph
from ..graph import Node
from ._batch import Batch
from ._blanket import reach
from ._density import Density, add_up
from ._natural import Natural
from .continuous import Normal
from .model import Latent

SCORES = ("score", "rao_blackwell", "rao_blackwell_control", "score_loo")
PATHS = ("reparameterization", "sticking_the_landing")
JOINED = (*PATHS, "score", "score_loo")  # of families that join all latents


@dataclass
class Unit:
    """A latent's variational distribution: nodes of its parameters and of its draws in one program."""

    latent: Latent
    parameters: list[Node]  # gaussian: mean and log sd of unconstrained numbers; natural: its own
    natural: Natural | None
    estimator: str = "score_loo"
    value: Any = None  # with the sample axis
    free: Any = None
    jacobian: Any = None
    log_q: Any = None  # (S, *shape)
    repeated: list[Node] = field(default_factory=list)  # parameters with the sample axis


class Gradients:
    """One program's nodes: the ELBO's estimate and its gradient for the parameters of every unit."""

    def __init__(self, density: Density, units: list[Unit], samples: int, noises: dict[str, Node] | None = None) -> None:
        self.density, self.units, self.samples = density, units, samples
        for unit in units:
            self._draw(unit, (noises or {}).get(unit.latent.name))
        replaced = {u.latent.leaf.id: (u.value, True) for u in units}
        batch = Batch(samples, replaced)
        self.terms = list(zip(density.model.terms, batch([t.node for t in density.model.terms]), strict=True))
        summed = []
        for term, (node, batched) in self.terms:
            value = density.summed(node, int(batched))
            summed.append(value if term.scale == 1.0 else value * term.scale)
        jacobians = [density.summed(u.jacobian, 1) for u in units if u.jacobian is not None]
        self.joint = graph.broadcast_to(add_up([*summed, *jacobians]), (samples,))
        self.log_q = add_up([density.summed(u.log_q, 1) for u in units])
        self.elbo = graph.mean(self.joint - self.log_q)
        self.gradients: dict[Node, Node] = {}
        self._by_path()
        for unit in units:
            if unit.estimator in SCORES:
                self._by_score(unit)

    def _draw(self, unit: Unit, noise: Node | None) -> None:
        s, latent = self.samples, unit.latent
        if unit.natural is not None:
            unit.value = graph.stop_gradient(unit.natural.draw(unit.parameters, s))
            unit.repeated = [graph.broadcast_to(p, (s, *p.shape)) for p in unit.parameters]
            unit.log_q = unit.natural.distribution(unit.repeated)._known_density(unit.value)
            return
        mean, log_sd = unit.parameters
        if noise is None:
            noise = graph.normal((s, *latent.support.free_shape), dtype="float64")
        free = mean + graph.exp(log_sd) * noise
        if unit.estimator in SCORES:
            free = graph.stop_gradient(free)
        unit.free = free
        unit.value = latent.support.to_support(free)
        if type(latent.support).__name__ not in ("Real", "_RealVector"):
            unit.jacobian = latent.support.log_jacobian(free)
        fixed = [graph.stop_gradient(p) for p in unit.parameters] if unit.estimator == "sticking_the_landing" else unit.parameters
        unit.repeated = [graph.broadcast_to(p, (s, *p.shape)) for p in fixed]
        density = Normal(unit.repeated[0], graph.exp(unit.repeated[1]))._density(free)
        unit.log_q = graph.sum(density, axis=-1) if latent.support.event else density

    def _by_path(self) -> None:
        """Reparameterised gradient: of the log joint, with the exact entropy or (sticking the landing) with the path through log q."""
        paths = [u for u in self.units if u.estimator in PATHS]
        if not paths:
            return
        target = graph.mean(self.joint)
        for unit in paths:
            if unit.estimator == "sticking_the_landing":
                target = target - graph.mean(self.density.summed(unit.log_q, 1))
            else:
                target = target + graph.sum(unit.parameters[1])
        nodes = [p for u in paths for p in u.parameters]
        for node, slope in zip(nodes, graph.gradient(target, nodes), strict=True):
            self.gradients[node] = slope

    def _signal(self, unit: Unit) -> Node:
        """The weight of each sample's score: (S, *shape), or (S, 1, …) where all elements share it."""
        rank = len(unit.latent.support.shape)
        shared: list[Node] = []
        own: list[Node] = []
        if unit.estimator == "score":
            shared = [self.joint - self.log_q]
        else:
            own = [-unit.log_q] + ([unit.jacobian] if unit.jacobian is not None else [])
            for term, (node, batched) in self.terms:
                touches, axes = reach(unit.latent, term.node)
                if not touches:
                    continue
                if axes is not None and batched:
                    value = self._along(node, axes)
                    own.append(value if term.scale == 1.0 else value * term.scale)
                else:
                    value = self.density.summed(node, int(batched))
                    value = value if term.scale == 1.0 else value * term.scale
                    shared.append(graph.broadcast_to(value, (self.samples,)))
        total = add_up(own) if own else None
        if shared:
            block = add_up(shared).reshape((self.samples, *(1,) * rank))
            total = block if total is None else total + block
        assert total is not None
        return graph.stop_gradient(total)

    @staticmethod
    def _along(node: Node, axes: tuple[int, ...]) -> Node:
        """A term's elements summed over all axes but the samples' and those of the latent, in the latent's order."""
        keep = [0, *(a + 1 for a in axes)]
        rest = tuple(a for a in range(len(node.shape)) if a not in keep)
        value = graph.sum(node, axis=rest) if rest else node
        order = [sorted(keep).index(a) for a in keep]
        return value if order == list(range(len(order))) else graph.transpose(value, tuple(order))

    def _by_score(self, unit: Unit) -> None:
        s = self.samples
        signal = self._signal(unit)
        if unit.estimator == "score_loo" and s > 1:
            signal = (signal - graph.mean(signal, axis=0, keepdims=True)) * (s / (s - 1.0))
        scores = graph.gradient(self.density.summed(unit.log_q, 0), unit.repeated)
        for node, score in zip(unit.parameters, scores, strict=True):
            weight = signal
            if len(node.shape) + 1 > len(signal.shape):
                weight = signal.reshape((*signal.shape, *(1,) * (len(node.shape) + 1 - len(signal.shape))))
            if unit.estimator == "rao_blackwell_control" and s > 1:
                # The optimal a* = Cov(score · signal, score) / Var(score), from all samples except the one it is applied to, so that the
                # estimator is unbiased.
                squares = graph.square(score)
                products = squares * weight
                rest = graph.sum(squares, axis=0, keepdims=True) - squares
                best = (graph.sum(products, axis=0, keepdims=True) - products) / graph.maximum(rest, 1e-300)
                weight = weight - best
            self.gradients[node] = graph.mean(score * weight, axis=0)


def joined(density: Density, family: Any, frame: dict[str, Node], phi: Node, samples: int, estimator: str) -> tuple[Node, Node]:
    """The ELBO's estimate and its gradient for a family that joins all latents: no term can be left out of a latent's signal there."""
    noise = graph.normal((samples, family.noise), dtype="float64")
    inner = family.inner(phi, frame, noise)
    scored = estimator in SCORES
    if scored:
        inner = graph.stop_gradient(inner)
    joint = graph.broadcast_to(density.log_joint(family.outer(inner, frame), samples), (samples,))
    if estimator == "reparameterization":
        elbo = graph.mean(joint) + family.place(phi, frame, noise)[1]
        return elbo, graph.gradient(elbo, phi)
    log_q = family.log_density(phi if scored else graph.stop_gradient(phi), frame, inner)
    elbo = graph.mean(joint - log_q)
    if not scored:
        return elbo, graph.gradient(elbo, phi)
    signal = graph.stop_gradient(joint - log_q)
    if estimator == "score_loo" and samples > 1:
        signal = (signal - graph.mean(signal)) * (samples / (samples - 1.0))
    return elbo, graph.gradient(graph.mean(signal * log_q), phi)


def default_estimator(latent: Latent, is_natural: bool) -> str:
    """The initial estimator of a latent."""
    return "score_loo" if is_natural or latent.discrete else "reparameterization"


def candidates(unit: Unit) -> list[str]:
    """Estimators that "auto" compares."""
    scores = ["rao_blackwell_control", "score_loo"]
    return scores if unit.natural is not None else [*PATHS, *scores]
