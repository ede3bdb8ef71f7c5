"""Lookup of a data set's files: in a named folder, the cache, the system, or at its site."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ._download import Progress, download


class Source(NamedTuple):
    """A data set's files and their locations."""

    title: str
    folder: str  # below PLAIT_DATA and below the cache
    sites: tuple[str, ...]  # tried in this order
    system_folder: Path | None
    system_package: str
    files: Mapping[str, str]  # name -> SHA-256 of the payload, gunzipped: recompression does not change it


def cache_folder() -> Path:
    """The user's cache: XDG_CACHE_HOME if it is set (and absolute, as its specification asks), else the platform's folder for caches."""
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if xdg and Path(xdg).is_absolute():
        return Path(xdg) / "plait"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "plait"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "plait" / "Cache"
    return Path.home() / ".cache" / "plait"


def in_folder(folder: Path, name: str) -> Path | None:
    """The file, or its unpacked version without ``.gz``."""
    for path in (folder / name, folder / name.removesuffix(".gz")):
        if path.is_file():
            return path
    return None


def locate(source: Source, name: str, progress: Progress = True) -> Path:
    """The path of one of the source's files, downloaded if it is not on this machine.

    FileNotFoundError: all locations fail; the message names each with the reason.
    """
    named = os.environ.get("PLAIT_DATA", "")
    cache = cache_folder() / source.folder
    folders = [*([Path(named) / source.folder] if named else []), cache, *([source.system_folder] if source.system_folder else [])]
    for folder in folders:
        found = in_folder(folder, name)
        if found is not None:
            return found

    failed = []
    for site in source.sites:
        try:
            return download(site + name, cache / name, source.files[name], progress)
        except OSError as error:  # no network, no such page, no space, or another checksum: try the next site
            failed.append(f"{site}{name}: {error}")
    ways = [
        f"PLAIT_DATA {f'is {named}, which' if named else 'is not set; a folder that it names'} {'lacks' if named else 'may hold'} "
        f"{source.folder}/{name}",
        f"the cache {cache} lacks it",
        f"Debian's package {source.system_package} is not installed (nothing in {source.system_folder})"
        if source.system_folder
        else "no system package is known",
        f"the download failed ({'; '.join(failed)})",
    ]
    numbered = "; ".join(f"({i}) {way}" for i, way in enumerate(ways, 1))
    raise FileNotFoundError(f"{source.title}: {name} was looked for in four ways: {numbered}")
