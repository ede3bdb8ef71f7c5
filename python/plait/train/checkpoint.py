"""Checkpoints: everything that a run needs to go on as if it had never stopped, in one file that is whole or is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import graph
from .._names import require_same_names
from .._rng import RandomSource
from .history import History

if TYPE_CHECKING:
    from ..graph import Node
    from ..optim import Optimizer

KIND = "plait.train checkpoint"


def identity(rule: Optimizer, rng: RandomSource) -> dict[str, str]:
    """What a run is besides its parameters: the update rule, and where the random numbers come from where that can be told."""
    return {"rule": type(rule).__name__, "rng": f"seed {rng}" if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) else ""}


def write(path: Path, nodes: Sequence[Node], history: History, settings: dict[str, int], who: dict[str, str]) -> None:
    """Write a checkpoint: `nodes` are the trained parameters and, after them, the optimiser's state."""
    tree = {
        "kind": KIND,
        "names": [node.name or "" for node in nodes],
        "values": [np.asarray(node.value) for node in nodes],
        "loss": np.asarray(history.loss, "float64"),
        "validation": np.asarray(history.validation, "float64"),
        "seconds": np.asarray(history.seconds, "float64"),
        "step": history.step,
        "settings": settings,
        "identity": who,
    }
    graph.save(path, tree)


def read(path: Path, nodes: Sequence[Node], settings: dict[str, int], who: dict[str, str]) -> tuple[History, dict[str, int]]:
    """Put a checkpoint's values into `nodes`; its history and settings.

    Settings that are given must be what the checkpoint was written with. Nothing is changed unless everything fits.

    Raises
    ------
    FormatError
        If the file is damaged or no checkpoint of this model and optimiser.
    ValueError
        If the run was begun with other settings, so that it could not go on as it was.
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
    if kept_who.get("rng") and who["rng"] and kept_who["rng"] != who["rng"]:
        raise graph.FormatError(f"{path}: written by a run with rng {kept_who['rng']}, this one has {who['rng']}")
    require_same_names(path, names, nodes)
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
