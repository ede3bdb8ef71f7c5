"""plait.scan as a `for` loop: states are double-buffered, xs and ys are indexed by the step."""

from __future__ import annotations

from typing import Any

from . import steps
from .text import C_TYPES, SIZES, SUFFIXES, size_of


def write_loop(writer: steps.Writer, outer: steps.Body, step: dict[str, Any], name: str) -> None:
    """Appends the loop's function to the file and its call to the steps around it."""
    loop = step["loop"]
    plan = loop["body"]
    at = outer.scratch
    buffers = []
    for state in loop["states"]:
        buffers.append((at, at + steps.lines(state["bytes"])))
        at += 2 * steps.lines(state["bytes"])
    writer.reserve(at)
    body = steps.Body(writer, plan, at, "0", name + "_")
    parameters = [f"const {C_TYPES[dtype]} *input{k}" for k, (dtype, _) in enumerate(plan["inputs"])]
    parameters += [f"{C_TYPES[dtype]} *output{k}" for k, (dtype, _) in enumerate(plan["outputs"])]
    used = " ".join(body.calls)
    unused = [p.split("*")[1] for p in parameters if p.split("*")[1] not in steps_words(used)]
    lines = [f"static void {name}({', '.join(parameters) or 'void'}) {{"]
    lines += [f"  (void){p};" for p in unused]
    lines += ["  " + call for call in body.calls]
    writer.functions.append([*lines, "}"])

    dtype_of_output = [dtype for dtype, _ in plan["outputs"]]
    buffer = step["outputs"][0]
    base, begin = outer.place(buffer)
    if base != "arena":
        raise NotImplementedError(f"to_c: the buffer of the loop at {step['node']} is {base}")

    def in_buffer(offset: int, dtype: str) -> str:
        return f"arena.{SUFFIXES[dtype]} + {(begin + offset) // SIZES[dtype]}"

    calls = ["{"]
    for k, state in enumerate(loop["states"]):
        operand = step["inputs"][state["input"]]
        calls.append(f"  const {C_TYPES[operand['dtype']]} *state{k} = {outer.pointer(operand)};")
    calls.append("  ptrdiff_t i;")
    calls.append(f"  for (i = 0; i < {loop['steps']}; ++i) {{")
    calls.append(f"    const ptrdiff_t t = {str(loop['steps'] - 1) + ' - i' if loop['reverse'] else 'i'};")
    arguments = ["NULL"] * len(plan["inputs"])  # NULL where only the shape is used
    for k, state in enumerate(loop["states"]):
        dtype = dtype_of_output[state["output"]]
        first, second = (place // SIZES[dtype] for place in buffers[k])
        calls.append(f"    {C_TYPES[dtype]} *const next{k} = arena.{SUFFIXES[dtype]} + (i % 2 == 0 ? {first} : {second});")
        if state["feed"] >= 0:
            arguments[state["feed"]] = f"state{k}"
    for given, feed, size in (x for x in loop["xs"] if x[0] >= 0):
        operand = step["inputs"][given]
        arguments[feed] = f"{outer.pointer(operand)} + t * {size // SIZES[operand['dtype']]}"
    for given, feed in (capture for capture in loop["captures"] if capture[0] >= 0):
        arguments[feed] = outer.pointer(step["inputs"][given])
    results = [""] * len(plan["outputs"])
    for k, state in enumerate(loop["states"]):
        results[state["output"]] = f"next{k}"
    for output, offset, size in loop["ys"]:
        dtype = dtype_of_output[output]
        results[output] = f"{in_buffer(offset, dtype)} + t * {size // SIZES[dtype]}"
    calls.append(f"    {name}({', '.join([*arguments, *results])});")
    calls += [f"    state{k} = next{k};" for k in range(len(loop["states"]))]
    calls.append("    (void)t;")
    calls.append("  }")
    for k, state in enumerate(loop["states"]):
        if state["last"] >= 0 and state["bytes"]:
            dtype = dtype_of_output[state["output"]]
            calls.append(f"  memcpy({in_buffer(state['last'], dtype)}, state{k}, {state['bytes']});")
        else:
            calls.append(f"  (void)state{k};")
    calls.append("}")
    outer.calls += calls


def steps_words(text: str) -> set[str]:
    """The identifiers in a text."""
    from .helpers import words

    return words(text)


def count(shape: tuple[int, ...]) -> int:
    """Number of elements."""
    return size_of(shape)
