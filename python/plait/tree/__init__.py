"""C4.5 decision trees: multiway splits, missing values, pessimistic pruning; export as text, rules, pictures, SQL and C."""

from __future__ import annotations

from ._rules import Condition, Rule
from .classifier import C45Classifier

__all__ = ["C45Classifier", "Condition", "Rule"]
