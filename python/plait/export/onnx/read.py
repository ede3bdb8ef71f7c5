"""A program from an ONNX file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ... import _core, graph
from ..._core import FormatError, Node, Program
from . import read_loops, read_shapes, read_windows  # noqa: F401 - their ops are registered
from .graph import onnx_module
from .read_ops import Call, read_call
from .values import as_node


def from_onnx(path: str | os.PathLike[str]) -> Program:
    """Read an ONNX file as a program.

    Parameters
    ----------
    path : path
        The file. Weights of a floating dtype become parameters under their names, so that training can continue.

    Returns
    -------
    Program
        Called with arrays by input name; gives a dict by output name. Dynamic axes are sizes of None.

    Raises
    ------
    FormatError
        If the file is not a valid ONNX model.
    NotImplementedError
        For an operation that plait does not have; the message names it.
    ImportError
        Without the package onnx (the extra ``onnx``).

    Notes
    -----
    Supports the operations that :meth:`plait.Program.to_onnx` writes, and those that other libraries use for perceptrons, LSTM, GRU, RNN,
    convolutions and pooling (along any number of axes).

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> plait.compile({"y": plait.tanh(x)}).to_onnx("tanh.onnx")
    >>> plait.from_onnx("tanh.onnx")(x=np.zeros((1, 3)))
    {'y': array([[0., 0., 0.]], dtype=float32)}
    """
    onnx = onnx_module()
    path = Path(path)
    with path.open("rb"):
        pass  # a file that cannot be opened raises OSError
    try:
        model = onnx.load(str(path))  # with external data
        if not model.graph.node and not model.graph.output:
            raise FormatError(f"{path}: holds no graph; it is no ONNX model, or is cut off")
        onnx.checker.check_model(model)
        return _Reader(onnx, model).program()
    except (FormatError, NotImplementedError, MemoryError):
        raise
    except Exception as error:  # a damaged file may raise anything in the parser
        raise FormatError(f"{path}: is no ONNX model that fits together ({type(error).__name__}: {str(error).strip()[:500]})") from None


class _Reader:
    """Interprets a graph node by node; subgraphs see the values of the enclosing scopes."""

    def __init__(self, onnx: Any, model: Any) -> None:
        self.onnx = onnx
        self.model = model
        self.opset = {o.domain: o.version for o in model.opset_import}
        self.scopes: list[dict[str, Any]] = []

    def program(self) -> Program:
        """The program of the whole file."""
        g = self.model.graph
        known = {i.name for i in g.initializer}
        inputs = {i.name: self.input(i) for i in g.input if i.name not in known}
        values = self.run(g, inputs)
        outputs: dict[str, Node] = {}
        for o in g.output:
            outputs[o.name] = as_node(values[o.name])
        return graph.compile(outputs)

    def input(self, info: Any) -> Node:
        """An input node: unknown sizes are None."""
        kind = info.type.tensor_type
        if not info.type.HasField("tensor_type"):
            raise NotImplementedError(f"from_onnx: input {info.name} is no tensor")
        sizes = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim]
        dtype = self.dtype(kind.elem_type, Call("input", {}, info.name, 1, 0, self))
        return graph.input(info.name, tuple(sizes), dtype.name)

    def dtype(self, number: int, call: Call) -> np.dtype[Any]:
        """The dtype, refused if plait does not have it."""
        dtype: np.dtype[Any] = np.dtype(self.onnx.helper.tensor_dtype_to_np_dtype(number))
        if dtype.kind in "OSU":
            raise call.refuse("holds text, and plait has numbers only; fit the model with whole numbers as labels")
        if dtype.name not in ("bool", "int32", "int64", "float32", "float64"):
            raise call.refuse(f"dtype {dtype.name}; plait has bool, int32, int64, float32 and float64")
        return dtype

    def tensor(self, tensor: Any, call: Call) -> np.ndarray[Any, Any]:
        """The array in a tensor."""
        self.dtype(tensor.data_type, call)
        return np.asarray(self.onnx.numpy_helper.to_array(tensor))

    def run(self, g: Any, given: dict[str, Any]) -> dict[str, Any]:
        """The values of a graph."""
        values = dict(given)
        self.scopes.append(values)
        try:
            for tensor in g.initializer:
                if tensor.name in values:
                    continue
                array = self.tensor(tensor, Call("initializer", {}, tensor.name, 1, 0, self))
                values[tensor.name] = _core.parameter(array, tensor.name, None) if array.dtype.kind == "f" and array.size else array
            for number, node in enumerate(g.node):
                attributes = {a.name: self.attribute(a) for a in node.attribute}
                call = Call(node.op_type, attributes, node.name or f"node {number}", len(node.output), self.opset.get(node.domain, 1), self)
                inputs = [self.find(name, call) if name else None for name in node.input]
                found = read_call(call, inputs)
                for name, value in zip(node.output, found, strict=False):
                    if name:
                        values[name] = value
        finally:
            self.scopes.pop()
        return values

    def find(self, name: str, call: Call) -> Any:
        """A value of this graph or one around it."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        raise FormatError(f"from_onnx: {call.op} ({call.label}) reads {name!r}, which nothing computes")

    def attribute(self, attribute: Any) -> Any:
        """Its value; text as str."""
        value = self.onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return value
