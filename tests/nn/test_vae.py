"""The variational autoencoder: its bound, its methods, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait
from plait import nn


def images(n: int = 200, seed: int = 0) -> np.ndarray[Any, Any]:
    """Bars: 4 × 4 images of one bright row or column, with noise."""
    rng = np.random.default_rng(seed)
    out = rng.uniform(0, 0.1, (n, 4, 4))
    for image, k in zip(out, rng.integers(0, 8, n), strict=True):
        (image if k < 4 else image.T)[k % 4] = 0.9
    return out


def sigmoid(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_bound_is_its_formula(likelihood: str) -> None:
    """Many draws of the graph's bound beside the formula in NumPy, with draws of its own."""
    vae = nn.VAE(16, hidden=(8,), latent=2, likelihood=likelihood, activation="tanh", dtype="float64", rng=0)
    x = images(3).reshape(3, 16)
    mean, log_variance = vae.encode(x)
    rng = np.random.default_rng(1)
    W1, b1, W2, b2 = (p.value for p in vae.decoder.parameters())
    total = []
    for _ in range(4000):
        z = mean + np.exp(log_variance / 2) * rng.standard_normal(mean.shape)
        y = np.tanh(z @ W1 + b1) @ W2 + b2
        if likelihood == "bernoulli":
            log_p = x * np.log(sigmoid(y)) + (1 - x) * np.log(1 - sigmoid(y))
        else:
            log_p = -0.5 * ((x - y) ** 2 * np.exp(2) - 2 + np.log(2 * np.pi))
        kl = 0.5 * (np.exp(log_variance) + mean**2 - 1 - log_variance)
        total.append(log_p.sum(1) - kl.sum(1))
    draws = np.mean(total, axis=1)
    assert abs(vae.elbo(x, samples=500, rng=2) - draws.mean()) < 5 * draws.std() / np.sqrt(500) + 5 * draws.std() / np.sqrt(4000)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_fitting_raises_the_bound_and_the_reconstructions_follow(likelihood: str) -> None:
    train, test = images(600), images(100, seed=1)
    vae = nn.VAE(16, hidden=(32, 16), latent=4, likelihood=likelihood, rng=0)
    before = vae.elbo(test)
    history = vae.fit(train, epochs=100, batch_size=32, optimizer=plait.optim.Adam(5e-3), validation=test)
    assert vae.elbo(test) > before
    assert history.loss[-1] < history.loss[0]
    np.testing.assert_allclose(history.validation[-1], -vae.elbo(test, samples=20), rtol=0.1, atol=0.5)
    restored = vae.reconstruct(test)
    assert restored.shape == (100, 16)
    assert np.mean((restored - test.reshape(100, 16)) ** 2) < 0.5 * test.var()
    drawn = vae.sample(50, rng=1)
    assert drawn.shape == (50, 16)
    assert np.isfinite(drawn).all()
    assert (drawn == vae.sample(50, rng=1)).all()
    assert (drawn != vae.sample(50, rng=2)).any()


def test_the_seed_decides_everything() -> None:
    def run(rng: int) -> float:
        vae = nn.VAE(16, hidden=(8,), latent=2, rng=rng)
        vae.fit(images(), epochs=2, batch_size=32, rng=rng)
        return vae.elbo(images(50, 1), rng=rng)

    assert run(1) == run(1)
    assert run(1) != run(2)
    vae = nn.VAE(16, hidden=(8,), latent=2, rng=0)
    assert vae.elbo(images(), rng=1) != vae.elbo(images(), rng=2)


def test_images_of_bytes_are_divided_by_255_and_flattened() -> None:
    vae = nn.VAE(16, hidden=(8,), latent=2, rng=0)
    bytes_ = (images() * 255).astype("uint8")
    np.testing.assert_allclose(vae.encode(bytes_)[0], vae.encode(bytes_.reshape(-1, 16) / 255)[0], rtol=1e-5, atol=1e-6)


def test_depth_is_free_and_saving_restores(tmp_path: Path) -> None:
    for hidden in ((), (8,), (8, 7, 6)):
        vae = nn.VAE(16, hidden=hidden, latent=3, rng=0)
        vae.fit(images(), epochs=1)
        vae.save(tmp_path / "vae.plait")
        other = nn.VAE(16, hidden=hidden, latent=3, rng=1).load(tmp_path / "vae.plait")
        assert other.elbo(images()) == vae.elbo(images())
        assert len(vae.parameters()) == 4 * len(hidden) + 6


def test_checkpoints_resume(tmp_path: Path) -> None:
    options: dict[str, Any] = {"batch_size": 32, "checkpoint": tmp_path / "vae.ckpt"}
    whole = nn.VAE(16, hidden=(8,), latent=2, rng=0)
    whole.fit(images(), epochs=4, batch_size=32)
    nn.VAE(16, hidden=(8,), latent=2, rng=0).fit(images(), epochs=2, **options)
    again = nn.VAE(16, hidden=(8,), latent=2, rng=0)
    again.fit(images(), epochs=4, resume=True, **options)
    assert again.elbo(images()) == whole.elbo(images())


def test_what_is_no_image_is_refused_by_name() -> None:
    vae = nn.VAE(16, hidden=(8,), latent=2, rng=0)
    with pytest.raises(ValueError, match=r"values from 0 to 255"):
        vae.fit(np.full((3, 16), 255.0) * [[0], [1], [1]])
    with pytest.raises(plait.ShapeError, match=r"\(n, 16\)"):
        vae.fit(np.zeros((3, 15)))
    with pytest.raises(ValueError, match=r"\(16,\)"):
        vae.encode(np.zeros(16))
    with pytest.raises(ValueError, match="0 sample"):
        vae.elbo(np.zeros((0, 16)))
    with pytest.raises(ValueError, match="NaN"):
        vae.reconstruct(np.full((1, 16), np.nan))
    with pytest.raises(ValueError, match="validation"):
        vae.fit(np.zeros((3, 16)), validation=np.full((1, 16), 2.0))
    with pytest.raises(ValueError, match="numbers"):
        vae.fit(np.full((3, 16), "a"))
    with pytest.raises(ValueError, match="likelihood"):
        nn.VAE(16, likelihood="poisson")
    with pytest.raises(plait.ShapeError, match="decode"):
        vae.decode(np.zeros((3, 5)))


def test_the_divergence_may_weigh_more_or_be_free() -> None:
    data = (np.random.default_rng(0).random((200, 8)) * [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1]).astype("float64")

    def divergences(**options: Any) -> Any:
        vae = plait.nn.VAE(8, hidden=(16,), latent=3, likelihood="gaussian", dtype="float64", rng=0, **options)
        vae.fit(data, epochs=60, batch_size=50, optimizer=plait.optim.Adam(1e-2))
        mean, log_variance = vae.encode(data)
        return (0.5 * (np.exp(log_variance) + mean**2 - 1 - log_variance)).mean(axis=0)

    plain = divergences()
    assert divergences(kl_weight=20.0).sum() < 0.1 * plain.sum()
    assert divergences(kl_weight=20.0, free_bits=0.5).min() > 0.3
    np.testing.assert_array_equal(divergences(kl_weight=1.0, free_bits=0.0), plain)
    np.testing.assert_allclose(divergences(free_bits=1e-12), plain, rtol=1e-4)
    for options in ({"kl_weight": -1.0}, {"free_bits": float("nan")}):
        with pytest.raises(ValueError, match=r"VAE: (kl_weight|free_bits)"):
            plait.nn.VAE(8, **options)
