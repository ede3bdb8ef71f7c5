"""The input node for sparse rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from .. import _core
from ..graph import Node


def sparse_input(name: str, shape: Sequence[int | None], dtype: npt.DTypeLike = "float32") -> Node:
    """A node that receives sparse rows when the graph runs.

    Parameters
    ----------
    name : str
        The name in feeds and messages.
    shape : (int or None, int or None)
        Number of rows and their size; None for a size known at run time.
    dtype : {"float32", "float64"}
        Dtype of the values; fed values are cast to it.

    Returns
    -------
    Node
        Fed with :class:`plait.SparseRows` or a SciPy sparse array or matrix, in tables, programs and the data of :func:`plait.train`. Only
        ``x @ w`` with a dense `w` on the right reads it.

    Notes
    -----
    The gradient to `w` is dense, and can be differentiated again. That of the input itself is dense too, and computed on request only.
    Batches of rows are not copied.

    Examples
    --------
    >>> x = plait.sparse_input("x", (None, 3))
    >>> w = plait.parameter(np.ones((3, 2), "float32"), name="w")
    >>> plait.evaluate(x @ w, {x: plait.SparseRows.from_dense([[1, 0, 2], [0, 0, 0]])})
    array([[3., 3.],
           [0., 0.]], dtype=float32)
    """
    return _core.sparse_input(name, shape, dtype)
