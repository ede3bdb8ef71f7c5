"""Estimators that are layers: when weights are made, made again, or kept for further training."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .. import graph
from .._estimator import NotFittedError, _sklearn
from ._course import Course
from ._fitting import NetworkEstimator
from .base import Layer

B = TypeVar("B", bound="LayerEstimator")


class LayerEstimator(Layer, NetworkEstimator, Course):
    """A layer with `fit`. If the constructor is given the sizes, it makes the weights; otherwise `fit` infers the sizes from the data.

    The first `fit` starts from existing weights, which may have been loaded; a later one starts from new weights, unless ``warm_start``.
    """

    warm_start: bool
    built_for_: tuple[Any, ...]

    # ---- for subclasses ----

    def _asked(self, *sizes: int) -> tuple[Any, ...]:
        """The sizes and settings that determine the network's shape."""
        raise NotImplementedError

    def _build(self, *sizes: int, generator: np.random.Generator) -> None:
        """A new network."""
        raise NotImplementedError

    # ---- weights ----

    def _network(self) -> Layer:
        return self

    def _built(self) -> bool:
        return "built_for_" in vars(self)

    def _made(self, *sizes: int, generator: np.random.Generator) -> None:
        """A new network; programs of an older one are dropped."""
        self._build(*sizes, generator=generator)
        self.built_for_ = self._asked(*sizes)
        for key in ("_predictors", "_step", "_shapes"):
            self.__dict__.pop(key, None)
        self._programs: dict[str, Any] = {}

    def _settle(self, *sizes: int, generator: np.random.Generator) -> bool:
        """Prepare for training; False if training continues from the weights of an earlier `fit`, with its statistics."""
        fitted, stands = self.__sklearn_is_fitted__(), self._built() and self.built_for_ == self._asked(*sizes)
        if fitted and self.warm_start:
            if not stands:
                raise ValueError(f"{type(self).__name__}: warm_start: the network that stands was built for other sizes or settings")
            return False
        if not stands:
            self._made(*sizes, generator=generator)
        elif fitted:
            fresh = type(self)(**self.get_params(deep=False))
            fresh._made(*sizes, generator=generator)
            for p, q in zip(self.parameters(), fresh.parameters(), strict=True):
                p.value = q.value  # in place: compiled programs stay valid
        return True

    def _program(self, key: str, make: Callable[[], Any]) -> Any:
        """A program compiled on first use."""
        programs: dict[str, Any] = self.__dict__.setdefault("_programs", {})
        if key not in programs:
            programs[key] = make()
        return programs[key]

    def _require_built(self) -> None:
        if not self._built():
            error = _sklearn("exceptions", "NotFittedError", NotFittedError)
            raise error(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before using this estimator."
            )

    def load(self: B, path: str | os.PathLike[str]) -> B:
        """Load the parameters from a file of `save`; the next `fit` continues from them.

        Parameters
        ----------
        path : path
            A file written by a network of the same architecture.

        Returns
        -------
        LayerEstimator
            Itself.

        Raises
        ------
        FormatError
            If the file is damaged, or written by something else.
        """
        if not self._built():
            raise graph.GraphError(
                f"{type(self).__name__}: load: give the constructor the sizes of the data, so that there are weights to fill"
            )
        super().load(path)
        for name in ("history_", "best_epoch_"):
            self.__dict__.pop(name, None)
        return self
