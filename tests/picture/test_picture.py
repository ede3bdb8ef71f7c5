"""Pictures of graphs, on nodes that are no more than what a picture asks of them."""

from __future__ import annotations

import itertools
import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait import picture
from plait.picture import _dot, _model
from plait.picture._layout import GAP_X, place, ranks
from plait.picture._model import collect


class Made:
    """A node that counts its uses, as the real ones do."""

    def __init__(self, op: str, *inputs: Made, name: str = "", shape: tuple[int | None, ...] = (None, 3)) -> None:
        self.op, self.inputs, self.name, self.shape, self.dtype = op, inputs, name, shape, "float32"
        self.wait_count = 0
        self.consumers: list[Made] = []
        for source in inputs:
            if op != "axis_size":
                source.wait_count += 1
                source.consumers.append(self)


def square() -> Made:
    x = Made("input", name="x")
    return Made("multiply", x, x)


def chain(n: int) -> Made:
    node = Made("input", name="x")
    for _ in range(n - 1):
        node = Made("tanh", node)
    return node


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dot.shutil, "which", lambda _: None)


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_dot_text_shows_each_use_and_the_wait_lists() -> None:
    assert picture.to_dot(square()).splitlines()[4:] == [
        '  n0 [label="x\\ninput\\nfloat32 (None, 3)\\nwaits for 2", fillcolor="#dbeafe"];',
        '  n1 [label="multiply\\nfloat32 (None, 3)\\nwaits for 0", penwidth=2];',
        "  n0 -> n1;",
        "  n0 -> n1;",
        "}",
    ]


def test_inputs_stand_before_their_consumers_and_each_node_once() -> None:
    a, b = Made("input", name="a"), Made("parameter", name="b")
    c = Made("add", a, b)
    d = Made("multiply", c, Made("exp", c))
    drawing = collect([d, c], 100)
    assert [box.op for box in drawing.boxes] == ["input", "parameter", "add", "exp", "multiply"]
    assert all(source < target for source, target, _ in drawing.arrows)
    assert sorted(drawing.arrows) == [(0, 2, 0), (1, 2, 1), (2, 3, 0), (2, 4, 0), (3, 4, 1)]
    assert [box.output for box in drawing.boxes] == [False, False, True, False, True]


@pytest.mark.usefixtures("no_dot")
def test_svg_holds_every_text_and_refers_to_nothing() -> None:
    svg = picture.to_svg(square())
    assert texts(svg) == ["x", "input", "float32 (None, 3)", "waits for 2", "multiply", "float32 (None, 3)", "waits for 0"]
    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
    assert not re.search(r"href|url\(|<style|<script|\bid=", svg)
    curves = [e for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path") if e.get("fill") == "none"]
    assert len({e.get("d") for e in curves}) == 2  # two uses, two arrows that can be told apart


@pytest.mark.usefixtures("no_dot")
def test_an_edge_over_which_no_gradient_comes_is_dotted() -> None:
    x = Made("input", name="x")
    mean = Made("divide", Made("sum", x), Made("axis_size", x))
    assert picture.to_dot(mean).count("[style=dotted]") == 1
    assert "n0 -> n2 [style=dotted];" in picture.to_dot(mean)
    assert picture.to_svg(mean).count('stroke-dasharray="1.5 3"') == 1
    assert "waits for 1" in texts(picture.to_svg(mean))


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("name", ["<b>&\"'", "line\nbreak", "\\", "日本 $x_1$", "\x00\x1b", "n" * 500])
def test_any_name_is_drawn(tmp_path: Path, name: str) -> None:
    node = Made("exp", Made("input", name=name))
    ET.fromstring(picture.to_svg(node))
    assert picture.draw(node, tmp_path / "a.svg").stat().st_size > 0
    pytest.importorskip("matplotlib")
    assert picture.draw(node, tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    line = next(line for line in picture.to_dot(node).splitlines() if line.startswith("  n0"))
    assert re.fullmatch(r'  n0 \[label="(?:[^"\\]|\\.)*", fillcolor="#dbeafe"\];', line)


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("ending", [".png", ".PDF", ".svg", ".gv", ".dot"])
def test_files(tmp_path: Path, ending: str) -> None:
    if ending.lower() in {".png", ".pdf"}:
        pytest.importorskip("matplotlib")
    path = picture.draw(square(), tmp_path / f"graph{ending}")
    begin = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<svg", ".gv": b"digraph", ".dot": b"digraph"}[ending.lower()]
    assert path.read_bytes().startswith(begin)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"graph\.jpeg' is none of \.html, \.svg, \.png"):
        picture.draw(square(), tmp_path / "graph.jpeg")


@pytest.mark.usefixtures("no_dot")
def test_a_png_without_matplotlib_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match="pip install matplotlib"):
        picture.draw(square(), tmp_path / "graph.png")
    assert picture.draw(square(), tmp_path / "graph.svg").exists()


@pytest.mark.parametrize("what", ["x", 3, [1], None])
def test_what_is_no_node_is_refused(what: object) -> None:
    with pytest.raises(TypeError):
        picture.to_dot(what)  # type: ignore[arg-type]


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no node"):
        picture.to_dot([])
    with pytest.raises(ValueError, match="max_nodes"):
        picture.to_dot(square(), max_nodes=0)


@pytest.mark.usefixtures("no_dot")
def test_a_large_graph_is_cut_and_says_so() -> None:
    node = chain(1000)
    drawing = collect(node, 300)
    assert len(drawing.boxes) == 300
    assert drawing.note.startswith("300 of 1000 nodes")
    assert [box.cut for box in drawing.boxes] == [True] + [False] * 299
    svg = picture.to_svg(node)
    assert texts(svg)[-1] == drawing.note
    assert "stroke-dasharray" in svg
    assert "300 of 1000" in picture.to_dot(node)
    assert collect(node, 1000).note == ""


def test_a_very_deep_graph_needs_no_deep_stack_and_no_full_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_model, "COUNTED_AT_MOST", 5000)
    node = chain(50_000)
    assert collect(node, 10).note.startswith("10 of more than 5010 nodes")
    assert len(collect(chain(20_000), 20_000).boxes) == 20_000


@pytest.mark.usefixtures("no_dot")
def test_a_shared_weight_of_a_long_recurrence_is_drawn() -> None:
    weight, state = Made("parameter", name="w"), Made("input", name="h")
    for _ in range(100):
        state = Made("tanh", Made("matmul", state, weight))
    svg = picture.to_svg(state)
    assert "waits for 100" in texts(svg)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[float, float]], list[tuple[int, int, int]]]:
    n = draw(st.integers(1, 25))
    sizes = draw(st.lists(st.tuples(st.floats(20, 200), st.floats(10, 80)), min_size=n, max_size=n))
    arrows = []
    for target in range(1, n):
        sources = draw(st.lists(st.integers(0, target - 1), max_size=4))
        arrows += [(source, target, slot) for slot, source in enumerate(sources)]
    return sizes, arrows


@given(graphs())
def test_boxes_do_not_overlap_and_arrows_go_down(graph: tuple[list[tuple[float, float]], list[tuple[int, int, int]]]) -> None:
    sizes, arrows = graph
    placed = place(sizes, arrows)
    boxes = [(x - w / 2, x + w / 2, y - h / 2, y + h / 2) for (x, y), (w, h) in zip(placed.centres, sizes, strict=True)]
    for i, a in enumerate(boxes):
        assert a[0] >= -1e-6
        assert a[2] >= -1e-6
        assert a[1] <= placed.width + 1e-6
        assert a[3] <= placed.height + 1e-6
        for b in boxes[:i]:
            assert a[1] + GAP_X <= b[0] + 1e-6 or b[1] + GAP_X <= a[0] + 1e-6 or a[3] < b[2] or b[3] < a[2]
    for (source, target, _), route in zip(arrows, placed.routes, strict=True):
        assert route[0][1] == pytest.approx(boxes[source][3])
        assert route[-1][1] == pytest.approx(boxes[target][2])
        assert boxes[target][0] <= route[-1][0] <= boxes[target][1]
        assert all(a[1] <= b[1] for a, b in itertools.pairwise(route))
    layer = ranks(len(sizes), arrows)
    assert all(layer[source] < layer[target] for source, target, _ in arrows)


DOT = """#!{python}
import sys
text = sys.stdin.read()
assert text.startswith("digraph")
if {fail}: sys.exit(1)
if "-Tsvg" in sys.argv:
    print('<?xml version="1.0"?>\\n<!DOCTYPE svg PUBLIC "x" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\\n<svg>made by dot</svg>')
else:
    sys.stdout.write("PNG made by dot")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a script as a program")
@pytest.mark.parametrize("fail", [False, True])
def test_the_program_dot_is_used_when_it_is_there_and_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: bool) -> None:
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(DOT.format(python=sys.executable, fail=fail))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent) + os.pathsep + os.environ["PATH"])
    svg = picture.to_svg(square())
    assert (svg.strip() == "<svg>made by dot</svg>") is not fail
    assert "made by dot" not in picture.to_svg(square(), use_dot=False)
    if not fail:
        assert picture.draw(square(), tmp_path / "a.png").read_text() == "PNG made by dot"
    else:
        assert picture.draw(square(), tmp_path / "a.svg").read_text().endswith("</svg>")


def test_structures_of_nodes_and_programs_are_taken_apart() -> None:
    a, b = Made("input", name="a"), Made("input", name="b")
    program = type("Program", (), {"outputs": {"first": Made("exp", a), "rest": (Made("log", b), [a])}})()
    assert sorted(box.op for box in collect(program, 9).boxes) == ["exp", "input", "input", "log"]


def test_real_nodes(tmp_path: Path) -> None:
    """The picture's count of edges is the node's own, and a notebook shows the same."""
    import plait

    x = plait.input("x", (None, 3))
    y = (x * x).mean() + plait.sum(plait.stop_gradient(x))
    drawing = collect(y, 100)
    assert sum(box.waits for box in drawing.boxes) == len(drawing.arrows) - len(drawing.dotted) > 0
    for i, box in enumerate(drawing.boxes):
        waited = [k for k, (source, _, _) in enumerate(drawing.arrows) if source == i and k not in drawing.dotted]
        assert len(waited) == box.waits
    assert y._repr_svg_().startswith("<svg")
    assert plait.to_dot(plait.compile([y])) == plait.to_dot(y)
    assert plait.draw(y, tmp_path / "y.svg", use_dot=False).read_text().count("<rect") == len(drawing.boxes)
