"""plait: write the mathematics once, as a graph of nodes; then train it, infer with it, optimise it, or align with it.

    x = plait.input("x", (None, 2))                      # a graph of nodes; nothing has run yet
    w = plait.parameter(np.zeros((2, 1)), name="w")
    loss = ((x @ w - 1) ** 2).mean()
    (dw,) = plait.gradient(loss, [w])                    # nodes again
    step = plait.compile([loss], updates={w: w - 0.1 * dw})
    step(x=points)                                       # one flat program: forward, backward, update

The modules; see help(plait.align) and so on:

    plait            nodes and NumPy's functions on them, gradient, evaluate, Table, compile, function, grad, jacobian, hessian, save, load
    plait.graph      the same, as a module, on which all others are built
    plait.linalg     linear systems, factorisations, inverses and determinants, as nodes
    plait.losses     losses, as expressions
    plait.optim      SGD to AdamW, with schedules, as expressions
    plait.train      the epoch loop, with checkpoints (a function with attributes, such as plait.train.EarlyStopping)
    plait.nn         layers, MLP, VAE, LSTM, GRU; estimators with scikit-learn's conventions
    plait.align      time warping and edit distances, protein and DNA alignment, custom recursions; neighbours, clusters, search
    plait.infer      models and posteriors by variational inference; plait.infer.timeseries: ARIMA, GARCH, levels and trends
    plait.optimize   minimisation under bounds and constraints, with SciPy's signature
    plait.portfolio  minimum variance, Sharpe ratio, CVaR, risk parity, frontiers, back-tests
    plait.sparse     sparse vectors and rows: products, nearest rows
    plait.histogram  histograms with any bins and axes; quantiles of streams
    plait.tree       C4.5 decision trees, with export as text, rules, SQL, C
    plait.datasets   data sets for examples
    plait.export     export to C99 and ONNX, import from ONNX
    plait.picture    graphs as pictures; backpropagation step by step
    plait.plot       plots of results
    plait.report     reports as one HTML page

dir(plait) lists every name, help(plait.gradient) documents one, and plait.show_versions() prints the versions for a bug report.
On the command line: plait --help.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from . import graph, linalg, losses, optim
from .graph import (
    ConvergenceWarning,
    DTypeError,
    FormatError,
    GraphError,
    Node,
    PerformanceWarning,
    Program,
    ShapeError,
    Step,
    Table,
    TraceError,
    abs,
    add,
    arange,
    arctan,
    arctan2,
    argmax,
    argmin,
    argsort,
    bernoulli,
    broadcast_to,
    cast,
    check_gradient,
    cholesky,
    clip,
    compile,
    concatenate,
    constant,
    cos,
    cumsum,
    digamma,
    divide,
    dropout,
    einsum,
    elu,
    equal,
    erf,
    evaluate,
    exp,
    expand_dims,
    expm1,
    flip,
    floor,
    function,
    gelu,
    get_flush_subnormals,
    get_num_threads,
    grad,
    gradient,
    greater,
    greater_equal,
    hessian,
    hvp,
    input,
    jacobian,
    leaky_relu,
    less,
    less_equal,
    lgamma,
    load,
    log,
    log1p,
    log_softmax,
    logical_and,
    logical_not,
    logical_or,
    logsumexp,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    multiply,
    negative,
    norm,
    normal,
    not_equal,
    one_hot,
    ones,
    pad,
    parameter,
    power,
    prod,
    reciprocal,
    relu,
    reshape,
    roll,
    save,
    scan,
    scope,
    set_flush_subnormals,
    set_num_threads,
    sigmoid,
    sign,
    silu,
    sin,
    softmax,
    softplus,
    solve_triangular,
    sort,
    sqrt,
    square,
    squeeze,
    stack,
    stop_gradient,
    subtract,
    sum,
    take,
    take_along_axis,
    tanh,
    transpose,
    uniform,
    value_and_grad,
    where,
    zeros,
)
from .train import NotFiniteError, train

if TYPE_CHECKING:
    from types import FrameType

    from . import align, datasets, export, histogram, infer, nn, optimize, picture, plot, portfolio, report, sparse, tree
    from ._versions import show_versions
    from .export import from_onnx, load_state
    from .histogram import Histogram, QuantileSketch
    from .picture import animate, draw, to_dot
    from .portfolio import InfeasibleError
    from .sparse import SparseRows, SparseVector, sparse_input

__all__ = [
    "ConvergenceWarning",
    "DTypeError",
    "FormatError",
    "GraphError",
    "Histogram",
    "InfeasibleError",
    "Node",
    "NotFiniteError",
    "PerformanceWarning",
    "Program",
    "QuantileSketch",
    "ShapeError",
    "SparseRows",
    "SparseVector",
    "Step",
    "Table",
    "TraceError",
    "abs",
    "add",
    "align",
    "animate",
    "arange",
    "arctan",
    "arctan2",
    "argmax",
    "argmin",
    "argsort",
    "bernoulli",
    "broadcast_to",
    "cast",
    "check_gradient",
    "cholesky",
    "clip",
    "compile",
    "concatenate",
    "constant",
    "cos",
    "cumsum",
    "datasets",
    "digamma",
    "divide",
    "draw",
    "dropout",
    "einsum",
    "elu",
    "equal",
    "erf",
    "evaluate",
    "exp",
    "expand_dims",
    "expm1",
    "export",
    "flip",
    "floor",
    "from_onnx",
    "function",
    "gelu",
    "get_flush_subnormals",
    "get_num_threads",
    "grad",
    "gradient",
    "graph",
    "greater",
    "greater_equal",
    "hessian",
    "histogram",
    "hvp",
    "infer",
    "input",
    "jacobian",
    "leaky_relu",
    "less",
    "less_equal",
    "lgamma",
    "linalg",
    "load",
    "load_state",
    "log",
    "log1p",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "losses",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "nn",
    "norm",
    "normal",
    "not_equal",
    "one_hot",
    "ones",
    "optim",
    "optimize",
    "pad",
    "parameter",
    "picture",
    "plot",
    "portfolio",
    "power",
    "prod",
    "reciprocal",
    "relu",
    "report",
    "reshape",
    "roll",
    "save",
    "scan",
    "scope",
    "set_flush_subnormals",
    "set_num_threads",
    "show_versions",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "solve_triangular",
    "sort",
    "sparse",
    "sparse_input",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "subtract",
    "sum",
    "take",
    "take_along_axis",
    "tanh",
    "to_dot",
    "train",
    "transpose",
    "tree",
    "uniform",
    "value_and_grad",
    "where",
    "zeros",
]

# Lazy imports: modules that are loaded on first use.
_LATE = {"align": "", "datasets": "", "nn": "", "picture": "", "sparse": "", "draw": "picture", "to_dot": "picture", "animate": "picture"}
_LATE |= dict.fromkeys(["SparseRows", "SparseVector", "sparse_input"], "sparse")
_LATE |= {"histogram": "", "Histogram": "histogram", "QuantileSketch": "histogram"}
_LATE |= {"infer": "", "optimize": "", "tree": ""}
_LATE |= {"portfolio": "", "InfeasibleError": "portfolio"}
_LATE |= {"export": "", "from_onnx": "export", "load_state": "export"}
_LATE |= {"plot": "", "report": "", "__version__": "_version", "show_versions": "_versions"}

if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _LATE:
            raise AttributeError(f"module 'plait' has no attribute {name!r}")
        module = importlib.import_module(f".{_LATE[name] or name}", __name__)
        value = getattr(module, name) if _LATE[name] else module
        globals()[name] = value
        return value


def _asked_by_help() -> bool:
    """Whether `help` collects the members, directly or through `inspect`."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") == "inspect":
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") == "pydoc"


def __dir__() -> list[str]:
    # `help(plait)` shows the text above only, without the docstrings of all members.
    return [] if _asked_by_help() else sorted({*globals(), *__all__})
