"""plait: write the mathematics once, as a graph of nodes; then train it, infer with it, optimise it, or align with it."""

from . import nn, optim
from .train import NotFiniteError, train
