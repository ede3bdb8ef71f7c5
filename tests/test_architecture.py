"""The architecture, checked in the sources: includes in C++, imports in Python, and the length of files.

A module that is not in the tables below fails: put it in, with the arrows it needs, and say so in the same commit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

# module -> the modules whose headers it may include; the relation is transitive.
CPP_ARROWS = {
    "base": set(),
    "tensor": {"base"},
    "graph": {"tensor"},
    "train": {"graph"},
    "align": {"tensor"},
    "sparse": {"base"},
    "histogram": {"base"},
    "tree": {"histogram"},
    "optimize": {"tensor"},
}
# Modules and packages of python/plait. `_core` and the small helpers named with an underscore are open to all.
PYTHON_ARROWS = {
    "graph": set(),
    "linalg": {"graph"},
    "losses": {"graph"},
    "optim": {"graph"},
    "train": {"graph", "optim"},
    "nn": {"graph", "losses", "train"},
    "align": {"graph"},
    "sparse": {"graph"},
    "histogram": set(),
    "tree": {"histogram"},
    "infer": {"graph", "optim", "train", "optimize"},
    "optimize": {"graph"},
    "portfolio": {"optimize"},
    "datasets": set(),
    "picture": {"graph"},
    "export": {"graph"},
    "plot": {"picture"},
    "report": {"plot"},
    "cli": {"nn", "align", "export", "histogram", "tree", "infer", "portfolio", "datasets", "report"},
}
# Drawing modules are imported inside of functions, when a method (`.plot()`, the display of a node) needs them.
IMPORTED_WHEN_ASKED = {"plot", "picture"}

MOST_LINES = 500


def closure(arrows: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The transitive closure: for each module every module that it reaches, itself included."""
    reached: dict[str, set[str]] = {}
    for module in arrows:
        todo, seen = [module], set()
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += arrows[at]
        reached[module] = seen
    return reached


def files(folder: Path, *endings: str) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in endings and not p.name.startswith("_core."))


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', path.read_text(encoding="utf-8"), re.MULTILINE)


def module_of(path: Path, folder: Path) -> str:
    """The first part of the path below `folder`, without a file's ending."""
    return path.relative_to(folder).parts[0].split(".")[0]


def test_no_two_rooms_reach_each_other() -> None:
    for arrows in (CPP_ARROWS, PYTHON_ARROWS):
        reached = closure(arrows)
        assert [(a, b) for a in reached for b in reached[a] if a != b and a in reached[b]] == []


def test_headers_are_included_along_the_arrows(root: Path) -> None:
    cpp = root / "cpp"
    reached = closure(CPP_ARROWS)
    wrong = []
    seen = 0
    for folder in (cpp / "include" / "plait", cpp / "src"):
        for path in files(folder, ".hpp", ".cpp"):
            module = module_of(path, folder)
            seen += 1
            if module not in reached:
                wrong.append(f"{path.relative_to(root)}: no module '{module}' in CPP_ARROWS")
                continue
            for name in includes(path):
                public = re.match(r"plait/(\w+)/", name)
                if public and public[1] not in reached[module]:
                    wrong.append(f"{path.relative_to(root)}: {module} may not include {name}")
                private = re.match(r"(\w+)/", name)
                if private and private[1] in reached and private[1] != module and (cpp / "src" / name).exists():
                    wrong.append(f"{path.relative_to(root)}: {name} is private to {private[1]}")
    assert seen > 0
    assert wrong == []


def test_only_the_bindings_know_python(root: Path) -> None:
    sources = files(root / "cpp", ".hpp", ".cpp")
    knows = {p for p in sources if any(name.startswith("pybind11/") or name == "Python.h" for name in includes(p))}
    assert knows != set()
    assert sorted(p.relative_to(root) for p in knows if p.parent != root / "cpp" / "bindings") == []


def imports(tree: ast.Module, path: Path, package: Path) -> Iterator[tuple[str, bool, int]]:
    """(module of plait, whether only when a function is called, line) for each import; type-checking blocks do not count."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    inside = list(parts[:-1])  # the package that relative imports start from

    def walk(node: ast.AST, late: bool) -> Iterator[tuple[str, bool, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                yield from (found for other in child.orelse for found in walk(other, late))
                continue
            names: list[str] = []
            if isinstance(child, ast.Import):
                names = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                stem = inside[: len(inside) - child.level + 1] if child.level else []
                base = ".".join([*stem, *([child.module] if child.module else [])])
                names = [f"{base}.{alias.name}" for alias in child.names]
            for name in names:
                if name == "plait" or name.startswith("plait."):
                    yield name, late, child.lineno
            yield from walk(child, late or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))

    yield from walk(tree, False)


def test_modules_are_imported_along_the_arrows(root: Path) -> None:
    package = root / "python" / "plait"
    reached = closure(PYTHON_ARROWS)
    wrong = []
    for path in files(package, ".py"):
        module = module_of(path, package)
        if module in {"__init__", "__main__"}:
            continue  # the front door: joins every module
        if not module.startswith("_") and module not in reached:
            wrong.append(f"{path.relative_to(root)}: no module '{module}' in PYTHON_ARROWS")
            continue
        for name, late, line in imports(ast.parse(path.read_text(encoding="utf-8")), path, package):
            other = name.split(".")[1] if "." in name else ""
            if not (package / other).exists() and not (package / f"{other}.py").exists() and not other.startswith("_"):
                if not late:  # `import plait` or a name from the package itself: a circle, unless it waits until a call
                    wrong.append(f"{path.relative_to(root)}:{line}: imports {name} from the front door; name the module")
                continue
            allowed = other.startswith("_") or other in reached.get(module, {module}) or (late and other in IMPORTED_WHEN_ASKED)
            if not allowed:
                wrong.append(f"{path.relative_to(root)}:{line}: {module} may not import {other}")
    assert wrong == []


@pytest.mark.parametrize("folder", ["cpp", "python", "tests", "bench", "tools"])
def test_one_idea_to_a_file(root: Path, folder: str) -> None:
    lengths = {p.relative_to(root): len(p.read_text(encoding="utf-8").splitlines()) for p in files(root / folder, ".cpp", ".hpp", ".py")}
    assert {str(path): n for path, n in lengths.items() if n > MOST_LINES} == {}


def test_the_checks_see_what_they_forbid(tmp_path: Path) -> None:
    """The checks can fail: forbidden lines are found in a test file."""
    package = tmp_path / "plait"
    (package / "tree").mkdir(parents=True)
    path = package / "tree" / "grow.py"
    path.write_text("from ..nn import Dense\nimport plait.graph\nfrom . import split\ndef f():\n    from plait.plot import draw\n")
    found = list(imports(ast.parse(path.read_text()), path, package))
    assert found == [("plait.nn.Dense", False, 1), ("plait.graph", False, 2), ("plait.tree.split", False, 3), ("plait.plot.draw", True, 5)]
    header = tmp_path / "a.hpp"
    header.write_text('#include <pybind11/pybind11.h>\n  #  include "plait/graph/node.hpp"\n')
    assert includes(header) == ["pybind11/pybind11.h", "plait/graph/node.hpp"]
