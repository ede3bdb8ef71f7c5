"""A Table as text and as HTML: each node with its value, its gradient, and the gradient over each edge."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from .._core import GraphError, Node, Table
from .events import LEAVES, brief, listed, value_of

MOST_ROWS = 60  # rows shown; of a larger table the first and the last ones
MOST_SHARES = 6


@dataclass
class Row:
    """The texts of one node."""

    name: str
    how: str
    shape: str
    value: str
    gradient: str = ""
    shares: list[str] = field(default_factory=list)
    leaf: bool = False


def rows_of(table: Table) -> tuple[list[Row | None], int]:
    """The rows, with None where some are left out; and the number of all nodes."""
    nodes = table.nodes
    steps = table._steps()
    shares: dict[Node, list[str]] = {}
    edges: dict[Node, int] = {}
    for kind, node, _, _, _ in steps:
        if kind == "arrival":
            edges[node] = edges.get(node, 0) + 1
    for kind, node, consumer, _, value in steps:
        came = shares.setdefault(node, [])
        if kind == "complete":
            continue
        text = "nothing" if value is None else brief(value)
        if kind == "seed":
            came.append("seed")
        else:
            got = sum(share != "seed" for share in came) + 1
            alone = edges[node] == 1 and len(came) == 0  # a single edge: its gradient is the node's
            came.append(f"{got} of {edges[node]} from {consumer.label}{'' if alone and value is not None else f': {text}'}")
    shown = list(nodes) if len(nodes) <= MOST_ROWS else [*nodes[: MOST_ROWS // 2], None, *nodes[-MOST_ROWS // 2 :]]
    return [None if node is None else row_of(table, node, shares.get(node)) for node in shown], len(nodes)


def row_of(table: Table, node: Node, shares: list[str] | None) -> Row:
    """The row of one node. `shares` is None if it received no gradient."""
    value = value_of(table, node)
    fed = node.op in {"input", "sparse_input"}
    how = "as fed" if fed else node.op if node.op in LEAVES else f"{node.op}({listed(node.inputs, 4)})"
    shape = f"{node.dtype.name} {tuple(node.shape) if value is None else value.shape}"
    row = Row(node.label, how, shape, "sparse rows" if value is None else brief(value), leaf=node.op in LEAVES)
    if shares:
        try:
            row.gradient = brief(table.grad(node))
        except GraphError:
            return row
        row.shares = shares if len(shares) <= MOST_SHARES else [*shares[: MOST_SHARES - 1], f"… {len(shares)} in all"]
    return row


def heading(table: Table) -> str:
    """One line about the whole table."""
    seeds = [node for kind, node, _, _, _ in table._steps() if kind == "seed"]
    count = len(table.nodes)
    return f"{count} node{'' if count == 1 else 's'}" + (f", gradients sent from {listed(seeds)}" if seeds else ", no gradients yet")


def text(table: Table) -> str:
    """``print(table)``."""
    rows, _ = rows_of(table)
    header = ("node", "how", "type", "value", "gradient")
    cells = [header, *(("…", "", "", "", "") if row is None else (row.name, row.how, row.shape, row.value, row.gradient) for row in rows)]
    widths = [max(len(cell[k]) for cell in cells) for k in range(len(header))]
    lines = [f"Table: {heading(table)}"]
    for row, cell in zip([None, *rows], cells, strict=True):
        lines.append("  ".join(part.ljust(width) for part, width in zip(cell, widths, strict=True)).rstrip())
        if row is not None and row.shares:
            lines += [f"    {share}" for share in row.shares]
    return "\n".join(lines)


STYLE = """<style>
.plait-table{border-collapse:collapse;font:13px/1.4 ui-monospace,monospace;margin:.5em 0}
.plait-table caption{text-align:left;font-family:system-ui,sans-serif;opacity:.75;padding:.2em 0}
.plait-table th,.plait-table td{text-align:left!important;vertical-align:top;padding:.25em .9em .25em 0;border-bottom:1px solid #8884}
.plait-table th{font-family:system-ui,sans-serif;font-weight:600}
.plait-table td:first-child{font-weight:600}
.plait-table td:nth-child(3){white-space:nowrap}
.plait-table .how,.plait-table li{opacity:.75}
.plait-table ul{margin:0;padding:0;list-style:none;font-size:12px}
</style>"""


def table_html(table: Table) -> str:
    """``Table._repr_html_``: with the colours of the page, so that it is readable in light and dark themes."""
    rows, _ = rows_of(table)
    out = [f'<div style="overflow-x:auto">{STYLE}<table class="plait-table"><caption>{html.escape(f"Table: {heading(table)}")}</caption>']
    out.append("<thead><tr><th>node</th><th>how</th><th>type</th><th>value</th><th>gradient</th></tr></thead><tbody>")
    for row in rows:
        if row is None:
            out.append('<tr><td colspan="5">…</td></tr>')
            continue
        name, how, shape, value, gradient = map(html.escape, (row.name, row.how, row.shape, row.value, row.gradient))
        shares = "".join(f"<li>{html.escape(share)}</li>" for share in row.shares)
        below = f"<ul>{shares}</ul>" if shares else ""
        out.append(f'<tr><td>{name}</td><td class="how">{how}</td><td>{shape}</td><td>{value}</td><td>{gradient}{below}</td></tr>')
    return "\n".join([*out, "</tbody></table></div>"])


def short(table: Table) -> str:
    """``repr(table)``."""
    return f"<plait.Table: {heading(table)}>"
