"""Download of a file: with progress, verified, and moved to its place atomically."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from .._core import FormatError
from ._idx import unpacked

Progress: TypeAlias = bool | Callable[[int, int], object]

CHUNK = 1 << 16
TIMEOUT_S = 30.0


class CorruptDownload(OSError):
    """The download is incomplete or has another checksum."""


def download(address: str, target: Path, payload_sha256: str, progress: Progress = True) -> Path:
    """Downloads `address` to `target` atomically: an interruption leaves no partial file.

    OSError: the download fails, or its payload (gunzipped, if it is gzipped) has another SHA-256.
    """
    import tempfile

    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=target.name + ".", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            fetch(address, file.write, reporter(progress, target.name))
            file.flush()
            os.fsync(file.fileno())
        try:
            found = hashlib.sha256(unpacked(part)).hexdigest()
        except FormatError as error:
            raise CorruptDownload("what came is not a whole gzip file") from error
        if found != payload_sha256:
            raise CorruptDownload(f"what came has SHA-256 {found[:12]}… (unpacked), expected was {payload_sha256[:12]}…")
        part.chmod(0o644)  # mkstemp's 0600 would hide a shared cache from others
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def fetch(address: str, write: Callable[[bytes], object], report: Callable[[int, int], object]) -> None:
    """Passes the content of `address` to `write` in chunks; `report(bytes so far, bytes in all or 0)` after each."""
    import http.client  # imported here, since both are slow to import
    import urllib.request

    request = urllib.request.Request(address, headers={"User-Agent": "plait"})
    done = total = 0
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            announced = reply.headers.get("Content-Length") or "0"
            total = int(announced) if announced.isdigit() else 0
            report(done, total)
            while piece := reply.read(CHUNK):
                write(piece)
                done += len(piece)
                report(done, total)
    except http.client.HTTPException as error:  # not a subclass of OSError, unlike other network errors
        raise CorruptDownload(f"the server's reply broke off ({error!r})") from error
    # urllib may return a truncated body without an error when the connection breaks.
    if total and done != total:
        raise CorruptDownload(f"the connection ended after {done} of {total} bytes")


def reporter(progress: Progress, name: str) -> Callable[[int, int], object]:
    """A callable for `fetch`: the user's own, a tqdm bar where tqdm is installed, one plain line where it is not, or nothing."""
    if callable(progress):
        return progress
    if not progress:
        return lambda _done, _total: None
    bar: Any = None
    with suppress(ImportError):
        tqdm = importlib.import_module("tqdm").tqdm
        bar = tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1024, leave=False, file=sys.stderr)

    def show(done: int, total: int) -> None:
        if bar is None:
            if done == 0:
                print(f"fetching {name}" + (f" ({total / 1e6:.1f} MB)" if total else ""), file=sys.stderr)
            return
        bar.total = total or None
        bar.update(done - bar.n)
        if total and done >= total:
            bar.close()

    return show
