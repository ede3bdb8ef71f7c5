"""Losses with their settings, for ``loss=`` of estimators and hyperparameter searches (``loss__delta``)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._settings import Settings
from ..graph import Node
from ._elementary import Reduction, _reduced, _weights, binary_cross_entropy_with_logits, cross_entropy_with_logits, huber, mae, mse
from ._likelihoods import _levels, quantile, student_t_nll


class Loss(Settings):
    """A formula of `plait.losses` with its settings: called with a prediction and a target, it returns a node.

    Subclasses store constructor arguments as attributes of the same names and define ``_each``, the losses of all elements.

    Examples
    --------
    >>> plait.losses.Huber(delta=2.0).get_params()
    {'delta': 2.0}
    >>> plait.evaluate(plait.losses.Huber(delta=2.0)([0.0], [3.0]))
    array(4.)
    """

    def _each(self, prediction: Any, target: Any) -> Node:
        raise NotImplementedError

    def __call__(self, prediction: Any, target: Any, reduction: Reduction = "mean") -> Node:
        """The loss as a node, reduced over all elements."""
        return _reduced(self._each(prediction, target), reduction, type(self).__name__)

    def __repr__(self) -> str:
        """The call that makes it."""
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self._setting_names())})"

    def __eq__(self, other: object) -> bool:
        """Whether the settings are the same."""
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        """Equal settings, equal hashes."""
        return hash(repr(self))


class MSE(Loss):
    """Squared error, `plait.losses.mse`.

    Examples
    --------
    >>> plait.evaluate(plait.losses.MSE()([1.0, 2.0], [1.0, 4.0]))
    array(2.)
    """

    def __init__(self) -> None:
        pass

    def _each(self, prediction: Any, target: Any) -> Node:
        return mse(prediction, target, "none")


class MAE(Loss):
    """Absolute error, `plait.losses.mae`.

    Examples
    --------
    >>> plait.evaluate(plait.losses.MAE()([1.0, 2.0], [1.0, 4.0]))
    array(1.)
    """

    def __init__(self) -> None:
        pass

    def _each(self, prediction: Any, target: Any) -> Node:
        return mae(prediction, target, "none")


class Huber(Loss):
    """The Huber loss: half the squared error where it is small, linear where it is large, `plait.losses.huber`.

    Parameters
    ----------
    delta : float
        The error at which the linear part begins, above 0.

    Examples
    --------
    >>> plait.nn.MLPRegressor(loss=plait.losses.Huber(delta=0.5)).get_params()["loss__delta"]
    0.5
    """

    def __init__(self, delta: float = 1.0) -> None:
        if not (np.isfinite(delta) and delta > 0):
            raise ValueError(f"Huber: delta: expected a finite number above 0, got {delta!r}")
        self.delta = delta

    def _each(self, prediction: Any, target: Any) -> Node:
        return huber(prediction, target, self.delta, "none")


class Quantile(Loss):
    """The pinball loss, which is minimised by a quantile, `plait.losses.quantile`.

    Parameters
    ----------
    level : float
        The level of the quantile, above 0 and below 1.

    Examples
    --------
    >>> plait.losses.Quantile(0.9)
    Quantile(level=0.9)
    """

    def __init__(self, level: float = 0.5) -> None:
        _levels(level, "Quantile: level")
        self.level = level

    def _each(self, prediction: Any, target: Any) -> Node:
        return quantile(prediction, target, self.level, "none")


class StudentT(Loss):
    """The negative log density of Student's t distribution, `plait.losses.student_t_nll`.

    Parameters
    ----------
    df : float
        Degrees of freedom, above 0: the fewer, the less influence outliers have.
    scale : float
        The scale, above 0.

    Examples
    --------
    >>> plait.losses.StudentT(df=3.0)
    StudentT(df=3.0, scale=1.0)
    """

    def __init__(self, df: float = 4.0, scale: float = 1.0) -> None:
        for name, value in (("df", df), ("scale", scale)):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"StudentT: {name}: expected a finite number above 0, got {value!r}")
        self.df, self.scale = df, scale

    def _each(self, prediction: Any, target: Any) -> Node:
        return student_t_nll(prediction, target, self.df, float(np.log(self.scale)), "none")


class CrossEntropy(Loss):
    """The negative log-likelihood of classes under softmax(logits), `plait.losses.cross_entropy_with_logits`.

    Parameters
    ----------
    label_smoothing : float
        This share of each target, in [0, 1), is spread evenly over all classes.
    class_weight : array_like, shape (classes,), optional
        A factor for each class, at least 0.
    ignore_index : int, optional
        Where a class index is this, the loss is 0 and does not count in the mean.

    Examples
    --------
    >>> plait.evaluate(plait.losses.CrossEntropy(ignore_index=-1)([[0.0, 0.0], [0.0, 9.0]], [0, -1]))
    array(0.69314718)
    """

    def __init__(self, label_smoothing: float = 0.0, class_weight: Any = None, ignore_index: int | None = None) -> None:
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"CrossEntropy: label_smoothing: expected a share in [0, 1), got {label_smoothing!r}")
        if class_weight is not None:
            _weights(class_weight, "CrossEntropy: class_weight")
        self.label_smoothing, self.class_weight, self.ignore_index = label_smoothing, class_weight, ignore_index

    def __call__(self, prediction: Any, target: Any, reduction: Reduction = "mean") -> Node:
        """The loss as a node; its mean counts what is not ignored, weighted by class."""
        return cross_entropy_with_logits(
            prediction,
            target,
            reduction=reduction,
            ignore_index=self.ignore_index,
            class_weight=self.class_weight,
            label_smoothing=self.label_smoothing,
        )


class BinaryCrossEntropy(Loss):
    """The negative log-likelihood of probabilities sigmoid(logits), `plait.losses.binary_cross_entropy_with_logits`.

    Parameters
    ----------
    pos_weight : float or array_like, optional
        Weight of the positive class relative to the negative one, at least 0.

    Examples
    --------
    >>> plait.evaluate(plait.losses.BinaryCrossEntropy(pos_weight=2.0)([0.0], [1.0]))
    array(1.38629436)
    """

    def __init__(self, pos_weight: Any = None) -> None:
        if pos_weight is not None:
            _weights(pos_weight, "BinaryCrossEntropy: pos_weight")
        self.pos_weight = pos_weight

    def _each(self, prediction: Any, target: Any) -> Node:
        return binary_cross_entropy_with_logits(prediction, target, "none", pos_weight=self.pos_weight)


class Weighted(Loss):
    """A sum of losses, each with its weight.

    Parameters
    ----------
    losses : sequence of Loss, str or callable
        The losses, as for ``loss=`` of estimators.
    weights : sequence of float, optional
        A factor for each, at least 0; 1 unless given.

    Examples
    --------
    >>> loss = plait.losses.Weighted(["mse", plait.losses.Quantile(0.9)], weights=[0.5, 2.0])
    >>> plait.evaluate(loss([0.0], [2.0]))
    array(5.6)
    """

    def __init__(self, losses: Sequence[Any], weights: Sequence[float] | None = None) -> None:
        if isinstance(losses, str) or len(losses) == 0:
            raise ValueError(f"Weighted: losses: expected a sequence of losses, got {losses!r}")
        parts = [loss_of(loss, "Weighted: losses") for loss in losses]
        if weights is not None and len(_weights(weights, "Weighted: weights")) != len(parts):
            raise ValueError(f"Weighted: weights: expected {len(parts)} numbers, one for each loss, got {len(weights)}")
        self.losses, self.weights = losses, weights

    def _each(self, prediction: Any, target: Any) -> Node:
        parts = [loss_of(loss, "Weighted: losses") for loss in self.losses]
        weights = [1.0] * len(parts) if self.weights is None else [float(w) for w in self.weights]
        terms = [w * elementwise(part, prediction, target) for part, w in zip(parts, weights, strict=True)]
        total: Node = terms[0]
        for term in terms[1:]:
            total = total + term
        return total


_NAMED: dict[str, Callable[[], Loss]] = {
    "mse": MSE,
    "mae": MAE,
    "huber": Huber,
    "quantile": Quantile,
    "student_t": StudentT,
    "cross_entropy": CrossEntropy,
    "binary_cross_entropy": BinaryCrossEntropy,
}


def loss_of(given: Any, what: str = "loss") -> Any:
    """The loss for a value of ``loss=`` of estimators.

    Parameters
    ----------
    given : str, Loss or callable
        A name such as "huber"; a `Loss`, or a function of two nodes, prediction and target, which is returned unchanged.
    what : str
        The argument's name in messages.

    Returns
    -------
    Loss or callable
        A function of prediction and target that returns a node.

    Raises
    ------
    ValueError
        If there is no loss of that name.

    Examples
    --------
    >>> plait.losses.loss_of("huber")
    Huber(delta=1.0)
    """
    if isinstance(given, str) and given.lower() in _NAMED:
        return _NAMED[given.lower()]()
    if isinstance(given, type) and issubclass(given, Loss):
        raise TypeError(f"{what}: got the class {given.__name__}; an instance was expected, such as plait.losses.{given.__name__}()")
    if not callable(given):
        known = ", ".join(repr(name) for name in _NAMED)
        raise ValueError(f"{what}: expected one of {known}, a Loss or a function of nodes, got {given!r:.60}")
    return given


def elementwise(loss: Any, prediction: Any, target: Any) -> Node:
    """The losses of all elements, from a `Loss`, a function with ``reduction=``, or a function that returns them."""
    if isinstance(loss, Loss):
        return loss(prediction, target, "none")
    try:
        reduces = "reduction" in inspect.signature(loss).parameters
    except (TypeError, ValueError):
        reduces = False
    each: Node = loss(prediction, target, reduction="none") if reduces else loss(prediction, target)
    return each
