"""Check that the recipes of CONTRIBUTING.md are true: follow one in a scratch copy of the tree, build it, and run the table-driven tests on it.

    python tools/check_recipes.py             # in a temporary folder, with a build of its own
    python tools/check_recipes.py --keep DIR  # in DIR, which stays: a second run builds only what has changed

An edit is a file, a line that stands in it once, and what goes in before that line or in place of it. A recipe that needs another file, or a line
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
    """Text that goes in before a line of a file (or, with `after`, behind it)."""

    file: str
    line: str
    text: str
    after: bool = False


@dataclass(frozen=True)
class Recipe:
    """What CONTRIBUTING says one writes, and the tests that then go over it by themselves."""

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
            # its twins in the tests' tables
            Edit("tests/reference/functions.py", '    "sqrt": lambda x:', '    "cube": lambda x: x * x * x,\n'),
            Edit("tests/graph/test_special_values.py", '    "sqrt": (INF, NAN, 0.0, -0.0),', '    "cube": (INF, -INF, 0.0, -0.0),\n'),
            Edit(
                "tests/graph/test_ops.py",
                '    case("softplus", plait.softplus, softplus, X),',
                '    case("cube", plait.cube, lambda x: x**3, X),\n',
            ),
        ],
        tests=["tests/graph/test_ops.py", "tests/graph/test_special_values.py"],
        says="import numpy as np, plait\n"
        "x = plait.input('x', (3,), dtype='float64')\n"
        "y = plait.cube(x)\n"
        "value, slope = plait.compile([y, *plait.gradient(y.sum(), [x])])({x: np.array([1.0, 2.0, -3.0])})\n"
        "assert value.tolist() == [1, 8, -27] and slope.tolist() == [3, 12, 27], (value, slope)\n",
    ),
    Recipe(
        "an elastic measure",
        edits=[Edit(*edit) for edit in recipe_weighted_dtw.EDITS],
        tests=["tests/align/test_elastic.py"],
        says=recipe_weighted_dtw.SAYS,
        cpp_tests=recipe_weighted_dtw.CPP_TESTS,
    ),
]


def copy_tree(to: Path) -> None:
    """What git tracks, as it stands now; files that are the same already keep their times, so that a second build is a short one."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, to / name
        if not source.is_file() or (target.is_file() and target.read_bytes() == source.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def apply(edit: Edit, tree: Path) -> None:
    """Put one edit in; SystemExit where its place is not there, or there twice."""
    path = tree / edit.file
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    places = [i for i, line in enumerate(lines) if line.strip().startswith(edit.line.strip())]
    if len(places) != 1:
        raise SystemExit(f"recipes: {edit.file} has {len(places)} lines that begin with {edit.line!r}; the recipe needs one")
    lines.insert(places[0] + edit.after, edit.text)
    path.write_text("".join(lines), encoding="utf-8")


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
        copy_tree(tree)
        for recipe in RECIPES:
            print(f"{recipe.name}: {len({e.file for e in recipe.edits})} files", flush=True)
            for edit in recipe.edits:
                apply(edit, tree)
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
