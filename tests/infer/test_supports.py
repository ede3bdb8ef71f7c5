"""The maps to the real line: there and back, and Jacobians beside differences."""

from __future__ import annotations

import numpy as np
import pytest

import plait
from plait.infer import Integers, Interval, Ordered, Positive, Real, Simplex, Support

SUPPORTS = [
    Real(shape=3),
    Positive(shape=(2, 2)),
    Interval(-1.0, 4.0, shape=3),
    Interval([-1.0, 0.0], [0.0, 5.0], shape=2),
    Simplex(4),
    Simplex(3, shape=2),
    Ordered(4),
    Ordered(3, positive=True),
    Ordered(1),
]


@pytest.mark.parametrize("support", SUPPORTS, ids=repr)
def test_there_and_back(support: Support) -> None:
    rng = np.random.default_rng(0)
    u = rng.normal(size=(5, *support.free_shape))
    x = plait.evaluate(support.to_support(plait.constant(u)))
    assert x.shape == (5, *support.value_shape)
    assert support.contains(x).all()
    np.testing.assert_allclose(support.to_free(x), u, atol=1e-12)


@pytest.mark.parametrize("support", SUPPORTS, ids=repr)
def test_jacobian(support: Support) -> None:
    """Beside the determinant of the matrix of slopes; of a simplex those of all but the last coordinate."""
    rng = np.random.default_rng(1)
    u = rng.normal(size=support.free_shape)
    free = plait.constant(u)

    def flat(v: plait.Node) -> plait.Node:
        value = support.to_support(v.reshape(support.free_shape))
        return (value[..., :-1] if isinstance(support, Simplex) else value).ravel()

    matrix = plait.jacobian(flat)(u.ravel())
    found = plait.evaluate(plait.sum(support.log_jacobian(free)))
    np.testing.assert_allclose(found, np.linalg.slogdet(matrix)[1], atol=1e-10)
    assert plait.evaluate(support.log_jacobian(free)).shape == support.shape


def test_the_centre_of_a_simplex() -> None:
    np.testing.assert_allclose(plait.evaluate(Simplex(5).to_support(np.zeros(4))), [0.2] * 5)


def test_bad_supports() -> None:
    with pytest.raises(ValueError, match="low < high"):
        Interval(1, 0)
    with pytest.raises(ValueError, match="at least 2"):
        Simplex(1)
    with pytest.raises(ValueError, match="at least 1"):
        Ordered(0)
    with pytest.raises(TypeError, match="shape"):
        Real(shape="a")
    with pytest.raises(TypeError, match="no map"):
        Integers().to_support(0.0)
