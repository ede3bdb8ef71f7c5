"""Versions, machine and threads, for bug reports."""

from __future__ import annotations

import importlib.metadata
import platform
import sys

PEERS = ("numpy", "safetensors", "scipy", "pandas", "scikit-learn", "matplotlib")


def show_versions() -> None:
    """Print the versions of plait, Python and dependencies, the machine with the instruction set in use, and the number of threads.

    Examples
    --------
    >>> plait.show_versions()  # doctest: +ELLIPSIS
    plait: ...
    """
    from . import _core
    from ._version import __version__

    told = {"plait": __version__, "python": sys.version.split()[0]}
    for name in PEERS:
        try:
            told[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            told[name] = "not installed"
    told |= {
        "machine": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "instruction set": _core.isa(),
        "threads": str(_core.get_num_threads()),
    }
    if hasattr(sys, "_is_gil_enabled"):
        told["global lock"] = "on" if sys._is_gil_enabled() else "off"
    print("\n".join(f"{name}: {value}" for name, value in told.items()))
