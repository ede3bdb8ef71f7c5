"""The pages of the reference, written from what the modules export: a public name cannot be missing from them.

`GROUPS` orders the names of ``plait`` itself under headings; tests/docs asks that every name stands in exactly one of them.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

GROUPS: dict[str, list[str]] = {
    "Leaves of a graph": ["input", "sparse_input", "parameter", "constant", "zeros", "ones", "normal", "uniform", "bernoulli"],
    "Gradients and transforms": [
        "gradient", "function", "grad", "value_and_grad", "jacobian", "hessian", "hvp", "check_gradient", "stop_gradient", "scan",
    ],
    "Evaluating and compiling": ["Node", "evaluate", "Table", "compile", "Program", "Step", "save", "load",
        "load_state", "from_onnx", "get_flush_subnormals", "set_flush_subnormals", "set_num_threads", "get_num_threads"],
    "Pictures": ["draw", "to_dot", "animate", "scope"],
    "Elementwise functions": [
        "abs", "add", "arctan", "arctan2", "cast", "clip", "cos", "digamma", "divide", "elu", "equal", "erf", "exp", "expm1", "floor", "gelu", "greater",
        "greater_equal", "leaky_relu", "less", "less_equal", "lgamma", "log", "log1p", "logical_and", "logical_not", "logical_or", "maximum",
        "minimum", "multiply", "negative", "not_equal", "power", "reciprocal", "relu", "sigmoid", "sign", "silu", "sin", "softplus", "sqrt",
        "square", "subtract", "tanh", "where", "dropout",
    ],
    "Reductions": ["cumsum", "log_softmax", "logsumexp", "max", "mean", "min", "norm", "prod", "softmax", "sum"],
    "Shapes and selection": [
        "arange", "argmax", "argmin", "argsort", "sort", "pad", "roll", "broadcast_to", "concatenate", "expand_dims", "flip", "one_hot", "reshape", "squeeze", "stack", "take", "take_along_axis", "transpose",
    ],
    "Linear algebra": ["cholesky", "einsum", "matmul", "solve_triangular"],
    "Counts": ["Histogram", "QuantileSketch", "SparseRows", "SparseVector"],
    "Training": ["train"],
    "Errors and warnings": [
        "ConvergenceWarning", "DTypeError", "FormatError", "GraphError", "InfeasibleError", "NotFiniteError", "PerformanceWarning",
        "ShapeError", "TraceError",
    ],
    "This installation": ["show_versions"],
}  # fmt: skip

#: Modules with pages of their own, in the order of the README's table.
MODULES = {
    "linalg": "Linear algebra of matrices", "losses": "Losses", "optim": "Optimisers and schedules", "train": "The training loop", "nn": "Models", "align": "Alignment",
    "infer": "Inference", "infer.timeseries": "Time series", "optimize": "Optimisation", "portfolio": "Portfolios", "sparse": "Sparse vectors",
    "histogram": "Histograms and sketches", "tree": "Trees", "export": "Export", "datasets": "Data sets", "picture": "Pictures of graphs", "plot": "Plots",
    "report": "Reports",
}  # fmt: skip


def exported(module: str) -> list[str]:
    """The public names of one module that are no modules themselves."""
    found = importlib.import_module(module)
    return [name for name in found.__all__ if not inspect.ismodule(getattr(found, name))]


def _heading(text: str, mark: str = "=") -> str:
    return f"{text}\n{mark * len(text)}\n\n"


def _summary(module: str, names: list[str]) -> str:
    lines = "".join(f"   {module}.{name}\n" for name in names)
    return f".. autosummary::\n   :toctree: api\n   :nosignatures:\n\n{lines}\n"


def _of_kind(module: str, names: list[str]) -> str:
    """Classes and functions of a module under two headings, where it has both."""
    found = importlib.import_module(module)
    classes = [name for name in names if inspect.isclass(getattr(found, name))]
    rest = [name for name in names if name not in classes]
    if not classes or not rest:
        return _summary(module, names)
    return _heading("Classes", "-") + _summary(module, classes) + _heading("Functions", "-") + _summary(module, rest)


def pages() -> dict[str, str]:
    """File name to reStructuredText, for every page."""
    found: dict[str, str] = {}
    text = _heading("plait: graphs")
    for group, names in GROUPS.items():
        text += _heading(group, "-") + _summary("plait", names)
    found["plait.rst"] = text
    for module, title in MODULES.items():
        name = f"plait.{module}"
        top = importlib.import_module("plait")
        own = [n for n in exported(name) if getattr(top, n, None) is not getattr(importlib.import_module(name), n)]
        text = _heading(f"{name}: {title[0].lower()}{title[1:]}")
        text += _of_kind(name, own) if own else ""
        if len(own) < len(exported(name)):
            text += "Under `plait` itself: " + ", ".join(f":doc:`api/plait.{n}`" for n in exported(name) if n not in own) + ".\n"
        found[f"{name}.rst"] = text
    index = _heading("Reference") + "Every public name, with its docstring. Arrays are NumPy in, NumPy out.\n\n"
    index += ".. toctree::\n   :maxdepth: 1\n\n" + "".join(f"   {name.removesuffix('.rst')}\n" for name in found)
    found["index.rst"] = index
    return found


def write(folder: Path) -> None:
    """Write what has changed; files that have not are left, so that a second build is short."""
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
