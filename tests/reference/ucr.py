"""Series and labels of a `.ts` file of the UCR/UEA archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def read(path: Path) -> tuple[list[Any], list[str]]:
    """Series of shape (n,), or (n, d) where there are several channels."""
    series, labels, started = [], [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        if started and line.strip():
            *channels, label = line.strip().split(":")
            values = np.array([[float(v) for v in channel.split(",")] for channel in channels])
            series.append(values[0] if len(values) == 1 else np.ascontiguousarray(values.T))
            labels.append(label)
        started = started or line.strip().lower() == "@data"
    return series, labels
