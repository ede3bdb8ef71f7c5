"""The version of the installed package, read from its metadata on first use."""

from __future__ import annotations

import importlib.metadata


def installed_version() -> str:
    """The version of the distribution; a source tree on the path has none."""
    try:
        return importlib.metadata.version("plait")
    except importlib.metadata.PackageNotFoundError:
        return "0+unknown"


__version__ = installed_version()
