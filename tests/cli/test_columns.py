"""CSV files of various programs: read as meant, or refused with the cell named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait.cli._columns import read_columns
from plait.cli._common import Failure

PATH = Path("a.csv")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a,b\n1,2\n3,4\n", {"a": [1, 3], "b": [2, 4]}),
        ("1,2\n3,4\n", {"column 1": [1, 3], "column 2": [2, 4]}),
        ("1,5;2,5\n2,5;3,0\n3,5;1,0\n", {"column 1": [1.5, 2.5, 3.5], "column 2": [2.5, 3, 1]}),
        ("a;b\n1,5;2\n2,25;-3,0e1\n", {"a": [1.5, 2.25], "b": [2, -30]}),
        ("1,5\t2,25\n", {"column 1": [1.5], "column 2": [2.25]}),
        ("1,5 2,25\n", {"column 1": [1.5], "column 2": [2.25]}),
        ('"1,5","2,5"\n"0,5","1,0"\n', {"column 1": [1.5, 0.5], "column 2": [2.5, 1]}),
        ("a;b\n1.5;2\n", {"a": [1.5], "b": [2]}),
        ("a|b\n1|2\n", {"a": [1], "b": [2]}),
        ("  1   2\n 3  4\n", {"column 1": [1, 3], "column 2": [2, 4]}),
        ("sep=;\na;b\n1,5;2\n", {"a": [1.5], "b": [2]}),
        ("# note, with commas\na\tb\n1\t2\n", {"a": [1], "b": [2]}),
        ('"a, with comma";b\n1;2\n', {"a, with comma": [1], "b": [2]}),
        ("a; with semicolon,b\n1,2\n3,4\n", {"a; with semicolon": [1, 3], "b": [2, 4]}),
        ("a,b\r\n1,2\r\n\r\n3,4\r\n", {"a": [1, 3], "b": [2, 4]}),
        ("a,b\n1,2\n3\n", {"a": [1, 3], "b": [2]}),
        ("a,b\n1,2\n3,\n,\n", {"a": [1, 3], "b": [2]}),
        ("a,b,\n1,2,\n3,4,\n", {"a": [1, 3], "b": [2, 4]}),
        ("time,1,2\n0,5,6\n", {"time": [0], "1": [5], "2": [6]}),
        (",a,b\n0,1,2\n1,3,4\n", {"a": [1, 3], "b": [2, 4]}),  # the index that pandas writes
        ("Unnamed: 0,a\n1,7\n2,9\n", {"a": [7, 9]}),
        (",a\n5,7\n2,9\n", {"column 1": [5, 2], "a": [7, 9]}),
        ("25%,50%\n1,2\n", {"25%": [1], "50%": [2]}),
        ("2020-01,2020-02\n1,2\n", {"2020-01": [1], "2020-02": [2]}),
        ("day,a\nmon,1\ntue,2\n", {"a": [1, 2]}),
        ("mon,1\ntue,2\n", {"column 2": [1, 2]}),
        ("x\n1\n2\n", {"x": [1, 2]}),
        ("a,b\n1e3,+.5\n-2.,0\n", {"a": [1000, -2], "b": [0.5, 0]}),
        ("1;1,234\n", {"column 1": [1], "column 2": [1.234]}),
    ],
)
def test_files_as_they_are_written(text: str, right: dict[str, list[float]]) -> None:
    found = {c.name: c for c in read_columns(PATH, text).columns if not c.is_text}
    assert {name: c.values.tolist() for name, c in found.items()} == right
    assert not any(c.problem for c in found.values())


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("a,b,c\nNA,1,5\n1,2,6\n2,3,9\n", "a", "a.csv, row 2, column 'a': no value (NA)"),
        ("NA,1,5\n1,2,6\n", "column 1", "a.csv, row 1, column 'column 1': no value (NA)"),
        ("a,b\n1,2\n,3\n4,5\n", "a", "a.csv, row 3, column 'a': no value;"),
        ("a,b\nNA,2\nNA,3\n", "a", "row 2, column 'a': no value (NA)"),
        ("a,b\n1,2\n?,3\n", "a", "row 3, column 'a': no value (?)"),
        ("a,b\n1,2\nx,3\n", "a", "row 3, column 'a': 'x' is no number"),
        ("a,b\n1,2\n1_0,3\n", "a", "row 3, column 'a': '1_0' is no number"),
        ("a,b\n1,2\n\uff11,3\n", "a", "'\uff11' is no number"),
        ("a,b\n1,2\ninf,3\n", "a", "row 3, column 'a': 'inf' is not finite"),
        ("a,b\n1,2\n1e999,3\n", "a", "row 3, column 'a': '1e999' is not finite"),
        ("a;b\n1.234,5;2\n", "a", "column 'a' holds no numbers: '1.234,5' in row 2"),
        ("a;b\n1,5;2\n1.234,5;2\n", "a", "row 3, column 'a': '1.234,5' is no number"),
        ("a;b\n1,5;2.5\n", "a", "row 2, column 1: '1,5' has a decimal comma, while '2.5' has a decimal point"),
        ("a\tb\n1,234\t2\n", "a", "row 2, column 1: '1,234' may be 1234 or 1.234"),
        ('a,b\n"x\ny",2\n1,z\n', "b", "row 4, column 'b': 'z' is no number"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(text: str, column: str, problem: str) -> None:
    found = {c.name: c for c in read_columns(PATH, text).columns}
    assert problem in found[column].problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv: empty"),
        (" \n", "a.csv: empty"),
        ("# only\n", "a.csv: holds comments only"),
        ("a,b\n1,2,3\n", "row 2: 3 cells under 2 names"),
        ("1.5,abc\n2,3\n", "row 1, column 2: 'abc' is no number, and '1.5' in the same row no name of a column"),
        ("a,b\n" + "1" * 200_000 + ",2\n", "no CSV: field larger than field limit"),
    ],
)
def test_files_that_cannot_be_read_say_why(text: str, message: str) -> None:
    with pytest.raises(Failure) as told:
        read_columns(PATH, text)
    assert message in str(told.value)


@pytest.mark.parametrize(
    "row", ["1 000;2 000", "1.234,5;2.345,5", "1'000;7", "\u22121;\u22122", "\u20135;6", "$5;$6", "\u20ac 1.000,50;\u20ac 2"]
)
def test_numbers_that_cannot_be_read_are_no_header(row: str) -> None:
    with pytest.raises(Failure, match=r"row 1, column 1: .*no number"):
        read_columns(PATH, row + "\n3;4\n5;6\n")


def test_years_in_order_are_names_where_no_other_row_begins_with_one() -> None:
    found = read_columns(PATH, "2001,2002,2003\n1.5,2.5,4\n3,5,2\n").columns
    assert [(c.name, c.values.tolist()) for c in found] == [("2001", [1.5, 3]), ("2002", [2.5, 5]), ("2003", [4, 2])]
    for text in ("2001,2002\n2001,2005\n", "2001\n3\n", "2001,2001\n3,4\n", "2001,2002\n", "2001,2003,2004\n1,2,3\n", "1,2,3\n4,5,6\n"):
        assert read_columns(PATH, text).columns[0].values[0] in (2001, 1), text


@pytest.mark.parametrize("value", ["#DIV/0!", "#REF!", "#NUM!", "<NA>", "-nan", "1.#IND", "NaT"])
@pytest.mark.parametrize("separator", [",", " "])
def test_errors_of_spreadsheets_are_missing_and_no_comments(value: str, separator: str) -> None:
    text = f"a,b\n1,5\n{value},6\n2,9\n".replace(",", separator)
    a, b = read_columns(PATH, text).columns
    assert "row 3, column 'a': no value" in a.problem
    np.testing.assert_array_equal(b.values, [5, 6, 9])


@given(st.text("0123456789.,;\t \"'\n\r#naNAxe-+|=sep", max_size=60))
def test_nothing_else_is_raised(text: str) -> None:
    try:
        found = read_columns(PATH, text)
    except Failure:
        return
    assert all(c.problem or np.isfinite(c.values).all() for c in found.columns)
