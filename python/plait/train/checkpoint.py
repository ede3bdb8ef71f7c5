"""Checkpoints: the whole state of a run in one file, written atomically, so that it resumes with identical results."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import _core, graph
from .._names import require_same_names
from .._rng import RandomSource
from ..graph.files import save_named
from .history import History

if TYPE_CHECKING:
    from ..graph import Node
    from ..optim import Optimizer

KIND = "plait.train checkpoint"


def identity(rule: Optimizer, rng: RandomSource, loss: Node, nodes: Sequence[Node]) -> dict[str, str]:
    """The identity of a run, besides its parameters.

    The optimizer and those of its settings that its state depends on; the seed of the random numbers, if it is an integer; and a digest of
    the graph where several parameters have no names.
    """
    return {
        "rule": type(rule).__name__,
        "settings": ", ".join(f"{name}={getattr(rule, name)!r}" for name in getattr(rule, "_meaning", ())),
        "rng": f"seed {rng}" if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) else "",
        "structure": _structure(loss, nodes),
    }


def _structure(loss: Node, nodes: Sequence[Node]) -> str:
    """A digest of the loss's graph with the parameters numbered as they are in the file; empty where names and shapes identify them."""
    alike = Counter((str(node.dtype), tuple(node.shape)) for node in nodes if not node.name)
    if not any(count > 1 for count in alike.values()):
        return ""
    places = {node: k for k, node in enumerate(nodes)}
    order = _core.ancestors([loss])
    numbers = {node: k for k, node in enumerate(order)}
    digest = hashlib.sha256()
    for node in order:
        drawn = node.op.startswith("random") or "key" in node.op  # whose attributes are seeds
        of = places.get(node, -1) if node.op == "parameter" else () if drawn else node.attributes
        digest.update(repr((node.op, node.shape, str(node.dtype), of, [numbers[i] for i in node.inputs])).encode())
    return digest.hexdigest()


def write(path: Path, nodes: Sequence[Node], history: History, settings: dict[str, int], who: dict[str, str]) -> None:
    """Write a checkpoint: `nodes` are the trained parameters and, after them, the optimiser's state."""
    values = [np.asarray(node.value) for node in nodes]
    tree = {
        "kind": KIND,
        "names": [node.name or "" for node in nodes],
        "values": values,
        "loss": np.asarray(history.loss, "float64"),
        "validation": np.asarray(history.validation, "float64"),
        "seconds": np.asarray(history.seconds, "float64"),
        "step": history.step,
        "settings": settings,
        "identity": who,
    }
    save_named(path, tree, {id(value): node.name for value, node in zip(values, nodes, strict=True) if node.name})


def read(path: Path, nodes: Sequence[Node], settings: dict[str, int], who: dict[str, str]) -> tuple[History, dict[str, int]]:
    """Put a checkpoint's values into `nodes`; its history and settings.

    The settings must equal those of the checkpoint. Nothing is changed unless everything matches.

    Raises
    ------
    FormatError
        If the file is damaged or is not a checkpoint of this model and optimiser.
    ValueError
        If the run was started with other settings.
    """
    tree = graph.load(path)
    if not isinstance(tree, dict) or tree.get("kind") != KIND:
        raise graph.FormatError(f"{path}: not a checkpoint of a training run")
    names, values = tree["names"], tree["values"]
    if len(values) != len(nodes):
        raise graph.FormatError(f"{path}: holds {len(values)} arrays of parameters and optimiser state, this run has {len(nodes)}")
    kept_who = tree.get("identity", {})
    if kept_who.get("rule", who["rule"]) != who["rule"]:
        raise graph.FormatError(f"{path}: written by a run with the rule {kept_who['rule']}, this one has {who['rule']}")
    if kept_who.get("settings", who["settings"]) != who["settings"]:
        raise graph.FormatError(
            f"{path}: written by a run with {kept_who['rule']}({kept_who['settings']}), this one has {who['settings']}: the averages mean something else"
        )
    if kept_who.get("rng") and who["rng"] and kept_who["rng"] != who["rng"]:
        raise graph.FormatError(f"{path}: written by a run with rng {kept_who['rng']}, this one has {who['rng']}")
    require_same_names(path, names, nodes)
    if kept_who.get("structure", who["structure"]) != who["structure"]:
        raise graph.FormatError(
            f"{path}: parameters of equal shapes without names, of a loss of another structure or in another order; give them names, by which "
            "they are matched"
        )
    for name, value, node in zip(names, values, nodes, strict=True):
        if value.shape != tuple(node.shape) or value.dtype != np.dtype(node.dtype):
            raise graph.FormatError(f"{path}: '{name}' is {value.dtype} {value.shape} there and {node.dtype} {tuple(node.shape)} here")
    kept: dict[str, int] = tree["settings"]
    for name, value in settings.items():
        if kept.get(name, value) != value:
            raise ValueError(f"resume: {path} was written by a run with {name} {kept[name]}, this one has {value}")
    for value, node in zip(values, nodes, strict=True):
        node.value = value
    history = History(
        [float(v) for v in tree["loss"]], [float(v) for v in tree["validation"]], [float(v) for v in tree["seconds"]], int(tree["step"])
    )
    return history, kept
