"""Gaussian families on the unconstrained space, as nodes of a parameter vector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core, graph
from ..graph import Node
from ._values import Array

_LOG_2PI = math.log(2 * math.pi)


@dataclass
class Frame:
    """Coordinates in which a fit is well conditioned: mean = centre + root @ a, log sd = log_sd + b."""

    centre: Array
    root: Array
    log_sd: Array


@dataclass
class Gaussian:
    """A normal distribution of unconstrained numbers: u = mean + factor @ e1 + sd · e2, or mean + factor @ e for full rank."""

    mean: Array
    sd: Array
    factor: Array | None = None
    full: bool = False

    def draw(self, noise: Array) -> Array:
        """Rows of unconstrained numbers for rows of standard normal ones."""
        d = len(self.mean)
        if self.full and self.factor is not None:
            return np.asarray(self.mean + noise @ self.factor.T)
        u = self.mean + noise[:, :d] * self.sd
        return np.asarray(u + noise[:, d:] @ self.factor.T) if self.factor is not None else u

    @property
    def noise(self) -> int:
        """Standard normal numbers of one draw."""
        return len(self.mean) + (0 if self.full or self.factor is None else self.factor.shape[1])

    def covariance(self) -> Array:
        """The covariance matrix."""
        if self.factor is None:
            return np.diag(self.sd**2)
        low = self.factor @ self.factor.T
        return np.asarray(low if self.full else low + np.diag(self.sd**2))

    def marginal_sd(self) -> Array:
        """Standard deviation of each unconstrained number."""
        if self.factor is None:
            return self.sd
        squares = (self.factor**2).sum(1)
        return np.asarray(np.sqrt(squares if self.full else squares + self.sd**2))

    def log_density(self, u: Array) -> Array:
        """Log density of rows."""
        off = u - self.mean
        if self.factor is None:
            z = off / self.sd
            return np.asarray(-0.5 * (z * z).sum(-1) - np.log(self.sd).sum() - 0.5 * len(self.mean) * _LOG_2PI)
        root = self.factor if self.full else np.linalg.cholesky(self.covariance())
        z = np.linalg.solve(root, off.T)
        return np.asarray(-0.5 * (z * z).sum(0) - np.linalg.slogdet(root)[1] - 0.5 * len(self.mean) * _LOG_2PI)


class MeanField:
    """Independent normal numbers."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.noise = dimension
        self.size = 2 * dimension

    def start(self) -> Array:
        """Parameters of the frame's own gaussian."""
        return np.zeros(self.size)

    def place(self, phi: Node, frame: dict[str, Node], noise: Node) -> tuple[Node, Node]:
        """Samples of unconstrained numbers, and the entropy."""
        d = self.dimension
        log_sd = frame["log_sd"] + phi[d:]
        mean = frame["centre"] + _core.matmul(frame["root"], phi[:d])
        return mean + graph.exp(log_sd) * noise, graph.sum(log_sd) + 0.5 * d * (1 + _LOG_2PI)

    def gaussian(self, phi: Array, frame: Frame) -> Gaussian:
        """The distribution for these parameters."""
        d = self.dimension
        return Gaussian(frame.centre + frame.root @ phi[:d], np.exp(frame.log_sd + phi[d:]))


class FullRank:
    """All correlations: u = centre + root @ (a + C e), C lower triangular with a positive diagonal."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.noise = dimension
        lower = dimension * (dimension - 1) // 2
        self.size = 2 * dimension + lower
        # The position of each element of C in (diagonal, below it, 0).
        self.places = np.full((dimension, dimension), dimension + lower)
        self.places[np.diag_indices(dimension)] = np.arange(dimension)
        self.places[np.tril_indices(dimension, -1)] = dimension + np.arange(lower)

    def start(self) -> Array:
        """Parameters of the frame's own gaussian."""
        return np.zeros(self.size)

    def _factor(self, phi: Node) -> Node:
        d = self.dimension
        parts = [graph.exp(phi[d : 2 * d]), *([phi[2 * d :]] if d > 1 else []), graph.constant(np.zeros(1))]
        return graph.take(graph.concatenate(parts), self.places)

    def inner(self, phi: Node, frame: dict[str, Node], noise: Node) -> Node:  # noqa: ARG002
        """Samples in the frame's coordinates."""
        return phi[: self.dimension] + _core.matmul(noise, graph.transpose(self._factor(phi)))

    def outer(self, inner: Node, frame: dict[str, Node]) -> Node:
        """Unconstrained numbers of them."""
        return frame["centre"] + _core.matmul(inner, graph.transpose(frame["root"]))

    def log_density(self, phi: Node, frame: dict[str, Node], inner: Node) -> Node:
        """Log density of the unconstrained numbers of such samples."""
        d = self.dimension
        z = graph.solve_triangular(self._factor(phi), graph.transpose(inner - phi[:d]))
        return -0.5 * graph.sum(z * z, axis=0) - graph.sum(phi[d : 2 * d]) - frame["log_det"] - 0.5 * d * _LOG_2PI

    def place(self, phi: Node, frame: dict[str, Node], noise: Node) -> tuple[Node, Node]:
        """Samples of unconstrained numbers, and the entropy."""
        d = self.dimension
        u = self.outer(self.inner(phi, frame, noise), frame)
        return u, graph.sum(phi[d : 2 * d]) + frame["log_det"] + 0.5 * d * (1 + _LOG_2PI)

    def gaussian(self, phi: Array, frame: Frame) -> Gaussian:
        """The distribution for these parameters."""
        d = self.dimension
        values = np.concatenate([np.exp(phi[d : 2 * d]), phi[2 * d :], [0.0]])
        factor = frame.root @ values[self.places]
        return Gaussian(frame.centre + frame.root @ phi[:d], np.sqrt((factor**2).sum(1)), factor, True)


class LowRank:
    """Independent numbers and a few common factors: u = mean + F e1 + sd e2."""

    def __init__(self, dimension: int, rank: int) -> None:
        self.dimension, self.rank = dimension, rank
        self.noise = dimension + rank
        self.size = (2 + rank) * dimension

    def start(self) -> Array:
        """The frame's own gaussian, with small factors that break their symmetry."""
        phi = np.zeros(self.size)
        phi[2 * self.dimension :] = 0.1 * np.random.default_rng(0).standard_normal(self.rank * self.dimension)
        return phi

    def _parts(self, phi: Node, frame: dict[str, Node]) -> tuple[Node, Node, Node]:
        """Mean, log sds and factors."""
        d, r = self.dimension, self.rank
        mean = frame["centre"] + _core.matmul(frame["root"], phi[:d])
        return mean, frame["log_sd"] + phi[d : 2 * d], phi[2 * d :].reshape((d, r)) * graph.exp(frame["log_sd"]).reshape((d, 1))

    def _capacitance(self, log_sd: Node, factor: Node) -> tuple[Node, Node]:
        """Factors over sds, and the triangular root of I + FᵀD⁻¹F."""
        scaled = factor * graph.exp(-log_sd).reshape((self.dimension, 1))
        return scaled, graph.cholesky(_core.matmul(graph.transpose(scaled), scaled) + np.eye(self.rank))

    def _log_det(self, log_sd: Node, root: Node) -> Node:
        return graph.sum(log_sd) + graph.sum(graph.log(graph.sum(root * np.eye(self.rank), axis=1)))

    def inner(self, phi: Node, frame: dict[str, Node], noise: Node) -> Node:
        """Samples of unconstrained numbers."""
        d = self.dimension
        mean, log_sd, factor = self._parts(phi, frame)
        return mean + graph.exp(log_sd) * noise[:, :d] + _core.matmul(noise[:, d:], graph.transpose(factor))

    def outer(self, inner: Node, frame: dict[str, Node]) -> Node:  # noqa: ARG002
        """The identity: samples are unconstrained numbers already."""
        return inner

    def log_density(self, phi: Node, frame: dict[str, Node], inner: Node) -> Node:
        """Log density of such samples, by the matrix inversion lemma."""
        mean, log_sd, factor = self._parts(phi, frame)
        scaled, root = self._capacitance(log_sd, factor)
        z = (inner - mean) * graph.exp(-log_sd)
        w = graph.solve_triangular(root, graph.transpose(_core.matmul(z, scaled)))
        quadratic = graph.sum(z * z, axis=1) - graph.sum(w * w, axis=0)
        return -0.5 * quadratic - self._log_det(log_sd, root) - 0.5 * self.dimension * _LOG_2PI

    def place(self, phi: Node, frame: dict[str, Node], noise: Node) -> tuple[Node, Node]:
        """Samples of unconstrained numbers, and the entropy."""
        _, log_sd, factor = self._parts(phi, frame)
        root = self._capacitance(log_sd, factor)[1]
        return self.inner(phi, frame, noise), self._log_det(log_sd, root) + 0.5 * self.dimension * (1 + _LOG_2PI)

    def gaussian(self, phi: Array, frame: Frame) -> Gaussian:
        """The distribution for these parameters."""
        d, r = self.dimension, self.rank
        factor = phi[2 * d :].reshape(d, r) * np.exp(frame.log_sd)[:, None]
        return Gaussian(frame.centre + frame.root @ phi[:d], np.exp(frame.log_sd + phi[d : 2 * d]), factor)


def family_of(name: str, dimension: int) -> Any:
    """The family of that name."""
    if name == "full_rank":
        return FullRank(dimension)
    if name == "low_rank":
        return LowRank(dimension, max(1, min(dimension - 1, round(math.sqrt(dimension)) if dimension > 2 else 1)))
    return MeanField(dimension)
