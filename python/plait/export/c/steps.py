"""Steps as C functions, and the memory they work in: one static arena, laid out as the passes planned it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .lanes import Access, LaneLoops
from .ops import OPS, REFUSED, copied, workspace
from .products import product_function, product_key
from .text import C_TYPES, SIZES, SUFFIXES, Array, array, size_of

LINE = 64  # bytes: alignment in the arena


def lines(n: int) -> int:
    """Rounded up to whole lines."""
    return -(-n // LINE) * LINE


class Body:
    """One graph of steps: the program, or the step of a loop. `begin` is where its part of the arena begins."""

    def __init__(self, writer: Writer, plan: dict[str, Any], begin: int, run: str, name: str) -> None:
        self.writer, self.plan, self.begin, self.run = writer, plan, begin, run
        self.name = name
        self.constants = [writer.constant(value) for value in plan["constants"]]
        self.parameters = [writer.parameter(node) for node in plan["parameters"]]
        self.scratch = begin + lines(plan["arena_bytes"])
        writer.reserve(self.scratch)
        self.calls: list[str] = []
        for number, step in enumerate(plan["steps"]):
            self.add(step, number)
        for operand, parameter in plan["deferred"]:
            n = size_of(operand["shape"]) * SIZES[operand["dtype"]]
            if n:
                self.calls.append(f"memcpy({self.parameters[parameter]}, {self.pointer(operand)}, {n});")

    # ---- memory ----

    def place(self, operand: dict[str, Any]) -> tuple[str, int]:
        """The array that holds an operand, and the byte offset."""
        index, begin = operand["index"], operand["bytes"]
        if operand["memory"] == "arena":
            return "arena", self.begin + begin
        names = {"constant": self.constants, "parameter": self.parameters}.get(operand["memory"])
        return names[index] if names is not None else f"{'input' if operand['memory'] == 'feed' else 'output'}{index}", begin

    def pointer(self, operand: dict[str, Any]) -> str:
        """A C expression for its first element."""
        base, begin = self.place(operand)
        if base == "arena":
            base = f"arena.{SUFFIXES[operand['dtype']]}"
        offset = begin // SIZES[operand["dtype"]]
        return f"{base} + {offset}" if offset else base

    # ---- steps ----

    def add(self, step: dict[str, Any], number: int) -> None:
        """Appends the call of a step, and its function to those of the file."""
        name = f"{self.name}{number}"
        self.calls.append(f"/* {self.writer.comment(step['node'])} */")
        if step["kind"] == "lanes":
            self.lanes(name, step, step["inputs"], step["outputs"])
        elif step["kind"] == "product":
            a, b, c = step["inputs"][0], step["inputs"][1], step["outputs"][0]
            product = self.writer.product(step["product"], c["dtype"])
            self.calls.append(f"{product}({self.pointer(a)}, {self.pointer(b)}, {self.pointer(c)});")
            if "lanes" in step:
                self.lanes(name, step, [c, *step["inputs"][2:]], step["outputs"][1:])
        elif step["kind"] == "copy":
            x, y = step["inputs"][0], step["outputs"][0]
            if size_of(y["shape"]):
                self.function(name, [x], [y], lambda names: copied(y["shape"], names[1], y["strides"], names[0], x["strides"]))
        elif step["kind"] == "loop":
            self.writer.loops(self, step, name)
        else:
            self.op(name, step)

    def op(self, name: str, step: dict[str, Any]) -> None:
        """A step that is a single op."""
        if step["op"] not in OPS:
            reason = REFUSED.get(step["op"], "there is no C for it")
            raise NotImplementedError(f"to_c: {step['op']} at {step['node']} cannot be written in C: {reason}")
        write = OPS[step["op"]]
        self.writer.static_bytes += workspace(step)
        self.function(name, step["inputs"], step["outputs"], lambda names: write(step, names, self.run))

    def function(self, name: str, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]], write: Any) -> None:
        """A function whose parameters are its operands, in order."""
        names = [f"in{k}" for k in range(len(inputs))] + [f"out{k}" for k in range(len(outputs))]
        declared = [f"const {C_TYPES[o['dtype']]} *{names[k]}" for k, o in enumerate(inputs)]
        declared += [f"{C_TYPES[o['dtype']]} *{names[len(inputs) + k]}" for k, o in enumerate(outputs)]
        text = list(write(names))
        self.writer.functions.append([f"static void {name}({', '.join(declared)}) {{", *("  " + line for line in text), "}"])
        self.calls.append(f"{name}({', '.join(self.pointer(o) for o in [*inputs, *outputs])});")

    def lanes(self, name: str, step: dict[str, Any], inputs: Sequence[dict[str, Any]], outputs: Sequence[dict[str, Any]]) -> None:
        """A function that runs a lane program. Operands in the same memory share one pointer, since pointers are `restrict`."""
        types: dict[tuple[str, int], set[str]] = {}
        for operand in [*inputs, *outputs]:
            types.setdefault(self.place(operand), set()).add(operand["dtype"])
        written = {self.place(o) for o in outputs}
        pointers: dict[tuple[str, int, str], str] = {}
        declared: list[str] = []
        given: list[str] = []

        def access(operand: dict[str, Any]) -> Access:
            place, dtype = self.place(operand), operand["dtype"]
            if len(types[place]) > 1 and place in written and place[0] == "arena":  # another type in the same memory: through the union
                return Access(f"arena.{SUFFIXES[dtype]}", dtype, list(operand["strides"]), place[1] // SIZES[dtype])
            key = (*place, dtype)
            if key not in pointers:
                pointers[key] = f"p{len(pointers)}"
                declared.append(f"{'' if place in written else 'const '}{C_TYPES[dtype]} *restrict {pointers[key]}")
                given.append(self.pointer(operand))
            return Access(pointers[key], dtype, list(operand["strides"]))

        loops = LaneLoops(step["lanes"], step["space"], [access(o) for o in inputs], [access(o) for o in outputs])
        text = list(loops.text())
        self.writer.static_bytes += loops.static_bytes
        self.writer.functions.append([f"static void {name}({', '.join(declared) or 'void'}) {{", *("  " + line for line in text), "}"])
        self.calls.append(f"{name}({', '.join(given)});")


class Writer:
    """The parts of a file: constants, parameters, functions, and the size of the arena."""

    def __init__(self, comment: Any, updated: set[Any]) -> None:
        self.comment = comment
        self.updated = updated
        self.definitions: list[tuple[str, list[str], int]] = []  # name, text, bytes of its values
        self.functions: list[list[str]] = []
        self.arena_bytes = 0
        self.static_bytes = 0  # beside the arena
        self.started: list[tuple[str, str, int]] = []  # parameters that change: name, first values, bytes
        self._constants: dict[tuple[Any, ...], str] = {}
        self._parameters: dict[Any, str] = {}
        self._products: dict[tuple[Any, ...], str] = {}

    def reserve(self, end: int) -> None:
        """Grows the arena to at least `end` bytes."""
        self.arena_bytes = max(self.arena_bytes, end)

    def constant(self, value: Array) -> str:
        """The name of an array that holds it."""
        value = np.ascontiguousarray(value)
        key = (value.dtype.name, value.size, value.tobytes())
        if key not in self._constants:
            name = f"constant{len(self._constants)}"
            self._constants[key] = name
            self.definitions.append((name, list(array(name, value, value.dtype.name, "static const")), value.nbytes))
        return self._constants[key]

    def parameter(self, node: Any) -> str:
        """The name of an array with a parameter's values: variable where the program updates it."""
        if node not in self._parameters:
            name = f"weight{len(self._parameters)}"
            self._parameters[node] = name
            value = np.array(node.value)
            text = [f"/* {self.comment(node.label)} {tuple(value.shape)} */"]
            if node in self.updated:
                text += array(name + "_first", value, value.dtype.name, "static const")
                text.append(f"static {C_TYPES[value.dtype.name]} {name}[{max(value.size, 1)}];")
                self.started.append((name, name + "_first", value.nbytes))
                self.static_bytes += value.nbytes
            else:
                text += array(name, value, value.dtype.name, "static const")
            self.definitions.append((name, text, value.nbytes))
        return self._parameters[node]

    def product(self, shape: dict[str, int], dtype: str) -> str:
        """The name of a function for products of that shape."""
        key = product_key(shape, dtype)
        if key not in self._products:
            name = f"product{len(self._products)}"
            text, scratch = product_function(name, shape, dtype)
            self.functions.append(text)
            self.static_bytes += scratch
            self._products[key] = name
        return self._products[key]

    def loops(self, outer: Body, step: dict[str, Any], name: str) -> None:
        """A loop: a function for its step, and a `for` around the call."""
        from .loops import write_loop

        write_loop(self, outer, step, name)
