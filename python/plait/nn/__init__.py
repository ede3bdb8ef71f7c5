"""Layers and models: plain objects that build nodes when called."""

from __future__ import annotations

from ._backtest import Backtest
from .base import Layer
from .bidirectional import Bidirectional
from .cells import Cell, GRUCell, LSTMCell, RNNCell
from .classifier import MLPClassifier
from .convolution import Conv1d
from .dropouts import Dropout, GaussianDropout, GaussianNoise, SpatialDropout
from .initializers import initialize
from .layers import MLP, Dense, Embedding, LayerNorm, Sequential
from .pooling import AveragePool1d, GlobalAveragePool1d, GlobalMaxPool1d, MaxPool1d
from .recurrent import Recurrent
from .recurrent_layers import GRU, LSTM, RNN
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
    "AveragePool1d",
    "Backtest",
    "Bidirectional",
    "Cell",
    "Conv1d",
    "Dense",
    "Dropout",
    "Embedding",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePool1d",
    "GlobalMaxPool1d",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "MLPClassifier",
    "MLPRegressor",
    "MaxPool1d",
    "RNNCell",
    "Recurrent",
    "SequenceClassifier",
    "SequenceRegressor",
    "Sequential",
    "SpatialDropout",
    "initialize",
]
