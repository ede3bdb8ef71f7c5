"""Types that the module's signatures share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import Node

Operand: TypeAlias = Node | ArrayLike
Axis: TypeAlias = int | Sequence[int] | None
Shape: TypeAlias = int | Sequence[int | None] | None
DType: TypeAlias = str | type | np.dtype[Any]
Array: TypeAlias = NDArray[Any]
Feeds: TypeAlias = Mapping[Any, Any]  # by node or by the input's name
