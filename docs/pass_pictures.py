"""What `Program.passes` says of a graph, drawn: how/passes.md shows a picture of each stage by this.

A box is a value. Values of one step share a colour; a dashed box is never stored (in registers, or a view); under the boxes of the last
stage stands where in memory each value lies, and which values take each other's place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from plait.picture._layout import place

LINE = re.compile(
    r"%(?P<number>\d+) = (?P<op>\w+)\((?P<inputs>[^)]*)\) (?P<shape>\([^)]*\)) \w+(?:  # (?P<name>\S+))?(?P<notes>.*)$", re.MULTILINE
)
LEAVES = ("input", "parameter", "constant")
PALETTE = ("#cfe3ff", "#ffd9c2", "#c8f0dd", "#f3d3e6", "#fde9b8", "#dcdcf7", "#e3dde0", "#e8ddd4")  # carry dark text on every ground


@dataclass
class Value:
    """One line of the text."""

    number: int
    op: str
    inputs: list[int]
    shape: str
    name: str
    group: int | None
    view: bool
    unstored: bool
    place: int | None  # bytes from the begin of the arena


def values_of(text: str) -> list[Value]:
    """The values of a stage, in order."""
    found = []
    for line in LINE.finditer(text):
        notes = line["notes"]
        group, arena = re.search(r"group (\d+)", notes), re.search(r"arena \+ (\d+)", notes)
        found.append(
            Value(
                int(line["number"]),
                line["op"],
                [int(k) for k in re.findall(r"%(\d+)", line["inputs"])],
                line["shape"],
                line["name"] or "",
                int(group[1]) if group else None,
                "view of" in notes,
                "registers only" in notes,
                int(arena[1]) if arena else None,
            )
        )
    return found


def draw(text: str) -> Any:
    """A figure of one stage."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import FancyBboxPatch

    values = values_of(text)
    label = {v.number: v.name if v.op in ("input", "parameter") else v.op for v in values}
    rows = {v.number: 1 + (v.op != "constant") + (v.place is not None and not v.unstored) for v in values}
    sizes = [(max(len(label[v.number]), len(v.shape)) * 6.2 + 18, 13 * rows[v.number] + 10) for v in values]
    at = {v.number: i for i, v in enumerate(values)}
    arrows = [(at[k], at[v.number], slot) for v in values for slot, k in enumerate(v.inputs)]
    placed = place(sizes, arrows)
    scale = 1 / 95
    figure, ax = plt.subplots(figsize=(max(placed.width * scale, 2), placed.height * 0.72 * scale), layout="constrained")
    for route, (_, target, _) in zip(placed.routes, arrows, strict=True):
        xs, ys = zip(*route, strict=True)
        ax.plot(xs, ys, color="0.55", lw=0.8, ls=":" if values[target].view else "-", zorder=1)
        ax.plot(xs[-1], ys[-1] - 3, marker="v", ms=3.2, color="0.55", zorder=1)
    for value, (width, height), (x, y) in zip(values, sizes, placed.centres, strict=True):
        fill = "#f4f4f5" if value.group is None else PALETTE[value.group % len(PALETTE)]
        dashed = value.view or value.unstored
        ax.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=5", fc=fill,
                ec="0.35" if value.op not in LEAVES else "#0b6e69", lw=1.0, ls="--" if dashed else "-", zorder=2,
            )
        )  # fmt: skip
        lines = [label[value.number], *([value.shape] if value.op != "constant" else [])]
        if value.place is not None and not value.unstored:
            lines.append(f"byte {value.place}")
        ax.text(x, y, "\n".join(lines), ha="center", va="center", fontsize=7.5, color="#18181b", zorder=3, linespacing=1.15)
    ax.set(xlim=(-6, placed.width + 6), ylim=(placed.height + 8, -8))
    ax.axis("off")
    return figure
