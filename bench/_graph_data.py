"""The workloads of the graph bench: the same numbers and the same initial weights for every contestant.

a  spiral: MLP 2-100-3, sigmoid in both layers, loss ½Σe²/N, all 300 points, SGD with rate 1
d  MLP 784-256-128-10, relu, softmax cross entropy, batch 64, Adam 1e-3
c  VAE: encoder 784-512-256-(20, 20), decoder 20-256-512-784, relu, sigmoid cross entropy on logits + KL, both summed over the
   dimensions and averaged over a batch of 128, the noise given as an input, Adam 1e-3
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Layer = tuple[Array, Array]  # weights (inputs, outputs), biases (outputs)

CHECK_STEPS = 20
RATE = {"a": 1.0, "d": 1e-3, "c": 1e-3}
LATENT = 20


@dataclass
class Data:
    x: Array
    t: npt.NDArray[np.generic]  # one-hot float32 for a, int64 classes for d; the VAE looks at x alone
    noise: Array
    layers: list[Layer]  # the VAE's two heads are one layer of 40: means, then log variances
    sizes: list[tuple[int, int]]


def _layers(rng: np.random.Generator, sizes: list[tuple[int, int]]) -> list[Layer]:
    """Glorot's uniform weights and small biases: zero ones would hide a bias in the wrong place."""
    layers = []
    for inputs, outputs in sizes:
        bound = np.sqrt(6 / (inputs + outputs))
        weights = rng.uniform(-bound, bound, (inputs, outputs)).astype(np.float32)
        layers.append((weights, rng.uniform(-0.05, 0.05, outputs).astype(np.float32)))
    return layers


def _images(rng: np.random.Generator, count: int) -> Array:
    """As sparse as written digits: a fifth of the pixels has ink."""
    return (rng.random((count, 784)) * (rng.random((count, 784)) < 0.2)).astype(np.float32)


def spiral() -> Data:
    rng = np.random.default_rng(1)
    radius = np.linspace(0.01, 1, 100)
    turns = [4 * arm + 4 * radius + 0.2 * rng.standard_normal(100) for arm in range(3)]
    x = np.concatenate([np.stack([radius * np.sin(turn), radius * np.cos(turn)], axis=1) for turn in turns]).astype(np.float32)
    t = np.repeat(np.eye(3, dtype=np.float32), 100, axis=0)
    sizes = [(2, 100), (100, 3)]
    return Data(x, t, x, _layers(rng, sizes), sizes)


def classifier() -> Data:
    rng = np.random.default_rng(2)
    sizes = [(784, 256), (256, 128), (128, 10)]
    x = _images(rng, 64)
    return Data(x, rng.integers(0, 10, 64), x, _layers(rng, sizes), sizes)


def autoencoder() -> Data:
    rng = np.random.default_rng(3)
    sizes = [(784, 512), (512, 256), (256, 2 * LATENT), (LATENT, 256), (256, 512), (512, 784)]
    x = _images(rng, 128)
    return Data(x, x, rng.standard_normal((128, LATENT)).astype(np.float32), _layers(rng, sizes), sizes)


DATA = {"a": spiral, "d": classifier, "c": autoencoder}

TITLES = {
    "a": "spiral MLP 2-100-3, batch 300, SGD",
    "d": "MLP 784-256-128-10, batch 64, Adam",
    "c": "VAE 784-512-256-20, batch 128, Adam",
}


def products(data: Data) -> list[tuple[str, tuple[int, int, int]]]:
    """The matrix products of a step as (layout, (m, k, n)): forward, gradients of weights, of inputs (but the first layer's)."""
    batch = len(data.x)
    found = []
    for position, (inputs, outputs) in enumerate(data.sizes):
        found.append(("forward", (batch, inputs, outputs)))
        found.append(("weights", (inputs, batch, outputs)))
        if position:
            found.append(("inputs", (batch, outputs, inputs)))
    return found


def flops(data: Data) -> float:
    return float(sum(2 * m * k * n for _, (m, k, n) in products(data)))


def update_bytes(name: str, data: Data) -> float:
    """What the update must read and write at least: Adam p, g, m, v in and p, m, v out; SGD p, g in and p out."""
    weights = sum(w.size + b.size for w, b in data.layers)
    return 4.0 * weights * (3 if name == "a" else 7)


# --- small works ----------------------------------------------------------------------------------------------------------------------

MATMULS = [(256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (32, 128, 512), (1, 128, 512), (7, 33, 50)]
FUNCTIONS = ["exp", "log", "tanh", "sigmoid"]
ELEMENTS = 4096


def factors(m: int, k: int, n: int) -> tuple[Array, Array]:
    rng = np.random.default_rng([4, m, k, n])
    return rng.standard_normal((m, k)).astype(np.float32), rng.standard_normal((k, n)).astype(np.float32)


def matmul_name(shape: tuple[int, int, int]) -> str:
    return "matmul " + "×".join(map(str, shape))


def arguments(function: str) -> Array:
    """What functions meet in practice: a few units around zero, positive for the logarithm."""
    x = np.random.default_rng(5).standard_normal(ELEMENTS).astype(np.float32) * 2
    return np.abs(x) + np.float32(1e-3) if function == "log" else x


def eight() -> Array:
    return np.linspace(-1, 1, 8, dtype=np.float32)


def sample(result: npt.ArrayLike) -> list[float]:
    """At most 128 numbers of a result, evenly spread: enough to see that contestants computed the same."""
    values = np.asarray(result).ravel()
    return [float(value) for value in values[:: -(-values.size // 128)]]
