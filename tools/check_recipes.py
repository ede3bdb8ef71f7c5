"""Check that the recipes of CONTRIBUTING.md are true: follow one in a scratch copy of the tree, build it, and run the table-driven tests on it.

    python tools/check_recipes.py             # in a temporary folder, with a build of its own
    python tools/check_recipes.py --keep DIR  # in DIR, which stays: a second run builds only what has changed

An edit is a file, a line that stands in it once, and what goes in before that line, or a new file. A recipe that needs another file, or a line
that is no longer there, is a recipe that is no longer true.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import recipe_weighted_dtw

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Edit:
    """Text to insert before a line of a file (or, with `after`, after it); without a line it is a new file."""

    file: str
    line: str
    text: str
    after: bool = False


@dataclass(frozen=True)
class Recipe:
    """The edits of a recipe in CONTRIBUTING, and the table-driven tests that then cover them."""

    name: str
    edits: list[Edit] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    says: str = ""  # a program that uses what was added
    cpp_tests: str = ""  # which of the C++ tests go over it


CUBE = '''def cube(x: Operand) -> Node:
    """The third power of every element.

    Parameters
    ----------
    x : Node or array_like
        Any shape.

    Returns
    -------
    Node
        Of the same shape.

    Examples
    --------
    >>> plait.evaluate(plait.cube([1.0, 2.0]))
    array([1., 8.])
    """
    return _core.elementwise("cube", x)


'''

PASS = """// Pass order_operands: a + b with the operand first that was made first. Needs and leaves what simplify leaves.
#include "pipeline.hpp"
#include "plait/graph/ops.hpp"
#include "rewriter.hpp"

namespace plait::graph {

Module order_operands(Module in) {
  Rewriter graph(std::move(in));
  for (const auto live = graph.live(); const int v : *live) {
    if (!graph.is(v, ops::add)) continue;
    const int a = graph.input(v, 0), b = graph.input(v, 1);
    if (b < a) graph.replace(v, graph.binary(ops::add, b, a));
  }
  return graph.changed() ? simplify(graph.take()) : graph.release();
}

}  // namespace plait::graph
"""

RECIPES = [
    Recipe(
        "an elementwise op",
        edits=[
            # its mathematics, its row among lane operations, its entry with a gradient
            Edit(
                "cpp/src/tensor/lanes/isa/operations.hpp", "PLAIT_OP1(Reciprocal, T(1) / a)", "PLAIT_OP1(Cube, Mul::of(a, Mul::of(a, a)))\n"
            ),
            Edit("cpp/include/plait/tensor/lane_ops.hpp", "X(sqrt, 0.12, floats, Sqrt)", "  X(cube, kLaneCost, all, Cube) \\\n"),
            Edit(
                "cpp/src/graph/ops/elementwise.cpp",
                "Gradients d_sqrt(",
                "Gradients d_cube(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(unary(ops::square, in(n)), 3))}; }\n",
            ),
            Edit(
                "cpp/src/graph/ops/elementwise.cpp",
                "OP(sqrt, sqrt, floats, d_sqrt, kSteep)",
                "  OP(cube, cube, numbers, d_cube, kOrdinary) \\\n",
            ),
            # its name in Python
            Edit("python/plait/graph/activations.py", "def softplus(x: Operand)", CUBE),
            Edit("python/plait/graph/__init__.py", "from .activations import", "from .activations import cube as cube\n"),
            Edit("python/plait/graph/__init__.py", '    "softplus",', '    "cube",\n'),
            Edit("python/plait/__init__.py", "    softplus,", "    cube,\n"),
            Edit("python/plait/__init__.py", '    "softplus",', '    "cube",\n'),
            Edit("docs/reference_pages.py", '"square", "subtract", "tanh",', '        "cube",\n'),
            # what it is in C and in ONNX
            Edit("python/plait/export/c/lanes.py", '"sqrt": "sqrt{f}', '    "cube": "({0} * ({0} * {0}))",\n'),
            Edit(
                "python/plait/export/c/lanes.py",
                '"floor": "{0}",',
                '    "cube": "wrapped_i64((uint64_t){0} * (uint64_t){0} * (uint64_t){0})",\n',
            ),
            Edit(
                "python/plait/export/onnx/ops.py",
                '@op("relu")',
                '@op("cube")\ndef _cube(g: Graph, _node: Node, x: list[str]) -> str:\n    return str(g.add("Mul", x[0], g.add("Mul", x[0], x[0])))\n\n\n',
            ),
            # its twins in the tests' tables
            Edit("tests/reference/functions.py", '    "sqrt": lambda x:', '    "cube": lambda x: x * x * x,\n'),
            Edit("tests/graph/test_special_values.py", '    "sqrt": (INF, NAN, 0.0, -0.0),', '    "cube": (INF, -INF, 0.0, -0.0),\n'),
            Edit(
                "tests/graph/test_ops.py",
                '    case("softplus", plait.softplus, softplus, X),',
                '    case("cube", plait.cube, lambda x: x**3, X),\n',
            ),
        ],
        tests=[
            "tests/graph/test_ops.py",
            "tests/graph/test_special_values.py",
            "tests/export/test_c_ops.py",
            "tests/export/test_onnx.py::test_every_op_is_written_or_named_with_a_reason",
            "tests/docs/test_pages.py::test_every_public_name_stands_in_one_group",
            "tests/test_docstrings.py::test_function_documents_parameters_result_and_use[plait.cube]",
            "tests/test_docstrings.py::test_example_runs_as_printed[plait.cube]",
        ],
        says="import numpy as np, plait\n"
        "x = plait.input('x', (3,), dtype='float64')\n"
        "y = plait.cube(x)\n"
        "value, slope = plait.compile([y, *plait.gradient(y.sum(), [x])])({x: np.array([1.0, 2.0, -3.0])})\n"
        "assert value.tolist() == [1, 8, -27] and slope.tolist() == [3, 12, 27], (value, slope)\n",
    ),
    Recipe(
        "a pass",
        edits=[
            Edit("cpp/src/graph/passes/order_operands.cpp", "", PASS),
            Edit("cpp/src/graph/passes/pipeline.hpp", 'X("batch matmuls"', '  X("order operands", order_operands, simplified) \\\n'),
        ],
        tests=["tests/graph/test_programs.py", "tests/graph/test_random_graphs.py"],
        says="import numpy as np, plait\n"
        "x = plait.input('x', (3,), dtype='float64')\n"
        "program = plait.compile(plait.exp(x) + x)\n"
        "assert np.allclose(program(x=np.array([0.0, 1.0, 2.0])), [1, np.e + 1, np.e**2 + 2])\n"
        "texts = program.passes()\n"
        "assert list(texts)[:3] == ['lower', 'simplify', 'order operands'], list(texts)\n"
        "assert 'add(%1 %0)' in texts['simplify'] and 'add(%0 %1)' in texts['order operands'], texts\n",
        cpp_tests="--source-file=*/cpp/tests/graph/test_random_modules.cpp",
    ),
    Recipe(
        "an elastic measure",
        edits=[Edit(*edit) for edit in recipe_weighted_dtw.EDITS],
        tests=["tests/align/test_elastic.py"],
        says=recipe_weighted_dtw.SAYS,
        cpp_tests=recipe_weighted_dtw.CPP_TESTS,
    ),
]


def with_edits(text: str, edits: list[Edit]) -> str:
    """A file's text with the insertions; SystemExit where a place is missing or not unique."""
    lines = text.splitlines(keepends=True)
    for edit in edits:
        places = [i for i, line in enumerate(lines) if line.strip().startswith(edit.line.strip())]
        if len(places) != 1:
            raise SystemExit(f"recipes: {edit.file} has {len(places)} lines that begin with {edit.line!r}; the recipe needs one")
        lines.insert(places[0] + edit.after, edit.text)
    return "".join(lines)


def copy_tree(to: Path, edits: list[Edit]) -> None:
    """Copies the tracked files with the edits; unchanged files keep their times, so that a second build is incremental."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    contents = {name: (ROOT / name).read_bytes() for name in filter(None, listed.split("\0")) if (ROOT / name).is_file()}
    for edit in edits:
        if edit.line == "":
            contents[edit.file] = edit.text.encode()
    for name in {edit.file for edit in edits if edit.line}:
        contents[name] = with_edits(contents[name].decode(), [e for e in edits if e.file == name]).encode()
    for name, content in contents.items():
        target = to / name
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        if (ROOT / name).is_file():
            shutil.copymode(ROOT / name, target)


def run(tree: Path, *command: str, path: str = "") -> None:
    """One command in the copy; SystemExit with its name if it fails."""
    environment = {**os.environ, "PYTHONPATH": path} if path else dict(os.environ)
    print("  $", *command, flush=True)
    if subprocess.run(command, cwd=tree, env=environment, check=False).returncode != 0:
        raise SystemExit(f"recipes: {' '.join(command)} failed")


def main() -> int:
    """Follow every recipe, all in one tree, and build once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="copy to DIR and leave it there")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="plait-recipes-"))
    try:
        tree = folder / "plait"
        for recipe in RECIPES:
            print(f"{recipe.name}: {len({e.file for e in recipe.edits})} files", flush=True)
        copy_tree(tree, [edit for recipe in RECIPES for edit in recipe.edits])
        run(tree, "cmake", "--preset", "dev")
        run(tree, "cmake", "--build", "build/dev", "--target", "_core", "plait_tests")
        for recipe in RECIPES:
            if recipe.cpp_tests:
                run(tree, "build/dev/cpp/tests/plait_tests", recipe.cpp_tests)
            run(tree, sys.executable, "-c", recipe.says, path="python")
            run(tree, sys.executable, "-m", "pytest", "-q", "-x", *recipe.tests, path="python")
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print("recipes: all true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
