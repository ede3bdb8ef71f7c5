"""Layers and models: plain objects that build nodes when called."""

from __future__ import annotations

from ._backtest import Backtest
from .base import Layer
from .cells import Cell, GRUCell, LSTMCell, RNNCell
from .classifier import MLPClassifier
from .layers import MLP, Dense, Dropout, Embedding, LayerNorm, Sequential
from .recurrent import GRU, LSTM, RNN, Recurrent
from .regressor import MLPRegressor
from .sequence import SequenceRegressor
from .sequence_classifier import SequenceClassifier
from .vae import VAE

__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "VAE",
    "Backtest",
    "Cell",
    "Dense",
    "Dropout",
    "Embedding",
    "GRUCell",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "MLPClassifier",
    "MLPRegressor",
    "RNNCell",
    "Recurrent",
    "SequenceClassifier",
    "SequenceRegressor",
    "Sequential",
]
