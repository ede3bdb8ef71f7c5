"""Weights saved by other libraries: torch's and Keras's layouts of Dense, LSTM, GRU and RNN, converted to plait's."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import FormatError, Node

Array = NDArray[Any]
State = dict[str, Array]
KERAS_WEIGHTS = "model.weights.h5"  # in a .keras archive

TORCH_CELL = re.compile(r"(?:(.*)\.)?(weight_ih|weight_hh|bias_ih|bias_hh)_l(\d+)(_reverse)?")


def load_state(path: str | os.PathLike[str], into: Any = None, rename: Mapping[str, str] | None = None, layout: str | None = None) -> State:
    """Read weights saved by torch, Keras or plait, in plait's layout.

    Parameters
    ----------
    path : path
        A safetensors file (torch: ``safetensors.torch.save_file(model.state_dict(), path)``), Keras's ``.keras`` or ``.weights.h5`` (needs
        h5py; layers are called by their kind there, ``lstm``, ``dense_1``), or an ``.npz`` by Keras's paths,
        ``np.savez(path, **{w.path: w.numpy() for w in model.weights})``. Pickles are not read.
    into : Layer, optional
        A layer whose parameters take the values, matched by name; nothing changes unless all match. A single module saved by torch
        (``weight``, ``weight_ih_l0``, …) goes into a layer of any name.
    rename : dict of str to str, optional
        Maps names, or prefixes of names up to a dot, to plait's: ``{"fc": "head"}``.
    layout : {"torch", "keras", "plait"}, optional
        The layout of the file; None: inferred from the names.

    Returns
    -------
    dict of str to ndarray
        By plait's names.

    Raises
    ------
    FormatError
        If the file is damaged or holds a layer that plait does not have (a GRU whose reset gate multiplies the state).
    ValueError
        If a parameter of `into` has no value in the file or one of another shape; the message names it.

    Notes
    -----
    The mapping, with H units; gates are columns in the order i, f, g, o (LSTM) and r, z, n (GRU):

    ===========================  =================================  =======================================================
    plait                        torch                              Keras
    ===========================  =================================  =======================================================
    d.weight (in, out)           d.weight transposed                d/kernel
    d.bias                       d.bias                             d/bias
    r.weight_x (in, gates H)     r.weight_ih_l0 transposed          r/…_cell/kernel; GRU: columns z, r, h in plait's order
    r.weight_h (H, gates H)      r.weight_hh_l0 transposed          r/…_cell/recurrent_kernel, as before
    r.bias                       r.bias_ih_l0 + r.bias_hh_l0        r/…_cell/bias
    GRU: r.bias, r.bias_h        sum for r and z; n: ih, and hh     bias[0] + bias[1] for r and z; h: bias[0], and bias[1]
    r.0., r.1., … (layers)       …_l0, …_l1, …                      layers of their own
    r.backward., r.0.backward.   …_l0_reverse                       ``r/backward_…/…_cell`` (forward: r) of a Bidirectional r
    c.weight (taps, in, out)     c.weight (out, in, taps), Conv1d   c/kernel
    e.table (Embedding)          e.weight, into an Embedding        e/embeddings
    ===========================  =================================  =======================================================

    torch's Linear and Embedding have one form, and `into` says which it is; without it a matrix called ``weight`` is a Linear's.

    Examples
    --------
    >>> layer = plait.nn.Dense(3, 2, name="head", rng=0)
    >>> layer.save("head.safetensors")
    >>> sorted(plait.load_state("head.safetensors", into=plait.nn.Dense(3, 2, name="head")))
    ['head.bias', 'head.weight']
    """
    path = Path(path)
    raw, ours = read_arrays(path)
    if layout not in (None, "torch", "keras", "plait"):
        raise ValueError(f"load_state: layout: expected 'torch', 'keras' or 'plait', got {layout!r}")
    layout = layout or ("plait" if ours else guess(raw))
    try:
        state = from_torch(raw) if layout == "torch" else from_keras(raw) if layout == "keras" else dict(raw)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None
    state = {renamed(name, rename or {}): value for name, value in state.items()}
    if into is not None:
        state = put(path, state, raw, into, layout, rename or {})
    return state


def read_arrays(path: Path) -> tuple[State, bool]:
    """The arrays of a file by name, and whether plait wrote it."""
    with path.open("rb") as file:
        start = file.read(8)
    if start == b"\x89HDF\r\n\x1a\n":
        return keras_weights(path, path), False
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                inside = io.BytesIO(archive.read(KERAS_WEIGHTS)) if KERAS_WEIGHTS in archive.namelist() else None
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise FormatError(f"{path}: is damaged ({error})") from None
        if inside is not None:
            return keras_weights(path, inside), False
        try:
            with np.load(path, allow_pickle=False) as arrays:
                found: State = {name: np.asarray(arrays[name]) for name in arrays.files}
                return found, False
        except Exception as error:  # a damaged archive, or one with pickled objects in it
            raise FormatError(f"{path}: arrays cannot be read ({type(error).__name__}: {error})") from None
    from safetensors import SafetensorError, numpy

    from .. import _files

    data = path.read_bytes()
    ours = b'"plait_checksum":"' in data[: 1 << 16]
    if ours:
        _files.read(path)  # verifies the checksum
    try:
        return dict(numpy.load(data)), ours
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: is neither a safetensors file nor an .npz ({type(error).__name__}: {error})") from None


def keras_weights(path: Path, file: Any) -> State:
    """The weights in a file of Keras 3, which names layers by kind and number, and weights by number."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError(f"load_state: {path} is a file of Keras in HDF5; pip install h5py, or save an .npz") from error
    found: State = {}

    def take(place: str, value: Any) -> None:
        match = re.fullmatch(r"(?:_layer_checkpoint_dependencies/|layers/)*(.+?)(/cell)?/vars/(\d+)", place)
        if match is None or not isinstance(value, h5py.Dataset):
            return
        kind = re.sub(r"_\d+$", "", match[1].rpartition("/")[2])
        if match[2]:
            names, layer = ["kernel", "recurrent_kernel", "bias"], f"{match[1]}/{kind}_cell"
        else:
            names, layer = {"embedding": ["embeddings"], "layer_normalization": ["gamma", "beta"]}.get(kind, ["kernel", "bias"]), match[1]
        if int(match[3]) < len(names):
            found[f"{layer}/{names[int(match[3])]}"] = np.asarray(value)

    try:
        with h5py.File(file, "r") as archive:
            archive.visititems(take)
    except Exception as error:  # a damaged file may raise anything in HDF5
        raise FormatError(f"{path}: weights cannot be read ({type(error).__name__}: {error})") from None
    found = {with_kind(name, found): value for name, value in found.items()}
    if not found:
        raise FormatError(f"{path}: an HDF5 file without the weights of a Keras model")
    return found


def with_kind(name: str, found: State) -> str:
    """A weight of a cell within a Bidirectional, named by the cell's kind, which is inferred from shapes."""
    match = re.fullmatch(r"((?:.*/)?(?:forward|backward)_layer)/\w+_cell/(\w+)", name)
    if match is None:
        return name
    place = name[: -len(match[2])]
    into, again = (np.shape(found.get(place + part, ())) for part in ("kernel", "recurrent_kernel"))
    gates = into[-1] // again[0] if into and again and again[0] else 0
    return f"{match[1]}/{ {4: 'lstm', 3: 'gru'}.get(gates, 'simple_rnn') }_cell/{match[2]}"


def guess(raw: State) -> str:
    """The layout, inferred from the names."""
    last = {re.split(r"[./]", name)[-1].removesuffix(":0") for name in raw}
    if last & {"kernel", "recurrent_kernel", "embeddings"}:
        return "keras"
    if last & {"weight_x", "weight_h", "bias_h"}:
        return "plait"
    return "torch"


def joined(*parts: str | None) -> str:
    """Parts of a name with dots between them."""
    return ".".join(part for part in parts if part)


# ---- torch ----


def from_torch(raw: State) -> State:
    """A state dict of torch."""
    state: State = {}
    cells: dict[str, dict[tuple[int, str], State]] = {}  # by layer and direction
    for name, value in raw.items():
        match = TORCH_CELL.fullmatch(name)
        if match:
            cells.setdefault(match[1] or "", {}).setdefault((int(match[3]), "backward" if match[4] else ""), {})[match[2]] = value
        elif name.rpartition(".")[2] == "weight" and value.ndim == 2:
            state[name] = value.T
        elif name.rpartition(".")[2] == "weight" and value.ndim == 3:  # Conv1d: (out, in, taps)
            state[name] = value.transpose(2, 1, 0)
        else:
            state[name] = value
    for prefix, layers in cells.items():
        deep = any(k for k, _ in layers)
        for (k, direction), cell in layers.items():
            state |= torch_cell(joined(prefix or kind_of(cell), str(k) if deep else "", direction), cell)
    return {name: np.ascontiguousarray(value) for name, value in state.items()}


def kind_of(cell: State) -> str:
    """A name for a recurrent module that was saved alone, without a prefix."""
    into, again = (np.shape(cell.get(part, ())) for part in ("weight_ih", "weight_hh"))
    return {4: "lstm", 3: "gru"}.get(into[0] // again[-1] if into and again and again[-1] else 0, "rnn")


def torch_cell(place: str, cell: State) -> State:
    """One layer of a recurrent network."""
    for part in ("weight_ih", "weight_hh"):
        if part not in cell:
            raise FormatError(f"{place} has no {part}")
    hidden = cell["weight_hh"].shape[-1]
    gates = cell["weight_hh"].shape[0] // max(hidden, 1)
    if cell["weight_hh"].shape != (gates * hidden, hidden) or gates not in (1, 3, 4):
        raise FormatError(f"{place}.weight_hh has shape {cell['weight_hh'].shape}, which is that of no LSTM, GRU or RNN")
    zeros = np.zeros(gates * hidden, cell["weight_hh"].dtype)
    of_x, of_h = cell.get("bias_ih", zeros), cell.get("bias_hh", zeros)
    state = {f"{place}.weight_x": cell["weight_ih"].T, f"{place}.weight_h": cell["weight_hh"].T, f"{place}.bias": of_x + of_h}
    if gates == 3:
        state |= gru_biases(place, of_x, of_h, hidden)
    return state


def gru_biases(place: str, of_x: Array, of_h: Array, hidden: int) -> State:
    """Biases of the gates r, z, n: the candidate's two are kept separate, since the reset gate multiplies one of them."""
    together = np.concatenate([(of_x + of_h)[: 2 * hidden], of_x[2 * hidden :]])
    return {f"{place}.bias": together, f"{place}.bias_h": of_h[2 * hidden :]}


# ---- Keras ----


def from_keras(raw: State) -> State:
    """Weights of Keras by their paths."""
    state: State = {}
    gru: dict[str, State] = {}
    for path, value in raw.items():
        parts = path.removesuffix(":0").split("/")
        *places, last = parts
        recurrent = bool(places) and re.fullmatch(r"(lstm|gru|simple_rnn)_cell(_\d+)?", places[-1]) is not None
        kind = places[-1].split("_cell")[0] if recurrent else ""
        places = [p for p in (places[:-1] if recurrent else places) if not re.fullmatch(r"(sequential|functional|model)(_\d+)?", p)]
        direction = re.match(r"(forward|backward)_", places[-1]) if recurrent and len(places) > 1 else None
        if direction:  # the two layers of a Bidirectional, which is called by its own name
            places[-1:] = ["backward"] if direction[1] == "backward" else []
        place = ".".join(places) or kind or "dense"
        if kind == "gru":
            gru.setdefault(place, {})[last] = value
        elif recurrent:
            state[f"{place}.{ {'kernel': 'weight_x', 'recurrent_kernel': 'weight_h'}.get(last, last) }"] = value
        else:
            state[joined(place, {"kernel": "weight", "embeddings": "table", "gamma": "weight", "beta": "bias"}.get(last, last))] = value
    for place, cell in gru.items():
        for part in ("kernel", "recurrent_kernel"):
            if part not in cell:
                raise FormatError(f"{place} has no {part}")
        hidden = cell["recurrent_kernel"].shape[0]
        order = np.concatenate([np.arange(k * hidden, (k + 1) * hidden) for k in (1, 0, 2)])  # z, r, h -> r, z, n
        bias = cell.get("bias", np.zeros((2, 3 * hidden), cell["kernel"].dtype))
        if bias.ndim != 2:
            raise FormatError(
                f"{place} is a GRU with reset_after=False, whose reset gate multiplies the state; plait's multiplies the product"
            )
        state |= {f"{place}.weight_x": cell["kernel"][:, order], f"{place}.weight_h": cell["recurrent_kernel"][:, order]}
        state |= gru_biases(place, bias[0][order], bias[1][order], hidden)
        # Keras has h' = z h + (1 - z) n, as plait has.
    return {name: np.ascontiguousarray(value) for name, value in state.items()}


# ---- into a layer ----


def renamed(name: str, rename: Mapping[str, str]) -> str:
    """A name with its longest matching prefix replaced."""
    for before in sorted(rename, key=len, reverse=True):
        if name == before or name.startswith(before + "."):
            return joined(rename[before], name[len(before) + 1 :])
    return name


def put(path: Path, state: State, raw: State, layer: Any, layout: str, rename: Mapping[str, str]) -> State:
    """Sets a layer's parameters, all or none; returns the values that were used."""
    taken: list[tuple[Node, Array]] = []
    used: State = {}
    here = set(state)
    if layout == "torch":  # a table is not transposed
        tables = {joined(name.rpartition(".")[0], "table"): value for name, value in raw.items() if name.rpartition(".")[2] == "weight"}
        state = state | {renamed(name, rename): np.ascontiguousarray(value) for name, value in tables.items()}
        if not any("." in name for name in raw):  # a single module without prefix: the prefix of the layer's parameters is used
            prefixes = [(node.name or "").split(".")[:-1] for node in layer.parameters()]
            place = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*prefixes, strict=False))]
            state = {joined(*place, *(name.split(".")[1:] if "." in name else [name])): value for name, value in state.items()}
    for node in layer.parameters():
        name = node.name
        if name not in state:
            raise ValueError(f"load_state: {path} has nothing for the parameter {name!r}; it has {', '.join(map(repr, sorted(here)))}")
        value = state[name]
        if value.shape != tuple(node.shape):
            raise ValueError(f"load_state: {name!r} has shape {value.shape} in {path}, and {tuple(node.shape)} here")
        if value.dtype.kind not in "fiu":
            raise ValueError(f"load_state: {name!r} is {value.dtype} in {path}")
        used[name] = value.astype(node.dtype)
        taken.append((node, used[name]))
    for node, value in taken:
        node.value = value
    return used
