"""Sums of products by letters: einsum, contracted from left to right as products of matrices."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .. import _core
from .._core import Node, ShapeError
from ._types import Operand
from .shaping import expand_dims, matmul, reshape, transpose


def einsum(subscripts: str, *operands: Operand) -> Node:
    """Einstein's sum: products of elements, summed over the letters that the result lacks.

    Parameters
    ----------
    subscripts : str
        As ``np.einsum`` takes them: a letter for each axis, ``"ij,jk->ik"``; without an arrow the letters that occur once, in their order.
        ``...`` stands for axes that are broadcast.
    *operands : Node or array_like
        As many as there are groups of letters.

    Returns
    -------
    Node
        The result.

    Raises
    ------
    ValueError
        The subscripts do not fit the operands.

    Notes
    -----
    Operands are contracted from left to right, each pair by one matrix product if all sizes that are flattened together are known.

    Examples
    --------
    >>> a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    >>> plait.evaluate(plait.einsum("ij,jk->k", a, b))
    array([ 76.,  91., 106., 121.])
    """
    nodes = [_core.as_node(operand, "einsum") for operand in operands]
    groups, result = _parsed(subscripts, nodes)
    terms = [_diagonals(node, letters) for node, letters in zip(nodes, groups, strict=True)]
    _check_sizes(subscripts, terms)
    node, letters = terms[0]
    for k, (other, others) in enumerate(terms[1:], start=1):
        needed = set(result).union(*(rest for _, rest in terms[k + 1 :]))
        node, letters = _product(node, letters, other, others, needed)
    return _arranged(*_summed(node, letters, set(result)), result)


def _parsed(subscripts: str, nodes: list[Node]) -> tuple[list[str], str]:
    """A letter for each axis of each operand and of the result."""
    text = subscripts.replace(" ", "")
    given, arrow, result = text.partition("->")
    groups = given.split(",")
    if len(groups) != len(nodes):
        raise ValueError(f"einsum: {subscripts!r} has {len(groups)} groups of letters, {len(nodes)} operands were given")
    free = [chr(code) for code in range(0x3B1, 0x3B1 + 32)]  # Greek letters, for the axes of an ellipsis
    widest = 0
    for k, (group, node) in enumerate(zip(groups, nodes, strict=True)):
        letters = group.replace("...", "", 1)
        if not all(letter.isascii() and letter.isalpha() for letter in letters):
            raise ValueError(f"einsum: {group!r} in {subscripts!r}: expected letters, and ... at most once")
        hidden = node.ndim - len(letters)
        if hidden < 0 or (hidden and "..." not in group):
            raise ValueError(f"einsum: {group!r} has {len(letters)} letters for {node.label} {node.shape}")
        widest = max(widest, hidden)
        groups[k] = group.replace("...", "".join(free[32 - hidden :]))
    ellipsis = "".join(free[32 - widest :])
    counts = Counter("".join(groups))
    if not arrow:
        result = ellipsis + "".join(sorted(letter for letter, n in counts.items() if n == 1 and letter.isascii()))
    else:
        result = result.replace("...", ellipsis)
    if len(set(result)) != len(result) or not set(result) <= set(counts):
        raise ValueError(f"einsum: the result of {subscripts!r} has a letter twice, or one that no operand has")
    return groups, result


def _diagonals(node: Node, letters: str) -> tuple[Node, str]:
    """An operand with each letter once: of two equal letters the diagonal is taken."""
    while len(set(letters)) != len(letters):
        letter = next(letter for letter in letters if letters.count(letter) > 1)
        first, second = [k for k, other in enumerate(letters) if other == letter][:2]
        size = node.shape[first]
        if size is None or size != node.shape[second]:
            raise ValueError(
                f"einsum: {letter!r} stands for axes of {size} and {node.shape[second]} in {node.label}; a diagonal has one known size"
            )
        rest = [k for k in range(node.ndim) if k not in (first, second)]
        node = transpose(node, [first, second, *rest])
        node = node.reshape((size * size, *(-1 if n is None else n for n in node.shape[2:])))[:: size + 1]
        letters = letter + "".join(letters[k] for k in rest)
    return node, letters


def _check_sizes(subscripts: str, terms: list[tuple[Node, str]]) -> None:
    sizes: dict[str, int] = {}
    for node, letters in terms:
        for letter, size in zip(letters, node.shape, strict=True):
            if size is None or size == 1:
                continue
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(f"einsum: {subscripts!r}: axes of {sizes[letter]} and {size} have one letter ({letter})")


def _summed(node: Node, letters: str, needed: set[str]) -> tuple[Node, str]:
    """Summed over the letters that neither the result nor another operand has."""
    axes = tuple(k for k, letter in enumerate(letters) if letter not in needed)
    return (node.sum(axis=axes), "".join(letter for letter in letters if letter in needed)) if axes else (node, letters)


def _arranged(node: Node, letters: str, wanted: str) -> Node:
    """The axes in the wanted order, with new ones of size 1 for letters that are not there."""
    present = [letter for letter in wanted if letter in letters]
    order = [letters.index(letter) for letter in present]
    if order != list(range(len(order))):
        node = transpose(node, order)
    for k, letter in enumerate(wanted):
        if letter not in letters:
            node = expand_dims(node, k)
    return node


def _product(a: Node, la: str, b: Node, lb: str, needed: set[str]) -> tuple[Node, str]:
    """Two operands, summed over the letters that they share and that neither the result nor another operand has."""
    a, la = _summed(a, la, needed | set(lb))
    b, lb = _summed(b, lb, needed | set(la))
    shared = [letter for letter in la if letter in lb]
    batch, inner = [x for x in shared if x in needed], [x for x in shared if x not in needed]
    left, right = [x for x in la if x not in shared], [x for x in lb if x not in shared]
    letters = "".join(batch + left + right)
    size_a, size_b = dict(zip(la, a.shape, strict=True)), dict(zip(lb, b.shape, strict=True))
    stretched = any(size_a[x] != size_b[x] and 1 in (size_a[x], size_b[x]) for x in shared)
    unknown = [size_a.get(x, size_b.get(x)) for x in la + "".join(right)].count(None)
    if not inner or stretched or unknown > 1 or a.dtype.kind != "f" or b.dtype.kind != "f":
        whole = "".join(batch + inner + left + right)
        product = _arranged(a, la, whole) * _arranged(b, lb, whole)
        return _summed(product, whole, set(letters))
    a, b = _arranged(a, la, "".join(batch + left + inner)), _arranged(b, lb, "".join(batch + inner + right))

    def joined(groups: list[list[str]], sizes: dict[str, Any]) -> list[int]:
        return [-1 if None in (known := [sizes[x] for x in group]) else int(np.prod(known)) for group in groups]

    rows = [[x] for x in batch]
    a = reshape(a, joined([*rows, left, inner], size_a))
    b = reshape(b, joined([*rows, inner, right], size_b))
    sizes = size_b | size_a
    return reshape(matmul(a, b), [-1 if sizes[x] is None else sizes[x] for x in letters]), letters
