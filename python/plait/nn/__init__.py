"""Layers and models: plain objects that build nodes when called."""

from __future__ import annotations

from .base import Layer
from .classifier import MLPClassifier
from .layers import MLP, Dense, Dropout, Embedding, LayerNorm, Sequential
from .vae import VAE

__all__ = ["MLP", "VAE", "Dense", "Dropout", "Embedding", "Layer", "LayerNorm", "MLPClassifier", "Sequential"]
