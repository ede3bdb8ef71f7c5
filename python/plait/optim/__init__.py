"""Optimisers: update rules written as expressions, so that a training step is one compiled program."""

from __future__ import annotations

from .adaptive import AdaGrad, Adam, AdamW, RMSprop
from .base import Optimizer
from .groups import Groups
from .plateau import Plateau, Warmup
from .schedules import Constant, Cosine, Exponential, RobbinsMonro, Schedule
from .sgd import SGD

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Exponential",
    "Groups",
    "Optimizer",
    "Plateau",
    "RMSprop",
    "RobbinsMonro",
    "Schedule",
    "Warmup",
]
