"""Files: round trips, and detection of every damage."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import plait

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, (np.ndarray, np.generic)):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and (a == b or (a != a and b != b))


TREES = [
    np.arange(6.0).reshape(2, 3),
    np.float32(1.5),
    np.array(3),
    np.zeros((0, 3)),
    {},
    [],
    (),
    None,
    True,
    5,
    -(2**200),
    1.5,
    float("inf"),
    float("nan"),
    -0.0,
    "text",
    'quotes " and \\ and "plait_checksum":"000" and ünïcode \U0001f600 \0',
    {"a": [np.arange(3), (1, 2.5, None)], "b": {"c": {"d": np.eye(2)}}, 3: "int key", "": ""},
    {dtype: np.ones((2, 2), dtype) for dtype in DTYPES},
    np.arange(12).reshape(3, 4)[::-1, ::2],
    np.arange(3).astype(">f8").astype("f8"),
    [[[[[]]]]],
    1e-320,
    {"x": np.array([np.nan])},
]


@pytest.mark.parametrize("number", range(len(TREES)))
def test_trees_come_back(number: int, tmp_path: Path) -> None:
    plait.save(tmp_path / "f", TREES[number])
    assert same(plait.load(tmp_path / "f"), TREES[number])


def test_byte_order_and_layout_are_normal_in_the_file(tmp_path: Path) -> None:
    plait.save(tmp_path / "f", [np.arange(3, dtype=">f4"), np.asfortranarray(np.arange(6.0).reshape(2, 3))])
    a, b = plait.load(tmp_path / "f")
    assert a.tolist() == [0, 1, 2]
    assert a.dtype == np.float32
    assert a.dtype.isnative
    assert b.flags.c_contiguous
    assert b.flags.writeable


def test_other_libraries_read_the_file(tmp_path: Path) -> None:
    plait.save(tmp_path / "f", {"w": np.eye(2), "b": [np.arange(3), np.float32(2)], "flag": np.array([True])})
    tensors = safetensors.numpy.load_file(tmp_path / "f")
    assert sorted(tensors) == ["b.0", "b.1", "flag", "w"]
    assert np.array_equal(tensors["w"], np.eye(2))


def test_names_in_the_file_are_distinct(tmp_path: Path) -> None:
    """A name may come twice, be empty, or be one that safetensors keeps for itself."""
    tree = {"a.0": np.zeros(1), "a": [np.ones(1)], "": np.full(1, 2.0), "__metadata__": np.full(1, 3.0), "ünïcode \0": np.full(1, 4.0)}
    plait.save(tmp_path / "f", tree)
    assert same(plait.load(tmp_path / "f"), tree)
    assert len(safetensors.numpy.load_file(tmp_path / "f")) == 5


def test_a_program_s_parameters_keep_their_names(tmp_path: Path) -> None:
    w = plait.parameter(np.eye(2), name="head.weight")
    x = plait.input("x", (None, 2), dtype="float64")
    plait.save(tmp_path / "f", plait.compile(x @ w))
    assert np.array_equal(safetensors.numpy.load_file(tmp_path / "f")["head.weight"], np.eye(2))


def test_files_of_the_first_version_are_read(tmp_path: Path) -> None:
    """Arrays had numbers instead of names."""
    from plait import _files

    plait.save(tmp_path / "f", {"w": np.eye(2), "n": 3})
    tensors, content = _files.read(tmp_path / "f")
    del content["tensors"]
    _files.write(tmp_path / "g", tensors, content | {"version": 1})
    assert same(plait.load(tmp_path / "g"), {"w": np.eye(2), "n": 3})


@pytest.mark.parametrize("wrong", [object(), {1.5: 1}, {(1,): 2}, np.array([1j]), np.array(["a"]), np.array([None]), {1, 2}, {True: 1}])
def test_what_a_file_cannot_hold_is_refused_by_place(wrong: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"tree\['deep'\]\[1\]"):
        plait.save(tmp_path / "f", {"deep": [1, wrong]})
    assert list(tmp_path.iterdir()) == []


def damaged(data: bytes) -> list[bytes]:
    """Every byte with one bit flipped (which bit varies), and every length it could be cut off at."""
    flips = [data[:k] + bytes([data[k] ^ (1 << (k % 8))]) + data[k + 1 :] for k in range(len(data))]
    return flips + [data[:k] for k in range(len(data))] + [data + b"\0", data + data, data[1:]]


@pytest.mark.parametrize("kind", ["tree", "program"])
def test_every_damage_is_found(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    x = plait.input("x", (None, 2))
    plait.save(
        path,
        {"a": np.arange(5.0), "b": "text", "c": [1, 2.5]}
        if kind == "tree"
        else plait.compile([plait.tanh(x @ plait.parameter(np.eye(2, dtype="f4"), "w"))]),
    )
    for data in damaged(path.read_bytes()):
        path.write_bytes(data)
        with pytest.raises(plait.FormatError, match="f: "):
            plait.load(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for data in (b"", b"text", b"\0" * 100, b"\xff" * 100, struct.pack("<Q", 2) + b"{}", struct.pack("<Q", 2**63) + b"{}"):
        path.write_bytes(data)
        with pytest.raises(plait.FormatError):
            plait.load(path)
    safetensors.numpy.save_file({"a": np.ones(3)}, path)
    with pytest.raises(plait.FormatError, match="checksum"):
        plait.load(path)
    with pytest.raises(FileNotFoundError):
        plait.load(tmp_path / "absent")


def rewritten(path: Path, change: Any) -> None:
    """The file with other content under a valid checksum."""
    from plait import _files

    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    content = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["plait"])
    tensors, _ = _files.read(path)
    change(content)
    _files.write(path, tensors, content)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(version=3), "version 3"),
        (lambda c: c.update(version="x"), "version"),
        (lambda c: c.pop("version"), "version None"),
        (lambda c: c.update(kind="model"), "model"),
        (lambda c: c.update(content={"array": 99}), "fit together"),
        (lambda c: c.update(content={"frob": 1}), "frob"),
        (lambda c: c.update(content=[1]), "fit together"),
        (lambda c: c.update(content={"int": "zz"}), "fit together"),
        (lambda c: c.pop("content"), "fit together"),
    ],
)
def test_headers_that_do_not_fit(change: Any, words: str, tmp_path: Path) -> None:
    plait.save(tmp_path / "f", {"a": np.ones(2)})
    rewritten(tmp_path / "f", change)
    with pytest.raises(plait.FormatError, match=words):
        plait.load(tmp_path / "f")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    plait.save(path, {"old": 1})

    def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        plait.save(path, {"new": np.ones(1000)})
    assert plait.load(path) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


# ---- programs ----


def test_a_program_comes_back(tmp_path: Path) -> None:
    x = plait.input("x", (None, 3))
    w = plait.parameter(np.random.default_rng(0).normal(size=(3, 2)).astype("f4"), name="w")
    step = plait.parameter(np.array(0, "int64"), name="steps")
    y = plait.softmax(plait.tanh(x @ w) + plait.normal((None, 2), like=x) * 0.1)
    loss = (y[:, 0] * np.arange(4.0)[None, :2].sum()).mean()
    program = plait.compile({"loss": loss, "parts": [y, (w,)]}, updates={w: w - 0.1 * plait.gradient(loss, w), step: step + 1}, rng=4)
    feed = np.ones((5, 3), "f4")
    program(x=feed)
    plait.save(tmp_path / "p", program)
    again = plait.load(tmp_path / "p")
    assert [n.name for n in again.inputs] == ["x"]
    for _ in range(3):  # updates and random numbers go on where they were
        a, b = program(x=feed), again(x=feed)
        assert same(a, b)
    assert sorted(n.name for n in again.updates) == ["steps", "w"]
    assert [int(n.value) for n in again.updates if n.name == "steps"] == [4]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["nodes"][0].update(op="frobnicate"),
        lambda c: c["nodes"][2].update(inputs=[7, 0]),
        lambda c: c["nodes"][2].update(inputs=[-1, 0]),
        lambda c: c["nodes"][2].update(inputs=[0]),
        lambda c: c["nodes"][1].update(tensor=5),
        lambda c: c.update(leaves=[99]),
        lambda c: c.update(outputs={"list": [3]}),
        lambda c: c.update(updates=[[0, 0]]),
        lambda c: c.pop("random_state"),
        lambda c: c["nodes"][0].update(shape=[-3]),
        lambda c: c["nodes"][0].update(dtype="complex64"),
        lambda c: c["nodes"][0].update(dtype="nonsense"),
        lambda c: c["nodes"][3].update(ints=[99]),
        lambda c: c["nodes"][3].update(ints=[]),
        lambda c: c["nodes"][3].update(ints=["a"]),
        lambda c: c.update(nodes=5),
        lambda c: c.update(outputs=-1),
    ],
)
def test_programs_that_do_not_fit(change: Any, tmp_path: Path) -> None:
    x = plait.input("x", (2, 3), "float64")
    plait.save(tmp_path / "p", plait.compile([(x @ np.eye(3)).sum(axis=1)]))
    rewritten(tmp_path / "p", lambda content: change(content["content"]))
    with pytest.raises(plait.FormatError):
        plait.load(tmp_path / "p")
