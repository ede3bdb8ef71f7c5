"""Scopes: parts of a model by name, for pictures, messages and files."""

from __future__ import annotations

from contextlib import ContextDecorator
from types import TracebackType

from .. import _core


class scope(ContextDecorator):
    """Nodes made inside belong to a part of the model, which pictures fold into one box, and messages and files name.

    Parameters
    ----------
    name : str
        Name of the part. Scopes nest: inside another one the path is ``outer/inner``; a name with ``/`` makes several levels.

    Raises
    ------
    ValueError
        If the name, or a level of it, is empty.

    Notes
    -----
    No computed value depends on scopes. `plait.gradient` puts the gradient of a part into that part, where pictures show it apart from
    the forward one. Layers of `plait.nn` open scopes by themselves. A scope is entered by the current thread only, and can be used as a decorator.

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> with plait.scope("encoder"):
    ...     with plait.scope("layer 1"):
    ...         hidden = plait.tanh(x).named("hidden")
    >>> hidden
    <plait.Node encoder/layer 1/hidden (tanh): float32 (None, 3)>
    >>> hidden.scope
    'encoder/layer 1'
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope: expected a name, got {type(name).__name__}")
        if not all(part.strip() for part in name.split("/")):
            raise ValueError(f"scope: {name!r} has an empty name in it")
        self.name = name
        self._outer: list[int] = []

    def __enter__(self) -> scope:
        """Begin."""
        self._outer.append(_core.enter_scope(self.name))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        """Restore the previous scope."""
        _core.leave_scope(self._outer.pop())


scope.__module__ = "plait"
