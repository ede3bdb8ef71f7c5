"""Variational autoencoders."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph
from .._masks import unmasked
from ..optim import Adam
from ..optim.base import optimizer_of
from ..train import Progress, predict
from ..train.data import at_least_one
from ._vae_codes import Codes
from ._weights import sample_weights
from .base import Activation

Array = NDArray[Any]


class VAE(Codes):
    """A variational autoencoder: an encoder to a Gaussian over latent variables, and a decoder.

    Parameters
    ----------
    inputs : int, optional
        Values of one sample; images of shape (n, height, width) are flattened. Unless given, as in the data of `fit`.
    hidden : sequence of int
        Sizes of the encoder's hidden layers; the decoder has them in reverse.
    latent : int
        Number of latent variables.
    likelihood : {"bernoulli", "gaussian"}
        Likelihood of a value given the latent variables. "bernoulli" is for values in [0, 1] (uint8 images are divided by 255); "gaussian"
        is for any, with one learned variance.
    activation : str or callable
        Of the hidden layers.
    kl_weight : float
        Factor of the KL divergence in training, at least 0; above 1 it favours disentangled latent variables (beta-VAE).
    free_bits : float
        Nats of KL divergence, as a mean over the batch, that each latent variable has without penalty in training: against posterior
        collapse.
    epochs : int
        Passes over the samples.
    batch_size : int
        Samples per step.
    optimizer : Optimizer or str, optional
        The update rule or its name; ``Adam(1e-3)`` unless given.
    early_stopping : bool, int or EarlyStopping
        Stop when the validation loss has not improved for 10 epochs (or the given number), and restore the best weights.
    validation_fraction : float
        Share of the samples held out for early stopping where `fit` is given no validation data.
    warm_start : bool
        A further `fit` continues from the current weights; otherwise it starts from new ones. The first `fit` starts from existing weights,
        also from those of `load`.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Source of the weights, the order of samples and the draws of a training.
    progress : bool or callable
        As for `plait.train`.

    Attributes
    ----------
    n_features_in_ : int
        Values of a sample, after `fit`.
    history_ : History
        The history of the last training.
    loss_ : float
        Mean loss over its last epoch.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        With early stopping, the epoch whose weights are kept.

    Notes
    -----
    The training loss is the negative evidence lower bound, −E[log p(x|z)] + KL(q(z|x) ‖ N(0, I)), summed over the values of a sample and
    averaged over the batch, with one draw z = mean + ε · exp(log_variance / 2) per sample and step. `kl_weight` and `free_bits` change the
    training loss only: `elbo`, `score`, and the loss on validation data are the bound itself.

    References
    ----------
    Kingma and Welling (2014), Auto-encoding variational Bayes; Higgins et al. (2017), beta-VAE; Kingma et al. (2016), Improving variational
    inference with inverse autoregressive flow, for free bits.

    Examples
    --------
    >>> images = np.random.default_rng(0).random((64, 6))
    >>> vae = plait.nn.VAE(6, hidden=(16,), latent=2, rng=0)
    >>> history = vae.fit(images, epochs=2, batch_size=16)
    >>> vae.reconstruct(images).shape, vae.sample(3, rng=1).shape, vae.encode(images)[0].shape
    ((64, 6), (3, 6), (64, 2))
    >>> plait.nn.VAE(hidden=(8,), latent=2, epochs=3, rng=0).fit_transform(images).shape
    (64, 2)
    """

    def __init__(
        self,
        inputs: int | None = None,
        hidden: Sequence[int] = (512, 256),
        latent: int = 20,
        *,
        likelihood: str = "bernoulli",
        activation: Activation = "relu",
        kl_weight: float = 1.0,
        free_bits: float = 0.0,
        epochs: int = 5,
        batch_size: int = 128,
        optimizer: Any = None,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        dtype: str = "float32",
        rng: Any = None,
        progress: Any = False,
    ) -> None:
        self.inputs = inputs
        self.hidden = hidden
        self.latent = latent
        self.likelihood = likelihood
        self.activation = activation
        self.kl_weight = kl_weight
        self.free_bits = free_bits
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.dtype = dtype
        self.rng = rng
        self.progress = progress
        if inputs is not None:
            self._made(inputs, generator=np.random.default_rng(rng))

    def fit(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002 - scikit-learn hands it on
        sample_weight: Any = None,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: Any = None,
        validation: Any = None,
        rng: Any = None,
        progress: bool | Callable[[Progress], Any] | None = None,
        callbacks: Any = (),
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> VAE:
        """Train on samples.

        Parameters
        ----------
        X : array_like, shape (n, inputs) or (n, …) with as many values
            The samples.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            Weight of each sample in the loss; only their ratios count.
        epochs, batch_size, optimizer, rng, progress : optional
            In place of the constructor's, for this training.
        validation : array_like, optional
            Validation samples, on which the loss is measured after each epoch.
        callbacks, checkpoint, resume
            As for `plait.train`.

        Returns
        -------
        VAE
            Itself; its ``loss``, ``validation``, ``seconds`` and ``plot()`` are those of the training. Losses are negative evidence lower
            bounds per sample, in nats.
        """
        for name, count in (("epochs", epochs), ("batch_size", batch_size)):
            if count is not None:
                at_least_one(f"fit: {name}", count)
        self._check_settings()
        source = self.rng if rng is None else rng
        generator = np.random.default_rng(source)
        data = self._data(X, sample_weight, fitting=True)
        self._settle(data["X"].shape[1], generator=generator)
        held = None if validation is None else {"X": self._samples(validation, "validation")}
        if held is None:
            data, held = self._parted(data, generator)
        self._run(
            self._loss(training=True, weighted="sample_weight" in data),
            data,
            None if held is None else (self._loss(training=False, weighted=False), held),
            callbacks,
            source if isinstance(source, (int, np.integer)) else generator,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            progress=progress,
            checkpoint=checkpoint,
            resume=resume,
        )
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> VAE:  # noqa: ARG002
        """Train for one more epoch, on these samples; the first call makes the network.

        Parameters
        ----------
        X : array_like, shape (n, inputs)
            Samples.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            Weight of each sample.

        Returns
        -------
        VAE
            Itself.
        """
        self._check_settings()
        first = not self.__sklearn_is_fitted__()
        data = self._data(X, sample_weight, fitting=first)
        generator = np.random.default_rng(self.rng) if first else None
        if generator is not None:
            self._settle(data["X"].shape[1], generator=generator)
        self._pass(data, generator)
        return self

    def _rule(self, epochs: int | None = None) -> Any:  # noqa: ARG002 - the rate is constant
        return Adam(1e-3) if self.optimizer is None else optimizer_of(self.optimizer)

    def _data(self, X: Any, sample_weight: Any, *, fitting: bool) -> dict[str, Array]:
        rows = self._samples(X, "images", fitting=fitting)
        weights = sample_weights(sample_weight, len(rows), "VAE")
        return {"X": rows} if weights is None else {"X": rows, "sample_weight": weights}

    # ---- arrays ----

    def score_samples(self, X: Any, samples: int = 1, *, rng: Any = 0) -> Array:
        """Evidence lower bound of each sample, in nats: low for samples unlike the training data.

        Parameters
        ----------
        X : array_like
            The samples.
        samples : int
            Draws of z per sample, averaged.
        rng : int, SeedSequence or Generator
            Source of the draws.

        Returns
        -------
        ndarray, shape (n,)
            A lower bound of the log-likelihood.
        """
        self._require_built()
        generator = np.random.default_rng(rng)
        data = self._samples(X, "images")
        draws = [self._computed("bound", self.bound, data, generator)[0] for _ in range(at_least_one("samples", samples))]
        return np.asarray(np.mean(draws, axis=0, dtype="float64"))

    def elbo(self, images: Any, samples: int = 1, *, rng: Any = 0) -> float:
        """Mean evidence lower bound of samples, in nats.

        Parameters
        ----------
        images : array_like
            The samples.
        samples : int
            Draws of z per sample, averaged.
        rng : int, SeedSequence or Generator
            Source of the draws.

        Returns
        -------
        float
            The larger, the better.
        """
        return float(np.mean(self.score_samples(images, samples, rng=rng)))

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002 - scikit-learn hands it on
        """Mean evidence lower bound of samples, the score of hyperparameter searches.

        Parameters
        ----------
        X : array_like
            The samples.
        y : optional
            Not used.

        Returns
        -------
        float
            As `elbo`.
        """
        return self.elbo(X)

    def encode(self, images: Any) -> tuple[Array, Array]:
        """Mean and log variance of each sample's latent variables.

        Parameters
        ----------
        images : array_like
            The samples.

        Returns
        -------
        tuple of ndarray, each of shape (n, latent)
            Mean and log variance.
        """
        self._require_built()
        mean, log_variance = self._computed("encoded", self.encoded, self._samples(images, "images"))
        return mean, log_variance

    def decode(self, z: Any) -> Array:
        """The decoder's means for latent variables.

        Parameters
        ----------
        z : array_like, shape (n, latent)
            Latent variables.

        Returns
        -------
        ndarray, shape (n, inputs)
            Probabilities with the Bernoulli likelihood, else means.
        """
        self._require_built()
        codes = unmasked(z, "VAE: z").astype(self.dtype)
        if codes.ndim != 2 or codes.shape[1] != self.latent:
            raise graph.ShapeError(f"decode: expected shape (n, {self.latent}), got {codes.shape}")
        return self._computed("decoded", self.decoded, codes)[0]

    def reconstruct(self, images: Any) -> Array:
        """Reconstructions of samples from the means of their latent variables.

        Parameters
        ----------
        images : array_like
            The samples.

        Returns
        -------
        ndarray, shape (n, inputs)
            As `decode`.
        """
        return self._computed("reconstruct", self, self._samples(images, "images"))[0]

    def predict(self, x: Any) -> Array:
        """The layer's output for an array: `reconstruct`.

        Parameters
        ----------
        x : array_like
            The samples.

        Returns
        -------
        ndarray, shape (n, inputs)
            As `decode`.
        """
        return self.reconstruct(x)

    def sample(self, n: int, rng: Any = None) -> Array:
        """New samples: the decoder's means for latent variables drawn from N(0, I).

        Parameters
        ----------
        n : int
            Number of samples.
        rng : int, SeedSequence or Generator, optional
            Source of the latent variables; different draws for each call unless given.

        Returns
        -------
        ndarray, shape (n, inputs)
            As `decode`.
        """
        return self.decode(np.random.default_rng(rng).standard_normal((at_least_one("sample: n", n), self.latent)))

    def _samples(self, images: Any, what: str, *, fitting: bool = False) -> Array:
        """Rows of values: flattened, bytes divided by 255, and refused where they are outside of the likelihood's range."""
        array = images if hasattr(images, "toarray") or hasattr(images, "columns") else unmasked(images, "VAE: images")
        if getattr(array, "ndim", 0) > 2:
            array = array.reshape(len(array), -1)
        bytes_ = getattr(array, "dtype", None) == np.uint8 and self.likelihood == "bernoulli"
        if not fitting:
            self._require_built()
        width = self.inputs if fitting else None if hasattr(self, "n_features_in_") else self._width
        if width is not None and getattr(array, "ndim", 0) == 2 and array.shape[1] != width:
            raise graph.ShapeError(f"{what}: expected shape (n, {width}), or images with {width} values each, got {np.shape(images)}")
        if not fitting and not hasattr(self, "n_features_in_"):  # weights from the constructor or a file
            rows = VAE._rows(copy.copy(self), array, self.dtype, fitting=True)
        else:
            rows = self._rows(array, self.dtype, fitting=fitting)
        if bytes_:
            return np.asarray(rows * np.asarray(1 / 255, self.dtype))
        low, high = float(rows.min()), float(rows.max())
        if self.likelihood == "bernoulli" and (low < 0 or high > 1):
            raise ValueError(f"{what}: the Bernoulli likelihood takes values in [0, 1] or uint8, got values from {low:g} to {high:g}")
        return rows

    def __sklearn_tags__(self) -> Any:
        """Tags for scikit-learn's estimator checks."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(three_d_array=True, positive_only=self.likelihood == "bernoulli"),
        )

    def _computed(self, key: str, build: Callable[[Any], Any], rows: Array, rng: np.random.Generator | None = None) -> list[Array]:
        """The outputs of the graph that `build` makes, computed over rows; compiled once."""

        def make() -> Any:
            built = build(graph.input("X", (None, rows.shape[1]), dtype=self.dtype))
            return _core.BatchProgram(list(built) if isinstance(built, tuple) else [built])

        return predict(self._program(key, make), {"X": rows}, rng=0 if rng is None else rng)
