"""Databases of sequences, read a piece at a time: FASTA files, streams of bytes, and records that are in memory."""

from __future__ import annotations

import contextlib
import gzip
import os
import queue
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from .. import _core
from . import _inputs, _records
from .substitution import Substitution

#: Bytes of text read at once, and letters of records processed together: enough work for all threads.
PIECE = 1 << 22
#: Letters of a record beyond which it is cut into windows.
LONG = 1 << 14
SKIPPED = b" \t\r\n\v\f-."
DNA = set("ACGTUN")
AMBIGUOUS = set("RYSWKMBDHV")


class Piece(NamedTuple):
    """Some sequences of a database, as codes of a table's alphabet."""

    codes: NDArray[np.uint8]
    begins: NDArray[np.int64]  #: record k is codes[begins[k]:begins[k + 1]]
    header: Callable[[int], tuple[str, str]]  #: name and description of record k
    done: int  #: bytes, or records, that were read until now

    def __len__(self) -> int:
        """Records."""
        return len(self.begins) - 1

    def lengths(self) -> NDArray[np.int64]:
        """Letters of each record."""
        return np.diff(self.begins)


class Windows(NamedTuple):
    """A piece's records, long ones cut into windows that overlap: together they are computed faster, in less memory and by several threads."""

    begins: NDArray[np.int64]  #: within the codes of the piece
    lengths: NDArray[np.int64]
    first: NDArray[np.int64]  #: the windows of record k are first[k] … first[k + 1] - 1

    @classmethod
    def of(cls, piece: Piece, reach: int | None) -> Windows:
        """Windows such that `reach` letters in a row, wherever they are, lie in one of them whole; None: whole records."""
        lengths = piece.lengths()
        if reach is None or lengths.max(initial=0) <= max(LONG, 2 * reach):
            return cls(piece.begins[:-1], lengths, np.arange(len(piece) + 1))
        width = max(LONG, 2 * reach)
        step = width - reach
        counts = np.where(lengths > width, -(-(lengths - reach) // step), 1)
        first = np.concatenate([[0], np.cumsum(counts)])
        record = np.repeat(np.arange(len(piece)), counts)
        within = (np.arange(first[-1]) - first[record]) * step
        return cls(piece.begins[record] + within, np.minimum(lengths[record] - within, width), first)


class Letters:
    """Conversion of letters to codes: case is ignored, gaps and white space are removed, unknown letters become X or N."""

    def __init__(self, table: Substitution) -> None:
        known = {s: code for code, s in enumerate(table.alphabet) if isinstance(s, str) and len(s) == 1 and ord(s) < 128}
        if len(known) != len(table.alphabet) or len(known) > 200:
            raise ValueError(f"search: expected a similarity of letters, got the alphabet {table.alphabet[:30]!r}")
        self.alphabet = "".join(table.alphabet)
        unknown = known.get("X", known.get("N"))
        self.unknown = unknown
        codes = bytearray([_core.FASTA_REFUSED]) * 256
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ*":
            code = known.get(letter, known.get(letter.lower(), known.get("T") if letter == "U" and "X" not in known else unknown))
            if code is not None:
                codes[ord(letter)] = codes[ord(letter.lower())] = code
        for letter, code in known.items():
            codes[ord(letter)] = code
        for byte in SKIPPED:
            if chr(byte) not in known:
                codes[byte] = _core.FASTA_SKIPPED
        self.table = bytes(codes)
        self._skipped = bytes(byte for byte in range(256) if codes[byte] == _core.FASTA_SKIPPED)
        back = bytearray(256)
        for letter, code in known.items():
            back[code] = ord(letter)
        self._back = bytes(back)

    def encode(self, value: Any, name: str) -> bytes:
        """The codes of one sequence or record."""
        value = _inputs.raw(_records.unwrapped(value))
        if isinstance(value, str):
            try:
                value = value.encode("latin-1")
            except UnicodeEncodeError as error:
                raise ValueError(f"{name}: {value[error.start]!r} is not a letter of a sequence") from None
        if not isinstance(value, bytes):
            raise TypeError(f"{name}: expected a sequence of letters or a record, got {type(value).__name__} {value!r:.60}")
        found = value.translate(self.table, self._skipped)
        at = found.find(_core.FASTA_REFUSED)
        if at >= 0:
            refused = next(b for b in value if self.table[b] == _core.FASTA_REFUSED)
            raise ValueError(f"{name}: {chr(refused)!r} is not a letter of a sequence")
        return found

    def decode(self, codes: bytes) -> str:
        """Codes as the letters that were compared."""
        return codes.translate(self._back).decode("ascii")


def is_nucleotides(letters: str) -> bool:
    """Whether a sequence consists of nucleotides: all letters are IUPAC codes, and nine of ten are unambiguous."""
    upper = letters.upper()
    if not set(upper) <= DNA | AMBIGUOUS | set("-. *"):
        return False
    return sum(map(upper.count, "ACGTUN")) >= 0.9 * len(upper) > 0


def labelled(values: Any) -> Iterable[tuple[Any, Any]] | None:
    """(label, value) of a mapping or of pandas' Series; None for what has no labels."""
    if isinstance(values, Mapping) or type(values).__name__ == "Series":
        return list(values.items())
    return None


def pieces(database: Any, letters: Letters) -> Iterator[Piece]:
    """A database in pieces: a path, a binary stream, or records."""
    if isinstance(database, (str, os.PathLike)):
        path = Path(database)
        if not path.exists() or path.is_dir():
            raise FileNotFoundError(f"database: there is no file {str(path)[:80]!r}; sequences in memory go into a list or a mapping")
        with path.open("rb") as file:
            yield from _of_stream(file, letters, str(path))
    elif hasattr(database, "read"):
        yield from _of_stream(database, letters, str(getattr(database, "name", "the database")))
    else:
        yield from _of_records(database, letters)


def ahead(found: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, each read by a thread while the previous one is processed."""
    ready: queue.Queue[Piece | BaseException | None] = queue.Queue(1)
    stopped = threading.Event()

    def put(item: Piece | BaseException | None) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                ready.put(item, timeout=0.05)
                return

    def read() -> None:
        last: BaseException | None = None
        try:
            for piece in found:
                put(piece)
                if stopped.is_set():
                    return
        except BaseException as error:  # re-raised in the consumer
            last = error
        put(last)

    # A daemon: a thread blocked on a stream must not keep the interpreter from exiting.
    threading.Thread(target=read, name="plait-database", daemon=True).start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()


def _of_stream(stream: BinaryIO, letters: Letters, source: str) -> Iterator[Piece]:
    file = _Counted(stream, source)
    text, wanted = b"", PIECE
    while True:
        data = file.read(wanted)
        last = not data
        text += data
        try:
            codes, begins, headers, consumed = _core.read_fasta(text, letters.table, last)
        except _core.FormatError as error:
            raise _core.FormatError(f"{source}: {error}") from None
        if len(begins) > 1:
            yield Piece(codes, begins, _headers(text, headers), file.done)
        text = text[consumed:]
        if last:
            return
        wanted = max(PIECE, len(text))  # a record that is longer than a piece is read in steps that double


class _Counted:
    """A stream, decompressed if it is gzip, with a count of bytes read."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        self.stream, self.source, self.done = stream, source, 0
        self.ahead = b""
        self.ahead = self.raw(4)
        if self.ahead.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise _core.FormatError(f"{source}: UTF-16; a database is read as ASCII or UTF-8")
        packed = self.ahead.startswith(b"\x1f\x8b")
        self.ahead = self.ahead.removeprefix(b"\xef\xbb\xbf")
        self.unpacked: Any = gzip.GzipFile(fileobj=cast("BinaryIO", _Raw(self))) if packed else None

    def raw(self, size: int) -> bytes:
        """At most `size` bytes of the stream."""
        if self.ahead:
            data, self.ahead = self.ahead[:size], self.ahead[size:]
            return data
        data = self.stream.read(size)
        if not isinstance(data, bytes):
            raise TypeError(f"database: expected a stream of bytes, as open(path, 'rb') gives it, got one of {type(data).__name__}")
        self.done += len(data)
        return data

    def read(self, size: int) -> bytes:
        """At most `size` bytes of text; none at the end."""
        if self.unpacked is None:
            return self.raw(size)
        try:
            data: bytes = self.unpacked.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise _core.FormatError(f"{self.source}: damaged, it cannot be unpacked: {error}") from None
        return data


class _Raw:
    """A stream for `gzip` to read from."""

    def __init__(self, counted: _Counted) -> None:
        self.read = counted.raw


def _headers(text: bytes, places: NDArray[np.int64]) -> Callable[[int], tuple[str, str]]:
    def header(k: int) -> tuple[str, str]:
        words = text[places[2 * k] : places[2 * k + 1]].decode("utf-8", "replace").split(maxsplit=1)
        name, description = [*words, "", ""][:2]
        return name, description.strip()

    return header


def _of_records(database: Any, letters: Letters) -> Iterator[Piece]:
    labels = labelled(database)
    if labels is None and (not isinstance(database, Iterable) or isinstance(database, (bytes, bytearray))):
        raise TypeError(f"database: expected the path of a FASTA file, a stream of bytes or sequences, got {type(database).__name__}")
    if isinstance(database, (list, tuple)) and set(map(type, database)) == {str}:  # nothing needs to be looked at one by one
        ends = np.cumsum(np.fromiter(map(len, database), np.int64, len(database)))
        begin = 0
        while begin < len(database):
            stop = max(begin + 1, int(np.searchsorted(ends, (ends[begin - 1] if begin else 0) + PIECE, "right")))
            yield _of_batch(None, database[begin:stop], letters, min(stop, len(database)))
            begin = stop
        return
    keys: list[Any] = []
    values: list[Any] = []
    size = done = 0
    for key, value in ((None, value) for value in database) if labels is None else labels:
        keys.append(key)
        values.append(value)
        size += len(value) if type(value) is str else len(letters.encode(value, f"database[{done if key is None else key!r}]"))
        done += 1
        if size >= PIECE:
            yield _of_batch(keys, values, letters, done)
            keys, values, size = [], [], 0
    if values:
        yield _of_batch(keys, values, letters, done)


def _of_batch(keys: list[Any] | None, values: Any, letters: Letters, done: int) -> Piece:
    """Records, of which the last is number `done`; keys are their labels, None where there are none."""
    first = done - len(values)

    def key(k: int) -> Any:
        return None if keys is None else keys[k]

    def header(k: int) -> tuple[str, str]:
        if key(k) is not None:
            return str(key(k)), ""
        return _records.name(values[k], str(first + k)), _records.description(values[k])

    # Text is encoded all at once, as FASTA is; sequences for which that could be wrong or an error are checked one by one.
    texts = values if keys is None else list(map(_records.unwrapped, values))
    if set(map(type, texts)) == {str}:
        text = ">\n" + "\n>\n".join(texts)
        if text.isascii() and text.count(">") == len(texts) and ";" not in text:
            with contextlib.suppress(_core.FormatError):
                codes, begins, _, _ = _core.read_fasta(text.encode("ascii"), letters.table, True)
                return Piece(codes, begins, header, done)
    parts = [letters.encode(value, f"database[{first + k if key(k) is None else key(k)!r}]") for k, value in enumerate(values)]
    begins = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Piece(np.frombuffer(b"".join(parts), np.uint8), begins, header, done)
