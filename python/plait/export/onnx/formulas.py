"""Densities, and derivatives of activations and losses, in ONNX: the core's formulas, with its limits at infinity."""

from __future__ import annotations

import numpy as np

from ..._core import Node
from .graph import Graph
from .ops import _difference, _divisor, _erfc, _softplus, number, op


@op("gaussian", "normal_density")
def _density(g: Graph, node: Node, x: list[str]) -> str:
    scale, factor = (1.0, 1.0) if node.op == "gaussian" else (0.5, 1 / np.sqrt(2 * np.pi))
    power = g.add("Exp", g.add("Neg", g.add("Mul", number(g, scale, node), g.add("Mul", x[0], x[0]))))
    return str(g.add("Mul", number(g, factor, node), power))


@op("normal_cdf")
def _normal_cdf(g: Graph, node: Node, x: list[str]) -> str:
    return str(g.add("Mul", number(g, 0.5, node), _erfc(g, node, [g.add("Mul", x[0], number(g, -np.sqrt(0.5), node))])))


@op("logistic_density")
def _logistic_density(g: Graph, _node: Node, x: list[str]) -> str:
    return str(g.add("Mul", g.add("Sigmoid", x[0]), g.add("Sigmoid", g.add("Neg", x[0]))))


@op("gated", "silu", "gelu", "normal_moment")
def _gated(g: Graph, node: Node, x: list[str]) -> str:
    """A product that is 0 where the second factor is 0, also if the first is infinite."""
    return str(g.add("Where", g.add("Equal", x[1], number(g, 0, node)), g.add("Neg", x[1]), g.add("Mul", *x)))


@op("silu_slope")
def _silu_slope(g: Graph, node: Node, x: list[str]) -> str:
    density = g.add("Mul", x[1], g.add("Sub", number(g, 1, node), x[1]))
    return str(g.add("Add", x[1], _gated(g, node, [x[0], density])))


@op("length_share")
def _length_share(g: Graph, node: Node, x: list[str]) -> str:
    infinite = g.add("Equal", g.add("Abs", x[0]), number(g, np.inf, node))
    share = g.add("Where", infinite, g.add("Sign", x[0]), g.add("Div", *x))
    return str(g.add("Where", g.add("Equal", x[1], number(g, 0, node)), number(g, 0, node), share))


def _positive_case(g: Graph, node: Node, x: list[str]) -> tuple[str, str]:
    """Whether the logit is above 0, and 1 - t."""
    return g.add("Greater", x[0], number(g, 0, node)), g.add("Sub", number(g, 1, node), x[1])


@op("logistic_loss")
def _logistic_loss(g: Graph, node: Node, x: list[str]) -> str:
    above, rest = _positive_case(g, node, x)
    share = g.add("Where", above, rest, g.add("Neg", x[1]))
    line = g.add("Where", g.add("Equal", share, number(g, 0, node)), number(g, 0, node), g.add("Mul", share, x[0]))
    return str(g.add("Add", line, _softplus(g, node, [g.add("Neg", g.add("Abs", x[0]))])))


@op("logistic_loss_slope")
def _logistic_loss_slope(g: Graph, node: Node, x: list[str]) -> str:
    above, rest = _positive_case(g, node, x)
    s = g.add("Sigmoid", g.add("Neg", g.add("Abs", x[0])))
    return str(g.add("Where", above, g.add("Sub", rest, s), g.add("Sub", s, x[1])))


@op("logaddexp_slope")
def _logaddexp_slope(g: Graph, node: Node, x: list[str]) -> str:
    nothing = g.add("And", g.add("Equal", *x), g.add("Equal", x[0], number(g, -np.inf, node)))
    return str(g.add("Where", nothing, number(g, 0, node), g.add("Sigmoid", _difference(g, node, x))))


@op("fmod")
def _fmod(g: Graph, node: Node, x: list[str]) -> str:
    if node.dtype.kind == "f":
        return str(g.add("Mod", *x, fmod=1))
    none, divisor = _divisor(g, node, x)
    return str(g.add("Where", none, number(g, 0, node), g.add("Mod", x[0], divisor, fmod=1)))
