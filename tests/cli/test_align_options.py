"""Options of ``plait align``: affine gaps, fractional windows, separators and decimal marks, standard input, matrices."""

from __future__ import annotations

import gzip
import io
import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from plait import align, cli

Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *arguments: object) -> dict[str, object]:
    assert cli.main(["align", *map(str, arguments), "--json"]) == 0
    result: dict[str, object] = json.loads(capsys.readouterr().out)
    return result


def refused(capsys: Capture, code: int, *arguments: object) -> str:
    assert cli.main(["align", *map(str, arguments)]) == code
    return capsys.readouterr().err


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    path = tmp_path / "three.fasta"
    path.write_text(">one\nHEAGAWGHEE\n>two\nPAWHEAE\n>three\nHEAGAWGHE\n")
    return path


def test_affine_gaps_and_facts(letters: Path, capsys: Capture) -> None:
    found = told(capsys, letters, "--similarity", "BLOSUM62", "--gap-open", -11, "--gap-extend", -1, "--method", "smith-waterman")
    right = align.SmithWaterman("BLOSUM62", gap_open=-11, gap_extend=-1).align("HEAGAWGHEE", "PAWHEAE")
    facts = right.to_dict()
    assert {name: found[name] for name in ("score", "begin", "end", "identity", "positives", "gaps", "cigar")} == {
        name: facts[name] for name in ("score", "begin", "end", "identity", "positives", "gaps", "cigar")
    }
    assert (found["gap_open"], found["gap_extend"], "gap" in found) == (-11, -1, False)
    assert "\none " in str(found["alignment"])
    assert "go together" in refused(capsys, 1, letters, "--gap-open", -11)


def test_windows_in_cells_and_fractions(tmp_path: Path, capsys: Capture) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 20))
    path = tmp_path / "two.csv"
    path.write_text("a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    for text, window in (("1", 1), ("0.1", 0.1), ("1.0", 1.0), ("0", 0)):
        assert told(capsys, path, "--window", text)["score"] == align.DTW(window=window).score(x, y)
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,b\n1,1\n2,3\n3,\n4,\n")
    assert told(capsys, ragged, "--window", "0", "--band", "slanted")["score"] == align.DTW(window=0, band="slanted").score(
        [1, 2, 3, 4], [1, 3]
    )
    for wrong in ("-1", "1.5", "wide", "nan"):
        assert "--window" in refused(capsys, 2, path, f"--window={wrong}")


def test_separators_and_decimal_marks(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("a/b\n1,234/1,000\n2,000/2,500\n")
    one, other = ([1.234, 2.0], [1.0, 2.5]), ([1234.0, 2000.0], [1000.0, 2500.0])
    for mark, (x, y) in ((",", one), (".", other)):
        assert told(capsys, path, "--separator", "/", "--decimal", mark)["score"] == pytest.approx(align.DTW().score(x, y))
    path.write_text("a\tb\n1,5\t1.5\n2\t3\n")
    assert "while the decimal mark is ','" in refused(capsys, 1, path, "--separator", "tab", "--decimal", ",")
    assert "while the decimal mark is '.'" in refused(capsys, 1, path, "--separator", "tab", "--decimal", ".")
    assert "--separator" in refused(capsys, 2, path, "--separator", "ab")


def test_standard_input(letters: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def typed(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    for data in (letters.read_bytes(), gzip.compress(letters.read_bytes())):
        typed(data)
        assert told(capsys, "-", "--method", "lcs")["score"] == align.LCS().score("HEAGAWGHEE", "PAWHEAE")
    typed(b"a,b\n1,2\n2,3\n")
    assert told(capsys, "-")["score"] == align.DTW().score([1, 2], [2, 3])
    for data, text in (
        (b"a,b\n1,x\n2,3\n", "standard input, row 2"),
        (b">a\nWWW\n", "1 found in standard input"),
        (b"", "standard input"),
        (b"a\0b", "standard input, line 1"),
    ):
        typed(data)
        assert text in refused(capsys, 1, "-")
    assert "once only" in refused(capsys, 1, "-", "-")


@pytest.mark.parametrize("ending", [".tsv", ".csv", ".npy"])
def test_matrices(letters: Path, capsys: Capture, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"scores{ending}"
    found = told(capsys, letters, "--similarity", "BLOSUM62", "--gap", "-0.1", "--matrix", path)
    right = align.NeedlemanWunsch("BLOSUM62", gap=-0.1).pairwise(["HEAGAWGHEE", "PAWHEAE", "HEAGAWGHE"])
    assert (found["names"], found["matrix"]) == (["one", "two", "three"], str(path))
    if ending == ".npy":
        assert np.array_equal(np.load(path), right)
        return
    rows = [line.split("\t" if ending == ".tsv" else ",") for line in path.read_text().splitlines()]
    assert [row[0] for row in rows] == rows[0] == ["", "one", "two", "three"]
    assert [[float(cell) for cell in row[1:]] for row in rows[1:]] == right.tolist()


def test_matrices_that_cannot_be_written(letters: Path, capsys: Capture, tmp_path: Path) -> None:
    assert "--matrix" in refused(capsys, 2, letters, "--matrix", tmp_path / "a.xlsx")
    assert "cannot be written" in refused(capsys, 1, letters, "--matrix", tmp_path / "no" / "a.csv")


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ("--step symmetric2 --metric euclidean", {"step": "symmetric2", "metric": "euclidean"}),
        ("--step asymmetric --per-step", {"step": "asymmetric", "normalized": True}),
        ("--step symmetric2 --per-step --open-end", {"step": "symmetric2", "normalized": True, "open_end": True}),
        ("--metric absolute --root --open-begin --open-end", {"metric": "absolute", "root": True, "open_begin": True, "open_end": True}),
        ("--step symmetric1 --window 0 --band slanted", {"window": 0, "band": "slanted"}),
    ],
)
def test_options_of_warping(options: str, parameters: dict[str, object], tmp_path: Path, capsys: Capture) -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 12))
    path = tmp_path / "two.csv"
    path.write_text("a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    right = align.DTW(**parameters)  # type: ignore[arg-type]
    found = told(capsys, path, *options.split())
    assert (found["score"], found["path"]) == (right.score(x, y), right.align(x, y).path.tolist())
    told(capsys, path, *options.split(), "--matrix", tmp_path / "all.npy")
    if "open_begin" not in parameters:  # not symmetric
        assert np.array_equal(np.load(tmp_path / "all.npy"), right.pairwise([x, y]))
    assert told(capsys, path, "--normalize")["score"] == told(capsys, path, "--normalise")["score"]  # not short for another option


def test_soft_dtw_has_a_window(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.csv"
    path.write_text("a,b\n1,4\n2,1\n9,3\n")
    found = told(capsys, path, "--method", "soft-dtw", "--window", 0, "--gamma", 0.5)
    assert found["score"] == align.SoftDTW(0.5, window=0).score([1, 2, 9], [4, 1, 3])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("--gap -3", "dtw has no --gap; it has --metric, --step"),
        ("--method soft-dtw --step symmetric2", "soft-dtw has no --step; it has --gamma, --window, --band"),
        ("--per-step", "normalized: paths of step='symmetric1'"),
        ("--step symmetric1 --band slanted --window 2 --open-end", "band: a slanted window"),
    ],
)
def test_options_that_a_method_has_not(options: str, text: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "two.csv"
    path.write_text("a,b\n1,4\n2,1\n9,3\n")
    assert text in refused(capsys, 1, path, *options.split())


def test_options_of_letters(letters: Path, capsys: Capture) -> None:
    assert "levenshtein has no --gap; it has no options of its own" in refused(capsys, 1, letters, "--method", "levenshtein", "--gap", 0)
    assert "needleman-wunsch has no --window; it has --similarity" in refused(capsys, 1, letters, "--window", 0)
    assert "--gap and --gap-open exclude each other" in refused(capsys, 1, letters, "--gap", -1, "--gap-open", -3, "--gap-extend", -1)
    assert "--step" in refused(capsys, 2, letters, "--step", "symmetric3")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipes(letters: Path, capsys: Capture, tmp_path: Path) -> None:
    def piped(name: str, data: bytes) -> Path:
        path = tmp_path / name
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(data,), daemon=True).start()
        return path

    assert told(capsys, piped("a", letters.read_bytes()), "--method", "lcs")["score"] == align.LCS().score("HEAGAWGHEE", "PAWHEAE")
    assert told(capsys, piped("b", b"a,b\n1,2\n2,3\n"))["score"] == align.DTW().score([1, 2], [2, 3])
    assert f"{tmp_path / 'c'}, row 2" in refused(capsys, 1, piped("c", b"a,b\n1,x\n2,3\n"))
    assert "a folder" in refused(capsys, 1, tmp_path)
    records = letters.read_bytes()
    assert cli.main(["search", str(piped("d", records)), str(piped("e", gzip.compress(records))), "--tsv", "--top", "1"]) == 0
    assert [line.split("\t")[:2] for line in capsys.readouterr().out.splitlines()] == [["one", "one"], ["two", "two"], ["three", "one"]]
