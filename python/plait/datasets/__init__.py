"""Data sets to try things on: images, tables, points on a spiral, labelled series and sequences of letters.

Nothing is read before it is asked for, and only `fashion_mnist` and `mnist` may need the network: their files are looked for

1. in the folder that the environment variable ``PLAIT_DATA`` names (``fashion-mnist/*.gz``, ``mnist/*.gz``),
2. in the user's cache (``$XDG_CACHE_HOME/plait``, or where the platform keeps such things),
3. where Debian's package ``dataset-fashion-mnist`` puts them,
4. at the data set's own site, from where they are fetched into the cache once, and checked by SHA-256.
"""

from __future__ import annotations

from ._arff import Table, arff
from ._fasta import Sequence, fasta
from ._images import fashion_mnist, mnist
from ._series import Series, gestures, ucr
from ._spiral import spiral
from ._tables import digits, iris
from ._types import Images, Points

__all__ = [
    "Images",
    "Points",
    "Sequence",
    "Series",
    "Table",
    "arff",
    "digits",
    "fashion_mnist",
    "fasta",
    "gestures",
    "iris",
    "mnist",
    "spiral",
    "ucr",
]
