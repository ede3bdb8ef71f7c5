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
_PLAIN: dict[str, Any] = {"converged": bool, "reason": str, "steps": int, "nonfinite": int, "family": str}
_REPORT: dict[str, Any] = {**dict.fromkeys(_NUMBERS, float), **_PLAIN}
FAMILIES = ("Normal", "Gamma", "Beta", "Dirichlet", "Bernoulli", "Categorical", "Poisson")


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
    """The tree that is stored in a file."""
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
    """The posterior of a tree; FormatError if it is not one."""
    if not isinstance(tree, dict) or tree.get("kind") != KIND:
        raise graph.FormatError(f"{path}: not a posterior of plait.infer")
    try:
        m = Model()
        for item in tree["latents"]:
            name, support = item["name"], _support(item)
            if not isinstance(name, str) or name in m.latents:
                raise ValueError(f"the latent {name!r}")
            m.latents[name] = Latent(name, support, graph.input(name, support.value_shape, "float64"))
        natural = {name: _natural(m, name, spec) for name, spec in tree["q"]["natural"].items()}
        gaussian = _gaussian(tree["q"], Density(m, tuple(natural)).dimension)
        report = {k: _typed(tree["report"], k, kind) for k, kind in _REPORT.items()}
        rest = {k: _typed(tree, k, kind) for k, kind in (("elbo_history", np.ndarray), ("estimators", dict), ("warnings", list))}
    except graph.FormatError:
        raise
    except (KeyError, AttributeError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise graph.FormatError(f"{path}: a posterior without {error}") from None
    if model is not None:
        traced = trace(model, latents)
        found = [(latent.name, latent.shape) for latent in traced.latents.values()]
        kept = [(latent.name, latent.shape) for latent in m.latents.values()]
        if found != kept:
            raise ValueError(f"load: the model's latents {found} are not those of {path}: {kept}")
        m = traced
    return cls(Approximation(Density(m, tuple(natural)), gaussian, natural), model, **report, **rest)


def _typed(tree: dict[str, Any], key: str, kind: Any) -> Any:
    """The value of a key, of the given type; ValueError that names the key."""
    value = tree[key]
    if kind is float:
        return float(np.asarray(value, np.float64).reshape(()))
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"a valid {key}")
    if kind is np.ndarray and (value.ndim != 1 or value.dtype != np.float64):
        raise ValueError(f"a valid {key}")
    if kind in (dict, list) and not all(isinstance(x, str) for x in (value.values() if kind is dict else value)):
        raise ValueError(f"valid {key}")
    return value


def _gaussian(q: dict[str, Any], d: int) -> Gaussian:
    """The gaussian of d numbers; ValueError where it is none."""
    mean, sd, factor = (q.get(k) if q.get(k) is None else np.asarray(q[k], np.float64) for k in ("mean", "sd", "factor"))
    full = _typed(q, "full", bool)
    if mean is None or sd is None or mean.shape != (d,) or sd.shape != (d,) or not (np.isfinite(mean).all() and (sd > 0).all()):
        raise ValueError(f"means and sds of {d} numbers")
    if (full and factor is None) or (factor is not None and (factor.ndim != 2 or len(factor) != d or not np.isfinite(factor).all())):
        raise ValueError(f"a factor of {d} rows")
    if full and factor is not None and factor.shape != (d, d):
        raise ValueError(f"a factor of {d} columns")
    return Gaussian(mean, sd, factor, full)


def _natural(m: Model, name: str, spec: dict[str, Any]) -> Any:
    """The distribution of a latent that has a family of its own; ValueError where it does not fit."""
    import plait.infer as module

    if spec["kind"] not in FAMILIES or name not in m.latents:
        raise ValueError(f"a family of {name!r}")
    found = getattr(module, spec["kind"])(**spec["parameters"])
    if (*found.batch_shape, *found.event_shape) != m.latents[name].shape:
        raise ValueError(f"a distribution of {name!r} of shape {m.latents[name].shape}")
    return found
