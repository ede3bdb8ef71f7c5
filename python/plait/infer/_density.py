"""The log joint as programs over unconstrained numbers: many samples at once, with its gradient and its Hessian-vector products."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from .. import _core, graph
from ..graph import Node
from ._batch import Batch
from ._values import Array
from .model import Latent, Model

MOST_FLOPS = 5e7  # per chunk: below it the number of draws for the report is not reduced
PRODUCTS = 16  # Hessian-vector products of one run
CHUNK = 500  # samples of one run of the program that only evaluates


class Density:
    """A traced model over one vector of unconstrained numbers, the latents one after the other; `natural` ones are given as they are."""

    def __init__(self, model: Model, natural: Collection[str] = ()) -> None:
        self.model = model
        self.latents = list(model.latents.values())
        self.natural = [latent for latent in self.latents if latent.name in natural]
        self.gaussian = [latent for latent in self.latents if latent.name not in natural]
        self.slices: dict[str, slice] = {}
        at = 0
        for latent in self.gaussian:
            self.slices[latent.name] = slice(at, at + latent.free)
            at += latent.free
        self.dimension = at
        self._programs: dict[Any, Any] = {}

    def values(self, u: Node, samples: int | None) -> tuple[dict[str, Node], Node]:
        """Constrained values and the sum of log Jacobians; u is (samples, dimension), or (dimension,) for None."""
        lead = () if samples is None else (samples,)
        found: dict[str, Node] = {}
        total: Node | None = None
        for latent in self.gaussian:
            part = self.slices[latent.name]
            free = u if self.dimension == latent.free else u[..., part]
            free = free.reshape((*lead, *latent.support.free_shape))
            found[latent.name] = latent.support.to_support(free)
            if type(latent.support).__name__ in ("Real", "_RealVector"):
                continue
            jacobian = self.summed(latent.support.log_jacobian(free), len(lead))
            total = jacobian if total is None else total + jacobian
        return found, total if total is not None else _core.constant(0.0, "", "float64")

    @staticmethod
    def summed(node: Node, lead: int) -> Node:
        """The sum over all axes but the first `lead`."""
        axes = tuple(range(lead, len(node.shape)))
        return graph.sum(node, axis=axes) if axes else node

    def terms(self, values: dict[str, Node], samples: int | None) -> list[Node]:
        """The summands of the log joint at these values: (samples,) each, or scalars."""
        replaced = {latent.leaf.id: (values[latent.name], samples is not None) for latent in self.latents}
        batch = Batch(samples or 1, replaced)
        found = []
        for (node, batched), term in zip(batch([t.node for t in self.model.terms]), self.model.terms, strict=True):
            value = self.summed(node, int(batched))
            found.append(value if term.scale == 1.0 else value * term.scale)
        return found

    def log_joint(self, u: Node, samples: int | None) -> Node:
        """The log joint with Jacobians: (samples,), or a scalar."""
        values, jacobian = self.values(u, samples)
        return add_up([*self.terms(values, samples), jacobian])

    def _compiled(self, key: Any, make: Any) -> Any:
        if key not in self._programs:
            self._programs[key] = make()
        return self._programs[key]

    def evaluate(self, u: Array, values: Mapping[str, Array] | None = None) -> Array:
        """The log joint of rows of unconstrained numbers, and of values of the natural latents."""

        def make() -> Any:
            x = graph.input("u", (CHUNK, self.dimension), "float64")
            given, jacobian = self.values(x, CHUNK)
            leaves = {latent.name: graph.input(latent.name, (CHUNK, *latent.shape), "float64") for latent in self.natural}
            total = add_up([*self.terms({**given, **leaves}, CHUNK), jacobian])
            return graph.compile(graph.broadcast_to(total, (CHUNK,))), leaves, x

        program, leaves, x = self._compiled("evaluate", make)
        used = set(program.inputs)
        columns = {leaf: np.asarray((values or {})[name], np.float64) for name, leaf in leaves.items() if leaf in used}
        if x in used:
            columns[x] = u
        split = {leaf: pieces(array) for leaf, array in columns.items()}
        count = -(-len(u) // CHUNK)
        return np.concatenate([program({leaf: parts[k] for leaf, parts in split.items()}) for k in range(count)])[: len(u)]

    def affordable(self, draws: int, most: float = MOST_FLOPS) -> int:
        """The number of draws that can be evaluated in reasonable time, at least a thousand; after a first evaluation."""
        cost = float(self._programs["evaluate"][0].flops)
        return int(min(draws, max(1000, draws * most / max(cost, 1.0))))

    def constrained(self, u: Array) -> dict[str, Array]:
        """The latents for rows of unconstrained numbers."""

        def make() -> Any:
            x = graph.input("u", (CHUNK, self.dimension), "float64")
            values = self.values(x, CHUNK)[0]
            return graph.compile([values[latent.name] for latent in self.gaussian])

        program = self._compiled("constrained", make)
        parts: list[list[Array]] = []
        for rows in pieces(u):
            parts.append(program(u=rows))
        return {latent.name: np.concatenate([p[k] for p in parts])[: len(u)] for k, latent in enumerate(self.gaussian)}

    def by_term(self, u: Array) -> dict[str, float]:
        """Every summand at one point, by label."""
        x = graph.input("u", (self.dimension,), "float64")
        values, jacobian = self.values(x, None)
        nodes = self.terms(values, None)
        found = graph.evaluate([*nodes, jacobian], {x: u})
        labels = [t.label for t in self.model.terms]
        return {label: float(v) for label, v in zip([*labels, "Jacobian"], found, strict=True)}

    def slope(self) -> Any:
        """The program of the log joint and its gradient at one point."""

        def make() -> Any:
            u = graph.input("u", (self.dimension,), "float64")
            joint = self.log_joint(u, None)
            return lenient(graph.compile([joint, graph.gradient(joint, u)]))

        return self._compiled("slope", make)

    def curvature(self) -> tuple[Any, int]:
        """The program of Hessian-vector products at rows of points, and how many rows it takes."""

        def make() -> Any:
            rows = min(self.dimension, PRODUCTS)
            u, v = graph.input("u", (rows, self.dimension), "float64"), graph.input("v", (rows, self.dimension), "float64")
            slope = graph.gradient(graph.broadcast_to(self.log_joint(u, rows), (rows,)).sum(), u)
            return lenient(graph.compile(graph.gradient((slope * v).sum(), u))), rows

        found: tuple[Any, int] = self._compiled("curvature", make)
        return found

    def hessian(self, u: Array) -> Array:
        """The Hessian at one point, a product for each row."""
        if not self.dimension:
            return np.zeros((0, 0))
        program, count = self.curvature()
        point = np.repeat(np.asarray(u)[None], count, axis=0)
        units = np.concatenate([np.eye(self.dimension), np.zeros((-self.dimension % count, self.dimension))])
        parts = [program(u=point, v=units[k : k + count]) for k in range(0, self.dimension, count)]
        rows = np.concatenate(parts)[: self.dimension]
        return np.asarray(0.5 * (rows + rows.T))

    def free(self, values: dict[str, Array], lead: int = 0) -> Array:
        """Unconstrained numbers of constrained values with `lead` axes of samples."""
        parts = []
        for latent in self.gaussian:
            value = np.asarray(values[latent.name], np.float64)
            if value.shape[lead:] != latent.shape:
                raise graph.ShapeError(f"{latent.name}: expected shape {latent.shape} for each sample, got {value.shape[lead:]}")
            parts.append(latent.support.to_free(value).reshape((*value.shape[:lead], latent.free)))
        return np.concatenate(parts, axis=-1) if parts else np.zeros((*np.shape(next(iter(values.values())))[:lead], 0))

    def log_jacobian(self, u: Array) -> Array:
        """The sum of log Jacobians for rows of unconstrained numbers."""

        def make() -> Any:
            x = graph.input("u", (CHUNK, self.dimension), "float64")
            return graph.compile(graph.broadcast_to(self.values(x, CHUNK)[1] + x[:, 0] * 0.0, (CHUNK,)))

        return chunked(self._compiled("jacobian", make), u)

    def find(self, name: str) -> Latent:
        """The latent of that name; KeyError that lists them."""
        if name not in self.model.latents:
            raise KeyError(f"no latent {name!r}; there are {', '.join(map(repr, self.model.latents))}")
        return self.model.latents[name]


def lenient(program: Any) -> Any:
    """A program that ignores feeds of inputs it does not read: the Hessian of a linear log joint reads none."""
    used = {node.name for node in program.inputs}
    return lambda **feeds: program(**{k: x for k, x in feeds.items() if k in used})


def add_up(nodes: list[Node]) -> Node:
    """The sum of nodes."""
    total = nodes[0]
    for node in nodes[1:]:
        total = total + node
    return total


def pieces(u: Array) -> list[Array]:
    """Rows in chunks, the last one filled up with its first row."""
    found = [np.ascontiguousarray(u[k : k + CHUNK]) for k in range(0, len(u), CHUNK)]
    if found and len(found[-1]) < CHUNK:
        last = found[-1]
        found[-1] = np.concatenate([last, np.repeat(last[:1], CHUNK - len(last), axis=0)])
    return found


def chunked(program: Any, u: Array) -> Array:
    """A program over chunks of rows."""
    return np.concatenate([program(u=rows) for rows in pieces(u)])[: len(u)] if len(u) else np.zeros(0)
