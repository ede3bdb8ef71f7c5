"""Data sets for examples and tests: images, tables, points on a spiral, labelled series and sequences of letters.

Nothing is read at import, and only `fashion_mnist` and `mnist` may need the network: their files are looked for

1. in the folder that the environment variable ``PLAIT_DATA`` names (``fashion-mnist/*.gz``, ``mnist/*.gz``),
2. in the user's cache (``$XDG_CACHE_HOME/plait``, or the platform's folder for caches),
3. in the folder of Debian's package ``dataset-fashion-mnist``,
4. at the data set's own site, from which they are downloaded into the cache once, and verified by SHA-256.
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
