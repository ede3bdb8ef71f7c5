"""scikit-learn's conventions without scikit-learn: parameters by name, checked arrays, labels, and its error messages.

Nothing is imported from scikit-learn unless it has been imported already, or calls a method itself.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from ._masks import unmasked

Array = NDArray[Any]
E = TypeVar("E", bound="Estimator")


class NotFittedError(ValueError, AttributeError):
    """An estimator is not fitted."""


def _sklearn(module: str, name: str, otherwise: Any) -> Any:
    """scikit-learn's class if it has been imported, else `otherwise`."""
    return getattr(sys.modules.get(f"sklearn.{module}"), name, otherwise)


class Estimator:
    """scikit-learn's estimator protocol: constructor arguments are stored unchanged, fitted attributes end in an underscore."""

    #: Defaults for None of arguments that are estimators themselves.
    _DEFAULTS: ClassVar[dict[str, Callable[[], Any]]] = {}
    #: Aliases of constructor arguments, accepted by the constructor and `set_params`.
    _ALIASES: ClassVar[dict[str, str]] = {}

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self" and name not in cls._ALIASES)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Constructor arguments by name.

        Parameters
        ----------
        deep : bool
            Also those of estimators among them, as ``name__argument``.

        Returns
        -------
        dict
            Name to value.
        """
        found: dict[str, Any] = {}
        for name in self._parameter_names():
            value = getattr(self, name)
            found[name] = value
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                found.update({f"{name}__{inner}": v for inner, v in value.get_params().items()})
        return found

    def set_params(self: E, **parameters: Any) -> E:
        """Set constructor arguments by name.

        Parameters
        ----------
        **parameters
            Names as `get_params` gives them.

        Returns
        -------
        Estimator
            Itself.
        """
        names = self._parameter_names()
        inner: dict[str, dict[str, Any]] = {}
        for key, value in parameters.items():
            name, _, rest = key.partition("__")
            name = self._ALIASES.get(name, name)
            if name not in names:
                raise ValueError(f"Invalid parameter {name!r} for estimator {self!r}. Valid parameters are: {names!r}.")
            if rest:
                inner.setdefault(name, {})[rest] = value
            else:
                setattr(self, name, value)
        for name, values in inner.items():
            part = self._inner(name, getattr(self, name))
            if not hasattr(part, "set_params") or isinstance(part, type):
                key = f"{name}__{next(iter(values))}"
                raise ValueError(
                    f"Invalid parameter {key!r} for estimator {self!r}: {name} is {part!r:.60}, which has no parameters to set."
                )
            part.set_params(**values)
            setattr(self, name, part)
        return self

    def _inner(self, name: str, part: Any) -> Any:
        """The object on which nested parameters of an argument are set: itself, or the default for None."""
        return self._DEFAULTS[name]() if part is None and name in self._DEFAULTS else part

    def __repr__(self) -> str:
        """The constructor call, without defaults."""
        signature = inspect.signature(type(self).__init__).parameters
        names = [name for name in signature if name != "self" and name not in self._ALIASES]
        given = [f"{n}={getattr(self, n)!r}" for n in names if not _same(getattr(self, n, None), signature[n].default)]
        return f"{type(self).__name__}({', '.join(given)})"

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has been called."""
        return hasattr(self, "n_features_in_")

    def _require_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            name = type(self).__name__
            error = _sklearn("exceptions", "NotFittedError", NotFittedError)
            raise error(f"This {name} instance is not fitted yet. Call 'fit' with appropriate arguments before using this estimator.")

    def _rows(self, X: Any, dtype: str, *, fitting: bool, allow_nan: bool = False) -> Array:
        """`X` as a matrix of `dtype`, checked; when fitting, its width and column names are remembered."""
        name = type(self).__name__
        if hasattr(X, "toarray"):
            raise TypeError(f"{name}: X is a sparse matrix, but dense data is required. Use X.toarray() to convert it.")
        columns = _column_names(X)
        array = unmasked(X, f"{name}: X")
        if array.dtype.kind == "c":
            raise ValueError(f"{name}: Complex data not supported: X is {array.dtype}")
        if array.ndim != 2:
            hint = "Reshape your data: X.reshape(-1, 1) for a single feature, X.reshape(1, -1) for a single sample."
            raise ValueError(f"{name}: Expected 2D array, got {array.ndim}D array instead, of shape {array.shape}. {hint}")
        if array.dtype.kind in "mMV":
            raise ValueError(f"{name}: X holds {array.dtype}, which is no array of numbers")
        if array.dtype.kind not in "buifO":
            try:
                array = array.astype("float64")
            except ValueError:
                raise ValueError(f"{name}: X holds {array.dtype}, which is no array of numbers") from None
        with np.errstate(over="ignore"):  # values that are too large become infinite, which is refused below
            try:
                rows = np.ascontiguousarray(array, dtype)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}: X: expected numbers: {error}") from None
        samples, features = rows.shape
        if samples == 0:
            raise ValueError(f"{name}: Found array with 0 sample(s) (shape={rows.shape}) while a minimum of 1 is required.")
        if features == 0:
            raise ValueError(f"{name}: Found array with 0 feature(s) (shape={rows.shape}) while a minimum of 1 is required.")
        if not allow_nan and not np.isfinite(rows).all():
            what = "NaN" if np.isnan(rows).any() else f"infinity or a value too large for {dtype}"
            row, column = (int(k) for k in np.argwhere(np.isnan(rows) if what == "NaN" else ~np.isfinite(rows))[0])
            place = repr(str(columns[column])) if columns is not None else column
            raise ValueError(f"{name}: Input X contains {what}. The first is in row {row}, column {place}.")
        if fitting:
            self.n_features_in_ = features
            if columns is not None:
                self.feature_names_in_ = columns
            elif hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        else:
            known = getattr(self, "feature_names_in_", None)
            self._require_same_columns(known, columns)
            if features != self.n_features_in_:
                raise ValueError(f"X has {features} features, but {name} is expecting {self.n_features_in_} features as input.")
        return rows

    def _require_same_columns(self, known: Array | None, columns: Array | None) -> None:
        name = type(self).__name__
        if known is None and columns is not None:
            warnings.warn(f"X has feature names, but {name} was fitted without feature names", UserWarning, stacklevel=4)
        elif known is not None and columns is None:
            warnings.warn(f"X does not have valid feature names, but {name} was fitted with feature names", UserWarning, stacklevel=4)
        elif known is not None and columns is not None and not np.array_equal(known, columns):
            unseen, missing = [c for c in columns if c not in known], [c for c in known if c not in columns]
            text = "The feature names should match those that were passed during fit.\n"
            if unseen:
                text += "Feature names unseen at fit time:\n" + "".join(f"- {c}\n" for c in sorted(unseen))
            if missing:
                text += "Feature names seen at fit time, yet now missing:\n" + "".join(f"- {c}\n" for c in sorted(missing))
            if not unseen and not missing:
                text += "Feature names must be in the same order as they were in fit.\n"
            raise ValueError(text)


class ClassifierEstimator(Estimator):
    """The conventions of classifiers."""

    _estimator_type = "classifier"
    classes_: Array

    def _labels(self, y: Any, samples: int) -> Array:
        """Class numbers of labels; the labels themselves become ``classes_``."""
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None.")
        labels = unmasked(y, f"{name}: y")
        if labels.ndim == 2 and labels.shape[1] == 1:
            warning = _sklearn("exceptions", "DataConversionWarning", UserWarning)
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples, ).",
                warning,
                stacklevel=3,
            )
            labels = labels.ravel()
        if labels.ndim != 1:
            raise ValueError(f"{name}: y should be a 1d array, got an array of shape {labels.shape} instead.")
        if len(labels) != samples:
            raise ValueError(f"{name}: Found input variables with inconsistent numbers of samples: {[samples, len(labels)]}")
        if labels.dtype.kind == "f":
            if not np.isfinite(labels).all():
                raise ValueError(f"{name}: {_not_finite(labels, 'y')}")
            if (labels != np.round(labels)).any():
                raise ValueError(f"{name}: Unknown label type: continuous. Labels are classes; a regression target has none.")
        if labels.dtype.kind == "O" and any(_is_missing(value) for value in labels):
            row = next(k for k, value in enumerate(labels) if _is_missing(value))
            raise ValueError(f"{name}: Input y contains NaN or None. The first is in row {row}.")
        try:
            self.classes_, codes = np.unique(labels, return_inverse=True)
        except TypeError:
            raise TypeError(f"{name}: y should hold labels of one kind, all of them strings or all of them numbers") from None
        return codes.reshape(-1).astype("int64")

    def _known(self, y: Any, samples: int, what: str = "validation") -> Array:
        """Class numbers of labels that `fit` has seen."""
        labels = unmasked(y, f"{type(self).__name__}: {what} labels").reshape(-1)
        if len(labels) != samples:
            raise ValueError(f"{type(self).__name__}: {what} has {samples} samples and {len(labels)} labels")
        codes = np.minimum(np.searchsorted(self.classes_, labels), len(self.classes_) - 1)
        if (self.classes_[codes] != labels).any():
            unseen = labels[self.classes_[codes] != labels][0]
            raise ValueError(f"{type(self).__name__}: {what} has a label that {'y' if what != 'y' else 'classes'} has not: {unseen!r}")
        return codes.astype("int64")

    def predict(self, X: Any) -> Array:
        """The most probable class of each sample."""
        raise NotImplementedError

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy: the share of samples whose class is predicted correctly.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.
        y : array_like, shape (n,)
            Their labels.
        sample_weight : array_like, optional
            Weight of each sample.

        Returns
        -------
        float
            From 0 to 1.
        """
        name = type(self).__name__
        weights = None if sample_weight is None else unmasked(sample_weight, f"{name}: sample_weight")
        labels, predicted = unmasked(y, f"{name}: y").reshape(-1), self.predict(X)
        if len(labels) != len(predicted):
            raise ValueError(f"{name}: Found input variables with inconsistent numbers of samples: {[len(predicted), len(labels)]}")
        return float(np.average(labels == predicted, weights=weights))

    def __sklearn_tags__(self) -> Any:
        """Tags for scikit-learn's estimator checks."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )


class RegressorEstimator(Estimator):
    """The conventions of regressors."""

    _estimator_type = "regressor"

    def _targets(self, y: Any, samples: int, what: str = "y") -> Array:
        """Targets in float64, one or a row of them for each sample."""
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None.")
        targets = unmasked(y, f"{name}: {what}")
        if targets.dtype.kind == "c":
            raise ValueError(f"{name}: Complex data not supported: {what} is {targets.dtype}")
        try:
            targets = targets.astype("float64")
        except (ValueError, TypeError):
            raise ValueError(f"{name}: {what} holds {targets.dtype}, which is no array of numbers") from None
        if targets.ndim not in {1, 2} or 0 in targets.shape[1:]:
            raise ValueError(f"{name}: {what} should have shape (n,) or (n, outputs), got an array of shape {targets.shape} instead.")
        if len(targets) != samples:
            raise ValueError(f"{name}: Found input variables with inconsistent numbers of samples: {[samples, len(targets)]}")
        if not np.isfinite(targets).all():
            raise ValueError(f"{name}: {_not_finite(targets, what)}")
        return targets

    def predict(self, X: Any) -> Array:
        """The prediction for each sample."""
        raise NotImplementedError

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination R², averaged over outputs.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.
        y : array_like, shape (n,) or (n, outputs)
            Their targets.
        sample_weight : array_like, optional
            Weight of each sample.

        Returns
        -------
        float
            1 for exact predictions, 0 for predicting the mean, negative if worse.
        """
        name = type(self).__name__
        predicted = self.predict(X)
        targets = self._targets(y, len(predicted)).reshape(predicted.shape)
        weights = None if sample_weight is None else unmasked(sample_weight, f"{name}: sample_weight")
        return explained(targets, predicted, weights)

    def __sklearn_tags__(self) -> Any:
        """Tags for scikit-learn's estimator checks."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(),
        )


def explained(targets: Array, predicted: Array, weights: Array | None = None) -> float:
    """Coefficient of determination R², averaged over columns."""
    left = np.average((targets - predicted) ** 2, axis=0, weights=weights)
    whole = np.average((targets - np.average(targets, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(whole > 0, 1.0 - left / whole, np.where(left > 0, 0.0, 1.0))
    return float(np.mean(parts))


def _not_finite(targets: Array, what: str) -> str:
    """The message for targets that are not finite, with the first place."""
    wrong = np.isnan(targets) if np.isnan(targets).any() else ~np.isfinite(targets)
    row, *column = (int(k) for k in np.argwhere(wrong)[0])
    place = f"row {row}" + (f", column {column[0]}" if column and targets.shape[1] > 1 else "")
    return f"Input {what} contains {'NaN' if np.isnan(targets).any() else 'infinity'}. The first is in {place}."


def _is_missing(value: Any) -> bool:
    """None, NaN, NaT or pandas' NA, which has no truth value."""
    if value is None or type(value).__name__ == "NAType":
        return True
    different = value != value
    return isinstance(different, (bool, np.bool_)) and bool(different)


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    equal = a == b
    return isinstance(equal, bool) and equal


def _column_names(X: Any) -> Array | None:
    """Column names of a data frame where all of them are strings."""
    columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = np.asarray(columns, dtype=object)
    strings = [isinstance(name, str) for name in names]
    if any(strings) and not all(strings):
        raise TypeError("Feature names are only supported if all input features have string names, but X has names of several types.")
    return names if len(names) and all(strings) else None
