"""Training: `plait.train`, its history and its checkpoints.

The package's attribute ``plait.train`` is the function, which has the other names here as attributes: ``plait.train.EarlyStopping`` and
``from plait.train import EarlyStopping`` are the same.
"""

from __future__ import annotations

from .history import History, NotFiniteError, Progress
from .run import predict, train
from .stopping import EarlyStopping

__all__ = ["EarlyStopping", "History", "NotFiniteError", "Progress", "predict", "train"]

# The package's attribute is the function; it gets the other names as attributes.
for _name in __all__:
    if _name != "train":
        setattr(train, _name, globals()[_name])
