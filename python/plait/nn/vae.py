"""Variational autoencoders."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core, graph, losses
from .._masks import unmasked
from ..optim import Optimizer
from ..optim.base import not_negative
from ..train import History, Progress, predict, train
from ..train.data import at_least_one
from .base import Activation, Layer
from .layers import MLP, Dense, Sequential

Array = NDArray[Any]


class VAE(Layer):
    """A variational autoencoder: an encoder to a Gaussian over a few latent numbers, and a decoder back.

    Parameters
    ----------
    inputs : int
        Values of one sample; images of shape (n, height, width) are flattened.
    hidden : sequence of int
        Sizes of the encoder's hidden layers; the decoder has them in reverse.
    latent : int
        Latent numbers.
    likelihood : {"bernoulli", "gaussian"}
        Of a value given the latent numbers. "bernoulli" takes values in [0, 1] (uint8 images are divided by 255); "gaussian" takes any
        and learns one common variance.
    activation : str or callable
        Of the hidden layers.
    kl_weight : float
        What the divergence is multiplied by in training, at least 0; above 1 latent numbers are pressed apart.
    free_bits : float
        Nats of divergence that each latent number has for nothing in training, as a mean over the batch: against latent numbers that say
        nothing.
    dtype : str
        "float32" or "float64".
    rng : int, SeedSequence or Generator, optional
        Where the weights come from.

    Notes
    -----
    What is trained is the negative evidence lower bound, −E[log p(x|z)] + KL(q(z|x) ‖ N(0, I)), summed over the values of a sample and
    averaged over the batch, with one draw z = mean + ε · exp(log_variance / 2) per sample and step. `kl_weight` and `free_bits` change the
    training loss alone: `elbo`, and the loss on validation data, stay the bound.

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
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int] = (512, 256),
        latent: int = 20,
        *,
        likelihood: str = "bernoulli",
        activation: Activation = "relu",
        kl_weight: float = 1.0,
        free_bits: float = 0.0,
        dtype: str = "float32",
        rng: Any = None,
    ) -> None:
        if likelihood not in {"bernoulli", "gaussian"}:
            raise ValueError(f"VAE: likelihood: expected 'bernoulli' or 'gaussian', got {likelihood!r}")
        self.kl_weight, self.free_bits = not_negative("VAE: kl_weight", kl_weight), not_negative("VAE: free_bits", free_bits)
        generator = np.random.default_rng(rng)
        self.inputs, self.latent = at_least_one("VAE: inputs", inputs), at_least_one("VAE: latent", latent)
        self.hidden = tuple(at_least_one("VAE: hidden", size) for size in hidden)
        self.likelihood, self.dtype = likelihood, dtype
        options: dict[str, Any] = {"dtype": dtype, "rng": generator}
        self.encoder: Sequential = Sequential()
        if self.hidden:
            self.encoder = MLP(inputs, self.hidden[:-1], self.hidden[-1], activation, activation, name="encoder", **options)
        width = self.hidden[-1] if self.hidden else inputs
        self.mean = Dense(width, latent, name="mean", **options)
        self.log_variance = Dense(width, latent, name="log_variance", **options)
        self.log_variance.weight.value = np.zeros((width, latent))  # variance 1 at first, however large the inputs: nothing overflows
        self.decoder = MLP(latent, self.hidden[::-1], inputs, activation, name="decoder", **options)
        # Logarithm of the common variance. It begins below that of standardised data: with more, ignoring z pays at first and may pay for ever.
        self.noise = graph.parameter(np.full((), -2.0, dtype), name="log_noise") if likelihood == "gaussian" else None

    # ---- nodes ----

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """The reconstruction of `x` from the mean of its latent numbers."""
        return self.decoded(self.encoded(x, training=training)[0], training=training)

    def encoded(self, x: Any, *, training: bool = False) -> tuple[Any, Any]:
        """Nodes for mean and logarithm of the variance of q(z|x).

        Parameters
        ----------
        x : Node
            Samples, shape (batch, inputs).
        training : bool
            Whether the graph is for training.

        Returns
        -------
        tuple of Node
            Mean and logarithm of the variance, each of shape (batch, latent).
        """
        features = self.encoder(x, training=training)
        return self.mean(features), self.log_variance(features)

    def decoded(self, z: Any, *, training: bool = False) -> Any:
        """A node for the mean of p(x|z).

        Parameters
        ----------
        z : Node
            Latent numbers, shape (batch, latent).
        training : bool
            Whether the graph is for training.

        Returns
        -------
        Node
            Values, shape (batch, inputs).
        """
        y = self.decoder(z, training=training)
        return graph.sigmoid(y) if self.likelihood == "bernoulli" else y

    def bound(self, x: Any, *, training: bool = False) -> Any:
        """A node for the evidence lower bound of each sample, in nats, with one draw of z.

        Parameters
        ----------
        x : Node
            Samples, shape (batch, inputs).
        training : bool
            Whether the graph is for training.

        Returns
        -------
        Node
            Shape (batch,).
        """
        misfit, divergence = self._terms(x, training=training)
        return -(misfit + graph.sum(divergence, axis=1))

    def _terms(self, x: Any, *, training: bool) -> tuple[Any, Any]:
        """What a sample's bound is made of: minus log p(x|z), shape (batch,), and the divergence of each latent number."""
        mean, log_variance = self.encoded(x, training=training)
        z = mean + graph.exp(0.5 * log_variance) * graph.normal((None, self.latent), like=mean)
        y = self.decoder(z, training=training)
        if self.noise is None:
            misfit = losses.binary_cross_entropy_with_logits(y, x, reduction="none")
        else:
            misfit = 0.5 * (graph.square(x - y) * graph.exp(-self.noise) + self.noise + float(np.log(2 * np.pi)))
        divergence = 0.5 * (graph.exp(log_variance) + graph.square(mean) - 1.0 - log_variance)
        return graph.sum(misfit, axis=1), divergence

    def _training_loss(self, x: Any) -> Any:
        """A node for what is made small."""
        if self.kl_weight == 1 and self.free_bits == 0:
            return -self.bound(x, training=True).mean()
        misfit, divergence = self._terms(x, training=True)
        each = graph.mean(divergence, axis=0)
        if self.free_bits:
            each = graph.maximum(each, self.free_bits)
        return misfit.mean() + self.kl_weight * graph.sum(each)

    # ---- arrays ----

    def fit(
        self,
        images: Any,
        epochs: int = 5,
        batch_size: int = 128,
        optimizer: Optimizer | None = None,
        *,
        validation: Any = None,
        rng: Any = 0,
        progress: bool | Callable[[Progress], Any] = False,
        callbacks: Any = (),
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> History:
        """Train on samples.

        Parameters
        ----------
        images : array_like, shape (n, inputs) or (n, …) with as many values
            The samples.
        epochs, batch_size, optimizer, rng, progress, callbacks, checkpoint, resume
            As `plait.train` takes them; ``Adam(1e-3)`` unless an optimiser is given.
        validation : array_like, optional
            Samples on which the loss is measured after each epoch.

        Returns
        -------
        History
            Its losses are negative evidence lower bounds per sample, in nats.
        """
        x = self._input()
        loss = self._training_loss(x)
        measured = None
        if validation is not None:
            measured = (-self.bound(x).mean(), {x: self._samples(validation, "validation")})
        return train(
            loss,
            {x: self._samples(images, "images")},
            self.parameters(),
            optimizer,
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
            progress=progress,
            callbacks=callbacks,
            checkpoint=checkpoint,
            resume=resume,
            validation=measured,
        )

    def elbo(self, images: Any, samples: int = 1, *, rng: Any = 0) -> float:
        """Mean evidence lower bound of samples, in nats.

        Parameters
        ----------
        images : array_like
            The samples.
        samples : int
            Draws of z per sample, averaged.
        rng : int, SeedSequence or Generator
            Where the draws come from.

        Returns
        -------
        float
            The larger, the better.
        """
        generator = np.random.default_rng(rng)
        data = self._samples(images, "images")
        draws = [self._run("bound", self.bound, data, generator)[0] for _ in range(at_least_one("elbo: samples", samples))]
        return float(np.mean([np.mean(draw, dtype="float64") for draw in draws]))

    def encode(self, images: Any) -> tuple[Array, Array]:
        """Mean and logarithm of the variance of the latent numbers of each sample.

        Parameters
        ----------
        images : array_like
            The samples.

        Returns
        -------
        tuple of ndarray, each of shape (n, latent)
            Mean and log variance.
        """
        mean, log_variance = self._run("encoded", self.encoded, self._samples(images, "images"))
        return mean, log_variance

    def decode(self, z: Any) -> Array:
        """Samples expected at latent numbers.

        Parameters
        ----------
        z : array_like, shape (n, latent)
            Latent numbers.

        Returns
        -------
        ndarray, shape (n, inputs)
            Probabilities with the Bernoulli likelihood, else means.
        """
        codes = unmasked(z, "VAE: z").astype(self.dtype)
        if codes.ndim != 2 or codes.shape[1] != self.latent:
            raise graph.ShapeError(f"decode: expected shape (n, {self.latent}), got {codes.shape}")
        return self._run("decoded", self.decoded, codes)[0]

    def reconstruct(self, images: Any) -> Array:
        """Samples as the decoder gives them back from the mean of their latent numbers.

        Parameters
        ----------
        images : array_like
            The samples.

        Returns
        -------
        ndarray, shape (n, inputs)
            As `decode`.
        """
        return self._run("reconstruct", self, self._samples(images, "images"))[0]

    def sample(self, n: int, rng: Any = None) -> Array:
        """New samples: the decoder's means at latent numbers drawn from N(0, I).

        Parameters
        ----------
        n : int
            How many.
        rng : int, SeedSequence or Generator, optional
            Where the latent numbers come from; others each time unless given.

        Returns
        -------
        ndarray, shape (n, inputs)
            As `decode`.
        """
        return self.decode(np.random.default_rng(rng).standard_normal((at_least_one("sample: n", n), self.latent)))

    def _input(self) -> Any:
        return graph.input("x", (None, self.inputs), dtype=self.dtype)

    def _samples(self, images: Any, what: str) -> Array:
        """Rows of `inputs` values: flattened, bytes divided by 255, and refused by name where the likelihood does not take them."""
        array = unmasked(images, "VAE: images")
        if array.dtype.kind not in "buif":
            raise graph.DTypeError(f"{what}: expected numbers, got an array of {array.dtype}")
        if array.ndim < 2 or array.shape[0] == 0 or int(np.prod(array.shape[1:])) != self.inputs:
            raise graph.ShapeError(
                f"{what}: expected shape (n, {self.inputs}), or images with {self.inputs} values each, got {array.shape}"
            )
        array = array.reshape(len(array), self.inputs)
        if array.dtype == np.uint8 and self.likelihood == "bernoulli":
            scaled: Array = np.multiply(array, 1 / 255, dtype=self.dtype)
            return scaled
        array = np.ascontiguousarray(array, self.dtype)
        low, high = float(array.min()), float(array.max())
        if not np.isfinite(low + high):
            raise ValueError(f"{what}: NaN or infinity in the values")
        if self.likelihood == "bernoulli" and (low < 0 or high > 1):
            raise ValueError(f"{what}: the Bernoulli likelihood takes values in [0, 1] or uint8, got values from {low:g} to {high:g}")
        return array

    def _run(self, key: str, build: Callable[[Any], Any], rows: Array, rng: np.random.Generator | None = None) -> list[Array]:
        """What `build` makes of an input, computed over rows; compiled once."""
        programs: dict[str, Any] = self.__dict__.setdefault("_programs", {})
        if key not in programs:
            x = graph.input("x", (None, rows.shape[1]), dtype=self.dtype)
            built = build(x)
            programs[key] = _core.BatchProgram(list(built) if isinstance(built, tuple) else [built])
        return predict(programs[key], {"x": rows}, rng=0 if rng is None else rng)
