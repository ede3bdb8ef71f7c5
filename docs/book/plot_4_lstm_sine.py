"""
4. An LSTM that draws a sine
============================

Trained to predict the next value, then fed with its own predictions.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

wave = np.sin(np.arange(600) * 2 * np.pi / 50).astype("float32")
model = plait.nn.SequenceRegressor(1, hidden=24, outputs=1, rng=0)
history = model.fit(wave[:400], window=50, epochs=40, optimizer=plait.optim.Adam(1e-2))
drawn = np.ravel(model.generate(wave[350:400], steps=150))

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3), width_ratios=[1, 2])
left.plot(history.loss)
left.set(yscale="log", xlabel="epoch", ylabel="loss")
right.plot(np.arange(350, 550), wave[350:550], color="0.7", label="sine")
right.plot(np.arange(400, 550), drawn, color="C1", label="drawn")
right.legend(frameon=False)
figure.tight_layout()
