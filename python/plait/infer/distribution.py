"""The base class of distributions: parameters, shapes, and one formula for arrays and nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from .._rng import RandomSource
from ._values import Array, as_shape, as_value, finish, generator, is_node, require, shape_of
from .supports import Real, Support


class Distribution:
    """A probability distribution whose parameters are nodes or arrays.

    Its results are nodes where a parameter or the value is one, else arrays. Parameters broadcast together to the batch shape.

    Parameters
    ----------
    **parameters : Node or array_like
        By name; each subclass says which.
    """

    event_dim = 0
    discrete = False
    _names: tuple[str, ...] = ()
    # Whether every value that the support holds has the plain formula, so that known members need no test.
    _bounds_move = False

    def __init__(self, **parameters: Any) -> None:
        name = type(self).__name__
        self._parameters: dict[str, Any] = {key: as_value(value, f"{name}: {key}") for key, value in parameters.items()}
        for key, value in self._parameters.items():
            setattr(self, key, value)

    def _require(self, key: str, holds: Any, expected: str) -> None:
        """ValueError unless a parameter's values satisfy a condition."""
        require(self._parameters[key], holds, f"{type(self).__name__}: {key}", expected)

    def _positive(self, *keys: str) -> None:
        """ValueError unless the parameters are finite and above zero."""
        for key in keys:
            self._require(key, lambda x: (x > 0) & np.isfinite(x), "finite numbers above 0")

    def _finite(self, *keys: str) -> None:
        """ValueError unless the parameters are finite."""
        for key in keys:
            self._require(key, np.isfinite, "finite numbers")

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, nodes or arrays."""
        return dict(self._parameters)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The shape to which the parameters broadcast, without the axes of one value."""
        return np.broadcast_shapes(*(self._batch_of(key) for key in self._parameters))

    def _batch_of(self, key: str) -> tuple[int, ...]:
        """The contribution of a parameter to the batch shape."""
        return shape_of(self._parameters[key])

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one value."""
        return ()

    @property
    def support(self) -> Support:
        """The support: the set of possible values."""
        return Real()

    def log_prob(self, x: Any) -> Any:
        """Log of the density, or of the probability, at x; -inf where x is impossible.

        Parameters
        ----------
        x : Node or array_like
            Values, whose shape broadcasts with the batch shape.

        Returns
        -------
        Node or ndarray
            One number for each value.
        """
        value = self._value(x)
        inside, safe = self._inside(value)
        density = self._density(safe)
        return finish(graph.where(inside, density, -np.inf) if inside is not None else density, value, *self._parameters.values())

    def _value(self, x: Any) -> Any:
        """The value as a node or an array."""
        return as_value(x, f"{type(self).__name__}: value")

    def _inside(self, x: Any) -> tuple[Any, Any]:
        """Whether x is possible (None: always), and an x that is possible everywhere, for a formula without NaN."""
        return None, x

    def _density(self, x: Any) -> Any:
        """The formula, for x inside of the support."""
        raise NotImplementedError

    def _known_density(self, x: Any) -> Any:
        """Log density at an x that is known to lie in the support."""
        return self.log_prob(x) if self._bounds_move else self._density(as_value(x, f"{type(self).__name__}: value"))

    def sample(self, shape: Any = (), rng: RandomSource = None) -> Array:
        """Draws, for parameters that are arrays.

        Parameters
        ----------
        shape : int or sequence of int
            How many; the result's shape is this, then the batch shape, then that of one value.
        rng : int, SeedSequence or Generator, optional
            Source of randomness.

        Returns
        -------
        ndarray of float64
            The draws.
        """
        if is_node(*self._parameters.values()):
            raise TypeError(f"{type(self).__name__}.sample: parameters are nodes, which have no values yet; evaluate them first")
        full = (*as_shape(shape, f"{type(self).__name__}.sample: shape"), *self.batch_shape)
        return np.asarray(self._sample(full, generator(rng)), np.float64)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        """Draws of that batch shape."""
        raise NotImplementedError

    @property
    def mean(self) -> Any:
        """The mean; NaN where there is none."""
        return self._moment(self._mean())

    @property
    def variance(self) -> Any:
        """The variance; inf or NaN where there is none."""
        return self._moment(self._variance())

    def entropy(self) -> Any:
        """The entropy in nats; NotImplementedError where it has no closed form."""
        return finish(_spread(self._entropy(), self.batch_shape), *self._parameters.values())

    def _moment(self, value: Any) -> Any:
        """A mean or variance in the full shape."""
        return finish(_spread(value, (*self.batch_shape, *self.event_shape)), *self._parameters.values())

    def _mean(self) -> Any:
        """The formula of the mean."""
        raise NotImplementedError

    def _variance(self) -> Any:
        """The formula of the variance."""
        raise NotImplementedError

    def _entropy(self) -> Any:
        """The formula of the entropy."""
        raise NotImplementedError(f"{type(self).__name__}: the entropy has no closed form")

    def __repr__(self) -> str:
        """The call that makes it, as far as numbers are short."""
        return f"{type(self).__name__}({', '.join(f'{k}={_short(v)}' for k, v in self._parameters.items())})"


def _short(value: Any) -> str:
    """A value for a line of text."""
    if isinstance(value, np.ndarray):
        return f"{value:.6g}" if value.ndim == 0 else f"array of shape {value.shape}"
    return str(value)


def _spread(value: Any, shape: tuple[int, ...]) -> Any:
    """`value` broadcast to `shape`."""
    return value if np.shape(value) == shape and not is_node(value) else graph.broadcast_to(value, shape)
