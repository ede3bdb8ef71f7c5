"""Edit distances on symbols: Levenshtein's with weights and transpositions, and the longest common subsequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import _core
from . import _inputs, _records
from ._base import PairAligner, weight

TRANSPOSITIONS = {
    None: _core.Transposition.none,
    "osa": _core.Transposition.restricted,
    "damerau": _core.Transposition.unrestricted,
}


class SymbolAligner(_core.TextAligner, PairAligner):
    """An aligner of strings, bytes, integer arrays, or lists of any hashables; for plain text `score` and `nearest` run in the core."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a parameter."""
        super().__setattr__(name, value)
        self._forget()

    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        if self._are_texts(values):  # the common case, possibly with millions of them
            return list(values)
        return _inputs.symbols(list(map(_records.unwrapped, values)), name)

    # The fallback of the core's methods of these names: anything but plain text.
    def _score(self, x: Any, y: Any, *, cutoff: float | None = None) -> float:
        return PairAligner.score(self, x, y, cutoff=cutoff)

    def _nearest_of(self, query: Any, references: Any, k: int = 1, *, cutoff: float | None = None) -> tuple[Any, Any]:
        return PairAligner.nearest(self, query, references, k, cutoff=cutoff)

    if TYPE_CHECKING:  # missing in the stub of the core's class

        def score(self, x: Any, y: Any, *, cutoff: float | None = None) -> float:  # noqa: D102
            ...

        def nearest(  # noqa: D102
            self, query: Any, references: Any, k: int = 1, *, cutoff: float | None = None
        ) -> tuple[Any, Any]: ...
        def _are_texts(self, values: Sequence[Any]) -> bool: ...
        def _forget(self) -> None: ...


class Levenshtein(SymbolAligner):
    """The least cost of turning `x` into `y` by adding, dropping and replacing symbols.

    Sequences are strings, bytes, integer arrays, or lists of any hashables.

    Parameters
    ----------
    insert, delete, substitute : float
        The costs of an insertion (a symbol of `y`), a deletion (one of `x`) and a substitution; finite and not negative.
    transposition : str, optional
        ``"osa"``: the exchange of two neighbours costs one `substitute` (optimal string alignment: exchanged symbols are not edited
        again). ``"damerau"``: symbols may be inserted or deleted between the two as well; needs
        ``2 * substitute >= insert + delete``.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, `transposition` is none of these, or ``"damerau"`` does not allow the
        weights.

    Notes
    -----
    Equal weights: O(nm / 64), of strings that are d edits apart O(n + d²) (Myers 1999, Hyyrö 2003, Ukkonen 1985). Other weights and
    ``"damerau"``: O(nm) (Wagner and Fischer 1974; Lowrance and Wagner 1975). Memory is linear for scores, and for paths O(m √n).

    In an alignment's path a transposition is two columns whose symbols are crossed: (i, j) and (i + 1, j + 1) with ``x[i] == y[j + 1]``
    and ``x[i + 1] == y[j]``; insertions and deletions of ``"damerau"`` between them are gaps. The score counts both columns as one
    operation; `Alignment.operations` names both ``"transpose"``.

    Examples
    --------
    >>> from plait.align import Levenshtein
    >>> Levenshtein().score("kitten", "sitting")
    3.0
    >>> Levenshtein(transposition="osa").score("ab", "ba")
    1.0
    >>> Levenshtein().align("abc", "ac").path.tolist()
    [[0, 0], [1, -1], [2, 1]]
    """

    def __init__(self, insert: float = 1, delete: float = 1, substitute: float = 1, transposition: str | None = None):
        self.insert = insert
        self.delete = delete
        self.substitute = substitute
        self.transposition = transposition
        self._method()  # invalid parameters are refused here

    def _build(self) -> _core.Method:
        if self.transposition not in tuple(TRANSPOSITIONS):  # a tuple, because the value may be unhashable
            raise ValueError(f"transposition: expected None, 'osa' or 'damerau', got {self.transposition!r}")
        insert, delete, substitute = (weight(getattr(self, name), name) for name in ("insert", "delete", "substitute"))
        self.__dict__["_KIND"] = "edits" if self.transposition is None else "transpositions"
        return _core.make_levenshtein(insert, delete, substitute, TRANSPOSITIONS[self.transposition])


class LCS(SymbolAligner):
    """The longest common subsequence: its length is the score, its symbols are the matches of an alignment.

    Sequences are strings, bytes, integer arrays, or lists of any hashables.

    Notes
    -----
    O(nm / 64) (Hyyrö 2004).

    Examples
    --------
    >>> from plait.align import LCS
    >>> LCS().score("human", "chimpanzee")
    4.0
    """

    def __init__(self) -> None:
        """Without parameters; defined because get_params would otherwise read the signature of `object`."""

    def _build(self) -> _core.Method:
        return _core.make_lcs()


def levenshtein(a: Any, b: Any, insert: float = 1, delete: float = 1, substitute: float = 1, transposition: str | None = None) -> float:
    """Edit distance: ``Levenshtein(…).score(a, b)``.

    Parameters
    ----------
    a, b : sequence
        Strings, bytes, integer arrays, or lists of hashables.
    insert, delete, substitute : float
        The costs of an insertion (a symbol of `b`), a deletion (one of `a`) and a substitution.
    transposition : str, optional
        ``"osa"`` or ``"damerau"``, as in `Levenshtein`.

    Returns
    -------
    float
        The least cost.

    Examples
    --------
    >>> from plait.align import levenshtein
    >>> levenshtein("kitten", "sitting")
    3.0
    """
    if insert == delete == substitute == 1 and transposition is None:
        return _UNIT.score(a, b)
    return Levenshtein(insert, delete, substitute, transposition).score(a, b)


_UNIT = Levenshtein()
