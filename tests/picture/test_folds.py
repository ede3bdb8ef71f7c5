"""Folding, and pictures of a Table's steps."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import plait
from plait.picture import _dot
from plait.picture._fold import LEGIBLE
from plait.picture._show import shown

NS = "{http://www.w3.org/2000/svg}"


def lstm_gradients(steps: int = 50) -> list[plait.Node]:
    lstm = plait.nn.LSTM(1, 4, rng=0)
    outs, _ = lstm(plait.input("xs", (None, steps, 1)))
    loss = plait.losses.mse(outs, plait.input("ts", (None, steps, 4))).named("loss")
    return [loss, *plait.gradient(loss, lstm.parameters())]


def test_a_large_graph_is_folded_until_it_is_legible(tmp_path: Path) -> None:
    drawing = shown(lstm_gradients(), 300)
    folds = {box.label: box for box in drawing.boxes if box.members}
    assert set(folds) == {"lstm", "gradient of lstm"}
    assert folds["lstm"].members > 500
    assert folds["gradient of lstm"].kind == "backward fold"
    assert len(drawing.boxes) <= LEGIBLE
    assert drawing.note == ""
    weight = next(box for box in drawing.boxes if box.name == "lstm.weight_h")
    assert weight.waits == 50
    path = plait.draw(lstm_gradients(), tmp_path / "lstm.svg", use_dot=False)
    width, height = (float(ET.parse(path).getroot().get(side, "0")) for side in ("width", "height"))
    assert width < 2000
    assert height < 4000


def test_levels_open_one_by_one() -> None:
    nodes = lstm_gradients(5)
    steps = {box.label for box in shown(nodes, 300, fold=1).boxes if box.members}
    assert {f"lstm/step {t}" for t in range(5)} | {f"gradient of lstm/step {t}" for t in range(5)} == steps
    assert not any(box.members for box in shown(nodes, 10_000, fold=9).boxes)
    small = shown(plait.tanh(nodes[0]).inputs[0].inputs[0], 300, fold=0)
    assert any(box.members for box in small.boxes)


def test_a_small_graph_is_not_folded() -> None:
    x = plait.input("x", (3,))
    with plait.scope("part"):
        y = plait.exp(x) * 2
    assert [box.label.split("_")[0] for box in shown(y, 300).boxes] == ["x", "part/exp", "part/constant", "part/multiply"]


def test_a_part_that_is_left_and_entered_again_makes_a_circle() -> None:
    """encoder -> other -> encoder: the arrow back runs upwards, and everything is drawn."""
    x = plait.input("x", (3,))
    part = plait.scope("part")
    with part:
        y = plait.exp(x)
    z = plait.tanh(y)
    with part:
        w = plait.log(z + 1)
    drawing = shown(w, 300, fold=0)
    assert sorted(box.label.split("_")[0] for box in drawing.boxes) == ["part", "tanh", "x"]
    assert len(drawing.arrows) == 3
    assert len(ET.fromstring(plait.picture.to_svg(w, use_dot=False)).findall(f".//{NS}rect")) == 6


def test_backward_nodes_look_different() -> None:
    x = plait.input("x", (3,))
    y = plait.tanh(x).sum()
    kinds = {box.kind for box in shown(plait.gradient(y, [x]), 300).boxes}
    assert "backward" in kinds
    assert {box.kind for box in shown(y, 300).boxes} == {"input", "op"}
    assert '"#ffe4e6"' in plait.to_dot(plait.gradient(y, [x]))


@pytest.mark.parametrize("form", ["svg", "dot", "png", "html"])
def test_each_step_can_be_drawn(form: str, tmp_path: Path) -> None:
    if form == "png" and _dot.shutil.which("dot") is None:
        pytest.importorskip("matplotlib")
    x = plait.input("x", (), dtype="float64")
    y = (plait.exp(x).named("e") * x).named("y")
    table = plait.Table(y, {x: 1.0})
    table.backward(y)
    for step in range(len(list(table.trace()))):
        assert plait.draw(table, tmp_path / f"{step}.{form}", step=step).stat().st_size > 100


def test_a_step_lights_up_what_happens() -> None:
    x = plait.input("x", (), dtype="float64")
    y = (plait.exp(x).named("e") * x).named("y")
    table = plait.Table(y, {x: 1.0})
    first = shown(table, 300, step=1)
    assert {box.label: (box.mark, box.state[0]) for box in first.boxes} == {
        "x": ("", "= 1"),
        "e": ("forward", "= 2.72"),
        "y": ("later", ""),
    }
    assert [first.arrows[i] for i in first.marked] == [(0, 1, 0)]
    table.backward(y)
    events = list(table.trace())
    at = next(k for k, event in enumerate(events) if event.kind == "arrival" and event.node is x)
    drawing = shown(table, 300, step=at)
    assert drawing.note == f"step {at}: {events[at]}"
    box = next(box for box in drawing.boxes if box.label == "x")
    assert box.mark == "backward"
    assert box.state == ["= 1", "gradient 2.72", "1 of 2 came"]
    assert list(drawing.marked.values()) == ["backward"]
    assert shown(table, 300, step=-1).note.startswith(f"step {len(events) - 1}:")
    whole = shown(table, 300)
    assert next(box for box in whole.boxes if box.label == "x").state == ["= 1", "gradient 5.44", "2 of 2 came"]
    svg = plait.picture.to_svg(table, use_dot=False)
    assert "gradient 5.44" in svg


def test_the_picture_of_the_readme_is_made_by_its_code(root: Path, tmp_path: Path) -> None:
    """In a process of its own: nodes without a name are called by their number."""
    text = (root / "README.md").read_text(encoding="utf-8")
    code = text[text.index("```python\n") + 10 :]
    code = code[: code.index("```")].replace('"loss.svg")', '"loss.svg", use_dot=False)')
    assert "use_dot" in code
    here = Path(np.__file__).parents[1]
    package = Path(plait.__file__).parents[1]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(package), str(here), os.environ.get("PYTHONPATH", "")])}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env=env, timeout=120)
    made, kept = (tmp_path / "loss.svg").read_text(encoding="utf-8"), (root / "docs" / "picture.svg").read_text(encoding="utf-8")
    assert made == kept, "run the README's first example with use_dot=False, and put its picture into docs/picture.svg"
