"""Substitution matrices: scores of pairs of symbols."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Hashable, Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from .._text import number, read_text
from . import _inputs

NAMES = ("BLOSUM45", "BLOSUM50", "BLOSUM62", "BLOSUM80", "BLOSUM90", "PAM30", "PAM70", "PAM250", "NUC.4.4")
#: Aliases of names.
ALIASES = {"DNA": "NUC.4.4", "NUC44": "NUC.4.4"}
#: The code of unknown symbols in sequences of bytes.
UNKNOWN = 255


class Substitution:
    """A substitution matrix: a table of the scores of pairs of symbols.

    Parameters
    ----------
    alphabet : str or sequence of hashables
        The symbols, each once. Case is significant: ``"a"`` is not ``"A"``.
    scores : array_like of float, shape (k, k)
        ``scores[i, j]`` is the score of ``alphabet[i]`` of x and ``alphabet[j]`` of y. It need not be symmetric.

    Notes
    -----
    Sequences may be str, bytes (read as the characters of Latin-1 where the alphabet has characters, else as numbers), arrays of integers
    or lists of hashables.

    Examples
    --------
    >>> from plait.align import Substitution
    >>> Substitution("ACGT", 3 * np.eye(4) - 1)["A", "A"]
    2.0
    >>> Substitution.named("BLOSUM62")["W", "W"]
    11.0
    """

    def __init__(self, alphabet: str | Sequence[Hashable], scores: ArrayLike):
        self.alphabet: tuple[Any, ...] = tuple(alphabet)
        self.scores: NDArray[np.float64] = np.array(scores, dtype=np.float64)
        k = len(self.alphabet)
        if k == 0 or self.scores.shape != (k, k):
            raise _core.ShapeError(
                f"scores: expected shape ({k}, {k}) for an alphabet of {k} symbols (at least 1), got {self.scores.shape}"
            )
        if not np.isfinite(self.scores).all():
            i, j = np.argwhere(~np.isfinite(self.scores))[0]
            raise ValueError(
                f"scores: that of {self.alphabet[i]!r} and {self.alphabet[j]!r} is {self.scores[i, j]}, expected a finite number"
            )
        self._code = {symbol: code for code, symbol in enumerate(self.alphabet)}
        if len(self._code) != k:
            twice = next(s for i, s in enumerate(self.alphabet) if self._code[s] != i)
            raise ValueError(f"alphabet: {twice!r} is in it twice")
        self.scores.flags.writeable = False
        self._other: int | None = None  # the code of all that is not in the alphabet
        self._translate()

    @classmethod
    def from_dict(cls, scores: Mapping[tuple[Any, Any], float]) -> Substitution:
        """A table from the scores of pairs.

        Parameters
        ----------
        scores : mapping of (symbol, symbol) to float
            Where (a, b) is missing, (b, a) is used; one of them must be present for any two symbols.

        Returns
        -------
        Substitution
            Its alphabet has the symbols in order of first occurrence.

        Raises
        ------
        ValueError
            If there is no score for some pair.
        """
        for pair in scores:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise ValueError(f"similarity: expected keys (symbol, symbol), got {pair!r}")
        alphabet = tuple(dict.fromkeys(symbol for pair in scores for symbol in pair))
        table = np.empty((len(alphabet), len(alphabet)))
        for i, a in enumerate(alphabet):
            for j, b in enumerate(alphabet):
                pair = (a, b) if (a, b) in scores else (b, a)
                if pair not in scores:
                    raise ValueError(f"similarity: neither ({a!r}, {b!r}) nor ({b!r}, {a!r}) has a score")
                table[i, j] = scores[pair]
        return cls(alphabet, table)

    @classmethod
    def from_ncbi(cls, path: str | Path) -> Substitution:
        """A table from a file in the format of NCBI: ``#`` comments, a line of symbols, then a line for each symbol.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        Substitution
            The table of the file.

        Raises
        ------
        FormatError
            If the file has another format; the message names the line.
        """
        return cls._parse(read_text(path, "replace"), str(path))

    @classmethod
    def named(cls, name: str) -> Substitution:
        """One of the standard tables, as distributed by NCBI.

        Parameters
        ----------
        name : str
            ``"BLOSUM45"``, ``"BLOSUM50"``, ``"BLOSUM62"``, ``"BLOSUM80"``, ``"BLOSUM90"``, ``"PAM30"``, ``"PAM70"``, ``"PAM250"``, or
            ``"NUC.4.4"``, also called ``"DNA"``.

        Returns
        -------
        Substitution
            The same object for the same name.
        """
        name = cls.canonical(name)
        if name not in NAMES:
            raise ValueError(f"similarity: no table is named {name!r}; there are {', '.join(NAMES)}")
        return _named(name)

    @staticmethod
    def canonical(name: str) -> str:
        """The canonical name of a table.

        Parameters
        ----------
        name : str
            The name or an alias, in any case.

        Returns
        -------
        str
            The name in the list of `named`; an unknown name is returned unchanged.
        """
        upper = name.upper()
        return ALIASES.get(upper, upper) if ALIASES.get(upper, upper) in NAMES else name

    @classmethod
    def _parse(cls, text: str, source: str) -> Substitution:
        alphabet: list[str] = []
        rows: dict[str, list[float]] = {}
        for at, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if not alphabet:
                alphabet = words
                continue
            symbol, *values = words
            if symbol not in alphabet or symbol in rows or len(values) != len(alphabet):
                raise _core.FormatError(
                    f"{source}, line {at}: expected one of the symbols {' '.join(alphabet)}, not yet seen, and {len(alphabet)} scores"
                )
            try:
                rows[symbol] = [number(value) for value in values]
            except ValueError as error:
                raise _core.FormatError(f"{source}, line {at}, symbol {symbol!r}: {error}") from None
        missing = [symbol for symbol in alphabet if symbol not in rows]
        if missing or not alphabet:
            raise _core.FormatError(f"{source}: " + (f"no line for {missing[0]!r}" if missing else "no line of symbols"))
        return cls(alphabet, [rows[symbol] for symbol in alphabet])

    def reading(self, case: str = "keep", unknown: Any = None) -> Substitution:
        """The same table, for sequences in either case, or with symbols outside of its alphabet.

        Parameters
        ----------
        case : {"keep", "ignore"}
            "ignore": a letter that is not in the alphabet is read as the same letter in the other case.
        unknown : symbol, optional
            The symbol of the alphabet that replaces all other symbols (``"X"`` for amino acids, ``"N"`` for nucleotides); an error unless
            given.

        Returns
        -------
        Substitution
            A new one.

        Raises
        ------
        ValueError
            If `case` is invalid, or `unknown` is not in the alphabet.

        Examples
        --------
        >>> from plait.align import NeedlemanWunsch, Substitution
        >>> NeedlemanWunsch(Substitution.named("BLOSUM62").reading("ignore", "X"), gap=-8).score("heag?", "HEAGU")
        22.0
        """
        if case not in ("keep", "ignore"):
            raise ValueError(f"case: expected 'keep' or 'ignore', got {case!r}")
        if unknown is not None and unknown not in self._code:
            raise ValueError(f"unknown: {unknown!r} is not in the alphabet, which is {' '.join(map(str, self.alphabet[:30]))}")
        found = Substitution(self.alphabet, self.scores)
        if case == "ignore":
            for symbol in self.alphabet:
                if isinstance(symbol, str):
                    for other in (symbol.upper(), symbol.lower()):
                        found._code.setdefault(other, self._code[symbol])
        found._other = None if unknown is None else self._code[unknown]
        found._translate()
        return found

    def _translate(self) -> None:
        """Translation tables for text of one byte a symbol, if the codes fit into a byte."""
        self._bytes = self._characters = None
        if len(self.alphabet) < UNKNOWN:
            other = UNKNOWN if self._other is None else self._other
            self._bytes = bytes(self._code.get(b, self._code.get(chr(b), other)) for b in range(256))
            self._characters = bytes(self._code.get(chr(b), other) for b in range(256))

    def encode(self, value: Iterable[Any], name: _inputs.Name, k: int) -> _inputs.Prepared:
        """A sequence as symbol codes for the core; ``name(k)`` is its name in messages."""
        value = _inputs.raw(value)
        if isinstance(value, bytes) and self._bytes is not None:
            return self._known(value.translate(self._bytes), value, name, k)
        if isinstance(value, str) and self._characters is not None:
            try:
                return self._known(value.encode("latin-1").translate(self._characters), value, name, k)
            except UnicodeEncodeError:
                pass  # characters beyond Latin-1, which the alphabet may have
        symbols: Any = [b if b in self._code else chr(b) for b in value] if isinstance(value, bytes) else _inputs.elements(value, name, k)
        codes = []
        for at, symbol in enumerate(symbols):
            try:
                codes.append(self._code[symbol])
            except KeyError:
                if self._other is None:
                    raise self._unknown(symbol, at, name, k) from None
                codes.append(self._other)
            except TypeError as error:
                raise TypeError(f"{name(k)}: a symbol must be hashable: {error}") from None
        return np.array(codes, dtype=np.uint32)

    def encode_all(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        """`encode` for each sequence; faster where all are text of the alphabet."""
        if self._characters is not None and set(map(type, values)) == {str}:
            try:
                codes = [value.encode("latin-1").translate(self._characters) for value in values]
            except UnicodeEncodeError:
                codes = [bytes((UNKNOWN,))]
            if not any(map(operator.contains, codes, itertools.repeat(UNKNOWN))):
                return list(codes)
        return [self.encode(value, name, k) for k, value in enumerate(values)]

    def _known(self, codes: bytes, value: str | bytes, name: _inputs.Name, k: int) -> bytes:
        at = codes.find(UNKNOWN)
        if at >= 0:
            raise self._unknown(value[at : at + 1], at, name, k)
        return codes

    def _unknown(self, symbol: Any, at: int, name: _inputs.Name, k: int) -> ValueError:
        known = " ".join(map(str, self.alphabet[:30])) + (" …" if len(self.alphabet) > 30 else "")
        return ValueError(f"{name(k)}: the similarity does not know {symbol!r}, element {at}; it knows {known}")

    def __getitem__(self, pair: tuple[Any, Any]) -> float:
        """The score of a pair of symbols."""
        a, b = pair
        return float(self.scores[self._code[a], self._code[b]])

    def worth(self, a: Any, b: Any) -> float:
        """The score of a pair of symbols, which may be the bytes of a sequence of bytes.

        Parameters
        ----------
        a, b : symbol
            Symbols of the alphabet; a number from 0 to 255 is read as a character of Latin-1 where it is not a symbol itself.

        Returns
        -------
        float
            As ``self[a, b]``.
        """
        return float(self.scores[self._code_of(a), self._code_of(b)])

    def _code_of(self, symbol: Any) -> int:
        if symbol not in self._code and isinstance(symbol, int) and 0 <= symbol < 256:
            symbol = chr(symbol)
        return self._code[symbol] if self._other is None else self._code.get(symbol, self._other)

    def __eq__(self, other: object) -> bool:
        """Whether alphabets, in order, and scores are equal."""
        if not isinstance(other, Substitution):
            return NotImplemented
        same = self.alphabet == other.alphabet and self._code == other._code and self._other == other._other
        return same and np.array_equal(self.scores, other.scores)

    def __hash__(self) -> int:
        """The hash of the alphabet."""
        return hash(self.alphabet)

    def __repr__(self) -> str:
        """Alphabet and range."""
        shown = " ".join(map(str, self.alphabet[:30])) + (" …" if len(self.alphabet) > 30 else "")
        return f"Substitution({shown}; {self.scores.min():g} to {self.scores.max():g})"


@functools.cache
def _named(name: str) -> Substitution:
    return Substitution._parse(resources.files(__package__).joinpath("matrices", name).read_text(encoding="ascii"), name)
