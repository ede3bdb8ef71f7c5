"""Lane programs, fused elementwise ops with stores and reductions, as nested loops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .text import C_TYPES, SUFFIXES, index, number, size_of

PARTIAL = 16  # independent partial sums along the innermost loop, which hide the latency of additions

# Instruction -> expression over {0}, {1}, {2}; `{s}` is the suffix of the type, `{T}` the type itself, `{f}` f for float.
ANY = {
    "copy": "{0}",
    "sign": "({0} > 0 ? ({T})1 : {0} < 0 ? ({T})-1 : {0})",
    "relu": "({0} < 0 ? ({T})0 : {0})",
    "to_bool": "(({T})({0} != 0))",
    "logical_not": "(({T})({0} == 0))",
    "minimum": "({0} < {1} || {0} != {0} ? {0} : {1})",
    "maximum": "({0} > {1} || {0} != {0} ? {0} : {1})",
    "less": "(({T})({0} < {1}))",
    "less_equal": "(({T})({0} <= {1}))",
    "equal": "(({T})({0} == {1}))",
    "not_equal": "(({T})({0} != {1}))",
    "logical_and": "(({T})({0} != 0 && {1} != 0))",
    "logical_or": "(({T})({0} != 0 || {1} != 0))",
    "select": "({0} != 0 ? {1} : {2})",
}
FLOAT = ANY | {
    "neg": "(-{0})",
    "abs": "fabs{f}({0})",
    "square": "({0} * {0})",
    "sqrt": "sqrt{f}({0})",
    "reciprocal": "(1 / {0})",
    "floor": "floor{f}({0})",
    "truncate": "trunc{f}({0})",
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "difference": "({0} == {1} ? ({T})0 : {0} - {1})",
    "multiply_add": "MULTIPLY_ADD_{S}({0}, {1}, {2})",
    "expm1": "expm1{f}({0})",
    "log1p": "log1p{f}({0})",
    "sin": "sin{f}({0})",
    "cos": "cos{f}({0})",
    "tan": "tan{f}({0})",
    "sinh": "sinh{f}({0})",
    "cosh": "cosh{f}({0})",
    "erfc": "erfc{f}({0})",
    "exp2": "exp2{f}({0})",
    "log2": "log2{f}({0})",
    "log10": "log10{f}({0})",
    "lgamma": "(({T})lgamma((double){0}))",
    "digamma": "(({T})digamma_f64((double){0}))",
    "trigamma": "(({T})trigamma_f64((double){0}))",
    "pow": "pow{f}({0}, {1})",
    "hypot": "hypot{f}({0}, {1})",
    "sigmoid": "sigmoid_{s}({0})",
    "softplus": "softplus_{s}({0})",
    "expm1mx": "expm1mx_{s}({0})",
    "logaddexp": "logaddexp_{s}({0}, {1})",
    "floor_divide": "floor_divide_{s}({0}, {1})",
    "remainder": "remainder_{s}({0}, {1})",
    "fmod": "fmod{f}({0}, {1})",
    "gated": "({1} == 0 ? ({0} < 0 ? -{1} : {1}) : {0} * {1})",
    "silu_slope": "silu_slope_{s}({0}, {1})",
    "length_share": "length_share_{s}({0}, {1})",
    "logistic_density": "logistic_density_{s}({0})",
    "gaussian": "(({T})gaussian_f64((double){0}))",
    "normal_density": "(({T})(0.3989422804014327 * gaussian_f64(0.7071067811865476 * (double){0})))",
    "normal_cdf": "(({T})(0.5 * erfc(-0.7071067811865476 * (double){0})))",
    "logistic_loss": "logistic_loss_{s}({0}, {1})",
    "logistic_loss_slope": "logistic_loss_slope_{s}({0}, {1})",
    "logaddexp_slope": "logaddexp_slope_{s}({0}, {1})",
}
F32 = FLOAT | {name: f"{name}_f32({{0}})" for name in ("exp", "tanh", "log", "erf", "expm1", "log1p", "normal_cdf", "normal_density")}
F64 = FLOAT | {name: f"{name}_f64({{0}})" for name in ("exp", "tanh", "log")} | {"erf": "erf({0})"}
I64 = ANY | {
    "minimum": "({0} < {1} ? {0} : {1})",
    "maximum": "({0} > {1} ? {0} : {1})",
    "neg": "wrapped_i64(0 - (uint64_t){0})",
    "abs": "({0} < 0 ? wrapped_i64(0 - (uint64_t){0}) : {0})",
    "square": "wrapped_i64((uint64_t){0} * (uint64_t){0})",
    "floor": "{0}",
    "truncate": "{0}",
    "add": "wrapped_i64((uint64_t){0} + (uint64_t){1})",
    "sub": "wrapped_i64((uint64_t){0} - (uint64_t){1})",
    "mul": "wrapped_i64((uint64_t){0} * (uint64_t){1})",
    "difference": "wrapped_i64((uint64_t){0} - (uint64_t){1})",
    "multiply_add": "wrapped_i64((uint64_t){0} * (uint64_t){1} + (uint64_t){2})",
    "div": "divide_int({0}, {1})",
    "floor_divide": "floor_divide_int({0}, {1})",
    "remainder": "remainder_int({0}, {1})",
    "fmod": "({1} == 0 || {1} == -1 ? 0 : {0} % {1})",
}
EXPRESSIONS = {"float32": F32, "float64": F64, "int64": I64}


def load(text: str, dtype: str, lane: str) -> str:
    """An element converted to the lane type."""
    return text if dtype == lane else f"({C_TYPES[lane]}){text}"


def store(register: str, lane: str, dtype: str) -> str:
    """A register converted to the element type."""
    if dtype == lane:
        return register
    if dtype == "bool":
        return f"{register} != 0"
    if dtype in ("int32", "int64"):
        if lane == "int64":
            return f"narrow_i32({register})"
        return f"to_{SUFFIXES[dtype]}((double){register})"
    return f"({C_TYPES[dtype]}){register}"


@dataclass
class Access:
    """An operand in the loops: the C name of its pointer and a stride for each axis."""

    name: str
    dtype: str
    strides: list[int]
    offset: int = 0

    def at(self, place: str) -> str:
        """The element at an index."""
        return f"{self.name}[{place if self.offset == 0 else self.offset if place == '0' else f'{self.offset} + {place}'}]"


@dataclass
class Reduction:
    """A reduction of a register into an operand."""

    kind: str
    target: Access
    register: int


def accumulated_strides(space: list[int], outer: int, inner: int) -> list[int]:
    """The strides of a result (outer, inner) over a space (outer, middle, inner); sizes of 1 have been dropped."""
    strides = [0] * len(space)
    stride, seen = 1, 1
    at = len(space) - 1
    while at >= 0 and seen < inner:
        strides[at] = stride
        stride *= space[at]
        seen *= space[at]
        at -= 1
    first, product = 0, 1
    while first < len(space) and product < outer:
        product *= space[first]
        first += 1
    for axis in reversed(range(first)):
        strides[axis] = stride
        stride *= space[axis]
    return strides


def merged(space: list[int], accesses: list[Access]) -> list[int]:
    """Loop collapsing: merges neighbouring axes that are contiguous in every operand; changes space and strides in place."""
    axis = 0
    while axis + 1 < len(space):
        if all(a.strides[axis] == a.strides[axis + 1] * space[axis + 1] for a in accesses):
            space[axis : axis + 2] = [space[axis] * space[axis + 1]]
            for a in accesses:
                del a.strides[axis]
        else:
            axis += 1
    return space


class LaneLoops:
    """One lane program over its iteration space, as the text of a function's body."""

    def __init__(self, lanes: dict[str, Any], space: tuple[int, ...], inputs: list[Access], outputs: list[Access]) -> None:
        self.lanes, self.type = lanes, lanes["type"]
        self.inputs = inputs
        kept = [axis for axis, size in enumerate(space) if size != 1]
        self.empty = size_of(space) == 0
        self.space = [space[axis] for axis in kept]
        self.stores: list[tuple[int, Access]] = []
        self.counts: dict[int, int] = {}
        self.reductions: list[Reduction] = []
        for a in inputs:
            a.strides = [a.strides[axis] for axis in kept]
        for access, out in zip(outputs, lanes["outputs"], strict=True):
            if out["kind"] == "store":
                access.strides = [access.strides[axis] for axis in kept]
                self.stores.append((out["register"], access))
            else:
                access.strides = accumulated_strides(self.space, out["outer"], out["inner"])
                self.reductions.append(Reduction(out["kind"], access, out["register"]))
                self.counts[id(access)] = out["outer"] * out["inner"]
        merged(self.space, [*inputs, *(a for _, a in self.stores), *(r.target for r in self.reductions)])
        self.constants = [number(x, self.type) for x in lanes["constants"]]

    # ---- the text ----

    @property
    def static_bytes(self) -> int:
        """Bytes of the accumulators in static memory, those of reductions over outer axes."""
        return sum(8 * self.counts[id(r.target)] for r in self.reductions if self.level(r) is None and not self.empty)

    def text(self) -> Iterator[str]:
        """Lines of C."""
        if self.empty:
            yield from self.nothing()
            return
        deep = [r for r in self.reductions if self.level(r) is None]
        local = {id(r): level for r in self.reductions if (level := self.level(r)) is not None}
        for k, r in enumerate(deep):
            yield f"static {self.sum_type(r)} whole{k}[{self.counts[id(r.target)]}];"
        if deep or self.space:
            yield "ptrdiff_t " + ", ".join([*(f"i{a}" for a in range(len(self.space))), *(["k"] if deep else [])]) + ";"
        for k, r in enumerate(deep):
            yield f"for (k = 0; k < {self.counts[id(r.target)]}; ++k) whole{k}[k] = {self.start(r)};"
        yield from self.loop(0, deep, local)
        for k, r in enumerate(deep):
            yield f"for (k = 0; k < {self.counts[id(r.target)]}; ++k) {r.target.at('k')} = {self.finished(f'whole{k}[k]', r)};"

    def nothing(self) -> Iterator[str]:
        """Reductions over an empty space; unused operands are cast to void, against warnings."""
        if self.reductions:
            yield "ptrdiff_t k;"
        for r in self.reductions:
            yield f"for (k = 0; k < {self.counts[id(r.target)]}; ++k) {r.target.at('k')} = {self.finished(f'({self.sum_type(r)}){self.start(r)}', r)};"
        for name in sorted({a.name for a in [*self.inputs, *(a for _, a in self.stores)]}):
            yield f"(void){name};"

    def level(self, r: Reduction) -> int | None:
        """The loop depth at which an accumulator is complete; None where a reduced axis lies outside of a kept one."""
        kept = [axis for axis, stride in enumerate(r.target.strides) if stride != 0]
        level = kept[-1] + 1 if kept else 0
        return level if len(kept) == level else None

    def loop(self, axis: int, deep: list[Reduction], local: dict[int, int]) -> Iterator[str]:
        """Loops from one axis inwards."""
        begun = [(k, r) for k, r in enumerate(self.reductions) if local.get(id(r)) == axis]
        if axis == len(self.space):
            for k, r in begun:  # no axis is reduced
                yield f"{self.sum_type(r)} sum{k} = {self.start(r)};"
            yield from self.element(deep, local, "")
            for k, r in begun:
                yield self.finish(k, r)
            return
        size, last = self.space[axis], axis + 1 == len(self.space)
        side_by_side = last and size >= 2 * PARTIAL and begun and all(r.kind in ("sum", "maximum", "minimum") for _, r in begun)
        pad = ""
        if begun:
            yield "{"
            pad = "  "
        for k, r in begun:
            if side_by_side:
                yield f"{pad}{self.sum_type(r)} part{k}[{PARTIAL}], sum{k};"
            else:
                yield f"{pad}{self.sum_type(r)} sum{k} = {self.start(r)};"
        if side_by_side:
            yield f"{pad}int l;"
            starts = " ".join(f"part{k}[l] = {self.start(r)};" for k, r in begun)
            yield f"{pad}for (l = 0; l < {PARTIAL}; ++l) {{ {starts} }}"
            yield f"{pad}for (i{axis} = 0; i{axis} + {PARTIAL} <= {size}; i{axis} += {PARTIAL})"
            yield f"{pad}  for (l = 0; l < {PARTIAL}; ++l) {{"
            yield from (pad + "    " + line for line in self.element(deep, local, "l"))
            yield f"{pad}  }}"
            if size % PARTIAL:
                yield f"{pad}for (l = 0; l < {size % PARTIAL}; ++l) {{"
                yield from (pad + "  " + line for line in self.element(deep, local, "l"))
                yield f"{pad}}}"
            for k, r in begun:
                yield f"{pad}sum{k} = part{k}[0];"
                yield f"{pad}for (l = 1; l < {PARTIAL}; ++l) sum{k} = {self.joined(f'sum{k}', f'part{k}[l]', r.kind)};"
        else:
            yield f"{pad}for (i{axis} = 0; i{axis} < {size}; ++i{axis}) {{"
            yield from (pad + "  " + line for line in self.loop(axis + 1, deep, local))
            yield f"{pad}}}"
        for k, r in begun:
            yield pad + self.finish(k, r)
        if begun:
            yield "}"

    def finish(self, k: int, r: Reduction) -> str:
        """Stores a complete accumulator."""
        place = index([(f"i{a}", s) for a, s in enumerate(r.target.strides)])
        return f"{r.target.at(place)} = {self.finished(f'sum{k}', r)};"

    def element(self, deep: list[Reduction], local: dict[int, int], lane: str) -> Iterator[str]:
        """The loop body for one element; `lane` counts within a group of the innermost loop."""
        last = len(self.space) - 1

        def at(a: Access) -> str:
            terms = [(f"(i{axis} + {lane})" if lane and axis == last else f"i{axis}", s) for axis, s in enumerate(a.strides)]
            return a.at(index(terms))

        T = C_TYPES[self.type]
        used = self.used()
        registers: list[str] = []
        for k, a in enumerate(self.inputs):
            registers.append(f"r{k}")
            if k in used:
                yield f"const {T} r{k} = {load(at(a), a.dtype, self.type)};"
        registers += self.constants
        for op, operands in self.lanes["code"]:
            k = len(registers)
            registers.append(f"r{k}")
            if k in used:
                yield f"const {T} r{k} = {self.expression(op, [registers[o] for o in operands])};"
        for register, a in self.stores:
            yield f"{at(a)} = {store(registers[register], self.type, a.dtype)};"
        for k, r in enumerate(self.reductions):
            value = registers[r.register]
            if id(r) in local:
                target = f"part{k}[{lane}]" if lane and local[id(r)] == last else f"sum{k}"
            else:
                place = index(
                    [(f"(i{axis} + {lane})" if lane and axis == last else f"i{axis}", s) for axis, s in enumerate(r.target.strides)]
                )
                target = f"whole{deep.index(r)}[{place}]"
            yield f"{target} = {self.joined(target, self.widened(value, r), r.kind)};"

    def used(self) -> set[int]:
        """Live registers: those that an output needs."""
        first = len(self.inputs) + len(self.constants)
        todo = [register for register, _ in self.stores] + [r.register for r in self.reductions]
        used: set[int] = set()
        while todo:
            k = todo.pop()
            if k not in used:
                used.add(k)
                if k >= first:
                    todo += self.lanes["code"][k - first][1]
        return used

    def expression(self, op: str, operands: list[str]) -> str:
        """One instruction."""
        suffix = SUFFIXES[self.type]
        table = EXPRESSIONS[self.type]
        if op not in table:
            raise NotImplementedError(f"to_c: no {op} of {self.type}")
        text = table[op]
        return text.format(*operands, T=C_TYPES[self.type], s=suffix, S=suffix.upper(), f="f" if self.type == "float32" else "")

    # ---- reductions ----

    def sum_type(self, r: Reduction) -> str:
        """The accumulator's type: double for sums and products of floats; integers wrap around."""
        if self.type == "int64":
            return "uint64_t" if r.kind in ("sum", "product") else "int64_t"
        return "double" if r.kind in ("sum", "product") else C_TYPES[self.type]

    def widened(self, value: str, r: Reduction) -> str:
        """A register converted to the accumulator's type."""
        return f"({self.sum_type(r)}){value}" if self.sum_type(r) != C_TYPES[self.type] else value

    def start(self, r: Reduction) -> str:
        """The neutral element."""
        if r.kind in ("sum", "product"):
            return "0" if r.kind == "sum" else "1"
        if self.type == "int64":
            return "INT64_MIN" if r.kind == "maximum" else "INT64_MAX"
        return "-INFINITY" if r.kind == "maximum" else "INFINITY"

    def joined(self, a: str, b: str, kind: str) -> str:
        """The combination of two partial results; NaN propagates."""
        if kind in ("sum", "product"):
            return f"{a} {'+' if kind == 'sum' else '*'} {b}"
        if self.type == "int64":
            return f"{a} {'>' if kind == 'maximum' else '<'} {b} ? {a} : {b}"
        return f"({a} {'>' if kind == 'maximum' else '<'} {b} || {a} != {a}) ? {a} : {b}"

    def finished(self, value: str, r: Reduction) -> str:
        """An accumulator converted to the element type."""
        if self.type == "int64" and r.kind in ("sum", "product"):
            value = f"wrapped_i64({value})"
        elif self.sum_type(r) != C_TYPES[self.type]:
            value = f"({C_TYPES[self.type]}){value}"
        return store(value, self.type, r.target.dtype)
