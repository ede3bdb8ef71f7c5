"""plait: write the mathematics once, as a graph of nodes; then train it, infer with it, optimise it, or align with it."""

from __future__ import annotations

from . import datasets as datasets
from ._core import FormatError as FormatError
