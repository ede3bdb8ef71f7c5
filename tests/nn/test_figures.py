"""The stated results on real data."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait

DataFile = Callable[[str], Path]


def read(data_file: DataFile, folder: str, part: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    images = gzip.decompress(data_file(f"{folder}/{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress(data_file(f"{folder}/{part}-labels-idx1-ubyte.gz").read_bytes())
    return np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8, offset=8)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("folder", "bound"), [("fashion-mnist", -246.5), ("mnist", -109.5)])
def test_vae_reaches_its_bound_in_five_epochs(folder: str, bound: float, data_file: DataFile) -> None:
    """PyTorch with the same network and settings: -245.5 to -245.8 and -107.9 to -108.9."""
    images, test = read(data_file, folder, "train")[0], read(data_file, folder, "t10k")[0]
    vae = plait.nn.VAE(784, hidden=(512, 256), latent=20, rng=0)
    vae.fit(images, epochs=5, batch_size=128, optimizer=plait.optim.Adam(1e-3))
    elbo = vae.elbo(test, samples=1)
    print(f"[test ELBO on {folder}: {elbo:.2f} nats]")
    assert elbo >= bound


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_classifier_reaches_98_percent_on_mnist_in_ten_epochs(data_file: DataFile) -> None:
    X, y = read(data_file, "mnist", "train")
    X_test, y_test = read(data_file, "mnist", "t10k")
    clf = plait.nn.MLPClassifier(hidden=(256, 128), epochs=10, batch_size=64, rng=0)
    clf.fit(X.reshape(-1, 784) / 255, y)
    accuracy = clf.score(X_test.reshape(-1, 784) / 255, y_test)
    print(f"[test accuracy on MNIST: {100 * accuracy:.2f} %]")
    assert accuracy >= 0.98
