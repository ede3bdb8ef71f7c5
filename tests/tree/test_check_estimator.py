"""C45Classifier keeps scikit-learn's conventions, with and without scikit-learn."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

from plait.tree import C45Classifier


def test_neither_scikit_learn_nor_pandas_is_imported_for_it() -> None:
    code = (
        "import sys, numpy as np, plait; t = plait.tree.C45Classifier().fit(np.eye(4), [0, 1, 0, 1]); t.predict(np.eye(4)); "
        "t.export_text(); t.to_rules(); print({'sklearn', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


def test_it_travels_as_a_pickle_and_as_a_copy() -> None:
    X = np.random.default_rng(0).normal(size=(100, 3))
    tree = C45Classifier().fit(X, X[:, 0] * X[:, 1] > 0)
    for again in (pickle.loads(pickle.dumps(tree)), copy.deepcopy(tree)):
        np.testing.assert_array_equal(again.predict_proba(X), tree.predict_proba(X))
        assert again.export_text() == tree.export_text()


@pytest.mark.peer
def test_scikit_learns_own_checks_pass() -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(C45Classifier(), on_fail=None, on_skip=None)
    assert {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"} == {}
    # Skipped: it asks for SCIPY_ARRAY_API to be set before SciPy is imported; the tree takes NumPy arrays.
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}
    assert len(results) > 40
