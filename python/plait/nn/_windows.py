"""Sliding windows along time: the values under each tap, as views."""

from __future__ import annotations

from typing import Any

from .. import graph

PADDINGS = ("valid", "same", "causal")


def require_sequence(name: str, x: Any, channels: int | None) -> None:
    """ShapeError unless `x` is a node of shape (batch, time, channels)."""
    if not isinstance(x, graph.Node):
        raise TypeError(f"{name}: inputs: expected a node, got {type(x).__name__}")
    if x.ndim != 3 or (channels is not None and x.shape[2] not in (None, channels)):
        wanted = "channels" if channels is None else str(channels)
        raise graph.ShapeError(f"{name}: inputs: expected shape (batch, time, {wanted}), got {x.shape} [{x.label}]")


def borders(name: str, padding: Any, kernel: int, dilation: int) -> tuple[int, int]:
    """Number of padding steps before the first and after the last step."""
    reach = (kernel - 1) * dilation
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return reach, 0
    if padding == "same":
        return reach // 2, reach - reach // 2
    raise ValueError(f"{name}: padding: expected one of {', '.join(PADDINGS)}, got {padding!r}")


def taps(name: str, x: Any, kernel: int, stride: int, dilation: int) -> list[Any]:
    """For each tap of the kernel its values at all positions; each of shape (batch, positions, channels)."""
    reach = (kernel - 1) * dilation
    steps = x.shape[1]
    if steps is not None and steps <= reach:
        raise graph.ShapeError(f"{name}: a window over {reach + 1} steps does not fit into {steps}: {x.shape} [{x.label}]")
    # From the end, so that the number of steps need not be known.
    return [x[:, j * dilation : (j * dilation - reach) or None : stride] for j in range(kernel)]
