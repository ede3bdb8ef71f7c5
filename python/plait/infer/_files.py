"""Posteriors as trees of arrays and plain values, for `plait.save` and `plait.load`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from . import supports
from ._approximation import Approximation
from ._density import Density
from ._families import Gaussian
from .model import Latent, Model, trace

KIND = "plait.infer posterior"
_NUMBERS = ("elbo", "elbo_error", "khat")
_PLAIN = ("converged", "reason", "steps", "nonfinite", "family")


def _support_tree(support: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {"kind": type(support).__name__, "shape": list(support.shape)}
    for key in ("low", "high"):
        if hasattr(support, key):
            tree[key] = np.asarray(getattr(support, key), np.float64)
    for key in ("n", "positive"):
        if hasattr(support, key):
            tree[key] = getattr(support, key)
    return tree


def _support(tree: dict[str, Any]) -> supports.Support:
    shape = tuple(tree["shape"])
    kind = tree["kind"]
    if kind == "Interval":
        return supports.Interval(tree["low"], tree["high"], shape)
    if kind == "Simplex":
        return supports.Simplex(tree["n"], shape)
    if kind == "Ordered":
        return supports.Ordered(tree["n"], tree["positive"], shape)
    if kind == "Integers":
        high = np.asarray(tree["high"])
        return supports.Integers(int(tree["low"]), None if np.isinf(high).any() else high, shape)
    if kind == "_RealVector":
        from .multivariate import _RealVector

        return _RealVector(tree["n"]).with_shape(shape)
    return {"Real": supports.Real, "Positive": supports.Positive}[kind](shape)


def to_tree(posterior: Any) -> dict[str, Any]:
    """What a file holds."""
    report = {k: np.asarray(getattr(posterior, k)) for k in _NUMBERS} | {k: getattr(posterior, k) for k in _PLAIN}
    tree = {
        "kind": KIND,
        "latents": [{"name": latent.name, **_support_tree(latent.support)} for latent in posterior._density.latents],
        "report": report,
        "elbo_history": posterior.elbo_history,
        "estimators": posterior.estimators,
        "warnings": posterior.warnings,
        "q": posterior._q.tree(),
    }
    for latent, spec in zip(tree["latents"], posterior._density.latents, strict=True):
        latent["kind"] = type(spec.support).__name__
    return tree


def from_tree(cls: Any, tree: Any, path: Any, model: Any, latents: Any) -> Any:
    """The posterior of a tree; FormatError where it is none."""
    if not isinstance(tree, dict) or tree.get("kind") != KIND:
        raise graph.FormatError(f"{path}: not a posterior of plait.infer")
    try:
        m = Model()
        for item in tree["latents"]:
            support = _support(item)
            m.latents[item["name"]] = Latent(item["name"], support, graph.input(item["name"], support.value_shape, "float64"))
        if model is not None:
            traced = trace(model, latents)
            found = [(latent.name, latent.shape) for latent in traced.latents.values()]
            kept = [(latent.name, latent.shape) for latent in m.latents.values()]
            if found != kept:
                raise ValueError(f"load: the model's latents {found} are not those of {path}: {kept}")
            m = traced
        q = tree["q"]
        gaussian = Gaussian(np.asarray(q["mean"]), np.asarray(q["sd"]), q.get("factor"), bool(q["full"]))
        import plait.infer as room

        natural = {name: getattr(room, spec["kind"])(**spec["parameters"]) for name, spec in q["natural"].items()}
        approximation = Approximation(Density(m), gaussian, natural)
        report = dict(tree["report"].items())
        rest = {k: tree[k] for k in ("elbo_history", "estimators", "warnings")}
        return cls(approximation, model, **report, **rest)
    except (KeyError, AttributeError, TypeError) as error:
        raise graph.FormatError(f"{path}: a posterior without {error}") from None
