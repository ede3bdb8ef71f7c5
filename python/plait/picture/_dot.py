"""Graphviz: DOT text, and rendering by the program ``dot`` where it is installed."""

from __future__ import annotations

import shutil
import subprocess

from ._model import FILLS, MARKS, Drawing

TIME_LIMIT_S = 20.0


def quoted(text: str) -> str:
    """A DOT string: quotes and line ends escaped, ``&`` as an entity, and other control characters as spaces."""
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text).replace("&", "&amp;")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def dot_text(drawing: Drawing) -> str:
    """The drawing as a digraph."""
    lines = [
        "digraph plait {",
        "  rankdir=TB;",
        f'  node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=10, fillcolor="{FILLS["op"]}", color="#71717a"];',
        '  edge [color="#71717a", arrowsize=0.6];',
    ]
    if drawing.note:
        lines.append(f'  label={quoted(drawing.note)}; labelloc=b; fontname="sans-serif"; fontsize=10;')
    for i, box in enumerate(drawing.boxes):
        attributes = [f"label={quoted(chr(10).join(box.lines))}"]
        if box.kind != "op":
            attributes.append(f'fillcolor="{box.fill}"')
        if box.members:
            attributes.append("shape=box3d")
        if box.mark in MARKS:
            attributes.append(f'color="{MARKS[box.mark]}", penwidth=3')
        elif box.mark == "later":
            attributes.append('fontcolor="#a1a1aa"')
        if box.cut:
            attributes.append('style="rounded,filled,dashed"')
        if box.output and box.mark not in MARKS:
            attributes.append("penwidth=2")
        lines.append(f"  n{i} [{', '.join(attributes)}];")
    for i, (source, target, _) in enumerate(drawing.arrows):
        attributes = ["style=dotted"] if i in drawing.dotted else []
        if i in drawing.marked:
            attributes.append(f'color="{MARKS[drawing.marked[i]]}", penwidth=2.2')
            if drawing.marked[i] == "backward":  # the gradient flows against the arrow
                attributes.append("dir=back")
        lines.append(f"  n{source} -> n{target}{f' [{chr(44).join(attributes)}]' if attributes else ''};")
    return "\n".join([*lines, "}"])


def run_dot(drawing: Drawing, form: str) -> bytes | None:
    """The drawing rendered by Graphviz ("svg", "png", "pdf"); None if it is not installed, fails or takes too long."""
    program = shutil.which("dot")
    if program is None:
        return None
    resolution = ["-Gdpi=144"] if form == "png" else []
    command = [program, f"-T{form}", "-Gbgcolor=transparent" if form == "svg" else "-Gbgcolor=white", *resolution]
    try:
        done = subprocess.run(command, input=dot_text(drawing).encode("utf-8"), capture_output=True, timeout=TIME_LIMIT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout or None
