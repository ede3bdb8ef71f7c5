"""Graphs: nodes and the functions that make them, gradients, and the ways to run and to keep what was built.

Every name here is a name of :mod:`plait`.
"""

from __future__ import annotations

from .._core import DTypeError, FormatError, GraphError, Node, Program, ShapeError, Step, Table, TraceError
from . import numpy_protocol
from ._errors import ConvergenceWarning, PerformanceWarning
from .activations import gelu, log_softmax, relu, sigmoid, silu, softmax, softplus
from .binary import (
    add,
    cast,
    clip,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_or,
    maximum,
    minimum,
    multiply,
    not_equal,
    power,
    subtract,
    where,
)
from .check import check_gradient
from .elementwise import (
    abs,
    cos,
    digamma,
    erf,
    exp,
    expm1,
    floor,
    lgamma,
    log,
    log1p,
    logical_not,
    negative,
    reciprocal,
    sign,
    sin,
    sqrt,
    square,
    tanh,
)
from .files import load, save
from .leaves import bernoulli, constant, dropout, input, normal, parameter, stop_gradient, uniform
from .programs import compile, evaluate, get_num_threads, gradient, set_num_threads
from .reductions import cumsum, logsumexp, max, mean, min, norm, prod, sum
from .scan import scan
from .shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    matmul,
    one_hot,
    reshape,
    squeeze,
    stack,
    take,
    take_along_axis,
    transpose,
)
from .transforms import function, grad, hessian, jacobian, value_and_grad

numpy_protocol.install()

__all__ = [
    "ConvergenceWarning", "DTypeError", "FormatError", "GraphError", "Node", "PerformanceWarning", "Program", "ShapeError", "Step", "Table",
    "TraceError", "abs", "add", "bernoulli", "broadcast_to", "cast", "check_gradient", "clip", "compile", "concatenate", "constant", "cos",
    "cumsum", "digamma", "divide", "dropout", "equal", "erf", "evaluate", "exp", "expand_dims", "expm1", "floor", "function", "gelu",
    "get_num_threads", "grad", "gradient", "greater", "greater_equal", "hessian", "input", "jacobian", "less", "less_equal", "lgamma",
    "load", "log", "log1p", "log_softmax", "logical_and", "logical_not", "logical_or", "logsumexp", "matmul", "max", "maximum", "mean", "min",
    "minimum", "multiply", "negative", "norm", "normal", "not_equal", "one_hot", "parameter", "power", "prod", "reciprocal", "relu",
    "reshape", "save", "scan", "set_num_threads", "sigmoid", "sign", "silu", "sin", "softmax", "softplus", "sqrt", "square", "squeeze", "stack",
    "stop_gradient", "subtract", "sum", "take", "take_along_axis", "tanh", "transpose", "uniform", "value_and_grad", "where",
]
