"""Trees as pictures: Graphviz text, and a drawing in matplotlib."""

from __future__ import annotations

import re
from typing import Any

from ._nodes import Nodes, Test, weight_text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _edge_label(nodes: Nodes, test: Test) -> str:
    """The label of an edge: the test without the feature's name."""
    return nodes.words(test)[len(nodes.shown_names[test.feature]) + 1 :]


def _short(label: str) -> str:
    """A label with numbers rounded to five digits, for drawings; text and code exports keep all digits."""
    return re.sub(r"\d*\.\d{5,}(e[+-]?\d+)?", lambda number: f"{float(number[0]):.5g}", label)


def to_dot(nodes: Nodes) -> str:
    """Graphviz text, a line for each node and edge."""
    lines = ["digraph tree {", '  node [shape=box, style="rounded,filled", fillcolor="#f4f4f5", fontname="sans-serif"];']
    lines.append('  edge [fontname="sans-serif", fontsize=11];')
    for node, _, parent, branch in nodes.walk():
        leaf = nodes.branches[node] == 0
        if leaf:
            lines.append(f'  {node} [label={_quoted(nodes.leaf_text(node))}, fillcolor="#dbeafe"];')
        else:
            label = f"{nodes.shown_names[nodes.attribute[node]]}\n{weight_text(nodes.weight[node])} cases"
            lines.append(f"  {node} [label={_quoted(label)}];".replace("\n", "\\n"))
        if parent >= 0:
            lines.append(f"  {parent} -> {node} [label={_quoted(_edge_label(nodes, nodes.test(parent, branch)))}];")
    return "\n".join([*lines, "}"]) + "\n"


def positions(nodes: Nodes, max_depth: int | None) -> dict[int, tuple[float, int]]:
    """Positions of nodes: leaves evenly spaced, each parent centred over its children."""
    order = [(node, depth) for node, depth, _, _ in nodes.walk() if max_depth is None or depth <= max_depth]
    shown = {node for node, _ in order}
    place: dict[int, tuple[float, int]] = {}
    at = 0
    for node, depth in order:
        if not any(child in shown for child in nodes.children(node)):
            place[node] = (float(at), depth)
            at += 1
    for node, depth in reversed(order):
        if node not in place:
            children = [place[child][0] for child in nodes.children(node)]
            place[node] = ((children[0] + children[-1]) / 2, depth)
    return place


def plot(nodes: Nodes, ax: Any, max_depth: int | None) -> Any:
    """Draws boxes and lines on matplotlib axes."""
    from ..plot._style import axes_or_new

    if max_depth is not None and max_depth < 0:
        raise ValueError(f"max_depth: {max_depth} was given, None or a number from 0 on was expected")
    place = positions(nodes, max_depth)
    width = max(4.0, 1.5 * (1 + max(x for x, _ in place.values())))
    ax = axes_or_new(ax, (min(width, 40.0), 1.2 * (2 + max(y for _, y in place.values()))))
    for node, (x, y) in place.items():
        inner = nodes.branches[node] > 0
        for b, child in enumerate(nodes.children(node)):
            if child in place:
                to = place[child]
                ax.plot([x, to[0]], [-y, -to[1]], color="#a1a1aa", linewidth=1, zorder=1)
                middle = ((x + to[0]) / 2, -(y + to[1]) / 2)
                label = _short(_edge_label(nodes, nodes.test(node, b)))
                ax.text(*middle, label, ha="center", va="center", fontsize=8, color="#71717a", zorder=2, parse_math=False)
        text = nodes.shown_names[nodes.attribute[node]] if inner else nodes.leaf_text(node).replace(" (", "\n(")
        face = "#f4f4f5" if inner else "#dbeafe"
        ax.text(
            x,
            -y,
            text,
            ha="center",
            va="center",
            fontsize=9,
            color="#18181b",  # dark on the light box, whatever the style's text colour
            zorder=3,
            parse_math=False,
            bbox={"boxstyle": "round", "facecolor": face, "edgecolor": "#a1a1aa"},
        )
    ax.set_xlim(-0.7, max(x for x, _ in place.values()) + 0.7)
    ax.set_ylim(-max(y for _, y in place.values()) - 0.6, 0.6)
    ax.set_axis_off()
    return ax
