"""Losses as nodes, without overflow and with exact gradients.

The functions are the formulas. The classes hold a formula's settings, so that estimators and searches over parameters can take them:
``GridSearchCV(MLPRegressor(loss="huber"), {"loss__delta": [0.5, 1.0]})``.
"""

from __future__ import annotations

from ._elementary import binary_cross_entropy_with_logits, cross_entropy_with_logits, gaussian_kl, huber, mae, mse
from ._holders import MAE, MSE, BinaryCrossEntropy, CrossEntropy, Huber, Loss, Quantile, StudentT, Weighted, loss_of
from ._likelihoods import gaussian_nll, quantile, student_t_nll

__all__ = [
    "MAE",
    "MSE",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Huber",
    "Loss",
    "Quantile",
    "StudentT",
    "Weighted",
    "binary_cross_entropy_with_logits",
    "cross_entropy_with_logits",
    "gaussian_kl",
    "gaussian_nll",
    "huber",
    "loss_of",
    "mae",
    "mse",
    "quantile",
    "student_t_nll",
]
