"""Grey images side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._style import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def as_images(images: npt.ArrayLike, shape: tuple[int, int] | None) -> npt.NDArray[Any]:
    """Images (n, rows, columns), also from rows of pixels; without a shape they are square."""
    array = np.asarray(images)
    if array.ndim == 3 and shape is None:
        return array
    if array.ndim < 2:
        raise ValueError(f"images: shape {array.shape} was given, (n, pixels) or (n, rows, columns) was expected")
    pixels = int(np.prod(array.shape[1:]))
    if shape is None:
        side = round(float(np.sqrt(pixels)))
        if side * side != pixels:
            raise ValueError(f"images: {pixels} pixels make no square; give shape=(rows, columns)")
        shape = (side, side)
    if shape[0] * shape[1] != pixels:
        raise ValueError(f"images: {pixels} pixels do not fill shape {shape}")
    return array.reshape(len(array), *shape)


def mosaic(images: npt.NDArray[Any], columns: int) -> npt.NDArray[Any]:
    """All images in one array, with lines of NaN between them."""
    n, height, width = images.shape
    rows = max(1, -(-n // columns))
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        sheet[top : top + height, left : left + width] = image
    return sheet


def image_grid(images: npt.ArrayLike, *, shape: tuple[int, int] | None = None, columns: int | None = None, ax: Axes | None = None) -> Axes:
    """Grey images side by side, dark on light.

    Parameters
    ----------
    images : array_like, shape (n, pixels) or (n, rows, columns)
        Values from 0 to 1.
    shape : (int, int), optional
        Rows and columns of an image that is given as a row of pixels; square without it.
    columns : int, optional
        Images in a row; about the square root of n by default.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        There is no image, or the pixels do not fill the shape.

    Examples
    --------
    >>> ax = plait.plot.image_grid(np.random.default_rng(0).random((16, 64)))
    >>> ax.images[0].get_array().shape
    (35, 35)
    """
    array = as_images(images, shape)
    if len(array) == 0:
        raise ValueError("images: there is none")
    columns = min(len(array), columns or int(np.ceil(np.sqrt(len(array)))))
    ax = axes_or_new(ax)
    ax.imshow(mosaic(array, columns), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.set_axis_off()
    return ax


def reconstructions(
    originals: npt.ArrayLike, made: npt.ArrayLike, *, shape: tuple[int, int] | None = None, columns: int = 10, ax: Axes | None = None
) -> Axes:
    """Originals, with their reconstructions below.

    Parameters
    ----------
    originals, made : array_like, shape (n, pixels) or (n, rows, columns)
        Values from 0 to 1, the same number of images in both.
    shape : (int, int), optional
        Rows and columns of an image that is given as a row of pixels; square without it.
    columns : int
        Pairs in a row.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        The shapes of the two differ, there is no image, or the pixels do not fill the shape.

    Examples
    --------
    >>> test = np.random.default_rng(0).random((6, 64)).astype("float32")
    >>> vae = plait.nn.VAE(64, hidden=(16,), latent=2, rng=0)
    >>> ax = plait.plot.reconstructions(test, vae.reconstruct(test))
    >>> ax.images[0].get_array().shape
    (17, 89)
    """
    above, below = as_images(originals, shape), as_images(made, shape)
    if above.shape != below.shape:
        raise ValueError(f"reconstructions: originals have shape {above.shape}, reconstructions {below.shape}")
    pairs = []
    for start in range(0, len(above), columns):
        for part in (above[start : start + columns], below[start : start + columns]):
            filler = np.full((columns - len(part), *part.shape[1:]), np.nan)
            pairs.append(np.concatenate([part, filler]))
    return image_grid(np.concatenate(pairs) if pairs else above, columns=columns, ax=ax)
