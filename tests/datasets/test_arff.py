"""ARFF files: Weka's own files are read, unsupported features are refused with name and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import plait
from plait.datasets import arff

TEXT = r"""% A comment
@RELATION 'golf, at times'

@attribute 'the outlook' {sunny, "over cast", 'it\'s rain'}  % another
@Attribute	wind REAL
@attribute n Integer
@attribute play {yes,no}
@DATA
% and another
sunny, 1.5, 3, yes   % here too
"over cast",?,-4e2,no
'it\'s rain' , 2 , ? , ?
?,0,1,yes
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.arff"
    path.write_text(text)
    return path


def test_quotes_comments_and_missing_values(tmp_path: Path) -> None:
    for text in (TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT):
        table = arff(written(tmp_path, text))
        assert table.relation == "golf, at times"
        assert table.names == ("the outlook", "wind", "n", "play")
        assert table.categories == (("sunny", "over cast", "it's rain"), None, None, ("yes", "no"))
        assert table.columns[0].tolist() == ["sunny", "over cast", "it's rain", None]
        np.testing.assert_array_equal(table.columns[1], [1.5, np.nan, 2, 0])
        np.testing.assert_array_equal(table.columns[2], [3, -400, np.nan, 1])
        assert table.columns[3].tolist() == ["yes", "no", None, "yes"]
    X, y, names, categorical = table.split("wind")
    assert X.shape == (4, 3)
    assert names == ("the outlook", "n", "play")
    assert categorical.tolist() == [True, False, True]
    assert y is table.columns[1]
    with pytest.raises(ValueError, match="no column is called 'x'"):
        table.split("x")


HEAD = "@relation r\n@attribute a {x, y}\n@attribute b numeric\n@data\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ends before @data"),
        ("@relation r\n@data\n1\n", "line 2: @data before any attribute"),
        (HEAD, "no rows"),
        (HEAD + "{0 x, 1 3}\n", "line 5: a sparse row"),
        (HEAD + "x\n", "1 values for 2 attributes"),
        (HEAD + "x,1,2\n", "3 values for 2 attributes"),
        (HEAD + "x 1\n", "separated by commas"),
        (HEAD + "z,1\n", "'z' is no category of attribute 'a'"),
        (HEAD + "x,one\n", "attribute 'b': 'one' is no number"),
        (HEAD + "x,inf\n", "is not finite"),
        (HEAD + "x,1_0\n", "'1_0' is no number"),
        (HEAD + "x,９\n", "'９' is no number"),
        (HEAD + "x,9007199254740993\n", "9007199254740993 is beyond"),
        (HEAD + "'x,1\n", "a quote that does not end"),
        ("@attribute d date\n@data\n1\n", "attribute 'd' is of type date"),
        ("@attribute s string\n@data\n1\n", "attribute 's' is of type string"),
        ("@attribute s relational\n@data\n1\n", "attribute 's' is of type relational"),
        ("@attribute s real2\n", "unknown type 'real2'"),
        ("@attribute s\n", "expected @attribute NAME TYPE"),
        ("@attribute s {a, b\n", "do not end"),
        ("@attribute s {a b}\n", "separated by commas"),
        ("@attribute s {}\n", "separated by commas"),
        ("@attribute s {a,a}\n", "has a category twice"),
        ("@attribute s real\n@attribute s real\n", "two attributes are called 's'"),
        ("hello\n", "expected @relation, @attribute or @data, got 'hello'"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(plait.FormatError, match=words):
        arff(written(tmp_path, text))


def test_a_file_cut_anywhere_gives_whole_rows_or_an_error(tmp_path: Path) -> None:
    text = TEXT.replace(r"'it\'s rain' , 2 , ? , ?", "sunny,2,3,no").replace("?,0,1,yes", "?,0,1,no")
    whole = arff(written(tmp_path, text))
    path, complete = tmp_path / "t.arff", 0
    data = text.encode()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        try:
            table = arff(path)
        except plait.FormatError:
            continue
        rows = len(table.columns[0])
        complete += 1
        for column, full in zip(table.columns, whole.columns, strict=True):
            np.testing.assert_array_equal(column, full[:rows])
    assert complete > 0


def test_flipped_bits_never_crash(tmp_path: Path) -> None:
    data = TEXT.encode()
    path = tmp_path / "t.arff"
    for at in range(len(data)):
        for bit in (0, 3, 7):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            path.write_bytes(bytes(damaged))
            try:
                table = arff(path)
            except plait.FormatError:
                continue
            assert len({len(c) for c in table.columns}) == 1


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [("iris", 150, 5), ("breast-cancer", 286, 10), ("hypothyroid", 3772, 30), ("segment-test", 810, 20), ("weather.numeric", 14, 5)],
)
def test_wekas_own_files(name: str, rows: int, columns: int, data_file: Callable[[str], Path]) -> None:
    table = arff(data_file(f"uci/{name}.arff"))
    assert len(table.names) == columns
    assert {len(c) for c in table.columns} == {rows}


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_of_all_systems(end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.arff"
    path.write_bytes((HEAD + "x,1\ny,2\n").replace("\n", end).encode())
    assert arff(path).columns[1].tolist() == [1, 2]
