"""A network as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from .. import graph
from ._classes import NetworkClassifier
from ._perceptron import Perceptron
from .base import Activation

Array = NDArray[Any]


class MLPClassifier(NetworkClassifier, Perceptron):
    """A multilayer perceptron for classification, with scikit-learn's conventions.

    Parameters
    ----------
    hidden : sequence of int
        Sizes of the hidden layers.
    epochs : int
        Passes over the samples.
    batch_size : int
        Samples per step.
    activation : str or callable
        Activation of the hidden layers.
    optimizer : Optimizer or str, optional
        The update rule or its name; unless given, Adam with a cosine schedule of the rate from 1e-3 to 1e-5 over the whole training.
    dropout : float
        Share of hidden values that are dropped in training.
    loss : str, Loss or callable
        "cross_entropy", or `plait.losses.CrossEntropy` with its settings, or a function of logits of shape (n, classes) and class numbers of
        shape (n,) that returns a node of shape (n,).
    class_weight : dict or "balanced", optional
        Weight of each label in the loss; "balanced" gives all classes the same total weight. Labels not in a dict have weight 1.
    early_stopping : bool, int or EarlyStopping
        Stop when the validation loss has not improved for 10 epochs (or the given number), and restore the best weights.
    validation_fraction : float
        Share of the samples held out for early stopping where `fit` is given no validation data; stratified by class.
    warm_start : bool
        `fit` continues from the weights of an earlier `fit` instead of new ones.
    dtype : str
        Dtype of the network: "float32" or "float64".
    rng : int, SeedSequence, Generator or None
        Source of the weights, the order of samples and dropout.
    progress : bool or callable
        As for `plait.train`.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    n_features_in_ : int
        Features of a sample.
    model_ : MLP
        The network.
    history_ : History
        The history of the training.
    loss_ : float
        Cross entropy over the last epoch.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        With early stopping, the epoch whose weights are kept.

    Notes
    -----
    `partial_fit` continues with the state of the optimizer, which a pickled estimator does not keep.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-2, 1, (50, 2)), rng.normal(2, 1, (50, 2))])
    >>> y = ["low"] * 50 + ["high"] * 50
    >>> clf = plait.nn.MLPClassifier(hidden=(16,), epochs=20, batch_size=10, rng=0).fit(X, y)
    >>> clf.predict([[-3, -3], [3, 3]])
    array(['low', 'high'], dtype='<U4')
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 128),
        epochs: int = 20,
        batch_size: int = 64,
        *,
        activation: Activation = "relu",
        optimizer: Any = None,
        dropout: float = 0.0,
        loss: Any = "cross_entropy",
        class_weight: Any = None,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        dtype: str = "float32",
        rng: Any = 0,
        progress: Any = False,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.activation = activation
        self.optimizer = optimizer
        self.dropout = dropout
        self.loss = loss
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.dtype = dtype
        self.rng = rng
        self.progress = progress

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, validation: tuple[Any, Any] | None = None, callbacks: Any = ()
    ) -> MLPClassifier:
        """Train a new network.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples; no NaN, no infinity.
        y : array_like, shape (n,)
            Labels: strings, integers or booleans.
        sample_weight : array_like, shape (n,), optional
            Weight of each sample in the loss; only their ratios count.
        validation : tuple of X and y, optional
            Validation data, on which the loss is measured after each epoch.
        callbacks : callable or sequence of callables
            As for `plait.train`.

        Returns
        -------
        MLPClassifier
            Itself.

        Raises
        ------
        ValueError
            If X is not two-dimensional or holds NaN, or y has another length or holds numbers that are not labels.
        """
        new = not self._goes_on()
        rows = self._rows(X, self.dtype, fitting=new)
        codes = self._codes(y, len(rows), new=new)
        held = None
        if validation is not None:
            known = self._rows(validation[0], self.dtype, fitting=False)
            held = {"X": known, "y": self._known(validation[1], len(known))}
        self._train(self._weighted({"X": rows, "y": codes}, sample_weight), held, callbacks)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> MLPClassifier:
        """Train for one more epoch, on these samples; the first call makes the network.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.
        y : array_like, shape (n,)
            Labels.
        classes : array_like, optional
            All labels that will occur; for the first call.
        sample_weight : array_like, shape (n,), optional
            Weight of each sample.

        Returns
        -------
        MLPClassifier
            Itself.
        """
        first, labels = not self.__sklearn_is_fitted__(), self._announced(classes)
        rows = self._rows(X, self.dtype, fitting=first)
        codes = self._codes(y, len(rows), new=first, classes=labels)
        self._train_on(self._weighted({"X": rows, "y": codes}, sample_weight), first=first)
        return self

    def _outputs(self) -> int:
        return len(self.classes_)

    def _target(self) -> Any:
        return graph.input("y", (None,), dtype="int64")

    def _losses(self, prediction: Any, target: Any) -> Any:
        return self._class_losses(prediction, target)

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class for each sample.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Samples.

        Returns
        -------
        ndarray, shape (n, classes)
            Columns in the order of ``classes_``.
        """
        self._require_fitted()
        return self._said(self._rows(X, self.dtype, fitting=False), lambda logits: graph.softmax(logits, axis=-1))
