"""Training: `plait.train`, its history and its checkpoints.

The package's attribute ``plait.train`` is the function; what else stands here is imported by name, as in
``from plait.train import NotFiniteError``.
"""

from __future__ import annotations

from .history import History, NotFiniteError, Progress
from .run import predict, train
from .stopping import EarlyStopping

__all__ = ["EarlyStopping", "History", "NotFiniteError", "Progress", "predict", "train"]
