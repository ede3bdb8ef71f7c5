"""The base class of layers: finding, saving and loading parameters, and default initialisation."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import graph
from .._masks import unmasked
from .._names import require_same_names, require_same_places
from ..graph.files import save_named
from . import _show

if TYPE_CHECKING:
    from ..graph import Node

Activation = str | Callable[[Any], Any] | None
L = TypeVar("L", bound="Layer")
KIND = "plait.nn parameters"

# Names of activations; He's initialisation is for rectifiers, which halve the variance.
ACTIVATIONS = ("relu", "tanh", "sigmoid", "softplus", "gelu", "silu", "softmax", "log_softmax", "leaky_relu", "elu")
# Settings that a layer's repr shows, unless they are these.
_SHOWN: dict[str, Any] = {
    "activation": None, "rate": None, "likelihood": None, "deviation": None, "kernel": None, "size": None, "stride": 1, "dilation": 1,
    "padding": "valid", "groups": 1, "merge": "concatenate", "dropout": 0.0, "recurrent_dropout": 0.0,
}  # fmt: skip
_HALF = {"relu", "leaky_relu", "elu", "softplus", "gelu", "silu"}


def floating(what: str, dtype: Any) -> str:
    """The name of a dtype, checked to be one of layers."""
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


def initial_name(activation: Activation) -> str:
    """The initialisation of weights before an activation: He et al. (2015) before rectifiers, else Glorot and Bengio (2010)."""
    name = activation if isinstance(activation, str) or activation is None else getattr(activation, "__name__", "")
    return "he_uniform" if name in _HALF else "glorot_uniform"


def initial_weight(inputs: int, outputs: int, activation: Activation, dtype: str, rng: np.random.Generator) -> NDArray[Any]:
    """Uniform weights that preserve the variance of a signal: He et al. (2015) before rectifiers, else Glorot and Bengio (2010)."""
    limit = np.sqrt(6.0 / inputs) if initial_name(activation) == "he_uniform" else np.sqrt(6.0 / (inputs + outputs))
    return rng.uniform(-limit, limit, (inputs, outputs)).astype(dtype)


def is_parameter(value: Any) -> bool:
    """Whether `value` is a node that holds a trainable value."""
    return isinstance(value, graph.Node) and value.op == "parameter"


def scope_of(layer: Layer, parameter: Node | None = None) -> graph.scope:
    """The scope of a layer's nodes: from its parameters' names, "encoder/0" for "encoder.0.weight", else its class.

    A layer passes a parameter if it has one at hand, because searching for one takes longer than making a node.
    """
    names = [parameter.name] if parameter is not None else [p.name or "" for p in layer.parameters()]
    return graph.scope(_part(next((name for name in names if "." in name), "")) or type(layer).__name__)


@functools.lru_cache(4096)
def _part(name: str) -> str:
    """The path in a parameter's name, before its last part."""
    return "/".join(part for part in name.rpartition(".")[0].replace(".", "/").split("/") if part.strip())


def refuses_arrays(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's ``__call__`` that refuses arrays, which would become constants of the graph, and names the alternative."""

    @functools.wraps(call)
    def called(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(x, np.ndarray):
            name = type(self).__name__
            raise TypeError(
                f"{name}: called with an array of shape {x.shape}; a layer builds nodes. Use layer.predict(array) for values, or call it with "
                "plait.input(…), or plait.constant(array)"
            )
        return call(self, x, *args, **kwargs)

    return called


def _parts(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    """Layers and parameters in an attribute, with their paths: the value itself, or items of lists, tuples and dicts."""
    if isinstance(value, Layer) or is_parameter(value):
        yield value, place
    elif isinstance(value, (list, tuple, dict)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _parts(item, f"{place}.{key}")


class Layer:
    """A plain object with parameters that builds nodes when called.

    Subclasses store parameters and other layers as attributes (also in lists, tuples and dicts) and define ``__call__(x, training=False)``.

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

    # Whether `predict` keeps integers, as indices of a table's rows; otherwise they are converted to the layer's dtype.
    _integers = False
    # Whether the result is a pair of outputs and state, of which a sequence of layers passes on the outputs.
    _with_state = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Calls on arrays are refused, whatever the subclass does."""
        super().__init_subclass__(**options)
        if "__call__" in vars(cls):
            cls.__call__ = refuses_arrays(cls.__call__)  # type: ignore[method-assign]

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """Nodes for the layer's result.

        Parameters
        ----------
        x : Node
            The input.
        training : bool
            Whether the graph is for training: only then does dropout drop.

        Returns
        -------
        Node
            The output.
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

    def summary(self) -> str:
        """A table of all parameters: names, shapes, dtypes and sizes.

        Returns
        -------
        str
            Text for printing.

        Examples
        --------
        >>> print(plait.nn.MLP(3, (4,), 2, rng=0).summary())
        MLP
        -------------------------------------
        parameter     shape  dtype    numbers
        -------------------------------------
        mlp.0.weight  3 × 4  float32       12
        mlp.0.bias    4      float32        4
        mlp.1.weight  4 × 2  float32        8
        mlp.1.bias    2      float32        2
        -------------------------------------
        0.1 KiB                            26
        """
        return _show.table(type(self).__name__, self._placed())

    def predict(self, x: Any) -> Any:
        """The layer's output for an array, outside of training; the program is compiled once for each shape of a row.

        Parameters
        ----------
        x : array_like
            Its first axis counts rows. Numbers are converted to the dtype of the layer's parameters; integers are kept for embeddings.

        Returns
        -------
        ndarray
            The result, or several in the structure of the layer's result.

        Examples
        --------
        >>> plait.nn.Dense(3, 2, rng=0).predict(np.ones((5, 3))).shape
        (5, 2)
        """
        name = type(self).__name__
        array = unmasked(x, f"{name}: x")
        if array.ndim == 0 or array.dtype.kind not in "buif":
            raise ValueError(
                f"{name}: predict: expected an array of numbers with an axis of rows, got {array.dtype} of shape {array.shape}"
            )
        dtypes = [np.dtype(p.dtype).name for p in self.parameters() if np.dtype(p.dtype).kind == "f"]
        keep = array.dtype.kind in "iu" and any(part._integers for part in self._layers())
        dtype = "int64" if keep else dtypes[0] if dtypes else "float64" if array.dtype == np.float64 else "float32"
        programs: dict[Any, Any] = self.__dict__.setdefault("_predictors", {})
        key = array.shape[1:], dtype
        if key not in programs:
            node = graph.input("x", (None, *array.shape[1:]), dtype=dtype)
            programs[key] = node, graph.compile(self(node))
        node, program = programs[key]
        return program({node: array.astype(dtype)})

    def _layers(self) -> list[Layer]:
        """The layer itself and those inside, each once."""
        found: dict[int, Layer] = {}
        open_: list[Layer] = [self]
        while open_:
            layer = open_.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                open_ += [part for name, value in vars(layer).items() for part, _ in _parts(value, name) if isinstance(part, Layer)]
        return list(found.values())

    def __repr__(self) -> str:
        """The structure of the layer."""
        own, inner = [], []
        for name, value in vars(self).items():
            if name.startswith("_"):
                continue
            parts = list(_parts(value, name))
            own += [f"{place} {_show.sizes(part.shape)}" for part, place in parts if not isinstance(part, Layer)]
            inner += [(place, repr(part)) for part, place in parts if isinstance(part, Layer)]
            if name in _SHOWN and value is not None and value != _SHOWN[name]:
                own.append(f"{name}={_show.called(value)}")
        return _show.nested(type(self).__name__, own, inner)

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

    def _saved(self) -> list[tuple[Node, str]]:
        """The parameters of a file, in order, with their attributes."""
        return self._placed()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all parameters to a file (safetensors with a checksum), atomically.

        Parameters
        ----------
        path : path
            The file; an existing one is replaced.
        """
        placed = self._saved()
        tree = {
            "kind": KIND,
            "class": type(self).__name__,
            "names": [p.name or "" for p, _ in placed],
            "places": [place for _, place in placed],
            "values": [np.asarray(p.value) for p, _ in placed],
        }
        names = {id(value): p.name or place for value, (p, place) in zip(tree["values"], placed, strict=True)}
        save_named(path, tree, names)

    def load(self: L, path: str | os.PathLike[str]) -> L:
        """Load the parameters from a file of `save`; nothing changes unless everything matches.

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
        placed = self._saved()
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
        """Pickled without attributes that begin with an underscore (such as compiled programs), which are made again when needed."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}
