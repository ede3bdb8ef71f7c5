"""Pictures of graphs: Graphviz text, SVG and PNG files, and the display of nodes in a notebook.

Each node shows its label as in messages (``add_17`` for one that the user has not named), its op, its dtype and shape, and the length of
its wait-list: the number of edges over which a gradient must arrive before the node propagates their sum. An edge is drawn for each use, so
``x * x`` has two; it is dotted where no gradient flows back over it, because only the shape is used. Nodes that `plait.gradient` made are
red. Scopes of a model (`plait.scope`) are folded into one box where a graph is too large to be legible.
"""

from __future__ import annotations

from ._dot import dot_text, run_dot
from ._files import draw
from ._model import Roots
from ._page import animate
from ._show import shown
from ._svg import svg_text

__all__ = ["animate", "draw", "to_dot", "to_svg"]

MOST_NODES = 300  # more are hard to read and slow to lay out


def to_dot(node: Roots, *, max_nodes: int = MOST_NODES) -> str:
    r"""The graph behind a node as Graphviz text.

    Parameters
    ----------
    node : Node, sequence of Node, Program or Table
        The output or the outputs; everything that they depend on is shown. Of a Table, nodes show their values and gradients.
    max_nodes : int
        A graph that is larger, though folded by its scopes, is cut to the nodes nearest to the outputs, and says so.

    Returns
    -------
    str
        A ``digraph`` in the DOT language.

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> print(plait.to_dot(x * x))
    digraph plait {
      rankdir=TB;
      node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=10, fillcolor="#f4f4f5", color="#71717a"];
      edge [color="#71717a", arrowsize=0.6];
      n0 [label="x\ninput\nfloat32 (None, 3)\nwaits for 2", fillcolor="#dbeafe"];
      n1 [label="multiply_...\nfloat32 (None, 3)\nwaits for 0", penwidth=2];
      n0 -> n1;
      n0 -> n1;
    }
    """
    return dot_text(shown(node, max_nodes))


def to_svg(node: Roots, *, max_nodes: int = MOST_NODES, use_dot: bool = True) -> str:
    """The graph behind a node as an SVG element, to be put into a page or a file.

    Parameters
    ----------
    node : Node, sequence of Node, Program or Table
        The output or the outputs; everything that they depend on is shown. Of a Table, nodes show their values and gradients.
    max_nodes : int
        A graph that is larger, though folded by its scopes, is cut to the nodes nearest to the outputs, and says so.
    use_dot : bool
        Whether to use the layout of Graphviz's ``dot`` where it is installed; otherwise a built-in layered layout is used.

    Returns
    -------
    str
        A self-contained ``<svg>`` element.

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> plait.picture.to_svg(plait.exp(x))[:4]
    '<svg'
    """
    drawing = shown(node, max_nodes)
    made = run_dot(drawing, "svg") if use_dot else None
    if made is None:
        return svg_text(drawing)
    text = made.decode("utf-8")
    return text[text.index("<svg") :]  # without the prologue, which names a DTD on another machine
