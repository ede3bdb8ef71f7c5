"""Names that are no text, feeds by keyword that are no names, and arrays in the other order of bytes."""

from __future__ import annotations

import numpy as np
import pytest

import plait


def test_what_is_no_name_is_named() -> None:
    x = plait.input("x", (3,))
    program = plait.compile(x * 2)
    for call in (
        lambda: x.named(3),
        lambda: plait.input(3, (2,)),
        lambda: plait.parameter("a", np.ones(3)),
        lambda: plait.constant(3.0, 4),
        lambda: program(**{x: np.ones(3)}),
    ):
        with pytest.raises(TypeError, match=r"str, got (int|ndarray|plait\S*Node|Node)"):
            call()


def test_the_order_of_bytes_is_the_files_matter() -> None:
    v = np.arange(3.0).astype(">f8")
    assert plait.grad(lambda a: (a * a).sum())(v).tolist() == [0, 2, 4]
    assert plait.function(lambda a: a * 2)(v).tolist() == [0, 2, 4]
    assert plait.function(lambda a: a * 2)(np.arange(3).astype(">i4")).tolist() == [0, 2, 4]
