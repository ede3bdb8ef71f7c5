"""The example with a sparse leaf, on a part of the words, beside scikit-learn's logistic regression."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.peer
def test_names_are_told_from_words_as_well_as_by_scikit_learn(root: Path, tmp_path: Path, data_file: Callable[[str], Path]) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    words = data_file("words/american-english").read_text(encoding="utf-8").split()
    some = tmp_path / "words"
    some.write_text("\n".join(words[::3]), encoding="utf-8")
    example = runpy.run_path(str(root / "examples" / "words.py"))
    rows, labels, other_rows, other_labels = example["read"](some)
    assert rows.shape[1] == other_rows.shape[1]
    right = (example["fit"](rows, labels, epochs=8, batch_size=512)(other_rows) == other_labels).mean()
    theirs = linear_model.LogisticRegression(solver="liblinear").fit(rows.to_scipy(), labels).score(other_rows.to_scipy(), other_labels)
    assert right > max(labels.mean(), 1 - labels.mean()) + 0.02
    assert right >= theirs - 0.005
    assert np.unique(rows.values).tolist() == [1.0]
