"""Models: a function that names latents and observations, traced once into the terms of a log joint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core, graph
from ..graph import Node
from ._values import Array, as_shape, as_value, is_node, shape_of
from .discrete import Categorical
from .distribution import Distribution
from .supports import Support


@dataclass
class Latent:
    """A quantity that is inferred."""

    name: str
    support: Support
    leaf: Node  # its value in the traced graph
    prior: Distribution | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value."""
        return self.support.value_shape

    @property
    def discrete(self) -> bool:
        """Whether it is a whole number."""
        return self.support.discrete

    @property
    def free(self) -> int:
        """The number of its unconstrained numbers."""
        return 0 if self.discrete else int(np.prod(self.support.free_shape))


@dataclass
class Term:
    """One summand of the log joint: a node whose elements are added up."""

    label: str
    node: Node
    scale: float = 1.0
    distribution: Distribution | None = None  # of an observation
    value: Any = None


class Model:
    """The argument of a model function, which declares latents, observations and data.

    Parameters
    ----------
    batch_size : int, optional
        Rows of each `data` that one step sees; None: all.
    new_data : dict of str to ndarray, optional
        Arrays in place of those that the function names, for predictions at new rows.
    """

    def __init__(self, batch_size: int | None = None, new_data: Mapping[str, Any] | None = None) -> None:
        self.latents: dict[str, Latent] = {}
        self.terms: list[Term] = []
        self.batch_size = batch_size
        self.new_data = dict(new_data or {})
        self.predicting = new_data is not None
        self.rows: list[tuple[Node, Array, float]] = []  # inputs of mini-batches, their arrays, and rows / batch
        self.named_data: set[str] = set()
        self.notes: list[str] = []  # warnings about the model itself

    def __getitem__(self, name: str) -> Node:
        """Raises: only a log joint is indexed like a dict, and it needs `latents`."""
        raise TypeError(f"bbvi: a log joint that reads z[{name!r}] needs latents={{{name!r}: Real(), …}} beside it")

    def latent(self, name: str, distribution: Distribution, shape: Any = None) -> Node:
        """A quantity to infer, with its prior.

        Parameters
        ----------
        name : str
            Its name in the posterior.
        distribution : Distribution
            The prior.
        shape : int or sequence of int, optional
            How many independent ones, without the axis of one value; None: the batch shape of the prior.

        Returns
        -------
        Node
            The value, of that shape and the prior's event shape.
        """
        if not isinstance(name, str) or not name:
            raise TypeError(f"latent: name: expected a non-empty string, got {name!r}")
        if not isinstance(distribution, Distribution):
            raise TypeError(f"latent {name!r}: expected a distribution of plait.infer, got {type(distribution).__name__}")
        if name in self.latents:
            raise ValueError(f"latent {name!r}: there is one of that name already")
        batch = distribution.batch_shape
        full = batch if shape is None else as_shape(shape, f"latent {name!r}: shape")
        try:
            fits = np.broadcast_shapes(batch, full) == full
        except ValueError:
            fits = False
        if not fits:
            raise graph.ShapeError(f"latent {name!r}: shape {full} does not hold the prior's batch shape {batch}")
        support = distribution.support.with_shape(full)
        leaf = graph.input(name, support.value_shape, "float64")
        self.latents[name] = Latent(name, support, leaf, distribution)
        self.terms.append(Term(name, distribution._known_density(leaf)))
        return leaf.astype("int64") if isinstance(distribution, Categorical) else leaf  # an index, as in mu[k]

    def observe(self, distribution: Distribution, value: Any, name: str | None = None) -> None:
        """Data and their distribution.

        Parameters
        ----------
        distribution : Distribution
            With parameters that depend on latents.
        value : array_like or Node
            The observed values; nodes come from `data`.
        name : str, optional
            Its name in predictions; None: "y", "y2", ….
        """
        if not isinstance(distribution, Distribution):
            raise TypeError(f"observe: expected a distribution of plait.infer, got {type(distribution).__name__}")
        label = name or (
            "y" if not any(t.label == "y" for t in self.terms) else f"y{1 + sum(t.distribution is not None for t in self.terms)}"
        )
        if any(t.distribution is not None and t.label == label for t in self.terms):
            raise ValueError(f"observe: there is an observation named {label!r} already")
        value = as_value(value, f"observe {label!r}: value")
        shape = (*distribution.batch_shape, *distribution.event_shape)
        seen = shape_of(value)
        if not self.predicting:
            try:
                full = np.broadcast_shapes(shape, seen)
            except ValueError:
                raise graph.ShapeError(f"observe {label!r}: values of shape {seen} do not fit a distribution of shape {shape}") from None
            if full != seen:
                raise graph.ShapeError(
                    f"observe {label!r}: {int(np.prod(seen, dtype=int))} values of shape {seen} would count as {int(np.prod(full, dtype=int))} "
                    f"against a distribution of shape {shape}; give them the same shape"
                )
            self._check_support(label, distribution, value)
        known = not is_node(value)
        node = None if self.predicting else distribution._known_density(value) if known else distribution.log_prob(value)
        if node is not None and not isinstance(node, Node):
            node = _core.as_node(np.asarray(node, np.float64), "observe")
        self.terms.append(
            Term(label, node if node is not None else _core.constant(0.0, "", "float64"), self._scale(node), distribution, value)
        )

    def _check_support(self, label: str, distribution: Distribution, value: Any) -> None:
        """ValueError that names observations outside of the support."""
        array = next((a for leaf, a, _ in self.rows if leaf is value), None) if is_node(value) else value
        if array is None:
            return
        try:
            support = distribution.support
        except TypeError:
            return
        inside = np.asarray(support.contains(array))
        if type(distribution).__name__ in {"LogNormal", "InverseGamma"}:
            inside = inside & (np.asarray(array) > 0)
        if not inside.all():
            where = np.argwhere(~inside)
            at = tuple(int(i) for i in where[0])
            raise ValueError(
                f"observe {label!r}: {len(where)} of {inside.size} values lie outside of the support of {type(distribution).__name__}, "
                f"the first {np.asarray(array)[at]} at index {at[0] if len(at) == 1 else at}"
            )

    def _scale(self, node: Node | None) -> float:
        """Rows over rows of a batch, for a term that depends on a batch."""
        if node is None or not self.rows:
            return 1.0
        below = {n.id for n in _core.ancestors([node])}
        scales = {scale for leaf, _, scale in self.rows if leaf.id in below and scale != 1.0}
        if len(scales) > 1:
            raise ValueError("observe: a term depends on data of different numbers of rows; mini-batches of both cannot be scaled")
        return scales.pop() if scales else 1.0

    def factor(self, value: Any, name: str = "factor") -> None:
        """A term of the log joint that is no density of a latent or an observation.

        Parameters
        ----------
        value : Node
            Its elements are added to the log joint.
        name : str
            For messages.
        """
        node = _core.as_node(value, "factor")
        self.terms.append(Term(name, node, self._scale(node)))

    def data(self, *arrays: Any, name: Any = None) -> Any:
        """Arrays whose rows are drawn in mini-batches.

        Each call may have its own number of rows; data with no more rows than a batch are seen whole.

        Parameters
        ----------
        *arrays : array_like
            With the same number of rows; they are drawn together.
        name : str or sequence of str, optional
            One for each array: what ``predict(data=…)`` calls them.

        Returns
        -------
        Node or tuple of Node
            One for each array: all rows, or those of a batch.
        """
        if not arrays:
            raise TypeError("data: expected at least one array")
        names = [name] if isinstance(name, str) else list(name) if name is not None else []
        if names and len(names) != len(arrays):
            raise ValueError(f"data: {len(arrays)} arrays, {len(names)} names")
        values = [as_value(a, f"data {names[k] if names else k}") for k, a in enumerate(arrays)]
        values = [np.asarray(v) for v in values]
        if any(v.ndim == 0 or len(v) != len(values[0]) for v in values):
            raise graph.ShapeError(f"data: expected arrays with the same number of rows, got shapes {[v.shape for v in values]}")
        self.named_data |= set(names)
        new = [np.asarray(self.new_data[n], np.float64) for n in names if n in self.new_data]
        nodes = []
        for k, value in enumerate(values):
            if new:
                given = self.new_data.get(names[k])
                fresh = np.zeros((len(new[0]), *value.shape[1:])) if given is None else np.asarray(given, np.float64)
                if fresh.shape[1:] != value.shape[1:] or len(fresh) != len(new[0]):
                    raise graph.ShapeError(
                        f"predict: data {names[k]!r}: expected shape {(len(new[0]), *value.shape[1:])}, got {fresh.shape}"
                    )
                nodes.append(_core.constant(fresh, "", "float64"))
            elif self.batch_size is None or self.batch_size >= len(value):
                nodes.append(_core.constant(value, "", "float64"))
                self.rows.append((nodes[-1], value, 1.0))
            else:
                nodes.append(graph.input(names[k] if names else f"data{len(self.rows)}", (self.batch_size, *value.shape[1:]), "float64"))
                self.rows.append((nodes[-1], value, len(value) / self.batch_size))
        return nodes[0] if len(nodes) == 1 else tuple(nodes)


ModelFunction = Callable[[Model], Any]
LogJoint = Callable[[dict[str, Node]], Any]


def trace(model: Any, latents: Mapping[str, Support] | None = None, batch_size: int | None = None) -> Model:
    """The terms of a model function, or of a log joint over named latents."""
    if not callable(model):
        raise TypeError(f"bbvi: expected a model function, got {type(model).__name__}")
    m = Model(batch_size)
    if latents is None:
        model(m)
    else:
        _trace_log_joint(m, model, latents)
    if not m.latents:
        raise ValueError("bbvi: the model has no latents")
    below = {n.id for n in _core.ancestors([t.node for t in m.terms])}
    for latent in m.latents.values():
        own = [t for t in m.terms if t.label != latent.name or latents is not None]
        if latents is not None and latent.leaf.id not in below:
            raise ValueError(f"bbvi: the log joint does not depend on latent {latent.name!r}, so its posterior is improper")
        if latents is None and len(m.latents) > 1 and latent.leaf.id not in {n.id for n in _core.ancestors([t.node for t in own])}:
            m.notes.append(f"nothing but its prior depends on latent {latent.name!r}")
    return m


def _trace_log_joint(m: Model, log_joint: LogJoint, latents: Mapping[str, Support]) -> None:
    if not isinstance(latents, Mapping) or not all(isinstance(s, Support) for s in latents.values()):
        raise TypeError("bbvi: latents: expected a dict from names to supports such as Real() or Positive(shape=3)")
    for name, support in latents.items():
        leaf = graph.input(name, support.value_shape, "float64")
        m.latents[name] = Latent(name, support, leaf)
    value = log_joint({name: latent.leaf for name, latent in m.latents.items()})
    node = _core.as_node(value, "log_joint")
    if node.shape != ():
        raise graph.ShapeError(f"bbvi: the log joint is a scalar, got shape {node.shape}; use .sum() for independent terms")
    if node.dtype != np.float64:
        node = graph.cast(node, "float64")
    m.terms = [Term(f"log_joint[{k}]", part) for k, part in enumerate(_summands(node))]


def _summands(node: Node) -> Sequence[Node]:
    """The summands of a scalar: its outermost sums and differences, split."""
    found: list[Node] = []
    todo = [(node, 1)]
    while todo:
        at, sign = todo.pop()
        scalars = all(i.shape == () for i in at.inputs)
        if at.op in ("add", "sum_n") and scalars:
            todo += [(i, sign) for i in reversed(at.inputs)]
        elif at.op == "subtract" and scalars:
            todo += [(at.inputs[1], -sign), (at.inputs[0], sign)]
        elif at.op == "negative":
            todo.append((at.inputs[0], -sign))
        elif at.op == "sum" and at.shape == ():
            found.append(at.inputs[0] if sign > 0 else -at.inputs[0])
        else:
            found.append(at if sign > 0 else -at)
    return found
