"""C literals, types and identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

C_TYPES = {"bool": "uint8_t", "int32": "int32_t", "int64": "int64_t", "float32": "float", "float64": "double"}
SUFFIXES = {"bool": "u8", "int32": "i32", "int64": "i64", "float32": "f32", "float64": "f64"}
SIZES = {"bool": 1, "int32": 4, "int64": 8, "float32": 4, "float64": 8}

KEYWORDS = {
    "auto",
    "break",
    "case",
    "char",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "float",
    "for",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "typedef",
    "union",
    "unsigned",
    "void",
    "volatile",
    "while",
    "main",
    "asm",
    "bool",
    "class",
    "delete",
    "new",
    "private",
    "public",
    "template",
    "this",
    "true",
    "false",
    "namespace",
    "using",
    "virtual",
}


def identifier(name: str, what: str) -> str:
    """The name, checked to be an identifier of C."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in KEYWORDS:
        raise ValueError(f"{what}: {name!r} is no name for functions in C; letters, digits and _ are, beginning with a letter")
    return name


def comment(text: str) -> str:
    """Text made safe for a C comment: ASCII, without comment delimiters, trigraphs and line continuations."""
    plain = text.encode("unicode_escape").decode("ascii")
    return plain.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?").replace("\\", "|")


def number(value: Any, dtype: str) -> str:
    """A literal that a compiler reads as exactly this number."""
    if dtype == "bool":
        return "1" if value else "0"
    if dtype == "int32":
        return str(int(value)) if int(value) != -(2**31) else "(-2147483647 - 1)"
    if dtype == "int64":
        n = int(value)
        return f"INT64_C({n})" if n != -(2**63) else "(-INT64_C(9223372036854775807) - 1)"
    f = "f" if dtype == "float32" else ""
    with np.errstate(over="ignore"):
        real: Any = np.float32(value) if f else np.float64(value)
    if np.isnan(real):
        return "NAN" if f else "(double)NAN"
    if np.isinf(real):
        sign = "-" if real < 0 else ""
        return f"{sign}INFINITY" if f else f"{sign}(double)INFINITY"
    text = np.format_float_scientific(real, unique=True, trim="0") if not 1e-5 <= abs(real) < 1e7 and real != 0 else str(real)
    return text + f


def array(name: str, values: Array, dtype: str, qualifiers: str) -> Iterator[str]:
    """The definition of an array with its values; an empty one gets one element."""
    flat = values.reshape(-1)
    yield f"{qualifiers} {C_TYPES[dtype]} {name}[{max(flat.size, 1)}] = {{"
    line = ""
    for value in flat if flat.size else [0]:
        text = number(value, dtype) + ","
        if len(line) + len(text) > 116:
            yield "  " + line.rstrip()
            line = ""
        line += text + " "
    yield "  " + line.rstrip(", ")
    yield "};"


def size_of(shape: Sequence[int]) -> int:
    """Number of elements."""
    n = 1
    for size in shape:
        n *= int(size)
    return n


def index(terms: Sequence[tuple[str, int]]) -> str:
    """The sum of variables times strides."""
    parts = [name if stride == 1 else f"{name} * {stride}" for name, stride in terms if stride != 0]
    return " + ".join(parts) if parts else "0"
