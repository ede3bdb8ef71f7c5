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


def test_one_name_in_two_files(tmp_path: Path, capsys: Capture) -> None:
    for name, values in (("mon", "1\n2\n5\n"), ("tue", "1\n4\n")):
        (tmp_path / f"{name}.csv").write_text("price\n" + values)
    files = tmp_path / "mon.csv", tmp_path / "tue.csv"
    assert told(capsys, *files, "--names", "price", "price")["score"] == align.DTW().score([1, 2, 5], [1, 4]) > 0
    assert told(capsys, files[0], "--names", "price", "price")["score"] == 0  # there is one, which is itself


def test_letters(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.fasta"
    path.write_text(">one\nKITTEN\n>two\nSITTING\n>three\nSITTEN\n")
    result = told(capsys, path, "--method", "levenshtein")
    assert (result["score"], result["cigar"]) == (3.0, "1X3=1X1=1I")
    assert "|||" in str(result["alignment"])
    assert told(capsys, path, "--method", "levenshtein", "--names", "one", "three")["score"] == 1.0


def test_pairwise_letters(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.fasta"
    path.write_text(">one\nACGT\n>two\nACT\n")
    assert told(capsys, path, "--similarity", "2/-1", "--gap", "-3")["score"] == 3.0
    found = told(capsys, path)
    assert (found["similarity"], found["gap"]) == ("NUC.4.4", -5.0)
    assert found["score"] == align.NeedlemanWunsch("DNA").score("ACGT", "ACT")
    protein = told(capsys, path, "--similarity", "BLOSUM62", "--all")
    assert protein["similarity"] == "BLOSUM62"
    assert np.shape(protein["scores"]) == (2, 2)
    assert cli.main(["align", str(path), "--method", "semi-global"]) == 0
    assert "similarity: NUC.4.4\ngap: -5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("letters", "table"),
    [
        (("ACGT", "ACT"), "NUC.4.4"),
        (("acgtn", "ACGT"), "NUC.4.4"),  # small letters mark repeats
        (("ACGU", "ACU"), "NUC.4.4"),
        (("ACGTRACGTA", "ACGTACGTAC"), "NUC.4.4"),
        (("ACGTACGTACGTACGTACGTAC", "RY"), "NUC.4.4"),  # taken together
        (("ACGT", ""), "NUC.4.4"),
        (("ACGT", "HEAGAWGHEE"), "BLOSUM62"),
        (("MKVDAR", "HEAG"), "BLOSUM62"),
        (("", "ACGT"), "NUC.4.4"),  # an empty sequence decides nothing
        (("WSKRYM", "ACGT"), "BLOSUM62"),  # all of them stand for several nucleotides, and for amino acids
    ],
)
def test_the_letters_decide_on_the_table(letters: tuple[str, str], table: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.fasta"
    path.write_text(f">one\n{letters[0]}\n>two\n{letters[1]}\n")
    found = told(capsys, path)
    assert found["similarity"] == table
    x, y = (text.upper().replace("U", "T") for text in letters)
    assert found["score"] == align.NeedlemanWunsch(table).score(x, y)


@pytest.mark.parametrize(
    ("letters", "place"),
    [
        ("AC-GT", "letter 3: NUC.4.4 does not know '-'"),
        ("MKJ1", "letter 3: BLOSUM62 does not know 'J'"),
        ("MK10", "letter 3: BLOSUM62 does not know '1'"),
    ],
)
def test_a_letter_that_no_table_knows_is_named(letters: str, place: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.fasta"
    path.write_text(f">one\nACGT\n>two words\n{letters}\n")
    similarity = "NUC.4.4" if "-" in letters else "BLOSUM62"
    assert cli.main(["align", str(path), "--similarity", similarity]) == 1
    assert f"two.fasta, record 2 'two', {place}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.fasta"], "no such file"),
        (["."], ".: a folder"),
        (["two.fasta", "--all", "--out", "page.html"], "--out shows one pair"),
        (["series.csv", "--names", "a", "z"], "no sequence is called 'z'"),
        (["series.csv", "--method", "lcs"], "lcs aligns symbols, these are series"),
        (["one.fasta"], "two sequences are needed, 1 found in one.fasta: taken for FASTA with 1 record"),
        (
            ["words.csv"],
            "0 found in words.csv: taken for CSV with cells separated by commas and the columns 'a' (no numbers), 'b' (no numbers)",
        ),
        (["words.csv", "--names", "a", "b"], "words.csv, column 'a' holds no numbers: 'x' in row 2"),
        (["series.dat"], "series.dat, line 1: expected a header that begins with '>', got '1,2' (taken for FASTA)"),
        (["two.fasta", "--method", "dtw"], "dtw aligns series, these are symbols"),
        (["empty.csv"], "empty"),
        (["binary.csv"], "binary.csv, line 1: no text in UTF-16"),
        (["holes.csv"], "holes.csv, row 3, column 'x': no value"),
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
    (tmp_path / "words.csv").write_text("a,b\nx,y\n")
    (tmp_path / "series.dat").write_text("1,2\n3,4\n")
    (tmp_path / "binary.csv").write_bytes(b"\xfe\xff\x00")
    (tmp_path / "holes.csv").write_text("x,y\n1,2\n,3\n4,5\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["align", *arguments]) == 1
    assert message in capsys.readouterr().err
