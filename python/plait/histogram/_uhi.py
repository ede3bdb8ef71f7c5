"""Exchange with other packages: the dictionaries of ``uhi.io``, and objects with UHI's plotting protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .._core import FormatError
from .axis import Axis, Floats, Scale

if TYPE_CHECKING:
    from .histogram import Histogram

AnyHistogram = TypeVar("AnyHistogram", bound="Histogram")
SCHEMA = 1
WRITER = "plait"
LARGEST_SPARSE = 2**28  # cells, of a histogram of which only some are stored


def to_dict(histogram: Histogram) -> dict[str, Any]:
    """UHI's intermediate representation, with arrays. Attributes specific to plait are in `writer_info`."""
    squares = histogram._squares()
    storage: dict[str, Any] = {"type": "double", "values": histogram.values(flow=True)}
    if squares is not None:
        storage = {"type": "weighted", "values": storage["values"], "variances": squares}
    return {
        "uhi_schema": SCHEMA,
        "writer_info": {WRITER: {"closed": histogram.closed, "invalid": histogram.invalid}},
        "axes": [_axis_to_dict(axis) for axis in histogram.axes],
        "storage": storage,
    }


def _axis_to_dict(axis: Axis) -> dict[str, Any]:
    edges, n = axis.edges, len(axis)
    flow = {"underflow": True, "overflow": True, "circular": False}
    with np.errstate(invalid="ignore", over="ignore"):
        regular = axis.scale == "linear" and np.array_equal(edges, np.linspace(edges[0], edges[-1], n + 1))
    made: dict[str, Any] = {"type": "regular", "lower": float(edges[0]), "upper": float(edges[-1]), "bins": n, **flow}
    if not regular:
        made = {"type": "variable", "edges": edges, **flow, "writer_info": {WRITER: {"scale": axis.scale}}}
    if axis.label:
        made["metadata"] = {"label": axis.label}
    return made


def from_dict(cls: type[AnyHistogram], found: Mapping[str, Any]) -> AnyHistogram:
    """A histogram from the representation; FormatError names what is invalid."""
    try:
        if found["uhi_schema"] != SCHEMA:
            raise FormatError(f"uhi: written in schema {found['uhi_schema']!r}, this plait reads schema {SCHEMA}")
        own = found.get("writer_info", {}).get(WRITER, {})
        _require_cells(found)
        axes = [_axis_from_dict(axis) for axis in found["axes"]]
        if not axes:
            raise FormatError("uhi: a histogram without axes is a number")
        made = cls(*axes, closed=own.get("closed", "left"))
        storage = found["storage"]
        kind = storage["type"]
        if kind not in ("int", "double", "weighted"):
            raise FormatError(f"uhi: the storage is {kind!r}; a histogram of counts has 'int', 'double' or 'weighted'")
        values = _with_flow(storage, "values", found["axes"], axes)
        squares = _with_flow(storage, "variances", found["axes"], axes) if kind == "weighted" else None
        made._restore(values, squares, own.get("invalid", 0))
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise FormatError(f"uhi: the representation does not fit together ({type(error).__name__}: {error})") from None
    return made


def _require_cells(found: Mapping[str, Any]) -> None:
    """Refuses axes with more bins than values stored, before memory is allocated: a few bytes can claim any number."""
    claimed = 1
    for axis in found["axes"]:
        bins = int(axis["bins"]) if axis["type"] == "regular" else len(axis.get("edges", axis.get("categories", ()))) - 1
        claimed *= max(bins, 1)
    storage = found["storage"]
    most = LARGEST_SPARSE if "index" in storage else np.size(storage["values"])
    if claimed > most:
        raise FormatError(f"uhi: the axes have {claimed} bins, the storage holds {np.size(storage['values'])} values")


def _axis_from_dict(found: Mapping[str, Any]) -> Axis:
    kind = found["type"]
    if kind not in ("regular", "variable"):
        raise FormatError(f"uhi: an axis of type {kind!r} has no borders; plait reads 'regular' and 'variable'")
    if found.get("circular"):
        raise FormatError("uhi: a circular axis has no ends; plait's have")
    label = str(found.get("metadata", {}).get("label", ""))
    if kind == "regular":
        bins = int(found["bins"])
        return Axis.uniform(bins, found["lower"], found["upper"], label=label)
    scale: Scale = found.get("writer_info", {}).get(WRITER, {}).get("scale", "linear")
    return Axis(np.asarray(found["edges"], dtype=np.float64), scale=scale, label=label)


def _with_flow(storage: Mapping[str, Any], name: str, told: Any, axes: list[Axis]) -> Floats:
    """All cells: those that the writer did not have are empty."""
    cells = np.asarray(storage[name], dtype=np.float64)
    flow = [(bool(axis["underflow"]), bool(axis["overflow"])) for axis in told]
    if "index" in storage:
        shape = [len(axis) + low + high for axis, (low, high) in zip(axes, flow, strict=True)]
        index = np.asarray(storage["index"], dtype=np.int64)
        if index.shape != (len(axes), cells.size) or (index < 0).any() or (index >= np.reshape(shape, (-1, 1))).any():
            raise FormatError(f"uhi: the index of sparse {name} does not fit the axes")
        dense = np.zeros(shape)
        dense[tuple(index)] = cells
        cells = dense
    expected = tuple(len(axis) + low + high for axis, (low, high) in zip(axes, flow, strict=True))
    if cells.shape != expected:
        raise FormatError(f"uhi: {name} have shape {cells.shape}, the axes say {expected}")
    return np.pad(cells, [(int(not low), int(not high)) for low, high in flow])


def to_json(histogram: Histogram) -> str:
    """The representation as text."""

    def plain(value: Any) -> Any:
        return value.tolist()

    return json.dumps(to_dict(histogram), default=plain)


def from_json(cls: type[AnyHistogram], text: str | bytes) -> AnyHistogram:
    """A histogram from text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"json: {error}") from None
    if not isinstance(found, dict):
        raise FormatError(f"json: expected the object of one histogram, got {type(found).__name__}")
    return from_dict(cls, found)


def from_any(cls: type[AnyHistogram], other: Any) -> AnyHistogram:
    """A histogram from a dictionary, or from another package's."""
    if isinstance(other, Mapping):
        return from_dict(cls, other)
    if hasattr(other, "_to_uhi_"):
        return from_dict(cls, other._to_uhi_())
    if not all(hasattr(other, name) for name in ("axes", "kind", "values", "variances")):
        raise TypeError(f"from_uhi: expected a histogram of the UHI protocol or its dictionary, got {type(other).__name__}")
    if str(getattr(other.kind, "value", other.kind)) != "COUNT":
        raise ValueError(f"from_uhi: expected a histogram of counts, got one of kind {other.kind}")
    axes = []
    for axis in other.axes:
        if axis.traits.discrete:
            raise ValueError("from_uhi: a discrete axis has no borders")
        bins = [axis[i] for i in range(len(axis))]
        axes.append(Axis([bins[0][0], *(high for _, high in bins)]))
    made = cls(*axes)
    values, variances = np.asarray(other.values(), dtype=np.float64), other.variances()
    around = [(1, 1)] * values.ndim
    squares = None if variances is None or np.array_equal(values, variances) else np.pad(np.asarray(variances, dtype=np.float64), around)
    made._restore(np.pad(values, around), squares, 0)
    return made
