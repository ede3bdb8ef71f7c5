"""``plait align``: sequences and series from files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from plait import align, cli

Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *arguments: object) -> dict[str, object]:
    assert cli.main(["align", *map(str, arguments), "--json"]) == 0
    result: dict[str, object] = json.loads(capsys.readouterr().out)
    return result


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "series.csv"
    path.write_text("day,a,b,c\nmon,0,0,5\ntue,1,0,6\nwed,2,1,\nthu,3,2,\n")
    return path


def test_columns_of_a_table(table: Path, capsys: Capture, tmp_path: Path) -> None:
    result = told(capsys, table)
    assert (result["method"], result["x"], result["y"], result["score"]) == ("dtw", "a", "b", 1.0)
    assert result["path"] == align.DTW().align([0, 1, 2, 3], [0, 0, 1, 2]).path.tolist()
    assert told(capsys, table, "--names", "a", "c")["score"] == align.DTW().score([0, 1, 2, 3], [5, 6])
    soft = told(capsys, table, "--method", "soft-dtw", "--gamma", "0.5", "--normalise")
    a, b = np.arange(4.0), np.array([0.0, 0, 1, 2])
    expected = align.SoftDTW(0.5).score((a - a.mean()) / a.std(), (b - b.mean()) / b.std())
    assert soft["score"] == pytest.approx(expected)
    assert np.shape(told(capsys, table, "--all")["scores"]) == (3, 3)
    assert cli.main(["align", str(table)]) == 0
    assert "score: 1" in capsys.readouterr().out
    pytest.importorskip("matplotlib")
    assert Path(str(told(capsys, table, "--out", tmp_path / "page.html")["report"])).exists()


def test_two_files_with_one_column(tmp_path: Path, capsys: Capture) -> None:
    for name, values in (("a.csv", "1\n2\n3\n"), ("b.csv", "value\n1\n3\n")):
        (tmp_path / name).write_text(values)
    assert told(capsys, tmp_path / "a.csv", tmp_path / "b.csv")["score"] == 1.0


def test_letters(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.fasta"
    path.write_text(">one\nKITTEN\n>two\nSITTING\n>three\nSITTEN\n")
    result = told(capsys, path, "--method", "levenshtein")
    assert (result["score"], result["cigar"]) == (3.0, "1X3=1X1=1I")
    assert "|||" in str(result["alignment"])
    assert told(capsys, path, "--method", "levenshtein", "--names", "one", "three")["score"] == 1.0


def test_scored_letters(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.fasta"
    path.write_text(">one\nACGT\n>two\nACT\n")
    assert told(capsys, path, "--similarity", "2/-1", "--gap", "-3")["score"] == 3.0
    assert told(capsys, path)["score"] == align.NeedlemanWunsch("BLOSUM62").score("ACGT", "ACT")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.fasta"], "no such file"),
        (["series.csv", "--names", "a", "z"], "no sequence is called 'z'"),
        (["series.csv", "--method", "lcs"], "lcs aligns symbols, these are series"),
        (["one.fasta"], "two sequences are needed, 1 found"),
        (["two.fasta", "--method", "dtw"], "dtw aligns series, these are symbols"),
        (["empty.csv"], "empty"),
        (["binary.csv"], "binary.csv: no CSV file"),
        (["holes.csv"], "x: NaN at element 1"),
        (["one.fasta", "series.csv"], "series and symbols cannot be aligned with each other"),
    ],
)
@pytest.mark.usefixtures("table")
def test_what_is_wrong_is_said(
    arguments: list[str], message: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.fasta").write_text(">a\nAC\n")
    (tmp_path / "two.fasta").write_text(">a\nAC\n>b\nAC\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"\xfe\xff\x00")
    (tmp_path / "holes.csv").write_text("x,y\n1,2\n,3\n4,5\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["align", *arguments]) == 1
    assert message in capsys.readouterr().err
