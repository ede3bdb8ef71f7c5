"""The support of a latent, and the map from the real line to it with its Jacobian."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import graph
from ._values import Array, as_shape


class Support:
    """A set of values, and the bijection from unconstrained numbers onto it.

    Parameters
    ----------
    shape : int or sequence of int
        Of the array of such values, without the axis of one value (a simplex has one).
    """

    discrete = False
    event = 0  # axes of one value

    def __init__(self, shape: Any = ()) -> None:
        self.shape = as_shape(shape, f"{type(self).__name__}: shape")

    @property
    def value_shape(self) -> tuple[int, ...]:
        """The shape of a latent with this support."""
        return self.shape

    def with_shape(self, shape: tuple[int, ...]) -> Support:
        """The same set for an array of another shape."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.shape = shape
        return other

    @property
    def free_shape(self) -> tuple[int, ...]:
        """The shape of the unconstrained numbers."""
        return self.shape

    def to_support(self, u: Any) -> Any:
        """The value for unconstrained numbers, a node; leading axes before `free_shape` are batches."""
        return u

    def log_jacobian(self, u: Any) -> Any:
        """Log of the determinant of d value / d u, for each value."""
        return graph.multiply(u, 0.0)

    def to_free(self, x: Array) -> Array:
        """The unconstrained numbers of a value, an array."""
        return np.asarray(x, np.float64)

    def contains(self, x: Array) -> Any:
        """Whether each value lies in the set, for arrays."""
        return np.isfinite(x)

    def __repr__(self) -> str:
        """The call that makes it."""
        inner = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if k != "shape" or v != ())
        return f"{type(self).__name__}({inner})"


class Real(Support):
    """All real numbers.

    Parameters
    ----------
    shape : int or sequence of int
        Of the array of such numbers.

    Examples
    --------
    >>> import plait.infer
    >>> plait.infer.Real(shape=5).value_shape
    (5,)
    """


class Positive(Support):
    """Numbers above zero: exp of the real line.

    Parameters
    ----------
    shape : int or sequence of int
        Of the array of such numbers.
    """

    def to_support(self, u: Any) -> Any:
        """See Support."""
        return graph.exp(u)

    def log_jacobian(self, u: Any) -> Any:
        """See Support."""
        return u

    def to_free(self, x: Array) -> Array:
        """See Support."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(x))

    def contains(self, x: Array) -> Any:
        """See Support."""
        return (x >= 0) & np.isfinite(x)


class Interval(Support):
    """Numbers between two bounds: the logistic function of the real line.

    Parameters
    ----------
    low, high : float or array_like
        The bounds, low below high.
    shape : int or sequence of int
        Of the array of such numbers.
    """

    def __init__(self, low: Any, high: Any, shape: Any = ()) -> None:
        super().__init__(shape)
        self.low, self.high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        if not (np.isfinite(self.low).all() and np.isfinite(self.high).all() and (self.low < self.high).all()):
            raise ValueError(f"Interval: expected finite bounds with low < high, got {low!r} and {high!r}")

    def to_support(self, u: Any) -> Any:
        """See Support."""
        return self.low + (self.high - self.low) * graph.sigmoid(u)

    def log_jacobian(self, u: Any) -> Any:
        """See Support."""
        return np.log(self.high - self.low) - graph.softplus(u) - graph.softplus(-u)

    def to_free(self, x: Array) -> Array:
        """See Support."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(x - self.low) - np.log(self.high - x))

    def contains(self, x: Array) -> Any:
        """See Support."""
        return (x >= self.low) & (x <= self.high)


class Simplex(Support):
    """Vectors of numbers of at least zero whose sum is one: centred stick-breaking.

    Parameters
    ----------
    n : int
        Length of a vector, at least 2.
    shape : int or sequence of int
        Of the array of vectors.

    Notes
    -----
    Piece k of the stick is a share sigmoid(u_k - log(n - k)) of what the pieces before it left; u = 0 is the centre.
    """

    event = 1

    def __init__(self, n: int, shape: Any = ()) -> None:
        super().__init__(shape)
        self.n = int(n)
        if self.n < 2:
            raise ValueError(f"Simplex: n: expected at least 2, got {n!r}")

    @property
    def value_shape(self) -> tuple[int, ...]:
        """See Support."""
        return (*self.shape, self.n)

    @property
    def free_shape(self) -> tuple[int, ...]:
        """See Support."""
        return (*self.shape, self.n - 1)

    def _pieces(self, u: Any) -> tuple[Any, Any, Any]:
        """Logs of each share, of one minus it, and of what is left before it."""
        v = u - np.log(np.arange(self.n - 1, 0, -1.0))
        log_share, log_rest = -graph.softplus(-v), -graph.softplus(v)
        return log_share, log_rest, graph.cumsum(log_rest, axis=-1) - log_rest

    def to_support(self, u: Any) -> Any:
        """See Support."""
        log_share, log_rest, left = self._pieces(u)
        last = graph.sum(log_rest, axis=-1, keepdims=True)
        return graph.exp(graph.concatenate([log_share + left, last], axis=-1))

    def log_jacobian(self, u: Any) -> Any:
        """See Support."""
        log_share, log_rest, left = self._pieces(u)
        return graph.sum(log_share + log_rest + left, axis=-1)

    def to_free(self, x: Array) -> Array:
        """See Support."""
        head = x[..., :-1]
        after = np.cumsum(x[..., ::-1], axis=-1)[..., ::-1][..., 1:]  # what is left after each piece
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(head) - np.log(after) + np.log(np.arange(self.n - 1, 0, -1.0)))

    def contains(self, x: Array) -> Any:
        """See Support."""
        return (x >= 0).all(axis=-1) & (np.abs(x.sum(axis=-1) - 1) < 1e-6)


class Ordered(Support):
    """Vectors in ascending order: the first number, then logs of the differences.

    Parameters
    ----------
    n : int
        Length of a vector, at least 1.
    positive : bool
        Whether the first number is above zero, too (its log is unconstrained).
    shape : int or sequence of int
        Of the array of vectors.
    """

    event = 1

    def __init__(self, n: int, positive: bool = False, shape: Any = ()) -> None:
        super().__init__(shape)
        self.n, self.positive = int(n), bool(positive)
        if self.n < 1:
            raise ValueError(f"Ordered: n: expected at least 1, got {n!r}")

    @property
    def value_shape(self) -> tuple[int, ...]:
        """See Support."""
        return (*self.shape, self.n)

    @property
    def free_shape(self) -> tuple[int, ...]:
        """See Support."""
        return self.value_shape

    def to_support(self, u: Any) -> Any:
        """See Support."""
        if self.positive:
            return graph.cumsum(graph.exp(u), axis=-1)
        if self.n == 1:
            return u
        return graph.cumsum(graph.concatenate([u[..., :1], graph.exp(u[..., 1:])], axis=-1), axis=-1)

    def log_jacobian(self, u: Any) -> Any:
        """See Support."""
        return graph.sum(u if self.positive else u[..., 1:], axis=-1)

    def to_free(self, x: Array) -> Array:
        """See Support."""
        steps = np.diff(x, axis=-1)
        first = x[..., :1]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.concatenate([np.log(first) if self.positive else first, np.log(steps)], axis=-1)

    def contains(self, x: Array) -> Any:
        """See Support."""
        return np.isfinite(x).all(axis=-1) & (np.diff(x, axis=-1) > 0).all(axis=-1) & ((x[..., 0] > 0) | (not self.positive))


class Integers(Support):
    """Whole numbers from `low` to `high`, which may be infinite: latents there have no unconstrained form.

    Parameters
    ----------
    low : int
        The smallest.
    high : int or array_like, optional
        The largest; None: no bound.
    shape : int or sequence of int
        Of the array of such numbers.
    """

    discrete = True

    def __init__(self, low: int = 0, high: Any = None, shape: Any = ()) -> None:
        super().__init__(shape)
        self.low = int(low)
        self.high = np.inf if high is None else np.asarray(high, np.float64)

    def to_support(self, u: Any) -> Any:  # noqa: ARG002
        """Refused: there is no bijection."""
        raise TypeError("Integers: whole numbers have no map from the real line")

    def contains(self, x: Array) -> Any:
        """See Support."""
        with np.errstate(invalid="ignore"):
            return (x >= self.low) & (x <= self.high) & (np.floor(x) == x) & np.isfinite(x)
