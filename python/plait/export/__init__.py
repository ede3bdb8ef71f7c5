"""Models out of Python and back: C source, ONNX files, and weights that others have saved."""

from __future__ import annotations

from .c.program import CSource
from .c.program import to_c as to_c  # by its method: program.to_c

__all__ = ["CSource"]
