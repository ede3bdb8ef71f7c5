"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import graph
from ._values import is_node, last_sum, shape_of
from .distribution import Distribution
from .supports import Real, Support


class MultivariateNormal(Distribution):
    """The normal distribution of vectors.

    Parameters
    ----------
    loc : Node or array_like
        The mean; the last axis is that of a vector.
    covariance_matrix : Node or array_like, optional
        Symmetric, positive definite.
    scale_tril : Node or array_like, optional
        The lower triangular factor of the covariance, with a diagonal above 0; one of the two is given.
    """

    event_dim = 1

    def __init__(self, loc: Any, covariance_matrix: Any = None, scale_tril: Any = None) -> None:
        if (covariance_matrix is None) == (scale_tril is None):
            which = "neither" if scale_tril is None else "both"
            raise ValueError(f"MultivariateNormal: expected either covariance_matrix or scale_tril, got {which}")
        matrix = {"covariance_matrix": covariance_matrix} if scale_tril is None else {"scale_tril": scale_tril}
        super().__init__(loc=loc, **matrix)
        self._finite("loc")
        (self._key,) = matrix
        value = self._parameters[self._key]
        shape = shape_of(value)
        if len(shape) < 2 or shape[-1] != shape[-2]:
            raise ValueError(f"MultivariateNormal: {self._key}: expected square matrices, got shape {shape}")
        where = shape_of(self._parameters["loc"])
        if where and where[-1] not in (1, shape[-1]):
            raise ValueError(f"MultivariateNormal: loc has {where[-1]} numbers a vector, {self._key} is {shape[-1]} × {shape[-1]}")
        self._finite(self._key)
        if is_node(value):
            self._factor = graph.cholesky(value) if self._key == "covariance_matrix" else value
        elif self._key == "covariance_matrix":
            if not np.allclose(value, np.swapaxes(value, -1, -2), rtol=1e-8, atol=0):
                raise ValueError("MultivariateNormal: covariance_matrix: expected a symmetric matrix")
            try:
                self._factor = np.linalg.cholesky(value)
            except np.linalg.LinAlgError:
                low = float(np.linalg.eigvalsh(value).min())
                raise ValueError(
                    f"MultivariateNormal: covariance_matrix: expected a positive definite matrix, smallest eigenvalue {low:.3g}"
                ) from None
        else:
            if not (np.diagonal(value, axis1=-2, axis2=-1) > 0).all():
                raise ValueError("MultivariateNormal: scale_tril: expected a diagonal above 0")
            self._factor = np.tril(value)

    def _batch_of(self, key: str) -> tuple[int, ...]:
        shape = shape_of(self._parameters[key])
        return shape[:-1] if key == "loc" else shape[:-2]

    @property
    def event_shape(self) -> tuple[int, ...]:
        """See Distribution."""
        return shape_of(self._parameters[self._key])[-1:]

    @property
    def support(self) -> Support:
        """See Distribution."""
        return _RealVector(self.event_shape[0])

    def _log_diagonal(self) -> Any:
        n = self.event_shape[0]
        return last_sum(graph.log(last_sum(self._factor * np.eye(n))))

    def _density(self, x: Any) -> Any:
        n = self.event_shape[0]
        off = graph.subtract(x, self._parameters["loc"])
        factor = self._factor
        stack, wide = shape_of(off)[:-1], shape_of(factor)[:-2]
        full = np.broadcast_shapes(stack, wide)
        if wide:
            off, factor = graph.broadcast_to(off, (*full, n)), graph.broadcast_to(factor, (*full, n, n))
            solved = graph.squeeze(graph.solve_triangular(factor, graph.expand_dims(off, -1)), -1)
        else:  # one factor: the vectors are its right-hand sides, side by side
            columns = graph.transpose(graph.reshape(off, (-1, n)))
            solved = graph.reshape(graph.transpose(graph.solve_triangular(factor, columns)), (*full, n))
        return -0.5 * last_sum(graph.square(solved)) - self._log_diagonal() - 0.5 * n * math.log(2 * math.pi)

    def _sample(self, shape: tuple[int, ...], g: np.random.Generator) -> Any:
        noise = g.standard_normal((*shape, *self.event_shape))
        return self._parameters["loc"] + np.einsum("...ij,...j->...i", self._factor, noise)

    def _mean(self) -> Any:
        return self._parameters["loc"]

    def _variance(self) -> Any:
        return last_sum(graph.square(self._factor))

    def _entropy(self) -> Any:
        return self._log_diagonal() + 0.5 * self.event_shape[0] * (1 + math.log(2 * math.pi))


class _RealVector(Real):
    """Vectors of real numbers: one value has an axis."""

    event = 1

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    @property
    def value_shape(self) -> tuple[int, ...]:
        """See Support."""
        return (*self.shape, self.n)

    @property
    def free_shape(self) -> tuple[int, ...]:
        """See Support."""
        return self.value_shape

    def log_jacobian(self, u: Any) -> Any:
        """See Support."""
        return last_sum(graph.multiply(u, 0.0))

    def contains(self, x: Any) -> Any:
        """See Support."""
        return np.isfinite(x).all(axis=-1)
