"""A program as a C file and its header."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._core import GraphError, Node, Program
from ..outputs import named_outputs
from .helpers import needed, words
from .steps import Body, Writer
from .text import C_TYPES, SIZES, comment, identifier, size_of

# errno and floating-point flags are not read; only if GCC is told so does it vectorise loops with sqrt or conditionals. Whether sqrt sets
# errno is an attribute of its declaration, which the pragma does not change.
PRAGMA = (
    "#if defined(__GNUC__) && !defined(__clang__)",
    '#pragma GCC optimize("no-math-errno", "no-trapping-math")',
    "#endif",
    "#if defined(__GNUC__) && !defined(sqrt) && !defined(sqrtf)",
    "extern double sqrt(double) __attribute__((const));",
    "extern float sqrtf(float) __attribute__((const));",
    "#endif",
)


@dataclass(frozen=True)
class CSource:
    """The files written by :meth:`plait.Program.to_c`, and the memory that they need on a device.

    Parameters
    ----------
    source, header : Path
        The two files.
    weight_bytes : int
        Read-only memory of weights and constants: flash on a microcontroller.
    arena_bytes : int
        Memory of the arena, which all steps share.
    variable_bytes : int
        Other static memory: updated parameters, accumulators, packed blocks of products.
    inputs, outputs : tuple of str
        Labels of the nodes, in the order of the arguments.

    Examples
    --------
    >>> x = plait.input("x", (2,))
    >>> print(plait.compile(plait.square(x)).to_c("square"))
    square/model.c and model.h: 0 bytes of weights and constants, 0 bytes of memory (0 arena, 0 other)
    """

    source: Path
    header: Path
    weight_bytes: int
    arena_bytes: int
    variable_bytes: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __str__(self) -> str:
        """A summary in one line."""
        return (
            f"{self.source} and {self.header.name}: {self.weight_bytes:,} bytes of weights and constants, "
            f"{self.arena_bytes + self.variable_bytes:,} bytes of memory ({self.arena_bytes:,} arena, {self.variable_bytes:,} other)"
        )


def to_c(program: Program, folder: str | os.PathLike[str], name: str = "model", shapes: Mapping[Any, Any] | None = None) -> CSource:
    """Write a program as C99; see :meth:`plait.Program.to_c`."""
    identifier(name, "to_c: name")
    folder = Path(folder)
    given = dict(shapes or {})
    for key in given:
        if not any(key is node or (isinstance(key, str) and key == node.name) for node in program.inputs):
            label = key.label if isinstance(key, Node) else repr(key)
            names = ", ".join(repr(node.label) for node in program.inputs)
            raise GraphError(f"to_c: shapes has {label}, which is no input of this program; inputs: {names or 'none'}")
    for node in program.inputs:
        if node.op == "sparse_input":
            raise NotImplementedError(f"to_c: sparse_input at {node.label} cannot be written in C: its rows are no array")
        if None in node.shape and not any(key is node or (isinstance(key, str) and key == node.name) for key in given):
            sizes = tuple(1 if size is None else size for size in node.shape)
            raise GraphError(
                f"to_c: the shape of {node.label} is {node.shape}, and C needs every size: give one, as in shapes={{{node.label!r}: {sizes}}}"
            )
    plan = program._describe(given)
    writer = Writer(comment, set(program.updates))
    body = Body(writer, plan, 0, "run", "step")
    source, header = folder / f"{name}.c", folder / f"{name}.h"
    folder.mkdir(parents=True, exist_ok=True)
    parts = _Parts(program, plan, writer, body, name)
    header.write_text(parts.header(), encoding="ascii")
    source.write_text(parts.source(), encoding="ascii")
    arena = 8 * max(1, -(-writer.arena_bytes // 8))
    return CSource(
        source,
        header,
        sum(size for _, _, size in parts.definitions),
        arena if parts.uses_arena else 0,
        writer.static_bytes,
        tuple(node.label for node in plan["feeds"]),
        tuple(_output_names(program)),
    )


def _output_names(program: Program) -> list[str]:
    """Names for comments: keys of dicts, else the nodes' labels."""
    return [node.label if name == f"output{k}" else name for k, (name, node) in enumerate(named_outputs(program.outputs))]


class _Parts:
    """The text of the two files."""

    def __init__(self, program: Program, plan: dict[str, Any], writer: Writer, body: Body, name: str) -> None:
        self.program, self.plan, self.writer, self.body, self.name = program, plan, writer, body, name
        self.text = "\n".join([*("\n".join(f) for f in writer.functions), *body.calls])
        used = words(self.text)
        self.helpers = needed(self.text)
        started = {name for name, _, _ in writer.started}
        self.definitions = [d for d in writer.definitions if d[0] in used or d[0] in started]
        self.fails = any("failed" in words(helper) for helper in self.helpers)
        self.draws = bool(used & {"run", "random_seed"})
        self.uses_arena = "arena" in used
        self.has_init = bool(program.updates) or self.draws

    def prototype(self) -> str:
        inputs = [f"const {C_TYPES[dtype]} *input{k}" for k, (dtype, _) in enumerate(self.plan["inputs"])]
        outputs = [f"{C_TYPES[dtype]} *output{k}" for k, (dtype, _) in enumerate(self.plan["outputs"])]
        return f"void {self.name}_run({', '.join([*inputs, *outputs]) or 'void'})"

    def header(self) -> str:
        guard = f"{self.name.upper()}_H"
        lines = [f"/* {self.name}: a plait program as C99. Needs the C library's mathematics (-lm) and nothing else. */"]
        lines += [f"#ifndef {guard}", f"#define {guard}", "", "#include <stdint.h>", "", "#ifdef __cplusplus", 'extern "C" {', "#endif", ""]
        named = (
            ("input", self.plan["inputs"], [node.label for node in self.plan["feeds"]]),
            ("output", self.plan["outputs"], _output_names(self.program)),
        )
        for kind, specs, names in named:
            for k, ((dtype, shape), label) in enumerate(zip(specs, names, strict=True)):
                lines.append(f"/* {kind}{k}: {comment(label)}, {dtype} {tuple(shape)}, row by row */")
                lines.append(f"#define {self.name.upper()}_{kind.upper()}{k}_SIZE {size_of(shape)}")
        lines.append("")
        if self.has_init:
            what = "the parameters' first values" if self.program.updates else "the first of its random numbers"
            lines += [f"/* Goes back to {what}; the first run does so by itself. */", f"void {self.name}_init(void);", ""]
        what = "One run" + (", which is one step of the training" if self.program.updates else "")
        lines.append(f"/* {what}. Inputs and outputs must not overlap. Not for two threads at once: it works in static memory. */")
        lines += [self.prototype() + ";", ""]
        if self.fails:
            lines += [
                "/* 1 if an index of the last run was out of range (the nearest element was taken), else 0. */",
                f"int {self.name}_failed(void);",
                "",
            ]
        lines += ["#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]
        return "\n".join(lines)

    def source(self) -> str:
        lines = [
            f'#include "{self.name}.h"',
            "",
            "#include <float.h>",
            "#include <math.h>",
            "#include <stddef.h>",
            "#include <string.h>",
            "",
            *PRAGMA,
            "",
        ]
        if self.uses_arena:
            n = 8 * max(1, -(-self.writer.arena_bytes // 8))
            lines.append("/* The memory of all steps; buffers are reused when their values are dead. */")
            members = [f"{c_type} {suffix}[{n // SIZES[dtype]}];" for dtype, c_type, suffix in _members()]
            lines += [f"static union {{ {' '.join(members)} }} arena;", ""]
        for _, text, _ in self.definitions:
            lines += [*text, ""]
        if self.draws:
            seed, runs = self.program.random_state
            lines += [f"static const uint64_t random_seed = UINT64_C({seed});", f"static uint64_t run = UINT64_C({runs});", ""]
        lines += [part + "\n" for part in self.helpers]
        for function in self.writer.functions:
            lines += [*function, ""]
        updates = bool(self.program.updates)
        if updates:
            lines += ["static int ready;", ""]
        if self.has_init:
            lines.append(f"void {self.name}_init(void) {{")
            lines += [f"  memcpy({name}, {first}, {size});" for name, first, size in self.writer.started if size]
            if self.draws:
                lines.append(f"  run = UINT64_C({self.program.random_state[1]});")
            if updates:
                lines.append("  ready = 1;")
            lines += ["}", ""]
        lines.append(self.prototype() + " {")
        if updates:
            lines.append(f"  if (!ready) {self.name}_init();")
        if self.fails:
            lines.append("  failed = 0;")
        seen = words(" ".join(self.body.calls))
        for kind in ("input", "output"):
            lines += [f"  (void){kind}{k};" for k in range(len(self.plan[kind + "s"])) if f"{kind}{k}" not in seen]
        lines += ["  " + call for call in self.body.calls]
        if self.draws:
            lines.append("  ++run;")
        lines += ["}", ""]
        if self.fails:
            lines += [f"int {self.name}_failed(void) {{ return failed; }}", ""]
        return "\n".join(lines)


def _members() -> list[tuple[str, str, str]]:
    from .text import SUFFIXES

    return [(dtype, C_TYPES[dtype], SUFFIXES[dtype]) for dtype in ("float64", "float32", "int64", "int32", "bool")]
