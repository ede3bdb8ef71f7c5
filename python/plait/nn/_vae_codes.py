"""`VAE` as a transformer: samples to latent variables and back, as arrays or tables."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ._vae_network import VAENetwork

Array = NDArray[Any]
C = TypeVar("C", bound="Codes")


class Codes(VAENetwork):
    """The part of `VAE` with scikit-learn's names for transformers."""

    def fit(self: C, X: Any, y: Any = None) -> C:
        """See `VAE`."""
        raise NotImplementedError

    def encode(self, images: Any) -> tuple[Array, Array]:
        """See `VAE`."""
        raise NotImplementedError

    def decode(self, z: Any) -> Array:
        """See `VAE`."""
        raise NotImplementedError

    def transform(self, X: Any) -> Any:
        """Means of each sample's latent variables.

        Parameters
        ----------
        X : array_like
            The samples.

        Returns
        -------
        ndarray, shape (n, latent)
            The means from `encode`; a table if configured by `set_output`.
        """
        return self._in_table(self.encode(X)[0], X)

    def fit_transform(self, X: Any, y: Any = None, **options: Any) -> Any:
        """Train, and transform the training data.

        Parameters
        ----------
        X : array_like
            The samples.
        y : optional
            Not used.
        **options
            As for `fit`.

        Returns
        -------
        ndarray, shape (n, latent)
            As `transform`.
        """
        return self.fit(X, y, **options).transform(X)

    def inverse_transform(self, X: Any) -> Array:
        """The decoder's means for latent variables: `decode` by scikit-learn's name.

        Parameters
        ----------
        X : array_like, shape (n, latent)
            Latent variables.

        Returns
        -------
        ndarray, shape (n, inputs)
            As `decode`.
        """
        return self.decode(X)

    def get_feature_names_out(self, input_features: Any = None) -> Array:  # noqa: ARG002 - not used for the names
        """Names of the latent variables, for tables from `transform`.

        Parameters
        ----------
        input_features : optional
            Not used.

        Returns
        -------
        ndarray of str
            "vae0", "vae1", …
        """
        self._require_built()
        return np.array([f"vae{k}" for k in range(self.latent)], dtype=object)

    def set_output(self: C, *, transform: str | None = None) -> C:
        """Select the container of `transform`'s results, as for scikit-learn's transformers.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            Arrays or tables; None changes nothing.

        Returns
        -------
        VAE
            Itself.
        """
        if transform not in {None, "default", "pandas", "polars"}:
            raise ValueError(f"VAE: set_output: transform: expected 'default', 'pandas' or 'polars', got {transform!r}")
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}  # the attribute that scikit-learn's clone copies
        return self

    def _in_table(self, codes: Array, X: Any) -> Any:
        """An array, or a table by this estimator's or the global configuration."""
        everywhere = sys.modules["sklearn"].get_config()["transform_output"] if "sklearn" in sys.modules else "default"
        kind = self.__dict__.get("_sklearn_output_config", {}).get("transform", everywhere)
        if kind == "pandas":
            import pandas as pd

            return pd.DataFrame(codes, columns=self.get_feature_names_out(), index=X.index if isinstance(X, pd.DataFrame) else None)
        if kind == "polars":
            import polars as pl

            return pl.DataFrame(codes, schema=list(self.get_feature_names_out()), orient="row")
        return codes
