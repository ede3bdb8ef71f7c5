"""Caches whose entries are made once, by the first thread that needs them, while other threads wait, without deadlock."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

C = TypeVar("C")

_PATIENCE = 1.0  # seconds after which a maker that is blocked in threading is assumed to wait for this thread
_LOOK = 0.05

_LOCK = threading.Lock()  # for the tables below and those of every Made; held only briefly
_WAITS: dict[int, _Maker] = {}  # by thread: the maker that it waits for


class _Maker:
    """A thread that makes an entry, and the event that it is done."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.done = threading.Event()


class Made(Generic[C]):
    """A cache of which each entry is made by one call at a time.

    Parameters
    ----------
    most : int
        Entries that are kept; the oldest is dropped first.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.cache: dict[Any, C] = {}
        self._making: dict[Any, _Maker] = {}

    def get(self, key: Any, make: Callable[[], C]) -> C:
        """The entry, made if missing; RecursionError if making it requires itself, also through other threads."""
        while (found := self.cache.get(key)) is None:
            with _LOCK:
                if (other := self._making.get(key)) is None:
                    self._making[key] = me = _Maker()
            if other is not None:
                _wait(other)
                continue
            try:
                found = self.cache.get(key) or make()
                while len(self.cache) >= self.most:
                    self.cache.pop(next(iter(self.cache)), None)
                self.cache[key] = found
            finally:
                with _LOCK:
                    del self._making[key]
                me.done.set()
            return found
        return found


def _wait(maker: _Maker) -> None:
    """Wait until the maker is done, unless it waits for this thread: for an entry that this thread makes, or for the thread to end.

    The second is a guess: the maker's innermost call has been in `threading` for a second.
    """
    me = threading.get_ident()
    if maker.thread == me:
        _refuse()
    with _LOCK:
        _WAITS[me] = maker
    since = time.monotonic()
    try:
        while not maker.done.wait(_LOOK):
            last = maker
            with _LOCK:
                while last.thread != me and (further := _WAITS.get(last.thread)) is not None:
                    last = further
            if last.thread == me:
                _refuse()
            frame = sys._current_frames().get(last.thread)
            if frame is None or frame.f_code.co_filename != threading.__file__:
                since = time.monotonic()
            elif time.monotonic() - since > _PATIENCE:
                _refuse()
    finally:
        with _LOCK:
            del _WAITS[me]


def _refuse() -> None:
    raise RecursionError(
        "a compiled function calls itself with arrays of the same shapes while it is traced, which would never end; call the plain "
        "function on nodes for what depends on its arguments, and plait.scan for a loop"
    )
