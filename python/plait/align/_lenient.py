"""Tables that take letters which they do not have: small ones for capitals, and one symbol for all that is unknown."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable
from typing import Any

from .substitution import UNKNOWN, Substitution


def folded(symbol: Any) -> Any:
    """A letter as a capital, where that is one letter, too; anything else as it is."""
    if not isinstance(symbol, str):
        return symbol
    return "".join(upper if len(upper := letter.upper()) == 1 else letter for letter in symbol)


def same_letter(a: Any, b: Any) -> bool:
    """Whether two symbols are equal but for their case; bytes are letters of Latin-1."""
    a, b = (folded(chr(s) if isinstance(s, int) and 0 <= s < 256 else s) for s in (a, b))
    return bool(a == b)


class _Codes(dict[Any, int]):
    """Codes of symbols; of one that is not there that of its capital or small letter, or that of the unknown."""

    def __init__(self, codes: dict[Any, int], unknown: int | None, case: bool) -> None:
        super().__init__(codes)
        self.unknown, self.case = unknown, case

    def __missing__(self, symbol: Hashable) -> int:
        if not self.case and isinstance(symbol, str):
            for other in (symbol.upper(), symbol.lower()):
                if other in self:
                    return super().__getitem__(other)
        if self.unknown is None:
            raise KeyError(symbol)
        return self.unknown


def lenient(table: Substitution, unknown: Any, case: Any) -> Substitution:
    """The same table, for which letters need not be of its case or known at all."""
    if not isinstance(case, bool):
        raise TypeError(f"case: expected True or False, got {case!r}")
    if unknown is None and case:
        return table
    if unknown is not None and unknown not in table._code:
        raise ValueError(f"unknown: expected one of the similarity's symbols {' '.join(map(str, table.alphabet[:30]))}, got {unknown!r}")
    found = copy.copy(table)
    codes = _Codes(table._code, None if unknown is None else table._code[unknown], case)
    found._code = codes

    def code(b: int, as_text: bool) -> int:
        try:
            return codes[b] if b in codes and not as_text else codes[chr(b)]
        except KeyError:
            return UNKNOWN

    if table._bytes is not None:
        found._bytes = bytes(code(b, False) for b in range(256))
        found._characters = bytes(code(b, True) for b in range(256))
    return found


def equality(case: bool) -> Callable[[Any, Any], bool] | None:
    """What equal means; None for ``==``."""
    return None if case else same_letter
