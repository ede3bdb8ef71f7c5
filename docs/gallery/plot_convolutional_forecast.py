"""
A convolutional net beside an LSTM
==================================

The receptive field of a causal convolution is a range of past steps; with dilations of 1, 2, 4, … 32, six layers cover 64 steps. All steps of a
window are computed at once, not one after the other as in a recurrent network, so training is faster (Bai, Kolter and Koltun, 2018).
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import plait
from plait import nn

# %%
# Two seasonal components, one of which drifts, and noise: the next value is predicted at every step of a window of 96.

rng = np.random.default_rng(0)
t = np.arange(3000)
series = np.sin(2 * np.pi * t / 24) * (1 + 0.5 * np.sin(2 * np.pi * t / 400)) + 0.5 * np.sin(2 * np.pi * t / 7.3 + 0.002 * t)
series = (series + 0.1 * rng.normal(size=len(t))).astype("float32")
window = 96
windows = np.lib.stride_tricks.sliding_window_view(series[:2400], window + 1)[::12]
inputs, targets = windows[:, :-1, None], windows[:, 1:, None]
held = np.lib.stride_tricks.sliding_window_view(series[2400:], window + 1)[::12]

# %%
# A residual block is a layer: a class with sublayers and a call.


class Block(nn.Layer):
    """A causal convolution, an activation, and the input added."""

    def __init__(self, channels, dilation, rng):
        self.convolution = nn.Conv1d(channels, channels, 2, "tanh", dilation=dilation, padding="causal", rng=rng, name=f"block{dilation}")

    def __call__(self, x, *, training=False):
        return x + self.convolution(x, training=training)


class Convolutional(nn.Sequential):
    """A TCN: wider views from block to block."""

    def __init__(self, channels=16, rng=0):
        g = np.random.default_rng(rng)
        first = nn.Conv1d(1, channels, 1, rng=g, name="first")
        super().__init__(first, *(Block(channels, 2**k, g) for k in range(6)), nn.Dense(channels, 1, rng=g, name="head"))


class Recurrent(nn.Layer):
    """An LSTM and a linear layer."""

    def __init__(self, hidden=48, rng=0):
        self.lstm, self.head = nn.LSTM(1, hidden, rng=rng), nn.Dense(hidden, 1, rng=1, name="head")

    def __call__(self, x, *, training=False):
        outs, _ = self.lstm(x, training=training)
        return self.head(outs)


print(Convolutional().summary())

# %%

found = {}
for name, model in (("convolutional", Convolutional()), ("LSTM", Recurrent())):
    x, y = plait.input("x", (None, window, 1)), plait.input("y", (None, window, 1))
    loss = plait.losses.mse(model(x, training=True), y)
    begin = time.perf_counter()
    history = plait.train(
        loss, {x: inputs, y: targets}, optimizer=plait.optim.Adam(plait.optim.Cosine(1e-2, epochs=20)), epochs=20, batch_size=32, rng=0
    )
    seconds = time.perf_counter() - begin
    said = model.predict(held[:, :-1, None])[:, :, 0]
    error = float(np.sqrt(np.mean((said - held[:, 1:])[:, 32:] ** 2)))
    found[name] = history.loss, seconds, error, said[-1]
    print(f"{name}: {sum(p.value.size for p in model.parameters()):,} parameters, {seconds:.1f} s, error {error:.3f} (the noise is 0.1)")

# %%

figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.2), width_ratios=[1, 2])
for name, (losses, seconds, _, said) in found.items():
    axes[0].semilogy(np.linspace(0, seconds, len(losses)), losses, label=name)
    axes[1].plot(said[-60:], label=name)
axes[1].plot(held[-1, -60:], color="0.5", lw=1, label="observed")
axes[0].set(xlabel="seconds", ylabel="training loss")
axes[1].set(xlabel="step")
for ax in axes:
    ax.legend(frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
figure.tight_layout()
