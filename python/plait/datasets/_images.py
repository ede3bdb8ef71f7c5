"""Fashion-MNIST and MNIST: 28 × 28 grey images in idx files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .._core import FormatError
from ._download import Progress
from ._idx import read_idx
from ._store import Source, locate
from ._types import Floats, Images, Labels

PARTS = {"train": "train", "test": "t10k"}

FASHION_MNIST = Source(
    title="Fashion-MNIST",
    folder="fashion-mnist",
    sites=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    system_folder=Path("/usr/share/datasets/fashion-mnist"),
    system_package="dataset-fashion-mnist",
    files={
        "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)
MNIST = Source(
    title="MNIST",
    folder="mnist",
    # The authors' site first; it has refused downloads by programs at times, so mirrors follow.
    sites=(
        "http://yann.lecun.com/exdb/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    system_folder=None,
    system_package="",
    files={
        "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
)


def load_part(source: Source, part: str, flatten: bool, progress: Progress) -> tuple[Floats, Labels]:
    """Images and labels of one part, checked for consistency."""
    image_path = locate(source, f"{PARTS[part]}-images-idx3-ubyte.gz", progress)
    label_path = locate(source, f"{PARTS[part]}-labels-idx1-ubyte.gz", progress)
    images, labels = read_idx(image_path), read_idx(label_path)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise FormatError(f"{image_path}: shape {images.shape} of {images.dtype}, expected (n, rows, columns) of uint8")
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise FormatError(f"{label_path}: shape {labels.shape} of {labels.dtype}, expected (n,) of uint8")
    if len(images) != len(labels):
        raise FormatError(f"{image_path} holds {len(images)} images, {label_path} {len(labels)} labels")
    shape = (len(images), images.shape[1] * images.shape[2]) if flatten else images.shape
    pixels = images.reshape(shape).astype(np.float32)
    pixels /= np.float32(255)
    return pixels, labels.astype(np.int64)


def load(source: Source, flatten: bool, progress: Progress) -> Images:
    """Both parts of a data set of the MNIST family."""
    return Images(*load_part(source, "train", flatten, progress), *load_part(source, "test", flatten, progress))


def fashion_mnist(*, flatten: bool = True, progress: Progress = True) -> Images:
    """Fashion-MNIST: 60000 and 10000 grey images of clothes, 28 × 28 pixels, in ten classes.

    Parameters
    ----------
    flatten : bool
        Whether an image is a row of 784 pixels, as the models take it, or keeps its shape (28, 28).
    progress : bool or callable
        Whether to show a download, or ``progress(bytes so far, bytes in all or 0)``. Files that are on this machine are read at once.

    Returns
    -------
    Images
        ``train_images``, ``train_labels``, ``test_images``, ``test_labels``; float32 in [0, 1] and int64.

    Raises
    ------
    FileNotFoundError
        The files are neither in the folder PLAIT_DATA, nor in the cache, nor installed by Debian's package, nor to be downloaded.
    FormatError
        A file is not what its name says, or not whole.

    Notes
    -----
    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017. MIT licence.

    Examples
    --------
    >>> data = plait.datasets.fashion_mnist()  # doctest: +SKIP
    >>> data.train_images.shape, data.test_labels.shape  # doctest: +SKIP
    ((60000, 784), (10000,))
    """
    return load(FASHION_MNIST, flatten, progress)


def mnist(*, flatten: bool = True, progress: Progress = True) -> Images:
    """MNIST: 60000 and 10000 grey images of handwritten digits, 28 × 28 pixels.

    Parameters
    ----------
    flatten : bool
        Whether an image is a row of 784 pixels, as the models take it, or keeps its shape (28, 28).
    progress : bool or callable
        Whether to show a download, or ``progress(bytes so far, bytes in all or 0)``. Files that are on this machine are read at once.

    Returns
    -------
    Images
        ``train_images``, ``train_labels``, ``test_images``, ``test_labels``; float32 in [0, 1] and int64.

    Raises
    ------
    FileNotFoundError
        The files are neither in the folder PLAIT_DATA, nor in the cache, nor to be downloaded.
    FormatError
        A file is not what its name says, or not whole.

    Notes
    -----
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", 1998.

    Examples
    --------
    >>> data = plait.datasets.mnist(flatten=False)  # doctest: +SKIP
    >>> data.train_images.shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    return load(MNIST, flatten, progress)
