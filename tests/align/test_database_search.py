"""A query in a database against the plainest search there is: every pair by the reference, sorted."""

from __future__ import annotations

import gzip
import io
import math
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.pairwise import Plain

import plait
from plait import datasets
from plait.align import Hits, KarlinAltschul, NeedlemanWunsch, SmithWaterman, Substitution, _databases
from plait.align.database_search import reverse_complement
from plait.align.hits import STANDARD

AMINO = "ARNDCQEGHILKMFPSTWYV"
BLASTP = SmithWaterman("BLOSUM62", gap_open=-12, gap_extend=-1)
BLASTN = SmithWaterman((2, -3), gap_open=-7, gap_extend=-2)
proteins = st.text(AMINO + "XU", min_size=1, max_size=14)
bases = st.text("ACGTN", min_size=1, max_size=14)


def plain(similarity: Any, gap_open: float, gap_extend: float) -> Plain:
    return Plain(similarity, gap_open, gap_extend, local=True)


def searched(query: str, database: dict[str, str], k: int, scorer: Plain, both: bool) -> list[tuple[str, float, str]]:
    """(name, score, strand) of the best k, found one by one."""
    found = []
    for at, (name, letters) in enumerate(database.items()):
        plus = scorer.align(query, letters)[0]
        minus = scorer.align(query, reverse_complement(letters))[0] if both else -math.inf
        best = max(plus, minus)
        if best > 0:
            found.append((-best, at, name, "plus" if plus >= minus else "minus"))
    return [(name, -score, strand) for score, _, name, strand in sorted(found)[:k]]


@given(query=proteins, database=st.lists(proteins, max_size=40), k=st.integers(1, 45), piece=st.integers(1, 60))
def test_proteins_are_those_of_the_plain_search(query: str, database: list[str], k: int, piece: int) -> None:
    table = Substitution.named("BLOSUM62")
    known = lambda s: s if s in table.alphabet else "X"  # noqa: E731
    named = {f"s{i}": letters for i, letters in enumerate(database)}
    right = searched(query, named, k, plain(lambda a, b: table[known(a), known(b)], -12, -1), both=False)
    text = "".join(f">{name}\n{letters}\n" for name, letters in named.items()).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_databases, "PIECE", piece)
        for source in (named, io.BytesIO(text), io.BytesIO(gzip.compress(text))):
            hits = BLASTP.search(query, source, k, threads=2)
            assert [(hit.subject, hit.score, hit.strand) for hit in hits] == right
            assert (hits.sequences, hits.letters) == (len(named), sum(map(len, database)))


@given(query=bases, database=st.lists(bases, max_size=30), k=st.integers(1, 10), piece=st.integers(1, 60))
def test_both_strands_are_those_of_the_plain_search(query: str, database: list[str], k: int, piece: int) -> None:
    scorer = plain(lambda a, b: 2 if a == b != "N" else -3, -7, -2)
    named = {f"s{i}": letters for i, letters in enumerate(database)}
    aligner = SmithWaterman(
        Substitution("ACGTN", [[2 if a == b != "N" else -3 for b in "ACGTN"] for a in "ACGTN"]), gap_open=-7, gap_extend=-2
    )
    right = searched(query, named, k, scorer, both=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_databases, "PIECE", piece)
        hits = aligner.search(query, named, k, statistics=None)
    assert [(hit.subject, hit.score, hit.strand) for hit in hits] == right
    for hit in hits:
        found, text = hit.columns(), named[hit.subject]
        begin, stop = hit.subject_range
        part = text[begin:stop] if hit.strand == "plus" else reverse_complement(text[begin:stop])
        assert found["sseq"].replace("-", "") == part
        assert found["qseq"].replace("-", "") == query[found["qstart"] - 1 : found["qend"]]
        assert (found["sstart"] <= found["send"]) == (hit.strand == "plus" or len(part) == 1)
        assert {found["sstart"], found["send"]} == {begin + 1, stop}


def test_columns_are_those_of_blast() -> None:
    """Counted by hand."""
    hits = BLASTP.search({"q": "KVLAGIVGAWTQ"}, {"one": "MKVLAAGIVGSWTQRR"}, 1)
    found = hits[0].columns()
    assert hits.to_tsv() == "q\tone\t84.615\t13\t1\t1\t1\t12\t2\t14\t2.79e-05\t22.7\n"
    assert (found["qseq"], found["sseq"]) == ("KVL-AGIVGAWTQ", "KVLAAGIVGSWTQ")
    assert (found["nident"], found["positive"], found["gaps"], found["cigar"]) == (11, 12, 1, "3=1D5=1X3=")
    assert hits.to_tsv(["sseqid", "score", "stitle"]) == "one\t47\tone\n"
    with pytest.raises(ValueError, match="no column 'bits'; there are qseqid"):
        hits.to_tsv(["bits"])


# What BLAST printed: (table, gaps), query, letters and sequences of the database, length adjustment, search space.
PRINTED = [
    (BLASTP, 274, 9_419_815, 44_233, 94, 947_144_340),
    (BLASTN, 669, 1_224_912_062_916, 95_707_385, 40, 768_061_689_767_564),
    (SmithWaterman((1, -2), gap=-2.5), 140, 12_233, 5, 13, 1_545_336),
]


@pytest.mark.parametrize(("aligner", "query", "letters", "sequences", "adjustment", "space"), PRINTED)
def test_effective_lengths_are_those_that_blast_printed(
    aligner: SmithWaterman, query: int, letters: int, sequences: int, adjustment: int, space: int
) -> None:
    found = KarlinAltschul.of(aligner)
    assert found.length_adjustment(query, letters, sequences) == adjustment
    assert found.search_space(query, letters, sequences) == space


def test_bits_and_evalues_are_those_that_blast_printed() -> None:
    found = KarlinAltschul.of(BLASTP)
    assert (found.lambda_, found.k, found.h) == (0.267, 0.041, 0.14)
    assert f"{found.bits(57):.1f}" == "26.6"  # "S2: 57 (26.6 bits)"
    assert round(found.evalue(57, 947_144_340), 1) == 9.5  # the least score that is expected less than ten times
    assert found.evalue(56, 947_144_340) > 10
    dna = KarlinAltschul.of(BLASTN)
    assert f"{dna.bits(50):.1f}" == "46.4"  # "S2: 50 (46.4 bits)"
    assert dna.bits(51) == dna.bits(50)
    small = KarlinAltschul.of(BLASTP)
    assert small.search_space(5, 28, 2) == 5 * 28  # nothing is left to take away
    assert small.search_space(1, 0, 0) >= 1


def test_gaps_are_told_as_everywhere_here() -> None:
    """A gap of k is gap_open + (k - 1) gap_extend, in BLAST existence + k extension."""
    found = KarlinAltschul.of(SmithWaterman("BLOSUM62", gap_open=-11, gap_extend=-1))
    assert (found.existence, found.extension, found.lambda_, found.k) == (10, 1, 0.243, 0.024)
    with pytest.raises(ValueError, match=r"BLOSUM62 with gap_open=-20, gap_extend=-20; there are gap_open/gap_extend -13/-2, -12/-2"):
        KarlinAltschul.of(SmithWaterman("BLOSUM62", gap=-20))
    with pytest.raises(ValueError, match="this table"):
        KarlinAltschul.of(SmithWaterman(Substitution("AB", np.eye(2)), gap=-2))
    assert KarlinAltschul.of(SmithWaterman("NUC.4.4", gap_open=-16, gap_extend=-6)).lambda_ == 0.163


def test_random_sequences_have_as_many_hits_as_expected() -> None:
    """The E-value of the best of a random database is around 1: the median of -ln P is ln 2."""
    rng = np.random.default_rng(0)
    frequent = np.array([78, 51, 45, 54, 19, 43, 63, 74, 22, 51, 91, 57, 22, 39, 52, 71, 58, 13, 32, 65.0])
    letters = "".join(rng.choice(list(AMINO), 400 * 300, p=frequent / frequent.sum()))
    database = [letters[at : at + 300] for at in range(0, len(letters), 300)]
    queries = ["".join(rng.choice(list(AMINO), 300, p=frequent / frequent.sum())) for _ in range(60)]
    hits = BLASTP.search(queries, database, 50)
    best = np.median([own[0].evalue for own in hits.by_query()])
    assert 0.4 < best < 1.2
    below = np.mean([sum(hit.evalue <= 3 for hit in own) for own in hits.by_query()])
    assert 2 < below < 4.2


def test_queries_and_databases_of_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "db.fasta"
    path.write_text(">one first\nmkvl-aagivg\nawtqrr\n>two\nPPPPGGGGSSSS\n>empty\n>three U\nMKVLUUGIVGAWTQ\n")
    records = datasets.fasta(path)
    right = BLASTP.search("KVLAGIVGAWTQ", path)
    assert [(hit.subject, hit.description) for hit in right] == [("one", "first"), ("three", "U"), ("two", "")]
    for database in (str(path), records, io.BytesIO(path.read_bytes()), {r.name: r.letters for r in records}):
        hits = BLASTP.search("KVLAGIVGAWTQ", database)
        assert [(hit.subject, hit.score) for hit in hits] == [(hit.subject, hit.score) for hit in right]
        assert (hits.sequences, hits.letters) == (4, 42)
    for query in (b"KVLAGIVGAWTQ", bytearray(b"KVLAGIVGAWTQ"), memoryview(b"KVLAGIVGAWTQ")):
        assert [hit.score for hit in BLASTP.search(query, path)] == [hit.score for hit in right]
    many = BLASTP.search([records[0], "KVL"], path, 1)
    assert [(hit.query, hit.subject) for hit in many] == [("one", "one"), ("query 2", "one")]
    assert [len(own) for own in many.by_query()] == [1, 1]
    assert [hit.query for hit in BLASTP.search({"named": b"KVLAG"}, path, 1)] == ["named"]
    frame = right.to_frame()
    assert frame["sseqid"].tolist() == ["one", "three", "two"]
    assert list(frame.columns[:12]) == list(STANDARD)
    assert isinstance(right[:1], Hits)
    assert len(right[:1]) == 1
    assert "one" in str(right)


def test_hits_are_cut_off_by_their_evalue() -> None:
    database = {"same": "MKVLAAGIVGAWTQRRMKVLAAGIVGAWTQRR", "other": "PPPPGGGGSSSS"}
    every = BLASTP.search("MKVLAAGIVGAWTQRR", database)
    assert len(every) == 2
    assert [hit.subject for hit in BLASTP.search("MKVLAAGIVGAWTQRR", database, max_evalue=1e-6)] == ["same"]
    silent = SmithWaterman("BLOSUM62", gap=-20).search("MKV", database, statistics=None)
    assert math.isnan(silent[0].evalue)
    assert silent.to_tsv().split("\t")[-2:] == ["-", "-\n"]
    own = KarlinAltschul(0.3, 0.1, 0.2, 1.0, 0.0, 19, 1)
    assert BLASTP.search("MKV", database, statistics=own)[0].bits == own.bits(BLASTP.score("MKV", "MKV"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("MKV", {"a": "MK1"}), r"database\['a'\]: '1' is not a letter"),
        (("MK1", {"a": "MK"}), "query: '1' is not a letter"),
        (("", {"a": "MK"}), "query: the sequence is empty"),
        ((["MK", "--"], {"a": "MK"}), r"queries\[1\]: the sequence is empty"),
        (([], {"a": "MK"}), "queries: there are none"),
        (("MKÅ", ["MK"]), "query: 'Å' is not a letter"),
        (("MK日", ["MK"]), "query: '日' is not a letter"),
        (("MKV", ["ACGT" * 100]), "its letters are nucleotides"),
    ],
)
def test_bad_input_is_named(arguments: tuple[Any, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BLASTP.search(*arguments)


def test_wrong_kinds_are_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="database: expected the path"):
        BLASTP.search("MKV", 3)
    with pytest.raises(TypeError, match="stream of bytes"):
        BLASTP.search("MKV", io.StringIO(">a\nMK\n"))
    with pytest.raises(TypeError, match="queries: expected"):
        BLASTP.search(3, ["MK"])
    with pytest.raises(ValueError, match="most of its letters are none of ACGTN"):
        BLASTN.search("ACGTACGT", ["MKVLEEWFPQRIDSH" * 20])
    with pytest.raises(ValueError, match="strand='both' is for nucleotides"):
        BLASTP.search("MKV", ["MK"], strand="both")
    with pytest.raises(ValueError, match="k: expected a whole number"):
        BLASTP.search("MKV", ["MK"], 0)
    with pytest.raises(ValueError, match="expected a similarity of letters"):
        SmithWaterman(Substitution([1, 2], np.eye(2)), gap=-1).search("MKV", ["MK"], statistics=None)
    with pytest.raises(FileNotFoundError, match=r"no file '.*none.fasta'; sequences in memory go into a list"):
        BLASTP.search("MKV", tmp_path / "none.fasta")
    with pytest.raises(TypeError, match="got bytes"):
        BLASTP.search("MKV", b"MKV")
    with pytest.raises(ValueError, match="max_evalue: expected a number, got 'x'"):
        BLASTP.search("MKV", ["MK"], max_evalue="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a SmithWaterman"):
        KarlinAltschul.of(NeedlemanWunsch("BLOSUM62", gap_open=-12, gap_extend=-1))  # type: ignore[arg-type]
    assert not hasattr(NeedlemanWunsch("BLOSUM62"), "search")


def test_files_that_are_no_fasta(tmp_path: Path) -> None:
    path = tmp_path / "x.fasta"
    for data, message in (
        (b"MKVL\n>a\nMK\n", "expected a header"),
        (b">a b\nMK\n>c d\nMK@\n", "record 'c': '@' is not a letter"),
        (b">a\nMK\0\n", "record 'a': byte 0x00"),
        (">a\nMK\n".encode("utf-16"), "UTF-16"),
        (gzip.compress(b">a\nMKVL\n" * 50)[:-9], "it cannot be unpacked"),
    ):
        path.write_bytes(data)
        with pytest.raises(plait.FormatError, match=message):
            BLASTP.search("MKV", path)
    for data, count in ((b"", 0), (b"; comment\n\n", 0), (b"\xef\xbb\xbf>a\r\nMK\r\nVL", 1), (b">a", 1)):
        path.write_bytes(data)
        assert BLASTP.search("MKVL", path).sequences == count


def test_spoiled_files_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    rng = np.random.default_rng(0)
    text = b">one first\nMKVLAAGIVG\nAWTQRR\n;c\n>two\nPPPPGGGGSSSS\n"
    packed = gzip.compress(text)
    for whole in (text, packed):
        spoiled = [whole[:n] for n in range(len(whole))]
        for _ in range(200):
            changed = bytearray(whole)
            changed[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
            spoiled.append(bytes(changed))
        refused = set()
        for k, data in enumerate(spoiled):
            path.write_bytes(data)
            try:
                assert BLASTP.search("KVLAG", path, 1).sequences <= 3
            except plait.FormatError:
                refused.add(k)
        if whole is packed:
            assert refused >= set(range(1, len(packed)))  # cut anywhere; of length 0 it is an empty file of text
        else:
            assert 0 not in refused  # an empty file
            assert len(text) - 1 not in refused  # a text that is cut is a shorter text


def test_progress_and_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    letters = "".join(rng.choice(list(AMINO), 2_000_000))
    path = tmp_path / "db.fasta"
    path.write_text("".join(f">s{at}\n{letters[at : at + 400]}\n" for at in range(0, len(letters), 400)))
    monkeypatch.setattr(_databases, "PIECE", 1 << 19)
    seen: list[tuple[int, int | None]] = []
    BLASTP.search(letters[:30], path, 1, progress=lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    assert len(seen) > 3
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    monkeypatch.undo()
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        BLASTP.search(letters[:200_000], path, 1)
    assert time.monotonic() - began < 1.2  # 0.3 on a machine that does nothing else
    assert BLASTP.search(letters[:50], path, 1)[0].subject == "s0"


@pytest.mark.peer
def test_scores_are_those_of_pyopal(data_file: Any) -> None:
    pyopal = pytest.importorskip("pyopal")
    records = datasets.fasta(data_file("seq/globins45.fa"))
    query = datasets.fasta(data_file("seq/HBB_HUMAN"))[0]
    theirs = pyopal.Aligner("BLOSUM62", gap_open=12, gap_extend=1).align(query.letters, pyopal.Database([r.letters for r in records]))
    best = sorted(((-found.score, k) for k, found in enumerate(theirs)))
    hits = BLASTP.search(query, records, len(records))
    assert [(hit.score, hit.subject) for hit in hits] == [(-score, records[k].name) for score, k in best]


@given(query=st.text("ACGT", min_size=1, max_size=8), database=st.lists(st.text("ACGT", max_size=150), max_size=6), seed=st.integers(0, 9))
def test_long_sequences_are_cut_where_nothing_is_lost(query: str, database: list[str], seed: int) -> None:
    aligner = [
        SmithWaterman((2, -3), gap_open=-7, gap_extend=-2),
        SmithWaterman((3, -1), gap=-1),
        SmithWaterman((1, -2), gap_open=-3, gap_extend=0),
    ][seed % 3]
    named = {f"s{i}": letters for i, letters in enumerate(database)}
    right = aligner.search(query, named, 10, statistics=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_databases, "LONG", 10)
        cut = aligner.search(query, named, 10, statistics=None)
    assert [(hit.subject, hit.score, hit.strand) for hit in cut] == [(hit.subject, hit.score, hit.strand) for hit in right]
    for hit in cut:
        begin, stop = hit.subject_range
        part = named[hit.subject][begin:stop]
        assert aligner.score(query, part if hit.strand == "plus" else reverse_complement(part)) == hit.score
        assert hit.columns()["slen"] == len(named[hit.subject])


def test_a_place_in_a_chromosome_is_found() -> None:
    rng = np.random.default_rng(0)
    letters = "".join(rng.choice(list("ACGT"), 300_000))
    query = letters[200_000:200_080]
    for text, strand, place in ((letters, "plus", 200_000), (reverse_complement(letters), "minus", 99_920)):
        hit = BLASTN.search(query, {"chr": text, "other": letters[:50_000]}, 1)[0]
        assert (hit.score, hit.strand, hit.subject_range, hit.cigar) == (160, strand, (place, place + 80), "80=")
        assert "chr   200001" in str(hit.alignment)


@pytest.mark.parametrize(
    "aligner",
    [
        BLASTP,
        SmithWaterman("BLOSUM62", gap_open=-11, gap_extend=-1),
        SmithWaterman("BLOSUM45", gap_open=-16, gap_extend=-2),
        SmithWaterman("PAM30", gap_open=-10, gap_extend=-1),
        BLASTN,
        SmithWaterman((1, -2), gap=-2.5),
    ],
    ids=repr,
)
def test_simulated_parameters_are_near_the_published_ones(aligner: SmithWaterman) -> None:
    right, found = KarlinAltschul.of(aligner), KarlinAltschul.simulate(aligner, rng=1)
    assert found.lambda_ == pytest.approx(right.lambda_, rel=0.05)
    assert found == KarlinAltschul.simulate(aligner, rng=1, threads=1)
    assert (found.existence, found.extension, found.source, right.source) == (right.existence, right.extension, "simulated", "published")
    score = right.step * round(math.log(right.k * 1e6) / right.lambda_ / right.step)  # expected once in two random sequences of 1000
    assert found.evalue(score, 1e6) == pytest.approx(right.evalue(score, 1e6), rel=0.45)


def test_statistics_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="similar over their whole length"):
        KarlinAltschul.simulate(SmithWaterman("BLOSUM62", gap=-1))
    with pytest.raises(ValueError, match="only tables of amino acids or bases"):
        SmithWaterman(Substitution("AB", [[1, -1], [-1, 1]]), gap=-1).search("AB", ["AB"])
    with pytest.raises(ValueError, match="statistics: expected 'auto'"):
        BLASTP.search("MKV", ["MKV"], statistics="none")
    assert SmithWaterman("BLOSUM50", gap_open=-12, gap_extend=-2).search("MKVLAAGIVG", ["MKVLAAGIVG"]).statistics.source == "simulated"  # type: ignore[union-attr]


def test_arrays_series_and_generators_are_collections() -> None:
    pd = pytest.importorskip("pandas")
    words, database = ["MKV", "MK"], ["MKV", "KV"]
    right = [(hit.query, hit.subject, hit.score) for hit in BLASTP.search(words, database)]
    assert right[0] == ("query 1", "0", BLASTP.score("MKV", "MKV"))
    for queries, among in (
        (np.array(words), np.array(database)),
        (tuple(words), iter(database)),
        ((word for word in words), (word for word in database)),
    ):
        assert [(hit.query, hit.subject, hit.score) for hit in BLASTP.search(queries, among)] == right
    labelled = BLASTP.search(pd.Series(words, index=["a", "b"]), pd.Series(database, index=["p", "q"]), 1)
    assert [(hit.query, hit.subject) for hit in labelled] == [("a", "p"), ("b", "p")]
    assert KarlinAltschul.of(BLASTP).evalue(-1e9, 1e9) > 1e300
    assert [hit.query for hit in BLASTP.search(["MKV", "MKV"], {"a": "MKV"})] == ["query 1", "query 2"]


fasta_lines = st.one_of(
    st.sampled_from([">", ">a", ">a b  c ", "> a", ";c", "", " ", ">a>b", "MK>V"]),
    st.text("MKVacgx*- \t", max_size=9),
    st.text("ACDX", max_size=40),
)


@given(lines=st.lists(fasta_lines, max_size=14), ends=st.sampled_from(["\n", "\r\n"]), closed=st.booleans(), piece=st.integers(1, 40))
def test_pieces_hold_what_the_plain_reader_reads(
    lines: list[str], ends: str, closed: bool, piece: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = ends.join(lines) + (ends if closed else "")
    path = tmp_path_factory.mktemp("fasta", numbered=True) / "x.fasta"
    path.write_bytes(text.encode())
    letters = _databases.Letters(Substitution.named("BLOSUM62"))
    found: list[tuple[str, str, str]] | None = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_databases, "PIECE", piece)
        try:
            for part in _databases.pieces(path, letters):
                for k in range(len(part)):
                    assert found is not None
                    found.append((*part.header(k), letters.decode(part.codes[part.begins[k] : part.begins[k + 1]].tobytes())))
        except plait.FormatError:
            found = None
    try:
        records: list[tuple[str, str, str]] | None = [
            (r.name, r.description, letters.decode(letters.encode(r.letters, "x"))) for r in datasets.fasta(path)
        ]
    except ValueError:  # a letter that is none, or no header first
        records = None
    assert found == records
