"""Export to C and ONNX, import from ONNX, and weights saved by other libraries."""

from __future__ import annotations

from .c.program import CSource
from .c.program import to_c as to_c  # by its method: program.to_c
from .onnx.read import from_onnx
from .onnx.write import to_onnx as to_onnx
from .state import load_state

__all__ = ["CSource", "from_onnx", "load_state"]
