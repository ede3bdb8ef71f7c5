"""``plait search``."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plait import cli, datasets
from plait.align import SmithWaterman

Capture = pytest.CaptureFixture[str]
DATABASE = ">one first of all\nMKVLAAGIVGAWTQRR\n>two\nPPPPGGGGSSSS\n>three\nWWWWKVLAGPPPPPSS\n"


def run(capsys: Capture, *arguments: object) -> str:
    assert cli.main(["search", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def refused(capsys: Capture, code: int, *arguments: object) -> str:
    assert cli.main(["search", *map(str, arguments)]) == code
    return capsys.readouterr().err


@pytest.fixture
def query(tmp_path: Path) -> Path:
    path = tmp_path / "query.fasta"
    path.write_text(">q1\nKVLAGIVGAWTQ\n>q2\nPPPGGG\n")
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "database.fasta"
    path.write_text(DATABASE)
    return path


def from_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def test_lines_are_those_of_blast(query: Path, database: Path, capsys: Capture) -> None:
    out = run(capsys, query, database, "--tsv", "--top", 1)
    records = datasets.fasta(query)
    hits = SmithWaterman("BLOSUM62", gap_open=-12, gap_extend=-1).search(records, database, 1, max_evalue=10)
    assert out == hits.to_tsv()
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(row[0], row[1], len(row)) for row in rows] == [("q1", "one", 12), ("q2", "two", 12)]
    own = run(capsys, query, database, "--tsv", "--top", 1, "--columns", "std score,cigar stitle")
    assert own.splitlines()[0] == out.splitlines()[0] + "\t50\t3=1D9=\tone first of all"


def test_gaps_and_tables(query: Path, database: Path, capsys: Capture) -> None:
    found = json.loads(run(capsys, query, database, "--gap-open", -11, "--gap-extend", -1, "--json"))
    assert (found["gap_open"], found["gap_extend"], found["similarity"]) == (-11, -1, "BLOSUM62")
    assert (found["statistics"]["existence"], found["statistics"]["lambda_"]) == (10, 0.243)
    assert found["hits"][0]["score"] == 51
    assert (found["sequences"], found["letters"], found["queries"]) == (3, 44, ["q1", "q2"])
    assert json.loads(run(capsys, query, database, "--similarity", "pam30", "--json"))["gap_open"] == -10
    assert "go together" in refused(capsys, 1, query, database, "--gap-open", -11)
    message = refused(capsys, 1, query, database, "--gap-open", -30, "--gap-extend", -1, "--statistics", "published")
    assert "there are gap_open/gap_extend -13/-2" in message
    assert "from random sequences, for gaps 29, 1" in run(capsys, query, database, "--gap-open", -30, "--gap-extend", -1)
    plain = run(capsys, query, database, "--gap-open", -30, "--gap-extend", -1, "--statistics", "none", "--tsv")
    assert plain.splitlines()[0].endswith("\t-\t-")
    assert "no table is named 'NONE'" in refused(capsys, 1, query, database, "--similarity", "NONE", "--gap-open", -3, "--gap-extend", -1)
    assert "there is no column 'bits'" in refused(capsys, 2, query, database, "--tsv", "--columns", "bits")


def test_standard_input_and_packed_files(
    query: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    right = run(capsys, query, database, "--tsv")
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(DATABASE.encode()))
    assert run(capsys, query, packed, "--tsv") == right
    for data in (DATABASE.encode(), packed.read_bytes()):
        from_stdin(monkeypatch, data)
        assert run(capsys, query, "-", "--tsv") == right
    from_stdin(monkeypatch, query.read_bytes())
    assert run(capsys, "-", database, "--tsv") == right
    assert "can be read once" in refused(capsys, 1, "-", "-")


def test_nucleotides_have_two_strands(tmp_path: Path, capsys: Capture) -> None:
    query, database = tmp_path / "q.fa", tmp_path / "d.fa"
    query.write_text(">q\nGATTACAGATTACA\n")
    database.write_text(">b\nTTTGTAATCTGTAATCTT\n>c\nccgattacagattacacc\n")
    rows = [line.split("\t") for line in run(capsys, query, database, "--tsv").splitlines()]
    assert [(row[1], *row[6:10]) for row in rows] == [("b", "1", "14", "16", "3"), ("c", "1", "14", "3", "16")]
    plus = run(capsys, query, database, "--tsv", "--strand", "plus", "--evalue", "0.001")
    assert [line.split("\t")[1] for line in plus.splitlines()] == ["c"]
    assert json.loads(run(capsys, query, database, "--json"))["similarity"] == "2/-3"
    query.write_text(">q\nGATTACAGATTACA\n>p\nMKVLEE\n")
    assert "'q' is of nucleotides, 'p' is not" in refused(capsys, 1, query, database)


def test_what_people_see(query: Path, database: Path, capsys: Capture) -> None:
    out = run(capsys, query, database, "--alignments", "--top", 1)
    for part in (
        "3 sequences of 44 letters",
        "lambda 0.267, K 0.041, H 0.14 (BLAST's for gaps 11, 1)",
        "q1: 12 letters, 1 hit",
        ">one first of all",
    ):
        assert part in out
    assert "\none  2 KVLAAGIVGAWTQ 14" in out
    assert "q1: 12 letters, no hits" in run(capsys, query, database, "--evalue", "1e-30")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("query.fasta", "", "holds no sequence"),
        ("query.fasta", ">a\n\n", "sequence 'a' is empty"),
        ("query.fasta", "MKV\n", "expected a header"),
        ("query.fasta", ">a\nMK?\n", "'?' is not a letter"),
        ("database.fasta", "MKV\n", "expected a header"),
        ("database.fasta", "", "database.fasta: holds no sequence"),
        ("database.fasta", ">a\nMK?\n", "record 'a': '?' is not a letter"),
        ("database.fasta", ">a\n" + "ACGT" * 100 + "\n", "nothing is translated"),
    ],
)
def test_bad_files_are_named(query: Path, database: Path, name: str, text: str, message: str, capsys: Capture) -> None:
    (query.parent / name).write_text(text)
    assert message in refused(capsys, 1, query, database)
    found: Any = cli.main(["search", str(query), str(database), "--json"])
    assert found == 1
    assert message in json.loads(capsys.readouterr().out)["error"]


def test_files_that_are_not_there(query: Path, tmp_path: Path, capsys: Capture) -> None:
    assert "none.fa: no such file" in refused(capsys, 1, query, tmp_path / "none.fa")
    assert "none.fa: no such file" in refused(capsys, 1, tmp_path / "none.fa", query)
    assert refused(capsys, 2, query).strip().endswith("DB")
