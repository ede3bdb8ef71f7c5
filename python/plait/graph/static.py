"""Static arguments of compiled functions, which Python code sees as values: an axis, the length of a loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .._core import Node

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Hide = Callable[[tuple[Any, ...], dict[str, Any]], Arguments]


class Static:
    """A value that is no array: equal values of one type share a program."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        try:
            return hash((type(self.value), self.value))
        except TypeError:
            raise TypeError(f"a static argument can be hashed, which a {type(self.value).__name__} cannot") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Static) and type(other.value) is type(self.value) and bool(other.value == self.value)


def with_static(f: Callable[..., Any], argnums: int | Sequence[int], argnames: str | Sequence[str]) -> tuple[Callable[..., Any], Hide]:
    """The function over arguments some of which are wrapped in `Static`, and the function that wraps them."""
    positions = {argnums} if isinstance(argnums, int) else set(argnums)
    names = {argnames} if isinstance(argnames, str) else set(argnames)
    if any(not isinstance(k, int) or k < 0 for k in positions):
        raise ValueError(f"static_argnums: expected positions of at least 0, got {argnums!r}")
    if not positions and not names:
        return f, lambda args, kwargs: (args, kwargs)

    def shown(part: Any) -> Any:
        return part.value if isinstance(part, Static) else part

    @functools.wraps(f)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return f(*map(shown, args), **{name: shown(part) for name, part in kwargs.items()})

    def hidden(part: Any) -> Static:
        made = Static(part)
        hash(made)
        return made

    def hide(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        return (
            tuple(hidden(part) if k in positions else part for k, part in enumerate(args)),
            {name: hidden(part) if name in names else part for name, part in kwargs.items()},
        )

    return inner, hide


def require_function(f: Any, what: str) -> None:
    """TypeError unless `f` is callable; a common mistake is to pass a node."""
    if isinstance(f, Node):
        raise TypeError(
            f"{what}: expected a function, got the node {f.label} {f.shape}; the gradients of nodes are plait.gradient(node, [x, …])"
        )
    if not callable(f):
        raise TypeError(f"{what}: expected a function, got {type(f).__name__}")
