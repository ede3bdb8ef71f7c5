"""The network behind `VAE`: an encoder, a decoder and the bound, as nodes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from .. import graph, losses
from ..optim.base import not_negative
from ..train.data import at_least_one
from ._built import LayerEstimator
from .base import Activation
from .layers import MLP, Dense, Sequential


class VAENetwork(LayerEstimator):
    """The part of `VAE` that makes nodes."""

    hidden: Sequence[int]
    latent: int
    likelihood: str
    activation: Activation
    kl_weight: float
    free_bits: float
    dtype: str
    encoder = property(attrgetter("encoder_"), doc="The layers from samples to what the latent numbers are read from.")
    mean = property(attrgetter("mean_"), doc="The layer for the means of the latent numbers.")
    log_variance = property(attrgetter("log_variance_"), doc="The layer for the logarithms of their variances.")
    decoder = property(attrgetter("decoder_"), doc="The layers from latent numbers to samples.")
    noise = property(attrgetter("noise_"), doc="A parameter for the logarithm of the common variance of a Gaussian likelihood, else None.")

    def _asked(self, *sizes: int) -> tuple[Any, ...]:
        return (*sizes, *self.hidden, self.latent, self.likelihood, self.activation, self.dtype)

    def _build(self, *sizes: int, generator: np.random.Generator) -> None:
        self._check_settings()
        inputs, latent = at_least_one("VAE: inputs", sizes[0]), at_least_one("VAE: latent", self.latent)
        hidden = tuple(at_least_one("VAE: hidden", size) for size in self.hidden)
        options: dict[str, Any] = {"dtype": self.dtype, "rng": generator}
        self.encoder_ = Sequential()
        if hidden:
            self.encoder_ = MLP(inputs, hidden[:-1], hidden[-1], self.activation, self.activation, name="encoder", **options)
        width = hidden[-1] if hidden else inputs
        self.mean_ = Dense(width, latent, name="mean", **options)
        self.log_variance_ = Dense(width, latent, name="log_variance", **options)
        self.log_variance_.weight.value = np.zeros((width, latent))  # variance 1 initially for any scale of the inputs: nothing overflows
        self.decoder_ = MLP(latent, hidden[::-1], inputs, self.activation, name="decoder", **options)
        # Log of the common variance. It starts below that of standardised data: with a larger one, training may collapse to ignoring z.
        noisy = self.likelihood == "gaussian"
        self.noise_ = graph.parameter(np.full((), -2.0, self.dtype), name="log_noise") if noisy else None

    def _check_settings(self) -> None:
        if self.likelihood not in {"bernoulli", "gaussian"}:
            raise ValueError(f"VAE: likelihood: expected 'bernoulli' or 'gaussian', got {self.likelihood!r}")
        not_negative("VAE: kl_weight", self.kl_weight)
        not_negative("VAE: free_bits", self.free_bits)

    @property
    def _width(self) -> int:
        return int(self.built_for_[0])

    # ---- nodes ----

    def __call__(self, x: Any, *, training: bool = False) -> Any:
        """The reconstruction of `x` from the means of its latent variables."""
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
            Latent variables, shape (batch, latent).
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
        """The terms of a sample's bound: minus log p(x|z), shape (batch,), and the KL divergence of each latent variable."""
        mean, log_variance = self.encoded(x, training=training)
        z = mean + graph.exp(0.5 * log_variance) * graph.normal((None, self.latent), like=mean)
        y = self.decoder(z, training=training)
        if self.noise is None:
            misfit = losses.binary_cross_entropy_with_logits(y, x, reduction="none")
        else:
            misfit = 0.5 * (graph.square(x - y) * graph.exp(-self.noise) + self.noise + float(np.log(2 * np.pi)))
        divergence = 0.5 * (graph.exp(log_variance) + graph.square(mean) - 1.0 - log_variance)
        return graph.sum(misfit, axis=1), divergence

    def _input(self) -> Any:
        return graph.input("X", (None, self._width), dtype=self.dtype)

    def _loss(self, *, training: bool, weighted: bool) -> Any:
        """The loss; outside of training, minus the bound."""
        x = self._input()
        w = graph.input("sample_weight", (None,), dtype=self.dtype) if weighted else None
        if not training or (self.kl_weight == 1 and self.free_bits == 0):
            bound = -self.bound(x, training=training)
            return bound.mean() if w is None else (w * bound).mean()
        misfit, divergence = self._terms(x, training=True)
        if w is not None:
            misfit, divergence = w * misfit, graph.expand_dims(w, 1) * divergence
        each = graph.mean(divergence, axis=0)
        if self.free_bits:
            each = graph.maximum(each, float(self.free_bits))
        return misfit.mean() + float(self.kl_weight) * graph.sum(each)
