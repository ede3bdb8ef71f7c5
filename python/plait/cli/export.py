"""``plait export``: a saved program, or an ONNX file, as C99 source or as an ONNX file."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from .. import export, graph
from ._common import Failure, Result, add_common

EXAMPLE = """example:
  in Python      x = plait.input("x", (None, 784))
                 plait.save("digits.plait", plait.compile(plait.softmax(model(x))))
  then           plait export digits.plait --c device --name digits --shape x=1,784
                 gcc -O2 -c device/digits.c       # void digits_run(const float *input0, float *output0)
                 plait export digits.plait --onnx digits.onnx
"""


def add(commands: Any) -> None:
    """Adds the subcommand to the parser."""
    parser = commands.add_parser(
        "export",
        help="write a saved program as C or as an ONNX file",
        description=__doc__.split(": ", 1)[1],
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a program that plait.save has written, or an ONNX file (.onnx)")
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--c", type=Path, nargs="?", const=Path(), metavar="FOLDER", help="C99 source, into a folder (default: this one)")
    form.add_argument("--onnx", type=Path, nargs="?", const=Path(), metavar="FILE", help="ONNX (default: MODEL with the ending .onnx)")
    parser.add_argument("--name", default="model", help="of the C files, and prefix of the functions' names (default: model)")
    parser.add_argument(
        "--shape",
        type=shape,
        action="append",
        default=[],
        metavar="INPUT=N,N,…",
        help="the shape of an input whose sizes are not all known",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def shape(text: str) -> tuple[str, tuple[int, ...]]:
    """A type for argparse: a name and sizes."""
    name, equals, sizes = text.rpartition("=")
    try:
        numbers = tuple(int(size) for size in sizes.split(",")) if sizes else ()
    except ValueError:
        numbers = (-1,)
    if not equals or not name or any(n < 0 for n in numbers):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a name and sizes, as in x=1,784")
    return name, numbers


def run(options: argparse.Namespace) -> Result:
    """``plait export``."""
    if options.model.suffix == ".onnx":
        program: Any = export.from_onnx(options.model)
    else:
        program = graph.load(options.model)
    if not isinstance(program, graph.Program):
        raise Failure(f"{options.model} holds a {type(program).__name__}; save a program: plait.save(path, plait.compile(model(x)))")
    if options.c is not None:
        try:
            written = program.to_c(options.c, options.name, dict(options.shape))
        except graph.GraphError as error:
            raise Failure(
                re.sub(r"shapes=\{'(.+)': \((.+?),?\)\}", lambda m: f"--shape {m[1]}={m[2].replace(' ', '')}", str(error))
            ) from error
        return {
            "source": str(written.source),
            "header": str(written.header),
            "inputs": list(written.inputs),
            "outputs": list(written.outputs),
            "weight_bytes": written.weight_bytes,
            "arena_bytes": written.arena_bytes,
            "variable_bytes": written.variable_bytes,
        }
    path = options.onnx if options.onnx != Path() else options.model.with_suffix(".onnx")
    if path == options.model:
        raise Failure(f"{path} is the model itself; name another file")
    program.to_onnx(path)
    return {"onnx": str(path), "bytes": path.stat().st_size}
