"""``plait tree``: a tree from a file, and how often it errs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plait import cli
from plait.cli.tree import demo_sections
from plait.tree import C45Classifier

Capture = pytest.CaptureFixture[str]
CSV = """outlook,temperature,humidity,windy,play
sunny,85,85,no,no
sunny,80,90,yes,no
overcast,83,86,no,yes
rain,70,96,no,yes
rain,68,80,no,yes
rain,65,70,yes,no
overcast,64,65,yes,yes
sunny,72,95,no,no
sunny,69,70,no,yes
rain,75,80,no,yes
sunny,75,70,yes,yes
overcast,72,90,yes,yes
overcast,81,75,no,yes
rain,71,91,yes,no
"""


def told(capsys: Capture, *arguments: object) -> dict[str, object]:
    assert cli.main(["tree", *map(str, arguments), "--json"]) == 0
    result: dict[str, object] = json.loads(capsys.readouterr().out)
    return result


@pytest.fixture
def golf(tmp_path: Path) -> Path:
    path = tmp_path / "golf.csv"
    path.write_text(CSV)
    return path


def test_the_golf_tree(golf: Path, capsys: Capture, tmp_path: Path) -> None:
    saved = tmp_path / "tree.json"
    result = told(capsys, golf, "--target", "play", "--folds", 2, "--rules", "--save", saved)
    assert "humidity <= 75: yes (2)" in str(result["tree"])
    assert (result["leaves"], result["nodes"], result["rows"], result["training_error"]) == (5, 8, 14, 0.0)
    assert 0 < float(str(result["cross_validated_error"])) < 1
    assert str(result["rules"]).count("then") == 5
    assert C45Classifier.load(saved).n_leaves_ == 5
    assert cli.main(["tree", str(golf), "--target", "outlook", "--unpruned"]) == 0
    assert "cross validated error" in capsys.readouterr().out
    pytest.importorskip("matplotlib")
    assert Path(str(told(capsys, golf, "--out", tmp_path / "page.html")["report"])).exists()


def test_arff_and_missing_cells(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "a.arff"
    path.write_text("@relation r\n@attribute x numeric\n@attribute c {1, 2}\n@data\n1,1\n2,1\n?,1\n8,2\n9,2\n7,?\n")
    result = told(capsys, path, "--folds", 0)
    assert (result["rows"], result["classes"]) == (5, ["1", "2"])
    assert "x <= 2: 1" in str(result["tree"])
    (tmp_path / "b.csv").write_text("1;a\n2;a\n?;a\n8;b\n9;b\n")
    assert "column 1 <= 2: a" in str(told(capsys, tmp_path / "b.csv", "--folds", 0)["tree"])


def test_cross_validation_of_iris(data_file: Callable[[str], Path], capsys: Capture) -> None:
    error = float(str(told(capsys, data_file("uci/iris.arff"))["cross_validated_error"]))
    assert error == pytest.approx(0.0533, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.csv"], "no such file"),
        (["golf.csv", "--target", "wind"], "no column is called 'wind'"),
        (["golf.csv", "--folds", "1"], "1 parts of 14 rows"),
        (["golf.csv", "--folds", "15"], "15 parts of 14 rows"),
        (["empty.csv"], "empty"),
        (["ragged.csv"], "row 2 has 1 cells, expected 2"),
        (["binary.csv"], "no CSV file"),
        (["bad.arff"], "the file ends before @data"),
        (["golf.csv", "--target", "temperature", "--max-depth", "0"], None),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], message: str | None, golf: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert golf.exists()
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3\n")
    (tmp_path / "binary.csv").write_bytes(b"\xfe\xff\x00")
    (tmp_path / "bad.arff").write_text("@relation x\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["tree", *arguments]) == (0 if message is None else 1)
    if message is not None:
        assert message in capsys.readouterr().err


def test_wrong_usage() -> None:
    assert cli.main(["tree", "x.csv", "--confidence", "0.7"]) == 2


def test_the_demo_shows_both_trees() -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    sections, numbers = demo_sections()
    assert [s.title for s in sections] == ["When to play golf", "Irises"]
    assert numbers["golf_leaves"] == 5
    assert "petal width" in sections[1].body
