"""C45Classifier: Quinlan's C4.5 as a scikit-learn classifier."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._estimator import _column_names
from . import _files, _pieces, _weights
from ._exports import ReadableTree
from ._table import Column, Encoded, as_array, encode, is_frame, table_columns

Array = NDArray[Any]
MOST_CATEGORIES = 65533
MOST = 2**31 - 1  # of what goes to the core as a 32-bit number


class C45Classifier(ReadableTree):
    """A C4.5 decision tree: gain ratio, multiway splits on categories, missing values, pessimistic pruning.

    Parameters
    ----------
    min_leaf : float
        Least weight of cases that at least two branches of a split need. Weights count cases: where they are shares that add up to 1, as
        boosting gives them, scale them to the number of samples, or there is nothing to split.
    confidence : float
        Confidence level of the pessimistic error in pruning, above 0 and up to 0.5; the smaller, the smaller the tree.
    prune : bool
        Whether subtrees are replaced where that lowers the pessimistic error. A split that does not lower the training error is undone
        anyhow.
    categorical : sequence of int, str or bool, optional
        Columns that hold categories, by index, name or mask. Columns of text, objects, bool and unordered categories always do.
    max_depth : int, optional
        Most tests on a path from the root to a leaf.
    subtree_raising : bool
        Whether pruning may also replace a node by its largest branch.
    subsets : bool
        Whether categories are grouped, as long as that raises the gain ratio, instead of one branch for each.
    max_bins : int, optional
        For large data: thresholds only between so many bins of about equal size (2 to 65534), instead of between any two values.
    threads : int, optional
        Most threads; the tree does not depend on it.
    executor : Executor, optional
        With `max_bins`: computes the histograms of large nodes in chunks (`concurrent.futures` protocol).
    class_weight : dict, "balanced" or None
        Weight of each class, as in scikit-learn.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    n_features_in_ : int
        Features of a sample.
    feature_names_in_ : ndarray of str
        Columns of the data frame that it was fitted with.
    feature_importances_ : ndarray
        Share of each feature in the information gain of all splits; zeros for a single leaf.
    n_leaves_ : int
        Leaves of the tree, empty ones too.
    tree_ : Tree
        Its arrays: ``attribute, threshold, first, branches, map, maps, weight, counts``.

    Notes
    -----
    Gain ratio among features of at least average gain, less log2(thresholds)/cases for a numeric one; a missing value lowers the gain by its
    share and is divided among the branches, in training and prediction; pessimistic pruning from the leaves up. Tie-breaking and
    tolerances are those of Weka's J48, so that the trees are the same, with two exceptions: numbers closer than 1e-5 may be split, and a
    category that training never saw has no branch. Quinlan, *C4.5: Programs for Machine Learning* (1993); *Improved use of continuous
    attributes in C4.5*, JAIR 4 (1996).

    Numeric columns are sorted once; the orders are partitioned stably at each node, so that a level costs O(samples · features).

    Examples
    --------
    >>> X = [["sunny", 85], ["sunny", 70], ["overcast", 83], ["rain", 96], ["rain", 70], ["sunny", 95], ["overcast", 65], ["rain", 80]]
    >>> y = ["no", "yes", "yes", "no", "no", "no", "yes", "no"]
    >>> tree = plait.tree.C45Classifier(min_leaf=1, prune=False).fit(np.array(X, dtype=object), y)
    >>> print(tree.export_text(["outlook", "humidity"]))
    outlook = overcast: yes (2)
    outlook = rain: no (3)
    outlook = sunny
    |   humidity <= 70: yes (1)
    |   humidity > 70: no (2)
    >>> print(tree.to_rules()[3])
    if x0 = sunny and x1 > 70 then no (100 % of 2 cases)
    """

    def __init__(
        self,
        min_leaf: float = 2,
        confidence: float = 0.25,
        prune: bool = True,
        categorical: Any = None,
        max_depth: int | None = None,
        subtree_raising: bool = True,
        subsets: bool = False,
        max_bins: int | None = None,
        threads: int | None = None,
        executor: Any = None,
        class_weight: Any = None,
    ) -> None:
        self.min_leaf = min_leaf
        self.confidence = confidence
        self.prune = prune
        self.categorical = categorical
        self.max_depth = max_depth
        self.subtree_raising = subtree_raising
        self.subsets = subsets
        self.max_bins = max_bins
        self.threads = threads
        self.executor = executor
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> C45Classifier:
        """Grow a tree.

        Parameters
        ----------
        X : array_like or data frame, shape (n, features)
            Samples; NaN, None and NA are missing values.
        y : array_like, shape (n,)
            Labels: strings, integers or booleans.
        sample_weight : array_like, shape (n,), optional
            Weight of each sample, not negative; one of weight 0 is left out.

        Returns
        -------
        C45Classifier
            Itself.

        Raises
        ------
        ValueError
            X is not two-dimensional, holds infinity or integers that float64 cannot represent; y has another length; a parameter is out of
            range.
        TypeError
            X is sparse, or a column holds dates.
        """
        self._check_parameters()
        before = dict(self.__dict__)
        try:
            self._grow(X, y, sample_weight)
        except BaseException:  # KeyboardInterrupt included: columns, labels and tree must come from the same fit
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def _grow(self, X: Any, y: Any, sample_weight: Any) -> None:
        rows = self._matrix(X, fitting=True)
        codes = self._labels(y, len(rows))
        if len(self.classes_) > 65535:
            raise ValueError(f"y: {len(self.classes_)} classes, at most 65535 were expected")
        for column in self._columns:
            if column.categories > MOST_CATEGORIES:
                raise ValueError(f"column {column.name!r}: {column.categories} categories, at most {MOST_CATEGORIES} were expected")
        weights = self._weights(codes, sample_weight)
        if weights is not None:
            used = weights > 0
            if not used.all():
                rows, codes, weights = np.ascontiguousarray(rows[used]), codes[used], weights[used]
            if (weights == 1).all():
                weights = None
        self.tree_ = _core.tree.fit(
            rows,
            codes.astype(np.uint16),
            len(self.classes_),
            weights,
            [c.categories for c in self._columns],
            float(self.min_leaf),
            float(self.confidence),
            bool(self.prune),
            bool(self.subtree_raising),
            bool(self.subsets),
            -1 if self.max_depth is None else min(int(self.max_depth), MOST),
            0 if self.max_bins is None else min(int(self.max_bins), MOST),
            self._threads(),
            None if self.executor is None or self.max_bins is None else _pieces.collector(self.executor),
        )
        self._summarise()

    def predict(self, X: Any) -> Array:
        """The most probable class of each sample; ties go to the first.

        Parameters
        ----------
        X : array_like or data frame, shape (n, features)
            Columns as in `fit`; an unseen category counts as a missing value.

        Returns
        -------
        ndarray, shape (n,)
            Labels as they stood in ``y``.
        """
        rows = self._known_rows(X)
        return np.asarray(self.classes_[self.tree_.predict(rows, self._threads())])

    def predict_proba(self, X: Any) -> Array:
        """The share of each class among the training cases of a sample's leaf; missing values are divided as in training.

        Parameters
        ----------
        X : array_like or data frame, shape (n, features)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float64, shape (n, classes)
            Each row sums to 1.
        """
        rows = self._known_rows(X)
        return self.tree_.probabilities(rows, self._threads())

    def apply(self, X: Any) -> Array:
        """The leaf of each sample; where a missing value leads to several, the one of largest weight.

        Parameters
        ----------
        X : array_like or data frame, shape (n, features)
            Columns as in `fit`.

        Returns
        -------
        ndarray of int64, shape (n,)
            Indices of nodes of ``tree_``.
        """
        rows = self._known_rows(X)
        return self.tree_.apply(rows, self._threads()).astype(np.int64)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the tree as JSON, with a checksum.

        Parameters
        ----------
        path : path
            The file; an existing one is replaced once the new one is complete.
        """
        self._require_fitted()
        columns = [{"name": c.name, "kind": c.kind, "values": [_files._scalar(v, c.name) for v in c.values]} for c in self._columns]
        parameters = {k: v for k, v in self.get_params().items() if k not in ("executor", "categorical", "class_weight")}
        parameters = {k: v.item() if isinstance(v, np.generic) else v for k, v in parameters.items()}
        named = hasattr(self, "feature_names_in_")
        _files.write(path, {"parameters": parameters, "columns": columns, "named": named}, self.tree_, self.classes_)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> C45Classifier:
        """Read a tree that `save` has written.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        C45Classifier
            Fitted; ``categorical``, ``class_weight`` and ``executor`` are not kept.

        Raises
        ------
        FormatError
            The file is no tree, ends too early or is damaged.
        """
        payload, tree, classes = _files.read(path)
        try:
            found = cls(**payload["parameters"])
            columns = [Column(c["name"], c["kind"], c["values"]) for c in payload["columns"]]
            named = payload["named"]
            fits = [c.categories for c in columns] == tree.categories.tolist()
        except (KeyError, TypeError, ValueError) as error:
            raise _core.FormatError(f"{path}: not a tree of plait: {type(error).__name__} {error}") from None
        if not fits:
            raise _core.FormatError(f"{path}: columns and tree disagree about categories")
        found.tree_, found.classes_, found._columns, found.n_features_in_ = tree, classes, columns, len(columns)
        if named:
            found.feature_names_in_ = np.array([c.name for c in columns], dtype=object)
        found._summarise()
        return found

    def _threads(self) -> int:
        return min(int(self.threads or 0), 4096)

    def _check_parameters(self) -> None:
        def whole(name: str, least: int) -> None:
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least):
                raise ValueError(f"{name}: {value!r} was given, None or a whole number from {least} on was expected")

        if isinstance(self.min_leaf, bool) or not isinstance(self.min_leaf, (int, float, np.number)) or not 0 < self.min_leaf < np.inf:
            raise ValueError(f"min_leaf: {self.min_leaf!r} was given, a number above 0 was expected")
        if not isinstance(self.confidence, (int, float, np.number)) or not 0 < self.confidence <= 0.5:
            raise ValueError(f"confidence: {self.confidence!r} was given, a number above 0 and up to 0.5 was expected")
        for name in ("prune", "subtree_raising", "subsets"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise ValueError(f"{name}: {getattr(self, name)!r} was given, True or False was expected")
        whole("max_depth", 0)
        whole("max_bins", 2)
        whole("threads", 1)
        if self.executor is not None and not hasattr(self.executor, "submit"):
            raise TypeError(f"executor: {type(self.executor).__name__} has no submit()")

    def _matrix(self, X: Any, *, fitting: bool, names: bool = True) -> Array:
        """Rows of float64, categories as their index."""
        if hasattr(X, "toarray"):
            return self._rows(X, "float64", fitting=fitting)  # refused there
        labels = _column_names(X)
        if fitting:
            columns = table_columns(X, self.categorical, labels)
            if columns is not None and len(columns) > 0 and len(X) > 0:
                X = Encoded(encode(X, columns), labels)
        else:
            columns = self._columns
            array = X if is_frame(X) else as_array(X)
            fits = len(array.shape) == 2 and array.shape[1] == len(columns) and array.shape[0] > 0
            numeric = not is_frame(X) and array.dtype.kind in "buif" and all(c.kind == "numeric" for c in columns)
            if names:
                self._require_same_columns(getattr(self, "feature_names_in_", None), labels)
            else:
                labels = getattr(self, "feature_names_in_", None)
            if fits and not numeric and (is_frame(X) or array.dtype.kind != "c"):
                X = Encoded(encode(X, columns), labels)
            elif labels is not None:
                X = Encoded(np.asarray(X), labels)
        if not names and not fitting and labels is not None and not hasattr(X, "columns"):
            X = Encoded(np.asarray(X), labels)
        rows = self._rows(X, "float64", fitting=fitting, allow_nan=True)
        if np.isinf(rows).any():
            raise ValueError(f"{type(self).__name__}: Input X contains infinity or a value too large for dtype('float64').")
        if fitting:
            self._columns = columns if columns is not None else [Column(f"x{i}") for i in range(rows.shape[1])]
        return rows

    def _known_rows(self, X: Any, names: bool = True) -> Array:
        self._require_fitted()
        return self._matrix(X, fitting=False, names=names)

    def _weights(self, codes: Array, sample_weight: Any) -> Array | None:
        """Weights of samples and classes together; None where all are 1."""
        weights = None if sample_weight is None else _weights.of_samples(sample_weight, len(codes))
        if self.class_weight is not None:
            of_class = _weights.of_classes(self.class_weight, self.classes_, codes)[codes]
            weights = of_class if weights is None else weights * of_class
            if not (weights > 0).any():
                raise ValueError("class_weight: no sample has a weight above zero")
        if weights is not None:
            _weights.require_usable(weights, float(self.min_leaf))
        return weights

    def _summarise(self) -> None:
        """Sets the attributes that are derived from the tree."""
        tree = self.tree_
        inner = np.flatnonzero(tree.branches > 0)
        self.n_leaves_ = int(len(tree.branches) - len(inner))
        counts = tree.counts
        totals = counts.sum(axis=1, keepdims=True)
        shares = counts / totals
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -np.where(shares > 0, shares * np.log2(shares), 0.0).sum(axis=1)
        impurity = tree.weight * entropy
        gains = np.zeros(len(tree.categories))
        if len(inner):
            begin = tree.first[inner]
            below = np.concatenate([[0.0], np.cumsum(impurity)])
            gain = impurity[inner] - (below[begin + tree.branches[inner]] - below[begin])
            np.add.at(gains, tree.attribute[inner], np.maximum(gain, 0))
        self.feature_importances_ = gains / gains.sum() if gains.sum() > 0 else gains

    def __sklearn_tags__(self) -> Any:
        """Tags for scikit-learn's estimator checks."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
