"""Builder of an ONNX graph: values by name, nodes in order, and subexpressions shared by many ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._core import Node

OPSET = 18
IR_VERSION = 9  # of 2023; runtimes since then read it
FIRST, LAST = -(2**63), 2**63 - 1


def onnx_module() -> Any:
    """The package onnx; the error without it names the extra."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError("ONNX files need the package onnx: pip install 'plait[onnx]'") from error
    return onnx


class Graph:
    """Nodes of one graph; the body of a loop is a Graph of its own that shares the names and the initialisers of the one around it."""

    def __init__(self, outer: Graph | None = None) -> None:
        self.onnx = onnx_module()
        self.nodes: list[Any] = []
        self.outer = outer
        self.initializers: dict[str, Any] = outer.initializers if outer else {}
        self.taken: set[str] = outer.taken if outer else set()
        self.names: dict[Node, str] = dict(outer.names) if outer else {}  # of the values of nodes
        self._numbers: dict[tuple[Any, ...], str] = outer._numbers if outer else {}

    def fresh(self, hint: str) -> str:
        """A unique name: the hint, with a number if it is taken."""
        name, k = hint, 0
        while not name or name in self.taken:
            k += 1
            name = f"{hint}_{k}"
        self.taken.add(name)
        return name

    def add(self, op: str, *inputs: str, outputs: int = 1, hint: str = "", **attributes: Any) -> Any:
        """A node; the name of its output, or a list of names."""
        names = [self.fresh(hint or op.lower()) for _ in range(outputs)]
        self.nodes.append(self.onnx.helper.make_node(op, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def array(self, value: Any, dtype: Any = None, hint: str = "constant") -> str:
        """The name of an initialiser that holds it; equal ones are shared."""
        array = np.ascontiguousarray(np.asarray(value, dtype)).reshape(np.shape(value))
        key = (array.dtype.name, array.shape, array.tobytes())
        if key not in self._numbers:
            self._numbers[key] = self.initializer(array, hint)
        return self._numbers[key]

    def initializer(self, array: Any, hint: str) -> str:
        """An initialiser under a unique name."""
        name = self.fresh(hint)
        self.initializers[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def ints(self, values: Sequence[int | None]) -> str:
        """A list of whole numbers, such as axes."""
        return self.array(list(values), np.int64)

    def cast(self, name: str, dtype: str) -> str:
        """A cast to another dtype."""
        return str(self.add("Cast", name, to=self.element_type(dtype)))

    def element_type(self, dtype: str) -> int:
        """ONNX's element type for a dtype."""
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    # ---- pieces ----

    def shape(self, name: str) -> str:
        """The shape as a value."""
        return str(self.add("Shape", name))

    def size_along(self, name: str, axis: int) -> str:
        """One size, as a list of one number."""
        return str(self.add("Shape", name, start=axis, end=axis + 1))

    def flat(self, name: str) -> str:
        """The value, flattened."""
        return str(self.add("Reshape", name, self.ints([-1])))

    def positions(self, name: str) -> str:
        """The flat index of each element, in the shape of the value."""
        count = self.add("Size", name)
        numbers = self.add("Range", self.array(0, np.int64), count, self.array(1, np.int64))
        return str(self.add("Reshape", numbers, self.shape(name), allowzero=1))

    def zeros_like(self, name: str, dtype: str) -> str:
        """Zeros in the shape of a value."""
        zero = self.onnx.numpy_helper.from_array(np.zeros(1, dtype))
        return str(self.add("ConstantOfShape", self.shape(name), value=zero))

    def scattered(self, places: str, values: str, like: str, dtype: str, add: bool) -> str:
        """Zeros in the shape of `like`, with values scattered to flat indices."""
        zero = self.onnx.numpy_helper.from_array(np.zeros(1, dtype))
        empty = self.add("ConstantOfShape", self.add("Unsqueeze", self.add("Size", like), self.ints([0])), value=zero)
        options: dict[str, Any] = {"reduction": "add"} if add else {}
        filled = self.add("ScatterElements", empty, self.flat(places), self.flat(values), axis=0, **options)
        return str(self.add("Reshape", filled, self.shape(like), allowzero=1))

    def value_info(self, name: str, dtype: Any, shape: Sequence[int | None], hint: str = "") -> Any:
        """Type and shape of an input or output; unknown sizes become named dimensions."""
        sizes = [f"{hint or name}_{axis}" if size is None else size for axis, size in enumerate(shape)]
        return self.onnx.helper.make_tensor_value_info(name, self.element_type(np.dtype(dtype).name), sizes)
