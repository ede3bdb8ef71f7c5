"""What layers share: finding their parameters, saving and loading them, and how weights begin."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import graph
from .._names import require_same_names, require_same_places

if TYPE_CHECKING:
    from ..graph import Node

Activation = str | Callable[[Any], Any] | None
L = TypeVar("L", bound="Layer")
KIND = "plait.nn parameters"

# Names that an activation may be given by; He's initialisation is for those that pass only half of their input on.
ACTIVATIONS = ("relu", "tanh", "sigmoid", "softplus", "gelu", "silu", "softmax", "log_softmax")
_HALF = {"relu", "softplus", "gelu", "silu"}


def floating(what: str, dtype: Any) -> str:
    """The name of a dtype that layers compute in."""
    try:
        name: str = np.dtype(dtype).name
    except TypeError:
        name = ""
    if name not in {"float32", "float64"}:
        raise graph.DTypeError(f"{what}: expected 'float32' or 'float64', got {dtype!r}")
    return name


def activation_function(activation: Activation) -> Callable[[Any], Any] | None:
    """The function over nodes behind a name; None stays None."""
    if activation is None or activation == "linear":
        return None
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation: no function is called {activation!r}; there are {', '.join(ACTIVATIONS)}, or give a function over nodes"
        )
    function: Callable[[Any], Any] = getattr(graph, activation)
    return function


def initial_weight(inputs: int, outputs: int, activation: Activation, dtype: str, rng: np.random.Generator) -> NDArray[Any]:
    """Uniform numbers whose variance keeps that of a signal: He et al. (2015) before rectifiers, else Glorot and Bengio (2010)."""
    name = activation if isinstance(activation, str) or activation is None else getattr(activation, "__name__", "")
    limit = np.sqrt(6.0 / inputs) if name in _HALF else np.sqrt(6.0 / (inputs + outputs))
    return rng.uniform(-limit, limit, (inputs, outputs)).astype(dtype)


def is_parameter(value: Any) -> bool:
    """Whether `value` is a node that holds a trainable value."""
    return isinstance(value, graph.Node) and value.op == "parameter"


def _parts(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    """Layers and parameters in an attribute, each with its place: itself, or what stands in lists, tuples and dicts."""
    if isinstance(value, Layer) or is_parameter(value):
        yield value, place
    elif isinstance(value, (list, tuple, dict)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _parts(item, f"{place}.{key}")


class Layer:
    """A plain object that builds nodes when called, and knows the parameters it brings.

    Subclasses keep parameters and other layers as attributes (also in lists, tuples and dicts) and write ``__call__(x, training=False)``.

    Examples
    --------
    >>> class Scale(plait.nn.Layer):
    ...     def __init__(self):
    ...         self.factor = plait.parameter(np.ones(3), name="factor")
    ...     def __call__(self, x, training=False):
    ...         return x * self.factor
    >>> [p.name for p in Scale().parameters()]
    ['factor']
    """

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """Nodes for the layer's result.

        Parameters
        ----------
        x : Node
            What goes in.
        training : bool
            Whether the graph is for training: only then does dropout drop.

        Returns
        -------
        Node
            What comes out.
        """
        raise NotImplementedError

    def parameters(self) -> list[Node]:
        """All parameters in the order of attributes, a shared one once.

        Returns
        -------
        list of Node
            Parameters of this layer and of those inside.
        """
        return [part for part, _ in self._placed()]

    def _placed(self) -> list[tuple[Node, str]]:
        """All parameters, and the attributes that lead to each."""
        found: dict[int, tuple[Node, str]] = {}
        open_: list[tuple[Any, str]] = [(self, "")]
        seen: set[int] = set()
        while open_:
            part, place = open_.pop()
            if not isinstance(part, Layer):
                found.setdefault(id(part), (part, place.removeprefix(".")))
            elif id(part) not in seen:
                seen.add(id(part))
                open_ += reversed([inner for name, value in vars(part).items() for inner in _parts(value, f"{place}.{name}")])
        return list(found.values())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all parameters to a file (safetensors with a checksum), whole or not at all.

        Parameters
        ----------
        path : path
            The file; replaced where it exists.
        """
        placed = self._placed()
        tree = {
            "kind": KIND,
            "class": type(self).__name__,
            "names": [p.name or "" for p, _ in placed],
            "places": [place for _, place in placed],
            "values": [np.asarray(p.value) for p, _ in placed],
        }
        graph.save(path, tree)

    def load(self: L, path: str | os.PathLike[str]) -> L:
        """Put what `save` wrote into the parameters; nothing changes unless everything fits.

        Parameters
        ----------
        path : path
            A file written by a layer of the same architecture.

        Returns
        -------
        Layer
            Itself.

        Raises
        ------
        FormatError
            If the file is damaged, or written by something else.
        """
        tree = graph.load(path)
        if not isinstance(tree, dict) or tree.get("kind") != KIND:
            raise graph.FormatError(f"{path}: not the parameters of a layer")
        placed = self._placed()
        parameters, here = [part for part, _ in placed], [place for _, place in placed]
        if len(tree["values"]) != len(parameters):
            raise graph.FormatError(
                f"{path}: holds {len(tree['values'])} parameters of a {tree['class']}, this {type(self).__name__} has {len(parameters)}"
            )
        require_same_names(path, tree["names"], parameters)
        require_same_places(path, tree["names"], tree.get("places", here), parameters, here)
        for name, value, node in zip(tree["names"], tree["values"], parameters, strict=True):
            if value.shape != tuple(node.shape) or value.dtype != np.dtype(node.dtype):
                raise graph.FormatError(f"{path}: '{name}' is {value.dtype} {value.shape} there and {node.dtype} {tuple(node.shape)} here")
        for value, node in zip(tree["values"], parameters, strict=True):
            node.value = value
        return self

    def __getstate__(self) -> dict[str, Any]:
        """What begins with an underscore is made anew when needed (compiled programs, for one) and stays behind."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}
