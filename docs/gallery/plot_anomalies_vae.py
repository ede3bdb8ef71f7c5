"""
Anomalies by a variational autoencoder
======================================

A VAE is trained on digits. Images with a large reconstruction error are unlike the training data: here, digits that were turned upside down.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

data = plait.datasets.digits()
images = data.train_images.reshape(len(data.train_images), -1).astype("float32")
images = images / images.max()
seven = data.train_labels == 7
vae = plait.nn.VAE(images.shape[1], hidden=(64,), latent=4, rng=0)
vae.fit(images[seven][:-20], epochs=150, batch_size=32, optimizer=plait.optim.Adam(3e-3))

usual = images[seven][-20:]
side = int(np.sqrt(images.shape[1]))
turned = usual.reshape(-1, side, side)[:, ::-1, ::-1].reshape(len(usual), -1)


def surprise(batch):
    """Cross entropy between each image and what the autoencoder makes of it."""
    rebuilt = np.clip(vae.reconstruct(batch), 1e-6, 1 - 1e-6)
    return -(batch * np.log(rebuilt) + (1 - batch) * np.log1p(-rebuilt)).sum(axis=1)


print(f"usual {np.median(surprise(usual)):.1f}, turned {np.median(surprise(turned)):.1f}")

# %%

figure, axes = plt.subplots(figsize=(7, 3))
axes.hist([surprise(usual), surprise(turned)], bins=15, label=["as trained", "upside down"])
axes.set(xlabel="cross entropy of the reconstruction", ylabel="images")
axes.legend(frameon=False)
figure.tight_layout()
assert np.median(surprise(turned)) > np.median(surprise(usual))
