"""The definitions of helpers.c, and those that a text uses."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from .text import C_TYPES, SUFFIXES

TYPE_OF = {suffix: C_TYPES[dtype] for dtype, suffix in SUFFIXES.items()}


def items(text: str) -> Iterator[tuple[str, str]]:
    """(name, definition with the comment before it) for each function, variable and macro; a group of #if to #endif has the names it defines."""
    comment: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("/*"):
            comment.append(line)
        elif line.startswith("#if"):
            block = [line]
            while not block[-1].startswith("#endif"):
                block.append(next(lines))
            (name,) = {match[1] for part in block if (match := re.match(r"#define (\w+)", part))}
            yield name, "\n".join(block)
        elif line.startswith("static"):
            block = [line]
            if not line.endswith(("}", ";")):
                while block[-1] != "}":
                    block.append(next(lines))
            match = re.match(r"static [\w ]*?[ *]?(\w+)(?:\(|;)", line)
            assert match is not None, line
            yield match[1], "\n".join([*comment, *block])
            comment = []


@functools.cache
def definitions() -> dict[str, str]:
    """Every definition by name, templates instantiated for every type, in topological order."""
    found: dict[str, str] = {}
    for name, text in items(Path(__file__).with_name("helpers.c").read_text(encoding="utf-8")):
        if not name.endswith("_T"):
            found[name] = text
            continue
        for suffix, c_type in TYPE_OF.items():
            found[name[:-1] + suffix] = re.sub(r"\bT\b", c_type, re.sub(r"_T\b", "_" + suffix, text))
    return found


def needed(text: str) -> list[str]:
    """The definitions that a text uses, directly or indirectly, in topological order."""
    known = definitions()
    order: list[str] = []
    todo = [(name, False) for name in sorted(words(text) & known.keys(), reverse=True)]
    while todo:
        name, entered = todo.pop()
        if entered:
            if name not in order:
                order.append(name)
        elif name not in order:
            todo.append((name, True))
            todo += [(inner, False) for inner in sorted(words(known[name]) & known.keys() - {name}, reverse=True)]
    return [known[name] for name in order]


def words(text: str) -> set[str]:
    """The identifiers in a text."""
    return set(re.findall(r"[A-Za-z_]\w*", text))
