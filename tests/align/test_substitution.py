"""Tables of similarity: where they come from, what they refuse."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import plait
from plait.align import Substitution
from plait.align.substitution import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_named_tables_are_symmetric_and_reward_equality(name: str) -> None:
    table = Substitution.named(name)
    assert table is Substitution.named(name)
    assert len(table.alphabet) == (15 if name == "NUC.4.4" else 24)
    assert np.array_equal(table.scores, table.scores.T)
    letters = "ACGT" if name == "NUC.4.4" else "ARNDCQEGHILKMFPSTWYV"
    assert all(table[a, a] == max(table[a, b] for b in letters) > 0 for a in letters)


def test_aliases() -> None:
    assert Substitution.named("DNA") is Substitution.named("NUC.4.4")


def test_the_classic_file_is_read_as_it_is(data_file: Callable[[str], Path]) -> None:
    assert Substitution.from_ncbi(data_file("seq/BLOSUM62")) == Substitution.named("BLOSUM62")


def test_from_dict_completes_the_other_half_only() -> None:
    table = Substitution.from_dict({("A", "A"): 1, ("A", "B"): -2, ("B", "B"): 3})
    assert table["B", "A"] == table["A", "B"] == -2
    uneven = Substitution.from_dict({("A", "A"): 1, ("A", "B"): -2, ("B", "A"): 5, ("B", "B"): 3})
    assert (uneven["A", "B"], uneven["B", "A"]) == (-2, 5)
    with pytest.raises(ValueError, match="expected keys"):
        Substitution.from_dict({"AB": 1})  # type: ignore[dict-item]


def test_refusals() -> None:
    with pytest.raises(plait.ShapeError, match=r"expected shape \(2, 2\)"):
        Substitution("AB", np.eye(3))
    with pytest.raises(ValueError, match="'A' is in it twice"):
        Substitution("AA", np.eye(2))
    with pytest.raises(ValueError, match="that of 'A' and 'B' is nan"):
        Substitution("AB", [[1, np.nan], [0, 1]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no line of symbols"),
        ("# only a comment", "no line of symbols"),
        (" A B\nA 1 2\n", "no line for 'B'"),
        (" A B\nA 1\nB 1 2\n", "line 2"),
        (" A B\nA 1 2\nA 1 2\n", "line 3"),
        (" A B\nA 1 x\nB 1 2\n", "line 2"),
        (" A B\nC 1 2\n", "line 2"),
    ],
)
def test_broken_files_are_refused_by_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "table"
    path.write_text(text)
    with pytest.raises(plait.FormatError, match=message):
        Substitution.from_ncbi(path)


def test_equality_hash_and_pickle() -> None:
    table = Substitution("AB", np.eye(2))
    copy = pickle.loads(pickle.dumps(table))
    assert copy == table
    assert hash(copy) == hash(table)
    assert table != Substitution("AB", 2 * np.eye(2))
    assert table != "AB"
    assert repr(table) == "Substitution(A B; 0 to 1)"
