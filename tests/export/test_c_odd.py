"""Special cases of exported C: odd names and shapes, unsupported ops, headers in C++, reproducible files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.c_models import COMPILER, STRICT, CModel, needs_compiler, rng

import plait

pytestmark = needs_compiler


def test_sizes_that_are_not_known_are_refused_by_name(tmp_path: Path) -> None:
    x, y = plait.input("x", (None, 3)), plait.input("y", (2,))
    program = plait.compile(x.sum() + y.sum())
    with pytest.raises(
        plait.GraphError, match=r"the shape of x is \(None, 3\), and C needs every size: give one, as in shapes=\{'x': \(1, 3\)\}"
    ):
        program.to_c(tmp_path)
    program(x=np.ones((4, 3)), y=[1, 2])  # the sizes of a call are not meant to be those of the device
    with pytest.raises(plait.GraphError, match="the shape of x"):
        program.to_c(tmp_path)
    with pytest.raises(plait.ShapeError, match=r"input x: expected shape \(None, 3\), got \(2, 4\)"):
        program.to_c(tmp_path, shapes={"x": (2, 4)})
    with pytest.raises(plait.GraphError, match="'z', which is no input of this program; inputs: 'x', 'y'"):
        program.to_c(tmp_path, shapes={"x": (1, 3), "z": (1,)})
    assert list(tmp_path.iterdir()) == []
    assert program.to_c(tmp_path / "new" / "deep", shapes={x: (1, 3)}).source.exists()


@pytest.mark.parametrize("name", ["", "a b", "1a", "a-b", "int", "restrict", "a/b", "größe", "a\n", "class", "_a"])
def test_names_that_c_does_not_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no name for functions in C"):
        plait.compile(plait.input("x", (1,)) * 2).to_c(tmp_path, name)


@pytest.mark.parametrize(
    "name", ["*/ int oops; /*", "??/", "trailing \\", "größe \U0001f600", 'say "hi"', "new\nline", "%d %s", "//", "restrict"]
)
def test_names_of_nodes_stay_in_comments(name: str, tmp_path: Path) -> None:
    x = plait.input(name, (2,))
    w = plait.parameter(np.ones(2, "f4"), name=name)
    y = plait.tanh(x * w)
    y.name = name
    CModel(plait.compile(y, updates={w: w * y}), tmp_path, {name: [1.0, 2.0]}, "-O0", "-Wcomment", "-Wtrigraphs").check(runs=2)


def test_what_has_no_form_in_c_is_named(tmp_path: Path) -> None:
    x = plait.input("x", (5,), dtype="float64")
    with pytest.raises(NotImplementedError, match=r"soft_dtw at soft_dtw_\d+ cannot be written in C: alignment"):
        plait.compile(plait.align.soft_dtw(x, x[::-1] * 2, 1.0)).to_c(tmp_path)
    rows = plait.sparse_input("rows", (3, 4))
    with pytest.raises(NotImplementedError, match="sparse_input at rows"):
        plait.compile(rows @ np.ones((4, 2), "f4")).to_c(tmp_path)
    with pytest.raises(NotImplementedError, match="random_gamma"):
        plait.compile(_gamma()).to_c(tmp_path)
    assert list(tmp_path.iterdir()) == []


def _gamma() -> plait.Node:
    from plait import _core

    return _core.apply("random_gamma", [_core.constant(np.ones(3), "", None)], [4, 0, 0, 0], [], False)


def test_shapes_and_dtypes_of_all_kinds(tmp_path: Path) -> None:
    """Scalars, nothing, booleans, whole numbers; outputs that are inputs, weights, constants, and the same twice."""
    a = plait.input("a", (), dtype="float64")
    none = plait.input("none", (0, 3))
    flags = plait.input("flags", (4,), dtype="bool")
    n32, n64 = plait.input("n32", (4,), dtype="int32"), plait.input("n64", (2, 2), dtype="int64")
    w = plait.parameter(np.array(2.5), name="w")
    unused = plait.input("unused", (2,))
    outputs = [a, a, w, plait.constant(7), a * w, none, none.sum(0), none.prod(), none * 2, none @ np.ones((3, 2), "f4"), ~flags, flags & (n32 > 1),
               flags.sum(), n32 + 1, n64.T, n64[0] * n32[:2], plait.where(flags, n32, 0), plait.cast(flags, "float32"), n64.T,
               np.ones((2, 0), "f4") @ none[:, :2], unused[:0], plait.cast(plait.cast(n32, "float32") * 0.5, "int32")]  # fmt: skip
    feeds = {"a": 1.5, "none": np.zeros((0, 3)), "flags": [True, False, True, True], "n32": [1, 2, -3, 4], "n64": [[1, 2], [3, 4]]}
    CModel(plait.compile(outputs), tmp_path, feeds | {"unused": [1, 2]}).check(rtol=1e-6)


def test_numbers_are_written_as_they_are(tmp_path: Path) -> None:
    """To the last bit: subnormal, huge, infinite, NaN, minus zero; in weights and within loops."""
    numbers = [
        0.1,
        -0.0,
        1e-45,
        1.1754942e-38,
        3.4028235e38,
        np.inf,
        -np.inf,
        np.nan,
        1 / 3,
        1e22,
        123456789.0,
        2.0**-149,
        1e-310,
        1.7976931348623157e308,
    ]
    with np.errstate(over="ignore"):
        f32, f64 = np.array(numbers, "f4"), np.array(numbers)
    whole = np.array([2**53 + 1, -(2**63), 2**63 - 1, 0])
    w = plait.parameter(f32, name="w")
    outputs = [
        w,
        plait.constant(f64),
        plait.constant(whole),
        plait.constant(np.array([-(2**31)], "i4")),
        plait.constant(whole) + (2**62 + 1),
    ]
    x = plait.input("x", (1,), dtype="float64")
    outputs += [x * 1e300 * 1e-300, x + 1e-310, plait.minimum(x, np.inf), plait.maximum(x, -np.inf), plait.where(x > 0, np.nan, x)]
    with np.errstate(all="ignore"):
        model = CModel(plait.compile(outputs), tmp_path, {"x": [1.0]})
        expected = model.expected()
        for found, wanted in zip(model.found(expected), expected, strict=True):
            assert np.array_equal(found, wanted, equal_nan=True) or np.allclose(found, wanted, rtol=1e-15, equal_nan=True)
        assert np.array_equal(np.signbit(model.found(expected)[0]), np.signbit(f32))


def test_many_updates_take_old_values(tmp_path: Path) -> None:
    """Two parameters are swapped, one is a counter, and there are no outputs."""
    a, b = plait.parameter(np.array([1.0, 2.0]), name="a"), plait.parameter(np.array([3.0, 4.0]), name="b")
    n = plait.parameter(np.array(0), name="n")
    CModel(plait.compile([a + 0, b + 0, n + 0], updates={a: b, b: a, n: n + 1}), tmp_path, {}).check(runs=5)
    program = plait.compile([], updates={a: a * 2})
    written = program.to_c(tmp_path, "silent")
    assert "void silent_run(void);" in written.header.read_text()
    assert "void silent_init(void);" in written.header.read_text()


def test_the_header_is_also_c_plus_plus(tmp_path: Path) -> None:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++ here")
    plait.compile(plait.input("x", (2,)) * 2).to_c(tmp_path)
    (tmp_path / "main.cpp").write_text(
        '#include "model.h"\n#include "model.h"\nint main() { float x[2] = {1, 2}, y[2]; model_run(x, y); return y[1] == 4 ? 0 : 1; }\n'
    )
    subprocess.run([str(COMPILER), *STRICT, "-c", "model.c"], cwd=tmp_path, check=True)
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "main.cpp", "model.o", "-o", "main", "-lm"], cwd=tmp_path, check=True)
    subprocess.run([str(tmp_path / "main")], check=True)


def test_two_models_in_one_device_and_the_same_file_twice(tmp_path: Path) -> None:
    x = plait.input("x", (3,))
    program = plait.compile(plait.softmax(x * rng().normal(size=3).astype("f4")))
    first = program.to_c(tmp_path / "a", "one").source.read_bytes()
    assert program.to_c(tmp_path / "b", "one").source.read_bytes() == first
    program.to_c(tmp_path, "one")
    program.to_c(tmp_path, "two")
    (tmp_path / "main.c").write_text(
        '#include "one.h"\n#include "two.h"\nint main(void) { float x[3] = {1, 2, 3}, y[3]; one_run(x, y); two_run(x, y); return 0; }\n'
    )
    subprocess.run([str(COMPILER), *STRICT, "main.c", "one.c", "two.c", "-o", "main", "-lm"], cwd=tmp_path, check=True)


def test_the_sizes_that_are_told(tmp_path: Path) -> None:
    """Weights are stored once; buffers with disjoint lifetimes share the arena."""
    w = plait.parameter(rng().normal(size=(8, 8)).astype("f4"), name="w")
    h: Any = plait.input("x", (4, 8))
    for _ in range(20):
        h = plait.tanh(h @ w)
    written = plait.compile(h).to_c(tmp_path)
    assert written.weight_bytes == 4 * 64
    assert written.arena_bytes <= 2 * 4 * 32
    assert "256 bytes of weights" in str(written)
    assert (written.inputs, len(written.outputs)) == (("x",), 1)
    text = written.source.read_text()
    assert "malloc" not in text
    assert f"u8[{written.arena_bytes}]" in text
