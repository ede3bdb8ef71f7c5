"""Posterior predictive draws: the observed distributions at drawn latents, by NumPy's generators."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from ._batch import Batch
from ._density import Density
from ._values import Array, is_node, shape_of
from .model import Model


def predict(
    function: Any, density: Density, values: dict[str, Array], n: int, data: dict[str, Any] | None, rng: np.random.Generator
) -> dict[str, Array]:
    """Draws for every observation; the model is traced again if its data are new or in batches."""
    model = density.model
    if data is not None or any(scale != 1.0 for _, _, scale in model.rows):
        model = Model(new_data=data or {})
        function(model)
        unknown = set(data or {}) - model.named_data
        if unknown:
            known = ", ".join(map(repr, sorted(model.named_data))) or "none"
            raise ValueError(f"predict: no data named {', '.join(map(repr, sorted(unknown)))}; named by m.data: {known}")
    found = {}
    for term in model.terms:
        if term.distribution is not None:
            found[term.label] = _draw(model, term.distribution, shape_of(term.value), values, n, rng)
    if not found:
        raise ValueError("predict: the model observes nothing")
    return found


def _draw(model: Model, distribution: Any, seen: tuple[int, ...], values: dict[str, Array], n: int, rng: np.random.Generator) -> Array:
    """One observation's draws, (n, …)."""
    parameters = distribution.parameters
    nodes = {k: v for k, v in parameters.items() if is_node(v)}
    batch_shape = seen[: len(seen) - distribution.event_dim] if seen else distribution.batch_shape
    if nodes:
        size = min(n, 500)
        leaves = {name: graph.input(name, (size, *latent.shape), "float64") for name, latent in model.latents.items()}
        batch = Batch(size, {latent.leaf.id: (leaves[name], True) for name, latent in model.latents.items()})
        program = graph.compile(batch.full(list(nodes.values())))
        used = {node.name for node in program.inputs}
        parts = []
        for first in range(0, n, size):
            rows = np.arange(first, first + size) % n
            parts.append(program({leaves[name]: values[name][rows] for name in used}))
        evaluated = [np.concatenate([p[k] for p in parts])[:n] for k in range(len(nodes))]
        parameters = dict(parameters)
        for key, value in zip(nodes, evaluated, strict=True):
            inner = len(shape_of(nodes[key])) - len(distribution._batch_of(key))
            own = value.shape[1 : value.ndim - inner]
            parameters[key] = value.reshape((n, *(1,) * (len(batch_shape) - len(own)), *value.shape[1:]))
    first_key = next(iter(parameters))
    value = np.asarray(parameters[first_key])
    inner = len(shape_of(distribution.parameters[first_key])) - len(distribution._batch_of(first_key))
    parameters[first_key] = np.broadcast_to(value, (n, *batch_shape, *value.shape[value.ndim - inner :]))
    drawn = type(distribution)(**parameters).sample((), rng)
    return np.asarray(drawn)
