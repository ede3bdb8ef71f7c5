"""Matrix products as plain loops, blocked so that a compiler's vector code keeps its operands in registers and first-level cache.

Register blocking: four rows of C are updated from four rows of B at a time, sixteen multiply-adds for four elements of C loaded and
stored. A transposed B is packed by blocks; for few rows of C, dot products along B are used instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .text import C_TYPES

ROWS = 4  # of C, and of B
BLOCK_K, BLOCK_N = 128, 256  # blocks of B that are read in place
PACKED_K, PACKED_N = 64, 64  # blocks of B that are packed
FEW_ROWS = 4  # up to here dot products along a transposed B are cheaper than packing it
PARTIAL = 16


def product_function(name: str, p: dict[str, int], dtype: str) -> tuple[list[str], int]:
    """The text of `static void name(const T *a, const T *b, T *c)`, and the bytes of static memory that it uses."""
    T = C_TYPES[dtype]
    lines = [f"static void {name}(const {T} *restrict a, const {T} *restrict b, {T} *restrict c) {{"]
    if p["batch"] == 0 or p["m"] == 0 or p["n"] == 0:
        return [*lines, "  (void)a;", "  (void)b;", "  (void)c;", "}"], 0
    if p["k"] == 0:
        body, scratch = [f"for (j = 0; j < {p['batch'] * p['m'] * p['n']}; ++j) c[j] = 0;", "(void)a;", "(void)b;"], 0
        return [*lines, "  ptrdiff_t j;", *("  " + line for line in body), "}"], 0
    dots = p["n"] == 1 or (p["b_col"] != 1 and p["m"] <= FEW_ROWS)
    scratch = 0
    if dots:
        body = list(dot_loops(p, T, dtype))
    else:
        packed = p["b_col"] != 1
        body = list(outer_loops(p, T, dtype, packed))
        if packed:
            scratch = min(PACKED_K, p["k"]) * min(PACKED_N, p["n"]) * (4 if dtype == "float32" else 8)
    if p["batch"] == 1:
        return [*lines, *("  " + line for line in body), "}"], scratch
    names = {"a": f"const {T} *", "b": f"const {T} *", "c": f"{T} *"}
    lines[0] = f"static void {name}({', '.join(f'{kind}restrict {x}s' for x, kind in names.items())}) {{"
    lines += ["  ptrdiff_t batch;", f"  for (batch = 0; batch < {p['batch']}; ++batch) {{"]
    lines += [f"    {kind}const {x} = {x}s + {term('batch', p[x + '_batch'])};" for x, kind in names.items()]
    return [*lines, *("    " + line for line in body), "  }", "}"], scratch


def fma(dtype: str, a: str, b: str, c: str) -> str:
    """Text for a * b + c, in one instruction where there is one."""
    return f"MULTIPLY_ADD_{'F32' if dtype == 'float32' else 'F64'}({a}, {b}, {c})"


def dot_loops(p: dict[str, int], T: str, dtype: str) -> Iterator[str]:
    """Each element of C as a dot product with independent partial sums."""
    k, whole = p["k"], p["k"] // PARTIAL * PARTIAL
    yield "ptrdiff_t i, j, q;"
    yield f"for (i = 0; i < {p['m']}; ++i)"
    yield f"  for (j = 0; j < {p['n']}; ++j) {{"
    yield f"    const {T} *const x = a + i * {p['a_row']}, *const y = b + j * {p['b_col'] if p['n'] > 1 else 0};"
    yield f"    {T} sum = 0;"
    if whole:
        yield f"    {T} part[{PARTIAL}] = {{0}};"
        yield "    int l;"
        yield f"    for (q = 0; q < {whole}; q += {PARTIAL})"
        yield f"      for (l = 0; l < {PARTIAL}; ++l) part[l] = {fma(dtype, times('x', '(q + l)', p['a_col']), times('y', '(q + l)', p['b_row']), 'part[l]')};"
        yield f"    for (l = 0; l < {PARTIAL}; ++l) sum += part[l];"
    if whole < k:
        yield f"    for (q = {whole}; q < {k}; ++q) sum = {fma(dtype, times('x', 'q', p['a_col']), times('y', 'q', p['b_row']), 'sum')};"
    yield f"    c[i * {p['ldc']} + j] = sum;"
    yield "  }"


def times(name: str, at: str, stride: int) -> str:
    """The element at an index times a stride."""
    return f"{name}[{at}]" if stride == 1 else f"{name}[{at} * {stride}]"


def plus(name: str, n: int) -> str:
    """A sum, in parentheses if needed."""
    return f"({name} + {n})" if n else f"({name})" if " " in name else name


def term(text: str, stride: int) -> str:
    """A variable times a stride."""
    return text if stride == 1 else f"{text} * {stride}"


def outer_loops(p: dict[str, int], T: str, dtype: str, packed: bool) -> Iterator[str]:
    """Loops over blocks of B, and for each over all rows of C."""
    m, n, k = p["m"], p["n"], p["k"]
    block_k, block_n = min(k, PACKED_K if packed else BLOCK_K), min(n, PACKED_N if packed else BLOCK_N)
    if packed:
        yield f"static {T} straight[{block_k * block_n}];"
    yield "ptrdiff_t i, j, q, jb, qb;"
    yield f"for (i = 0; i < {m}; ++i)"
    yield f"  for (j = 0; j < {n}; ++j) c[i * {p['ldc']} + j] = 0;"
    yield f"for (qb = 0; qb < {k}; qb += {block_k})"
    yield f"  for (jb = 0; jb < {n}; jb += {block_n}) {{"
    yield f"    const ptrdiff_t wide = {block_n if n % block_n == 0 else f'{n} - jb < {block_n} ? {n} - jb : {block_n}'};"
    yield f"    const ptrdiff_t deep = {block_k if k % block_k == 0 else f'{k} - qb < {block_k} ? {k} - qb : {block_k}'};"
    if packed:
        yield "    for (q = 0; q < deep; ++q)"
        yield f"      for (j = 0; j < wide; ++j) straight[q * {block_n} + j] = b[(qb + q) * {p['b_row']} + (jb + j) * {p['b_col']}];"
    base, row = ("straight", block_n) if packed else (f"b + {term('qb', p['b_row'])} + jb", p["b_row"])
    rows = [(ROWS, f"for (i = 0; i + {ROWS} <= {m}; i += {ROWS}) {{")] if m >= ROWS else []
    if m % ROWS:
        rows.append((1, f"for (i = {m // ROWS * ROWS}; i < {m}; ++i) {{"))
    for count, head in rows:
        yield "    " + head
        for r in range(count):
            yield f"      {T} *const c{r} = c + {term(plus('i', r), p['ldc'])} + jb;"
        yield f"      for (q = 0; q + {ROWS} <= deep; q += {ROWS}) {{"
        for s in range(ROWS):
            yield f"        const {T} *const b{s} = {base} + {term(plus('q', s), row)};"
        for r in range(count):
            for s in range(ROWS):
                place = f"{term(plus('i', r), p['a_row'])} + {term(plus('qb + q', s), p['a_col'])}"
                yield f"        const {T} a{r}{s} = a[{place}];"
        yield "        for (j = 0; j < wide; ++j) {"
        for r in range(count):
            sum_ = f"c{r}[j]"
            for s in range(ROWS):
                sum_ = fma(dtype, f"a{r}{s}", f"b{s}[j]", sum_)
            yield f"          c{r}[j] = {sum_};"
        yield "        }"
        yield "      }"
        if k % ROWS or block_k % ROWS:
            yield "      for (; q < deep; ++q) {"
            yield f"        const {T} *const b0 = {base} + {term('q', row)};"
            for r in range(count):
                yield f"        const {T} a{r} = a[{term(plus('i', r), p['a_row'])} + {term('(qb + q)', p['a_col'])}];"
            yield "        for (j = 0; j < wide; ++j) {"
            for r in range(count):
                yield f"          c{r}[j] = {fma(dtype, f'a{r}', 'b0[j]', f'c{r}[j]')};"
            yield "        }"
            yield "      }"
        yield "    }"
    yield "  }"


def product_key(p: dict[str, int], dtype: str) -> tuple[Any, ...]:
    """Products of the same shape and strides share a function."""
    return (dtype, *sorted(p.items()))
