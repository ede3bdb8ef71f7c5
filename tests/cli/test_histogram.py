"""``plait histogram``: numbers of a file in bins."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from plait import Histogram, cli
from plait.cli import histogram

Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *arguments: object) -> dict[str, object]:
    assert cli.main(["histogram", *map(str, arguments), "--json"]) == 0
    result: dict[str, object] = json.loads(capsys.readouterr().out)
    return result


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("name,a,b\nx,1,2\ny,2,1\nz,,4\nw,10,1\n")
    return path


def test_a_column(table: Path, capsys: Capture, tmp_path: Path) -> None:
    result = told(capsys, table, "--edges", "0,1.5,5", "--quantiles", "0.5,1", "--save", tmp_path / "saved")
    assert (result["column"], result["values"], result["inside"], result["overflow"], result["invalid"]) == ("a", 4, 2, 1, 1)
    assert (result["counts"], result["edges"]) == ([1, 1], [0, 1.5, 5])
    assert result["quantiles"] == {"0.5": pytest.approx(1.5 + 3.5 / 2), "1.0": None}
    assert Histogram.load(tmp_path / "saved") == Histogram([0, 1.5, 5]).fill([1, 2, np.nan, 10])
    weighted = told(capsys, table, "--column", "a", "--weights", "b", "--edges", "0,1.5,5")
    assert (weighted["counts"], weighted["variances"]) == ([2, 1], [4, 1])
    assert told(capsys, table, "--column", "b", "--bins", "3", "--range", "0", "3", "--closed", "right")["counts"] == [2, 1, 0]
    log = told(capsys, table, "--log", "--bins", "1")
    assert log["edges"] == [1, 10]
    assert log["mean"] == pytest.approx(10**0.5)


def test_text_and_page(table: Path, capsys: Capture, tmp_path: Path) -> None:
    assert cli.main(["histogram", str(table)]) == 0
    shown = capsys.readouterr().out
    assert "█" in shown
    assert "quantile: 0.01: " in shown
    pytest.importorskip("matplotlib")
    assert "<img" in Path(str(told(capsys, table, "--out", tmp_path / "page.html")["report"])).read_text()


def test_an_array_file_and_a_column_without_header(tmp_path: Path, capsys: Capture) -> None:
    x = np.random.default_rng(1).normal(size=(40, 50))
    np.save(tmp_path / "x.npy", x)
    result = told(capsys, tmp_path / "x.npy")
    assert result["inside"] == 2000
    assert len(result["counts"]) <= histogram.MOST_BINS  # type: ignore[arg-type]
    (tmp_path / "x.txt").write_text("3\n3\n3\n")
    assert told(capsys, tmp_path / "x.txt")["edges"] == [2.5, 3.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.csv"], "no such file"),
        (["table.csv", "--column", "z"], "no column is called 'z'; there are name, a, b"),
        (["words.csv"], "no column holds numbers; there are a, b"),
        (["broken.npy"], "no file of an array of numbers"),
        (["objects.npy"], "no file of an array of numbers"),
        (["table.csv", "--edges", "1,1"], "is repeated"),
        (["table.csv", "--log", "--range", "0", "1"], "begins above 0"),
        (["table.csv", "--quantiles", "2"], "q: expected numbers from 0 to 1"),
        (["table.csv", "--range", "2", "1", "--bins", "3"], "above low"),
        (["table.csv", "--column", "name"], "column 'name' holds no numbers: 'x' in row 2"),
        (["mixed.csv"], "row 3, column 'a': 'x' is no number"),
        (["empty.csv"], "empty"),
    ],
)
@pytest.mark.usefixtures("table")
def test_what_is_wrong_is_said(
    arguments: list[str], message: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.csv").write_text("a,b\nx,y\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "mixed.csv").write_text("a,b\n1,2\nx,3\n")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY\x01")
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["histogram", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_demo_sections() -> None:
    pytest.importorskip("matplotlib")
    sections, told_ = histogram.demo_sections(0)
    assert [section.title for section in sections] == ["Histogram", "Quantiles"]
    assert told_["histogram_median"] == pytest.approx(np.exp(7), rel=0.05)


@pytest.mark.parametrize(
    ("values", "bins"),
    [([-1.7e308, 1.7e308], 10), ([2.0**60, 2.0**60 + 256], 1), ([1.0, 1 + 2**-52], 1), ([3.0, 3.0], 1)],
)
def test_ranges_that_suit_no_rule(values: list[float], bins: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a.npy", np.array(values))
    assert cli.main(["histogram", str(tmp_path / "a.npy"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["counts"]) == bins


def test_complex_numbers_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a.npy", np.array([1j]))
    assert cli.main(["histogram", str(tmp_path / "a.npy")]) == 1
    assert "its numbers are complex" in capsys.readouterr().err
