"""Names and scopes: one name everywhere, also in files."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

import plait


def test_a_name_is_given_where_the_expression_stands() -> None:
    x = plait.input("x", (None, 3))
    y = plait.tanh(x).named("hidden")
    assert y.name == "hidden"
    assert repr(y) == "<plait.Node hidden (tanh): float32 (None, 3)>"
    assert y.named("other") is y
    assert y.label == "other"
    with pytest.raises(TypeError):
        y.named(3)


def test_scopes_nest_and_end() -> None:
    x = plait.input("x", (3,))
    with plait.scope("encoder"):
        a = plait.exp(x)
        with plait.scope("layer 1"):
            b = plait.exp(a).named("b")
        c = plait.exp(b)
        inner = plait.input("inner", (3,))
    d = plait.exp(c)
    assert [node.scope for node in (x, a, b, c, d)] == ["", "encoder", "encoder/layer 1", "encoder", ""]
    assert b.label == "encoder/layer 1/b"
    assert inner.label == "inner"  # by which it is fed
    with pytest.raises(plait.ShapeError, match="encoder/layer 1/b"):
        plait.matmul(b, plait.exp(plait.input("y", (4, 2))) + b[:1])
    with pytest.raises(RuntimeError), plait.scope("part"):
        raise RuntimeError
    assert plait.exp(x).scope == ""


@pytest.mark.parametrize("name", ["", "a//b", "/a", "a/", " "])
def test_empty_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"scope: .* has an empty name in it"):
        plait.scope(name)


def test_a_scope_decorates_and_is_used_again() -> None:
    @plait.scope("block")
    def block(x: plait.Node, depth: int) -> plait.Node:
        y = plait.tanh(x)
        return block(y, depth - 1) if depth else y

    assert block(plait.input("x", (3,)), 2).scope == "block/block/block"
    part = plait.scope("a/b")
    for _ in range(2):
        with part:
            assert plait.exp(plait.input("x", (3,))).scope == "a/b"
    assert plait.exp(plait.input("x", (3,))).scope == ""


def test_threads_have_scopes_of_their_own() -> None:
    found: list[str] = []
    with plait.scope("outer"):
        thread = threading.Thread(target=lambda: found.append(plait.exp(plait.input("x", (3,))).scope))
        thread.start()
        thread.join()
    assert found == [""]


def test_gradients_belong_to_the_part_that_they_are_the_gradient_of() -> None:
    x, w = plait.input("x", (4, 3)), plait.parameter(np.ones((3, 2), "float32"), name="w")
    with plait.scope("encoder"):
        y = plait.tanh(x @ w)
    loss = (y * y).sum()
    with plait.scope("elsewhere"):
        (g,) = plait.gradient(loss, [w])
    assert g.backward
    assert g.scope == "encoder"


def test_names_and_scopes_survive_files(tmp_path: Path) -> None:
    x = plait.input("x", (None, 3))
    with plait.scope("encoder"):
        w = plait.parameter(np.ones((3, 2), "float32"), name="w")
        h = plait.tanh(x @ w).named("hidden")
    (g,) = plait.gradient(h.sum(), [w])
    program = plait.compile({"h": h, "g": g})
    plait.save(tmp_path / "model.plait", program)
    with plait.scope("not this one"):
        again = plait.load(tmp_path / "model.plait")
    found = again.outputs["h"]
    assert (found.name, found.scope, found.label) == ("hidden", "encoder", "encoder/hidden")
    assert again.outputs["g"].scope == "encoder"
    assert [node.scope for node in found.inputs[0].inputs] == ["", "encoder"]
    assert plait.exp(found).scope == ""
    assert plait.to_dot(again).count("hidden") == plait.to_dot(program).count("hidden") == 1
    twin = copy.deepcopy(w)
    assert (twin.name, pickle.loads(pickle.dumps(w)).name) == ("w", "w")


def test_layers_are_parts() -> None:
    mlp = plait.nn.MLP(3, (4,), 2, name="encoder", rng=0)
    y = mlp(plait.input("x", (None, 3)))
    assert y.scope == "encoder/1"
    lstm = plait.nn.LSTM(3, 4, layers=2, rng=0)
    with plait.scope("model"):
        outs, _ = lstm([plait.input(f"x{t}", (None, 3)) for t in range(3)])
    assert [out.scope for out in outs] == [f"model/lstm/layer 1/step {t}" for t in range(3)]
