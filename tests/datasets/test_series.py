"""Series of the archive, synthetic gestures, and FASTA."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import plait
from plait import datasets


def test_series_of_the_archive(data_file: Callable[[str], Path]) -> None:
    data_file("ucr/BasicMotions_TRAIN.ts")
    data = datasets.ucr("BasicMotions")
    assert {s.shape for s in data.train_series + data.test_series} == {(100, 6)}
    assert len(data.train_series) == len(data.train_labels) == 40
    assert data.train_series[0][:3, 0].tolist() == [0.079106, 0.079106, -0.903497]
    ragged = datasets.ucr("PickupGestureWiimoteZ")
    lengths = [[len(s) for s in series] for series in (ragged.train_series, ragged.test_series)]
    assert [(min(each), max(each)) for each in lengths] == [(29, 361), (37, 324)]
    assert len(set(ragged.train_labels.tolist())) == 10


def test_what_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAIT_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"Nothing_TRAIN.ts is not in .*timeseriesclassification"):
        datasets.ucr("Nothing")


@pytest.mark.parametrize(
    "text",
    ["1,2:a", "@classLabel false\n@data\n1,2", "@timeStamps true\n@classLabel true a\n@data\n(0,1):a", "@classLabel true a\n@data\n1,b:a",
     "@classLabel true a\n@data\n1,2:1:a", "@classLabel true a\n@data\n", "@classLabel true a\n@data\na"],
)  # fmt: skip
def test_damaged_series_are_refused(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAIT_DATA", str(tmp_path))
    (tmp_path / "ucr").mkdir()
    (tmp_path / "ucr" / "Bad_TRAIN.ts").write_text(text)
    with pytest.raises(plait.FormatError):
        datasets.ucr("Bad")


def test_missing_values_are_nan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAIT_DATA", str(tmp_path))
    (tmp_path / "ucr").mkdir()
    for part in ("TRAIN", "TEST"):
        (tmp_path / "ucr" / f"Few_{part}.ts").write_text("# note\n@classLabel true a\n@data\n1,?,3:a\n")
    assert np.isnan(datasets.ucr("Few").test_series[0]).tolist() == [False, True, False]


def test_gestures_are_the_same_again() -> None:
    one, other = datasets.gestures(rng=3), datasets.gestures(rng=3)
    assert all((a == b).all() for a, b in zip(one.test_series, other.test_series, strict=True))
    assert plait.align.TimeSeriesKNN().fit(one.train_series, one.train_labels).score(one.test_series, one.test_labels) > 0.9


def test_fasta(data_file: Callable[[str], Path], tmp_path: Path) -> None:
    globins = datasets.fasta(data_file("seq/globins45.fa"))
    assert len(globins) == 45
    assert {len(s.letters) for s in globins} <= set(range(141, 154))
    packed = tmp_path / "a.fasta.gz"
    packed.write_bytes(gzip.compress(b"; note\n\n>one two three\r\nAC GT\r\n\r\nTT\n>\n"))
    assert datasets.fasta(packed) == [("one", "two three", "ACGTTT"), ("", "", "")]
    (tmp_path / "empty").write_text("")
    assert datasets.fasta(tmp_path / "empty") == []
    for content in (b"ACGT\n", b"\xff\xfe\x00"):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(plait.FormatError):
            datasets.fasta(tmp_path / "bad")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_byte_order_marks_are_no_letters(encoding: str, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(name: str, text: str) -> Path:
        data = text.encode(encoding)
        (tmp_path / name).write_bytes(gzip.compress(data) if packed else data)
        return tmp_path / name

    assert datasets.fasta(write("a.fa", ">one größe\nAC\n")) == [("one", "größe", "AC")]
    assert plait.align.Substitution.from_ncbi(write("a.mat", "# note\n  A C\nA 1 -1\nC -1 1\n"))["A", "C"] == -1
    (tmp_path / "ucr").mkdir()
    monkeypatch.setenv("PLAIT_DATA", str(tmp_path))
    for part in ("TRAIN", "TEST"):
        write(f"ucr/Few_{part}.ts", "@classLabel true a\n@data\n1,?,3:a\n")
    assert len(datasets.ucr("Few").test_series[0]) == 3


def test_a_value_that_is_no_number_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ucr").mkdir()
    monkeypatch.setenv("PLAIT_DATA", str(tmp_path))
    for wrong in ("b", "1_0", "", "0x1", "\u0661"):
        (tmp_path / "ucr" / "Bad_TRAIN.ts").write_text(f"# note\n@classLabel true a\n@data\n1,2:3,{wrong}:a\n", encoding="utf-8")
        with pytest.raises(plait.FormatError, match=rf"Bad_TRAIN.ts, line 4, dimension 2, value 2: '{wrong}' is no number"):
            datasets.ucr("Bad")
    (tmp_path / "bad.mat").write_text("  A C\nA 1 -1\nC -1 x\n")
    with pytest.raises(plait.FormatError, match=r"bad.mat, line 3, symbol 'C': 'x' is no number"):
        plait.align.Substitution.from_ncbi(tmp_path / "bad.mat")


def test_damaged_files_of_text_are_refused(tmp_path: Path) -> None:
    """Truncated at every byte, and with every bit turned over: what is read is text, or the error is FormatError."""
    packed = gzip.compress(b">one\nACGTACGTAC\n>two\nAC\n")
    path = tmp_path / "a.fa.gz"
    for k in range(1, len(packed)):
        path.write_bytes(packed[:k])
        with pytest.raises(plait.FormatError):
            datasets.fasta(path)
    damaged = [bytes(b ^ (1 << bit) if i == k else b for i, b in enumerate(packed)) for k in range(len(packed)) for bit in range(8)]
    refused = 0
    for data in damaged:
        path.write_bytes(data)
        try:
            found = datasets.fasta(path)
        except plait.FormatError:
            refused += 1
            continue
        assert [record.name for record in found] == ["one", "two"]  # bits of the header that mean nothing for what is inside
    assert refused > 0.8 * len(damaged)  # the header has 10 bytes of 54
