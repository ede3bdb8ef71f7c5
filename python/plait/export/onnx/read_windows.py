"""ONNX's convolutions, pooling, padding and normalisation of channels, along any number of axes.

Each tap of a kernel is a strided view of the padded input, so sizes of the axes may be known only at run time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ... import graph
from ..._core import Node
from .read_ops import Call, op
from .values import as_node, ints


@dataclass(frozen=True)
class Windows:
    """The window along one axis: kernel size, dilation, stride, and padding before and after the axis."""

    kernel: int
    dilation: int
    stride: int
    before: int
    behind: int

    @property
    def reach(self) -> int:
        """From the first tap to the last."""
        return (self.kernel - 1) * self.dilation


def windows_of(call: Call, sizes: Sequence[int | None], kernel: Sequence[int]) -> list[Windows]:
    """The window of each spatial axis."""
    rank = len(sizes)
    given = call.get("kernel_shape", None)
    if len(kernel) != rank or (given is not None and list(given) != list(kernel)):
        raise call.refuse(f"a window of {list(given or kernel)} over {rank} axes")
    strides, dilations = call.get("strides", [1] * rank), call.get("dilations", [1] * rank)
    pads = call.get("pads", [0] * (2 * rank))
    auto = call.get("auto_pad", "NOTSET")
    found = []
    for axis, size in enumerate(sizes):
        reach, stride = (kernel[axis] - 1) * dilations[axis], strides[axis]
        before, behind = pads[axis], pads[rank + axis]
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            if size is None and stride != 1:
                raise call.refuse(f"auto_pad={auto} with a stride along an axis of unknown size")
            last = 0 if size is None else (math.ceil(size / stride) - 1) * stride - (size - 1)
            whole = max(last + reach, 0)
            before = (whole + (auto == "SAME_LOWER")) // 2
            behind = whole - before
        elif auto == "VALID":
            before = behind = 0
        if min(before, behind) < 0:
            raise call.refuse("borders of negative width")
        if call.get("ceil_mode", 0) and stride > 1:
            behind = behind_last(call, size, Windows(kernel[axis], dilations[axis], stride, before, behind))
        found.append(Windows(kernel[axis], dilations[axis], stride, before, behind))
    return found


def behind_last(call: Call, size: int | None, w: Windows) -> int:
    """The padding after the axis for ceil_mode: the last window may extend past the end, but not begin there."""
    over = w.stride - 1 if size is None else -(size + w.before + w.behind - w.reach - 1) % w.stride
    if over and call.op != "MaxPool":
        raise call.refuse("ceil_mode with windows that reach over the end")
    if size is None:
        if w.behind or w.stride > w.reach + 1:
            raise call.refuse("ceil_mode with windows that could begin behind the end of an axis of unknown size")
        return over
    begins = size + w.before + w.behind + over - w.reach - 1
    return w.behind + over - (w.stride if begins >= size + w.before else 0)


def filled_borders(x: Node, windows: Sequence[Windows], value: float) -> Node:
    """Constant padding along the spatial axes."""
    if not any(w.before or w.behind for w in windows):
        return x
    if any(w.behind < 0 for w in windows):  # elements that no window covers
        x = x[(slice(None), slice(None), *(slice(None, min(w.behind, 0) or None) for w in windows))]
        windows = [replace(w, behind=max(w.behind, 0)) for w in windows]
    return graph.pad(x, ((0, 0), (0, 0), *((w.before, w.behind) for w in windows)), constant_values=value)


def taps(call: Call, x: Node, windows: Sequence[Windows], first: int) -> list[Node]:
    """The strided view of each tap of the kernel; spatial axes begin at `first`."""
    for axis, w in enumerate(windows):
        size = x.shape[first + axis]
        if size is not None and size <= w.reach:
            raise call.refuse(f"a window over {w.reach + 1} places does not fit into {size}")
    along = [[slice(j * w.dilation, (j * w.dilation - w.reach) or None, w.stride) for j in range(w.kernel)] for w in windows]
    return [x[(slice(None),) * first + place] for place in itertools.product(*along)]


def convolved(views: list[Node], weight: Node, groups: int) -> Node:
    """The product of taps (im2col) and weights (outputs, inputs / groups, taps…), channels last; depthwise, taps times numbers."""
    rank = len(weight.shape) - 2
    outputs, size = (n for n in weight.shape[:2] if n is not None)
    taps_first = graph.transpose(weight, (*range(2, rank + 2), 1, 0))  # (taps…, inputs / groups, outputs)
    if size == 1 and groups == outputs:
        rows = graph.reshape(taps_first, (len(views), outputs))
        y = views[0] * rows[0]
        for j in range(1, len(views)):
            y = y + views[j] * rows[j]
        return y
    flat, width = graph.reshape(taps_first, (len(views), size, outputs)), outputs // groups
    made = []
    for k in range(groups):
        parts = views if groups == 1 else [view[..., k * size : (k + 1) * size] for view in views]
        own = flat if groups == 1 else flat[:, :, k * width : (k + 1) * width]
        side_by_side = parts[0] if len(parts) == 1 else graph.concatenate(parts, axis=rank + 1)
        made.append(side_by_side @ graph.reshape(own, (len(views) * size, width)))
    return made[0] if groups == 1 else graph.concatenate(made, axis=rank + 1)


@op("Conv", "ConvTranspose")
def _conv(call: Call, x: list[Any]) -> Any:
    """A transposed convolution is a convolution with flipped weights over inputs with zeros inserted between them."""
    a, weight, groups = as_node(x[0]), as_node(x[1]), call.get("group", 1)
    rank = len(a.shape) - 2
    if rank < 1 or any(size is None for size in weight.shape) or len(weight.shape) != rank + 2:
        raise call.refuse(f"weights of shape {weight.shape} for inputs of shape {a.shape}")
    kernel = [size for size in weight.shape[2:] if size is not None]
    if call.op == "Conv":
        windows = windows_of(call, a.shape[2:], kernel)
    else:
        a, windows = spread(call, a, kernel)
        weight = flipped(weight, groups)
    views = taps(call, graph.transpose(filled_borders(a, windows, 0.0), (0, *range(2, rank + 2), 1)), windows, 1)
    y = convolved(views, weight, groups)
    if len(x) > 2 and x[2] is not None:
        y = y + as_node(x[2])
    return graph.transpose(y, (0, rank + 1, *range(1, rank + 1)))


def spread(call: Call, a: Node, kernel: list[int]) -> tuple[Node, list[Windows]]:
    """Inputs with zeros inserted between them, and the windows over them."""
    if call.get("auto_pad", "NOTSET") != "NOTSET" or "output_shape" in call.attributes:
        raise call.refuse("auto_pad and output_shape; pads and output_padding say the same")
    rank = len(kernel)
    pads, strides = call.get("pads", [0] * (2 * rank)), call.get("strides", [1] * rank)
    dilations, more = call.get("dilations", [1] * rank), call.get("output_padding", [0] * rank)
    windows = []
    for k in range(rank):
        reach, axis, stride = (kernel[k] - 1) * dilations[k], k + 2, strides[k]
        w = Windows(kernel[k], dilations[k], 1, reach - pads[k], reach - pads[rank + k] + more[k])
        if min(w.before, w.behind) < 0:
            raise call.refuse("borders wider than the window")
        windows.append(w)
        if stride == 1:
            continue
        sizes = [*a.shape[:axis], None if (size := a.shape[axis]) is None else size * stride, *a.shape[axis + 1 :]]
        if sizes.count(None) > 1:
            raise call.refuse("a stride, with two sizes unknown")
        between = graph.stack([a, *[np.zeros_like(a)] * (stride - 1)], axis=axis + 1)
        a = graph.reshape(between, tuple(-1 if size is None else size for size in sizes))
        a = a[(slice(None),) * axis + (slice(None, 1 - stride),)]
    return a, windows


def flipped(weight: Node, groups: int) -> Node:
    """(inputs, outputs / groups, taps…) as (outputs, inputs / groups, taps…), the last tap first."""
    rank, (inputs, width, *kernel) = len(weight.shape) - 2, (size for size in weight.shape if size is not None)
    parts = graph.reshape(weight, (groups, inputs // groups, width, *kernel))
    swapped = graph.reshape(graph.transpose(parts, (0, 2, 1, *range(3, rank + 3))), (groups * width, inputs // groups, *kernel))
    return swapped[(slice(None), slice(None)) + (slice(None, None, -1),) * rank]


@op("MaxPool", "AveragePool")
def _pool(call: Call, x: list[Any]) -> Any:
    """The maximum or mean of each window."""
    if call.outputs > 1:
        raise call.refuse("the places of the largest values")
    a = as_node(x[0])
    windows = windows_of(call, a.shape[2:], call.attributes["kernel_shape"])
    if call.op == "MaxPool":
        return graph.max(graph.stack(taps(call, filled_borders(a, windows, -np.inf), windows, 2), axis=0), axis=0)
    total = graph.sum(graph.stack(taps(call, filled_borders(a, windows, 0.0), windows, 2), axis=0), axis=0)
    if call.get("count_include_pad", 0) or not any(w.before or w.behind for w in windows):
        return total / float(math.prod(w.kernel for w in windows))
    there = filled_borders(as_node(np.ones_like(a[:1, :1])), windows, 0.0)
    return total / graph.sum(graph.stack(taps(call, there, windows, 2), axis=0), axis=0)


@op("GlobalAveragePool", "GlobalMaxPool")
def _pool_all(call: Call, x: list[Any]) -> Any:
    a = as_node(x[0])
    return (graph.mean if call.op == "GlobalAveragePool" else graph.max)(a, tuple(range(2, len(a.shape))), True)


@op("Pad")
def _pad(call: Call, x: list[Any]) -> Any:
    """Padding; negative widths crop."""
    a = as_node(x[0])
    mode = call.get("mode", "constant")
    if mode not in ("constant", "edge", "reflect", "wrap"):
        raise call.refuse(f"mode {mode!r}")
    pads = list(call.attributes["pads"]) if "pads" in call.attributes else ints(x[1], "the width of a border")
    axes = [axis % len(a.shape) for axis in (ints(x[3], "an axis") if len(x) > 3 and x[3] is not None else range(len(a.shape)))]
    value = call.get("value", 0.0) if len(x) < 3 or x[2] is None else x[2]
    widths, kept = [(0, 0)] * len(a.shape), [slice(None)] * len(a.shape)
    for k, axis in enumerate(axes):
        before, behind = pads[k], pads[len(axes) + k]
        widths[axis] = max(before, 0), max(behind, 0)
        kept[axis] = slice(max(-before, 0), min(behind, 0) or None)
    if any(part != slice(0, None) and part != slice(None) for part in kept):
        a = a[tuple(kept)]
    if not any(before or behind for before, behind in widths):
        return a
    if mode != "constant":
        return graph.pad(a, widths, mode=mode)
    number = float(np.asarray(graph.evaluate(as_node(value))).reshape(()))
    return graph.pad(a, widths, constant_values=number if a.dtype.kind == "f" else a.dtype.type(number))


@op("InstanceNormalization", "GroupNormalization")
def _norm_of_channels(call: Call, x: list[Any]) -> Any:
    """Normalises each channel, or each group of channels, over all positions."""
    a, scale, shift = (as_node(value) for value in x[:3])
    channels = a.shape[1]
    if channels is None or None in a.shape[2:]:
        raise call.refuse("over channels or places of unknown size")
    groups = call.get("num_groups", channels)
    rows = graph.reshape(a, (-1 if a.shape[0] is None else a.shape[0], groups, channels // groups * math.prod(a.shape[2:])))  # type: ignore[arg-type]
    centred = rows - graph.mean(rows, 2, True)
    y = centred / graph.sqrt(graph.mean(graph.square(centred), 2, True) + call.get("epsilon", 1e-5))
    form = (channels, *[1] * (len(a.shape) - 2))
    if scale.shape[0] != channels:  # of opset 18: one number a group
        scale, shift = (graph.reshape(np.repeat(part, channels // groups), (channels,)) for part in (scale, shift))
    whole = graph.reshape(y, (-1 if a.shape[0] is None else a.shape[0], *a.shape[1:]))
    return whole * graph.reshape(scale, form) + graph.reshape(shift, form)
