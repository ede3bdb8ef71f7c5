"""Exports of a fitted tree: text, rules, pictures, SQL and C, decision paths and explanations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._estimator import ClassifierEstimator
from . import _c, _nodes, _picture, _rules, _sql
from ._table import Column, is_frame

Array = NDArray[Any]


class ReadableTree(ClassifierEstimator):
    """The methods of a fitted tree that show or export it."""

    tree_: _core.tree.Tree
    feature_names_in_: Array
    _columns: list[Column]
    confidence: float

    def _known_rows(self, X: Any, names: bool = True) -> Array:
        raise NotImplementedError

    def _weights(self, codes: Array, sample_weight: Any) -> Array | None:
        raise NotImplementedError

    def decision_path(self, X: Any) -> Any:
        """The nodes on each sample's path from the root.

        Parameters
        ----------
        X : array_like or data frame, shape (n, features)
            Columns as in `fit`.

        Returns
        -------
        scipy.sparse.csr_matrix, shape (n, nodes)
            1 where a sample passes through a node; a missing value leads through several branches. Needs SciPy.
        """
        rows = self._known_rows(X)
        try:
            from scipy.sparse import csr_matrix
        except ImportError:
            raise ModuleNotFoundError("decision_path: needs SciPy, which is not installed: pip install scipy") from None
        at, nodes, _ = _nodes.reached(self.tree_, rows)
        starts = np.searchsorted(at, np.arange(len(rows) + 1))
        return csr_matrix((np.ones(len(nodes), np.int64), nodes, starts), shape=(len(rows), len(self.tree_.attribute)))

    def explain(self, x: Any) -> str:
        """The rule that fired for one sample, in words.

        Parameters
        ----------
        x : array_like, shape (features,), or a data frame of one row
            The sample.

        Returns
        -------
        str
            The path's conditions and the class; where a missing value leads to several leaves, each with its share.
        """
        if isinstance(x, dict):
            raise TypeError(
                "explain: a dict was given; a sequence of values in the order of the columns was expected, or a data frame of one row"
            )
        if not is_frame(x):
            x = (
                np.asarray(x, dtype=object)
                if any(isinstance(v, str) or v is None for v in np.ravel(np.asarray(x, dtype=object)))
                else np.asarray(x)
            )
            x = x.reshape(1, -1)
        rows = self._known_rows(x, names=is_frame(x))
        if len(rows) != 1:
            raise ValueError(f"explain: one sample was expected, {len(rows)} were given")
        nodes = self._nodes()
        parents = nodes.parents()
        _, at, shares = _nodes.reached(self.tree_, rows)
        ends = [(float(s), int(n)) for n, s in zip(at, shares, strict=True) if nodes.branches[n] == 0]
        rules = [
            (share, _rules.leaf_rule(nodes, self.classes_, leaf, parents)) for share, leaf in sorted(ends, key=lambda e: (-e[0], e[1]))
        ]
        if len(rules) == 1:
            rule = rules[0][1]
            if rule.support > 0:
                return str(rule)
            when = " and ".join(map(str, rule.conditions))
            return f"if {when} then {_nodes.shown(rule.label)} (no training case reached this leaf: the majority class of its parent)"
        predicted = self.classes_[self.tree_.predict(rows, 1)[0]]
        lines = [f"{_nodes.shown(predicted)}: values are missing, so {len(ends)} rules share the decision"]
        return "\n".join([*lines, *(f"{100 * share:.3g} %: {rule}" for share, rule in rules)])

    def export_text(self, names: Any = None) -> str:
        """The tree as indented text, as C4.5 prints it.

        Parameters
        ----------
        names : sequence of str, optional
            Names of the features; those of the data frame, or x0, x1, … unless given.

        Returns
        -------
        str
            A line for each branch; a leaf shows its class, the weight of its training cases and, after a slash, of those of other classes.
        """
        return _nodes.export_text(self._nodes(names))

    def to_rules(self, X: Any = None, y: Any = None, sample_weight: Any = None, names: Any = None) -> list[_rules.Rule]:
        """The tree as rules.

        Parameters
        ----------
        X, y : as in `fit`, optional
            Cases to estimate errors on (the training data): conditions are dropped as by C4.5rules, the least useful first, as long as
            the pessimistic error does not rise; duplicate rules are given once, the most confident first. Without them each leaf is a
            rule without redundant conditions.
        sample_weight : array_like, optional
            Weights of these cases.
        names : sequence of str, optional
            Names of the features.

        Returns
        -------
        list of Rule
            With ``conditions``, ``label``, ``support``, ``confidence``.
        """
        nodes = self._nodes(names)
        if X is None:
            return _rules.to_rules(nodes, self.classes_)
        rows = self._known_rows(X)
        codes = self._known(y, len(rows))
        weights = self._weights(codes, sample_weight)
        return _rules.generalised(
            nodes, self.classes_, rows, codes, np.ones(len(rows)) if weights is None else weights, float(self.confidence)
        )

    def to_dot(self, names: Any = None) -> str:
        """The tree as Graphviz text.

        Parameters
        ----------
        names : sequence of str, optional
            Names of the features.

        Returns
        -------
        str
            Text in the DOT language.
        """
        return _picture.to_dot(self._nodes(names))

    def plot(self, ax: Any = None, names: Any = None, max_depth: int | None = None) -> Any:
        """Draw the tree with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; those of a new figure unless given.
        names : sequence of str, optional
            Names of the features.
        max_depth : int, optional
            Levels to draw; all unless given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.
        """
        return _picture.plot(self._nodes(names), ax, max_depth)

    def to_sql(self, table: str | None = None, names: Any = None) -> str:
        """The tree as SQL.

        Parameters
        ----------
        table : str, optional
            With it a query that adds a column ``prediction`` to this table; without it the expression alone.
        names : sequence of str, optional
            Names of the columns.

        Returns
        -------
        str
            A CASE expression of standard SQL. NULL is a missing value, divided as in `predict`; thresholds are written in full.
        """
        return _sql.to_sql(self._nodes(names), self.classes_, table)

    def to_c(self, name: str = "tree", names: Any = None) -> str:
        """The tree as C source without dependencies.

        Parameters
        ----------
        name : str
            Prefix of the functions' names: ``int NAME_predict(const double *x)``, the index of the class in ``classes_``, and
            ``void NAME_predict_proba(const double *x, double *p)``. Categories are given as their index, missing values as NaN.
        names : sequence of str, optional
            Names of the features, for the comment.

        Returns
        -------
        str
            C99.
        """
        return _c.to_c(self._nodes(names), self.tree_, name)

    def _nodes(self, names: Any = None) -> _nodes.Nodes:
        self._require_fitted()
        return _nodes.Nodes(self.tree_, self._columns, self.classes_, names)
