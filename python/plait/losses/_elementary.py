"""Errors and cross entropies as nodes, without overflow and with exact gradients."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..graph import Node, abs, log_softmax, logical_and, maximum, softplus, square, take, where

Reduction: TypeAlias = Literal["mean", "sum", "none"]


def mse(prediction: Any, target: Any, reduction: Reduction = "mean") -> Node:
    """Squared error.

    Parameters
    ----------
    prediction : Node or array_like
        Any shape.
    target : Node or array_like
        A shape that broadcasts to it.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.

    Returns
    -------
    Node
        A scalar, or the shape of the prediction.

    Examples
    --------
    >>> plait.evaluate(plait.losses.mse([1.0, 2.0], [1.0, 4.0]))
    array(2.)
    """
    x, t = _pair(prediction, target, "mse")
    return _reduced(_as_large(square(x - t), x, t), reduction, "mse")


def mae(prediction: Any, target: Any, reduction: Reduction = "mean") -> Node:
    """Absolute error.

    Parameters
    ----------
    prediction : Node or array_like
        Any shape.
    target : Node or array_like
        A shape that broadcasts to it.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.

    Returns
    -------
    Node
        A scalar, or the shape of the prediction.

    Examples
    --------
    >>> plait.evaluate(plait.losses.mae([1.0, 2.0], [1.0, 4.0]))
    array(1.)
    """
    x, t = _pair(prediction, target, "mae")
    return _reduced(_as_large(abs(x - t), x, t), reduction, "mae")


def huber(prediction: Any, target: Any, delta: float = 1.0, reduction: Reduction = "mean") -> Node:
    """The Huber loss: half the squared error where it is small, linear where it is large.

    Parameters
    ----------
    prediction : Node or array_like
        Any shape.
    target : Node or array_like
        A shape that broadcasts to it.
    delta : float
        The error at which the linear part begins, above 0, and its slope.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.

    Returns
    -------
    Node
        A scalar, or the shape of the prediction.

    References
    ----------
    Huber (1964), Robust estimation of a location parameter.

    Examples
    --------
    >>> plait.evaluate(plait.losses.huber([0.5, 3.0], [0.0, 0.0], reduction="none"))
    array([0.125, 2.5  ])
    """
    if not isinstance(delta, (int, float, np.number)) or not (np.isfinite(delta) and delta > 0):
        raise ValueError(f"huber: delta: expected a finite number above 0, got {delta!r}")
    x, t = _pair(prediction, target, "huber")
    error = x - t
    size = abs(error)
    # Large errors are masked in the quadratic branch, which would overflow for them.
    near = where(size <= delta, error, 0.0)
    each = where(size <= delta, 0.5 * square(near), delta * (size - 0.5 * delta))
    return _reduced(_as_large(each, x, t), reduction, "huber")


def binary_cross_entropy_with_logits(logits: Any, target: Any, reduction: Reduction = "mean", *, pos_weight: Any = None) -> Node:
    """The negative log-likelihood of probabilities sigmoid(logits).

    Parameters
    ----------
    logits : Node or array_like
        Any real numbers.
    target : Node or array_like
        Numbers in [0, 1], of a shape that broadcasts to it.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.
    pos_weight : float or array_like, optional
        Weight of the positive class relative to the negative one, at least 0, that broadcasts to the logits.

    Returns
    -------
    Node
        A scalar, or the shape of the logits.

    Raises
    ------
    ValueError
        If a target that is known while the graph is built is not in [0, 1], or pos_weight holds a number below 0.

    Notes
    -----
    -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)) = softplus(x) - t x, which does not overflow.

    Examples
    --------
    >>> plait.evaluate(plait.losses.binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0], reduction="none"))
    array([0.69314718, 0.        ])
    """
    what = "binary_cross_entropy_with_logits"
    x, t = _pair(logits, target, what, probabilities=True)
    if pos_weight is not None:
        weights = _weights(pos_weight, f"{what}: pos_weight")
        if weights.ndim > x.ndim or any(n not in (1, None, m) for n, m in zip(weights.shape[::-1], x.shape[::-1], strict=False) if m):
            raise _core.ShapeError(f"{what}: pos_weight has shape {weights.shape}, the logits {x!r} have {x.shape}")
        positive = t * weights.astype(x.dtype.name)
        case, against = _core.elementwise("gated", softplus(-x), positive), _core.elementwise("gated", softplus(x), 1.0 - t)
        return _reduced(_as_large(case + against, x, t), reduction, what)
    return _reduced(_as_large(_core.elementwise("logistic_loss", x, t), x, t), reduction, what)


def cross_entropy_with_logits(
    logits: Any,
    target: Any,
    axis: int = -1,
    reduction: Reduction = "mean",
    *,
    ignore_index: int | None = None,
    class_weight: Any = None,
    label_smoothing: float = 0.0,
) -> Node:
    """The negative log-likelihood of classes under softmax(logits).

    Parameters
    ----------
    logits : Node or array_like
        Any shape with an axis of classes.
    target : Node or array_like
        Class indices, of the shape of the logits without that axis; or probabilities, of the shape of the logits.
    axis : int
        The axis of classes.
    reduction : {"mean", "sum", "none"}
        Over all that is left; "none" leaves it.
    ignore_index : int, optional
        Where a target is this, the loss is 0 and does not count in the mean; if all are, the mean is 0.
    class_weight : array_like, shape (classes,), optional
        A factor for each class, at least 0. With class indices the mean is that of the losses weighted by their classes.
    label_smoothing : float
        This share of each target, in [0, 1), is spread evenly over all classes.

    Returns
    -------
    Node
        A scalar, or the shape of the logits without the axis.

    Raises
    ------
    ShapeError
        If class indices have another shape than the logits without the axis, or probabilities than the logits; when the graph runs, if a
        fed class index is out of range, negative ones included.
    ValueError
        If a class index that is known while the graph is built is out of range, or a probability is not in [0, 1].

    Examples
    --------
    >>> plait.evaluate(plait.losses.cross_entropy_with_logits([[0.0, 0.0], [0.0, 1000.0]], [0, 0], reduction="none"))
    array([6.93147181e-01, 1.00000000e+03])
    """
    what = "cross_entropy_with_logits"
    x = _float(logits, what)
    t = _core.as_node(target, what)
    if x.ndim == 0:
        raise _core.ShapeError(f"{what}: the logits {x!r} have no axis of classes")
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{what}: axis: expected the axis of classes, an integer, got {axis!r}; reduction= is given by its name")
    if not isinstance(label_smoothing, (int, float, np.number)) or not 0 <= label_smoothing < 1:
        raise ValueError(f"{what}: label_smoothing: expected a share in [0, 1), got {label_smoothing!r}")
    logs = log_softmax(x, axis)
    weights = None if class_weight is None else _weights(class_weight, f"{what}: class_weight").astype(x.dtype.name)
    classes = x.shape[axis]
    if weights is not None and (weights.ndim != 1 or classes not in (None, len(weights))):
        raise _core.ShapeError(f"{what}: class_weight: expected shape ({classes},), got {weights.shape}")
    # Factors of the classes' negative log-likelihoods, along the axis of classes.
    along = None if weights is None else weights.reshape([-1 if k == axis % x.ndim else 1 for k in range(x.ndim)])
    if t.dtype.kind != "f" and t.ndim == x.ndim - 1:
        if t.dtype.kind == "b":
            raise _core.DTypeError(f"{what}: targets are booleans; plait.cast them to int64 for class indices")
        at = axis % x.ndim
        _check_labels(t, x, at, what, ignore_index)
        chosen = t if ignore_index is None else where(t != ignore_index, t, 0)
        # Fed labels are checked at run time (the 1: negative indices are refused).
        labels = _core.expand_dims(chosen.astype(np.int64), at)
        losses = -_core.squeeze(_core.apply("take_along_axis", [logs, labels], [at, 1], [], False), at)
        counts: Any = None
        if weights is not None:
            counts = take(weights, chosen.astype(np.int64), axis=0)
            losses = losses * counts
        if label_smoothing:
            spread = -(logs if along is None else logs * along).mean(axis)
            losses = (1.0 - label_smoothing) * losses + label_smoothing * spread
        if ignore_index is not None:
            counted = t != ignore_index
            losses = where(counted, losses, 0.0)
            counts = counted.astype(x.dtype) if counts is None else where(counted, counts, 0.0)
        if counts is not None and reduction == "mean":
            total = counts.sum()
            return losses.sum() / (maximum(total, 1.0) if weights is None else where(total > 0.0, total, 1.0))
    elif t.ndim == x.ndim and _same_shape(t.shape, x.shape):
        _check_probabilities(t, what)
        # 0 log 0 is 0. A fed target must have as many elements as the logits: a column of labels is not broadcast.
        if not label_smoothing:
            logs = where(logical_and(t == 0, logs == -float("inf")), 0.0, logs)
        t = (_reshape_like(t, x) if None in (*t.shape, *x.shape) else t).astype(x.dtype)
        if label_smoothing:
            if classes is None:
                raise _core.ShapeError(f"{what}: label_smoothing: how many classes {x!r} has must be known")
            t = (1.0 - label_smoothing) * t + label_smoothing / classes
        losses = -(logs * (t if along is None else t * along)).sum(axis)
    else:
        raise _core.ShapeError(
            f"{what}: targets are class indices of shape {_without(x.shape, axis)} (integers) or probabilities of shape {x.shape}, "
            f"got {t.dtype} {t.shape}"
        )
    return _reduced(losses, reduction, what)


def gaussian_kl(mean: Any, log_variance: Any, reduction: Reduction = "mean") -> Node:
    """Kullback-Leibler divergence from a diagonal normal distribution to the standard normal one.

    Parameters
    ----------
    mean, log_variance : Node or array_like
        Any shape; log_variance is the logarithm of the variance.
    reduction : {"mean", "sum", "none"}
        Over all elements; "none" leaves them.

    Returns
    -------
    Node
        A scalar, or the shape of the mean.

    Notes
    -----
    (mean^2 + variance - 1 - log variance) / 2 for each element; Kingma and Welling (2014), Auto-encoding variational Bayes, appendix B.

    Examples
    --------
    >>> plait.evaluate(plait.losses.gaussian_kl([0.0, 2.0], [0.0, 0.0], reduction="none"))
    array([0., 2.])
    """
    m, v = _pair(mean, log_variance, "gaussian_kl")
    return _reduced(_as_large(0.5 * (square(m) + _core.elementwise("expm1mx", v)), m, v), reduction, "gaussian_kl")


def _same_shape(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> bool:
    return len(a) == len(b) and all(n is None or m is None or n == m for n, m in zip(a, b, strict=True))


def _check_labels(t: Node, x: Node, at: int, what: str, ignore_index: int | None) -> None:
    """Class indices that are known while the graph is built must be classes, and of the logits' shape without the axis."""
    rest = x.shape[:at] + x.shape[at + 1 :]
    if not _same_shape(t.shape, rest):
        raise _core.ShapeError(f"{what}: expected class indices of shape {rest}, got {t.shape}")
    if t.op != "constant" or x.shape[at] is None:
        return
    classes = x.shape[at] or 0
    labels = np.asarray(t.value)
    wrong = np.argwhere(((labels < 0) | (labels >= classes)) & (labels != ignore_index if ignore_index is not None else True))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        raise ValueError(
            f"{what}: label {labels[place]} at {place if len(place) != 1 else place[0]} is no class; there are 0 to {classes - 1}"
        )


def _weights(given: Any, what: str) -> NDArray[Any]:
    """Weights as an array; refused unless finite and at least 0."""
    weights = np.asarray(given, dtype="float64")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"{what}: expected finite numbers of at least 0, got {given!r:.60}")
    return weights


def _float(x: Any, what: str) -> Node:
    node = _core.as_node(x, what)
    return node if node.dtype.kind == "f" else node.astype(np.float64)


def _check_probabilities(t: Node, what: str) -> None:
    """Numbers that are known while the graph is built must be in [0, 1]."""
    if t.op == "constant" and not bool(np.all((np.asarray(t.value) >= 0) & (np.asarray(t.value) <= 1))):
        raise ValueError(f"{what}: targets are numbers in [0, 1]")


def _reshape_like(node: Node, like: Node) -> Node:
    return _core.apply("reshape_like", [node, like], [], [], False)


def _as_large(losses: Node, x: Node, t: Node) -> Node:
    """The losses, checked at run time not to be broadcast to more than the prediction's size.

    Broadcasting only increases sizes, so equal counts mean equal shapes: a reshape to the prediction, which is a view.
    """
    sizes = zip(x.shape[::-1], t.shape[::-1], strict=False)
    grows = any(n is None and m != 1 for n, m in sizes)
    return _reshape_like(losses, x) if grows else losses


def _pair(prediction: Any, target: Any, what: str, *, probabilities: bool = False) -> tuple[Node, Node]:
    """Both as nodes; the target may broadcast to the prediction but not the other way round, which would hide a mistake."""
    x = _float(prediction, what)
    t = target if isinstance(target, Node) else _core.as_node(target, what)
    if probabilities:
        _check_probabilities(t, what)
    t = t.astype(x.dtype) if t.dtype != x.dtype else t
    grows = t.ndim > x.ndim or any(n != 1 and m == 1 for n, m in zip(t.shape[::-1], x.shape[::-1], strict=False))
    if grows and t.shape != x.shape:
        raise _core.ShapeError(f"{what}: the target {t!r} has shape {t.shape}, which does not broadcast to {x.shape} of {x!r}")
    return x, t


def _reduced(losses: Node, reduction: str, what: str) -> Node:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.mean()
    raise ValueError(f"{what}: reduction is 'mean', 'sum' or 'none', got {reduction!r}")


def _without(shape: tuple[int | None, ...], axis: int) -> tuple[int | None, ...]:
    return shape[: axis % len(shape)] + shape[axis % len(shape) + 1 :]
