"""Ops that are separate steps: each function writes the C code of an op, with contiguous operands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .text import C_TYPES, SIZES, SUFFIXES, size_of

Step = dict[str, Any]
Names = list[str]  # of the operands' pointers in C: inputs, then the output

OPS: dict[str, Callable[[Step, Names, str], Iterator[str]]] = {}

# Why an op is not written; everything else in the table is.
REFUSED = {
    "soft_dtw": "alignment inside of a graph is compiled code of its own",
    "soft_dtw_gradient": "alignment inside of a graph is compiled code of its own",
    "solution": "it runs an optimiser",
    "solution_gradient": "it runs an optimiser",
    "sparse_input": "its rows are no array",
    "sparse_matmul": "its rows are no array",
    "sparse_transposed_matmul": "its rows are no array",
    "random_gamma": "draws by rejection are left to the host",
    "random_poisson": "draws by rejection are left to the host",
}


def op(*names: str) -> Callable[[Callable[[Step, Names, str], Iterator[str]]], Callable[[Step, Names, str], Iterator[str]]]:
    """Registers a function as the writer of ops."""

    def register(write: Callable[[Step, Names, str], Iterator[str]]) -> Callable[[Step, Names, str], Iterator[str]]:
        for name in names:
            OPS[name] = write
        return write

    return register


def around(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    """A shape as (outer, size, inner) around one axis."""
    return size_of(shape[:axis]), shape[axis], size_of(shape[axis + 1 :])


def suffix(operand: dict[str, Any]) -> str:
    """The short name of an operand's type."""
    return SUFFIXES[operand["dtype"]]


def copied(space: tuple[int, ...], to: str, to_strides: Any, of: str, of_strides: Any) -> Iterator[str]:
    """A strided copy."""
    axes = [axis for axis, size in enumerate(space) if size != 1]
    if axes:
        yield "ptrdiff_t " + ", ".join(f"i{axis}" for axis in axes) + ";"
    pad = ""
    for axis in axes:
        yield f"{pad}for (i{axis} = 0; i{axis} < {space[axis]}; ++i{axis})"
        pad += "  "
    terms = [" + ".join(f"i{axis} * {strides[axis]}" for axis in axes) or "0" for strides in (to_strides, of_strides)]
    yield f"{pad}{to}[{terms[0]}] = {of}[{terms[1]}];"


def contiguous(shape: tuple[int, ...]) -> list[int]:
    """Strides of a row-major array."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(range(len(shape))):
        strides[axis] = step
        step *= shape[axis]
    return strides


def zeros(name: str, count: int) -> Iterator[str]:
    """Fills with 0."""
    yield f"{{ ptrdiff_t z; for (z = 0; z < {count}; ++z) {name}[z] = 0; }}"


@op("concatenate")
def concatenate(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Copies each operand to its range of the axis."""
    axis, out = step["ints"][0], step["outputs"][0]
    strides = out["strides"]
    offset = 0
    for operand, name in zip(step["inputs"], names, strict=False):
        yield "{"
        yield from ("  " + line for line in copied(operand["shape"], f"({names[-1]} + {offset})", strides, name, operand["strides"]))
        yield "}"
        offset += operand["shape"][axis] * strides[axis]


@op("slice_gradient")
def slice_gradient(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Zeros with the gradient scattered into the slice."""
    g, out = step["inputs"][0], step["outputs"][0]
    start, strides = 0, []
    whole = contiguous(out["shape"])
    for axis, size in enumerate(out["shape"]):
        taken = [None if n == -(2**63) else n for n in step["ints"][3 * axis : 3 * axis + 3]]
        first, _, by = slice(*taken).indices(size)
        by = max(-size, min(by, size)) if size else by
        if g["shape"][axis] > 0:
            start += first * whole[axis]
        strides.append(by * whole[axis])
    yield from zeros(names[-1], size_of(out["shape"]))
    if size_of(g["shape"]):
        yield from copied(g["shape"], f"({names[-1]} + {start})", strides, names[0], contiguous(g["shape"]))
    else:
        yield f"(void){names[0]};"


@op("take", "take_gradient")
def take(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Gather along an axis, or its gradient, a scatter-add."""
    x, index, out = step["inputs"][0], step["inputs"][1], step["outputs"][0]
    backward = step["op"] == "take_gradient"
    outer, size, inner = around((out if backward else x)["shape"], step["ints"][0])
    yield f"{step['op']}_{suffix(out)}({', '.join(names)}, {outer}, {size}, {inner}, {size_of(index['shape'])});"


@op("take_along_axis", "take_along_axis_gradient")
def take_along(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Gather of elements, or its gradient, a scatter-add."""
    x, index, out = step["inputs"][0], step["inputs"][1], step["outputs"][0]
    backward = step["op"] == "take_along_axis_gradient"
    axis, from_end = step["ints"][0], 0 if len(step["ints"]) > 1 else 1
    outer, size, inner = around((out if backward else x)["shape"], axis)
    count = index["shape"][axis]
    yield f"take_along_{'gradient_' if backward else ''}{suffix(out)}({', '.join(names)}, {outer}, {size}, {inner}, {count}, {from_end});"


@op("one_hot")
def one_hot(step: Step, names: Names, _run: str) -> Iterator[str]:
    """A 1 at each label."""
    yield f"one_hot_{suffix(step['outputs'][0])}({', '.join(names)}, {size_of(step['inputs'][0]['shape'])}, {step['ints'][0]});"


@op("lengths")
def lengths(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Lengths, clamped to the number of steps."""
    yield f"lengths_i64({names[0]}, *{names[1]}, {names[-1]}, {size_of(step['inputs'][0]['shape'])});"


@op("cumsum")
def cumsum(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Cumulative sums."""
    x = step["inputs"][0]
    outer, size, inner = around(x["shape"], step["ints"][0])
    yield f"cumsum_{suffix(x)}({', '.join(names)}, {outer}, {size}, {inner}, {step['ints'][1]});"


@op("recurrence")
def recurrence(step: Step, names: Names, _run: str) -> Iterator[str]:
    """e[0] = start, e[t + 1] = u[t] + a[t] e[t], along axes merged into one."""
    x, (u, a, e) = step["inputs"][1], names
    reverse, start, axes = step["ints"][0], step["ints"][1], step["ints"][2:]
    shape, strides, s = x["shape"], contiguous(x["shape"]), suffix(x)
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    if size_of(shape) == 0:
        yield from (f"(void){name};" for name in names)
        return
    yield "ptrdiff_t at, before, first;"
    yield "ptrdiff_t " + ", ".join(f"i{axis}" for axis in range(len(shape))) + ";" if shape else ""
    for axis in kept:
        yield f"for (i{axis} = 0; i{axis} < {shape[axis]}; ++i{axis})"
    yield "{"
    yield "  first = 1; before = 0;"
    for axis in axes:
        yield f"  for (i{axis} = 0; i{axis} < {shape[axis]}; ++i{axis})"
    terms = [f"i{axis} * {strides[axis]}" for axis in kept]
    terms += [f"({shape[axis] - 1} - i{axis}) * {strides[axis]}" if reverse else f"i{axis} * {strides[axis]}" for axis in axes]
    yield "  {"
    yield f"    at = {' + '.join(terms) or '0'};"
    product = f"{a}[before] * {e}[before]"
    value = f"{u}[before] + {product}"
    if s == "i64":
        value = f"wrapped_i64((uint64_t){u}[before] + (uint64_t){a}[before] * (uint64_t){e}[before])"
    elif s == "i32":
        value = f"narrow_i32((int64_t){u}[before] + (int64_t){a}[before] * (int64_t){e}[before])"
    yield f"    {e}[at] = first ? {start} : {value};"
    yield "    before = at; first = 0;"
    yield "  }"
    yield "}"


@op("cholesky")
def cholesky(step: Step, names: Names, _run: str) -> Iterator[str]:
    """The lower factor, matrix by matrix."""
    shape = step["inputs"][0]["shape"]
    yield f"cholesky_{suffix(step['inputs'][0])}({', '.join(names)}, {size_of(shape[:-2])}, {shape[-1]});"


@op("triangular_solve")
def triangular_solve(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Substitution, matrix by matrix."""
    lower, b = step["inputs"]
    n, m = lower["shape"][-1], b["shape"][-1]
    stride = 0 if len(lower["shape"]) == 2 else n * n
    yield f"triangular_solve_{suffix(lower)}({', '.join(names)}, {size_of(b['shape'][:-2])}, {stride}, {n}, {m}, {step['ints'][0]});"


def workspace(step: Step) -> int:
    """The bytes of a step's own static workspace."""
    if step["op"] not in ("linear_solve", "slogdet"):
        return 0
    matrix = step["inputs"][0]
    return int(matrix["shape"][-1] ** 2 * SIZES[matrix["dtype"]])


def _matrix(step: Step) -> Iterator[str]:
    matrix = step["inputs"][0]
    yield f"static {C_TYPES[matrix['dtype']]} u[{max(1, matrix['shape'][-1] ** 2)}];"


@op("linear_solve")
def linear_solve(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Elimination, matrix by matrix."""
    a, b = step["inputs"]
    n, m = a["shape"][-1], b["shape"][-1]
    yield from _matrix(step)
    stride = 0 if len(a["shape"]) == 2 else n * n
    yield f"linear_solve_{suffix(a)}({', '.join(names)}, u, {size_of(b['shape'][:-2])}, {stride}, {n}, {m});"


@op("slogdet")
def slogdet(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Sign and logarithm of the determinant, matrix by matrix."""
    a = step["inputs"][0]
    yield from _matrix(step)
    yield f"slogdet_{suffix(a)}({', '.join(names)}, u, {size_of(a['shape'][:-2])}, {a['shape'][-1]});"


@op("argsort")
def argsort(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Sorting indices, row by row."""
    x = step["inputs"][0]
    yield f"argsort_{suffix(x)}({', '.join(names)}, {size_of(x['shape'][:-1])}, {x['shape'][-1]});"


@op("scan_index")
def scan_index(step: Step, names: Names, _run: str) -> Iterator[str]:
    """The index of each step."""
    yield f"ptrdiff_t i; for (i = 0; i < {step['outputs'][0]['shape'][0]}; ++i) {names[-1]}[i] = i;"


@op("scan_fill")
def scan_fill(step: Step, names: Names, _run: str) -> Iterator[str]:
    """Segments scattered into their sequence, zeros elsewhere."""
    some, all_ = size_of(step["inputs"][0]["shape"]), size_of(step["outputs"][0]["shape"])
    rest = step["ints"][1]
    yield from zeros(names[-1], all_)
    yield f"memcpy({names[-1]} + {all_ - some if rest else 0}, {names[0]}, {some * SIZES[step['inputs'][0]['dtype']]});"


@op("scan_cotangent")
def scan_cotangent(step: Step, names: Names, _run: str) -> Iterator[str]:
    """A gradient at its output's offset in a loop's buffer, zeros elsewhere."""
    g, out = step["inputs"][0], step["outputs"][0]
    yield from zeros(names[-1], size_of(out["shape"]))
    yield f"memcpy((unsigned char *){names[-1]} + {step['begin']}, {names[0]}, {size_of(g['shape']) * SIZES[g['dtype']]});"


@op("random_normal", "random_uniform", "scan_normal", "scan_uniform", "scan_key", "scan_draw_key")
def random(step: Step, names: Names, run: str) -> Iterator[str]:
    """Random numbers: from the program's seed and the number of runs before this one; within a loop from a key and the step's number."""
    _dtype, has_seed, seed, ordinal = step["ints"][:4]
    keyed = step["op"] in ("scan_normal", "scan_uniform", "scan_draw_key")
    if keyed:
        key, stream = f"mix_seed((uint64_t)*{names[0]}, {ordinal + 1})", f"(uint64_t)*{names[1]}"
    else:
        key = f"mix_seed(UINT64_C({seed % 2**64}), 0)" if has_seed else f"mix_seed(random_seed, {ordinal + 1})"
        stream = run
    out = step["outputs"][0]
    if "key" in step["op"]:
        yield f"*{names[-1]} = wrapped_i64(mix_seed({key}, {stream}));"
    else:
        kind = "normal" if step["op"].endswith("normal") else "uniform"
        yield f"random_{kind}_{suffix(out)}({names[-1]}, {size_of(out['shape'])}, {key}, {stream});"
