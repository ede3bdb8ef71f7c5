"""``plait tree``: a tree from a file, and its cross-validated error."""

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
        (["ragged.csv"], "line 3: 1 cells, expected 2"),
        (["binary.csv"], "no text in UTF-16"),
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


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda text: text.replace("\n", "\r\n"), True),
        (lambda text: text.replace(",", ";"), True),
        (lambda text: text.replace(",", "\t"), True),
        (lambda text: text.replace(",", "|"), True),
        (lambda text: text.replace(",", ", "), True),
        (lambda text: "\ufeff" + text, True),
        (lambda text: text.replace("temperature,humidity", "2019,2020"), False),  # a header of numbers beside names
        (lambda text: text.replace("sunny", "it's").replace("rain", "'twas; so"), False),
        (lambda text: text.replace("sunny", "sun\x0cny").replace("rain", "ra\u2028in").replace("overcast", "o\x85c"), False),
        (lambda text: text.replace("sunny", '"a ""b"", c"'), False),
        (lambda text: text.replace("outlook", ""), False),
        (lambda text: text.replace(",", ";").replace("85;85", "85,5;85"), False),  # a decimal comma
    ],
)
def test_files_as_people_have_them(change: Callable[[str], str], same: bool, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(change(CSV).encode())
    (tmp_path / "golf.csv").write_text(CSV)
    got, plain = (told(capsys, tmp_path / name, "--folds", 0) for name in ("a.csv", "golf.csv"))
    assert (got["rows"], got["classes"], got["leaves"], got["training_error"]) == (14, ["no", "yes"], 5, 0.0)
    assert got["tree"] == plain["tree"] or not same
    assert ("= o\\x85c" if "\x85" in change(CSV) else "= overcast") in str(got["tree"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("85,85", "inf,85", "line 2, column 'temperature': inf is infinite"),
        ("85,85", "1e999,85", "line 2, column 'temperature': 1e999 is beyond the largest double"),
        ("69,70", "9007199254740993,70", "line 10, column 'temperature': 9007199254740993 is beyond 2**53"),
        ("no,yes\n", "no,yes,\n", "line 4: 6 cells, expected 5"),
        ("humidity", "temperature", "two columns are called 'temperature'"),
        ("sunny", '"sunny', "no CSV"),
    ],
)
def test_cells_that_cannot_be_used_are_told(old: str, new: str, message: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace(old, new, 1))
    assert cli.main(["tree", str(path)]) == 1
    assert message in capsys.readouterr().err


def test_a_comma_that_may_be_either_is_told(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f'"1,{k:03d}",{"xy"[k % 2]}\n' for k in range(8)))
    assert cli.main(["tree", str(path)]) == 1
    assert "'1,000' may be 1000 or 1.000" in capsys.readouterr().err


def test_wrong_usage() -> None:
    assert cli.main(["tree", "x.csv", "--confidence", "0.7"]) == 2


def test_the_demo_shows_both_trees() -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    sections, numbers = demo_sections()
    assert [s.title for s in sections] == ["When to play golf", "Irises"]
    assert numbers["golf_leaves"] == 5
    assert "petal width" in sections[1].body
