"""
5. A variational autoencoder
============================

Images squeezed through two numbers. The two numbers make a map.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

data = plait.datasets.digits()  # small enough for this page; plait.datasets.fashion_mnist() for clothes
images = data.train_images.reshape(len(data.train_images), -1).astype("float32")
images /= images.max()
vae = plait.nn.VAE(images.shape[1], hidden=(128, 64), latent=2, rng=0)
history = vae.fit(images, epochs=60, batch_size=64, optimizer=plait.optim.Adam(2e-3))
mean, _ = vae.encode(images)

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4))
dots = left.scatter(*mean.T, c=data.train_labels, s=4, cmap="tab10")
figure.colorbar(dots, ax=left)
left.set(title="where each digit lies")
side = int(np.sqrt(images.shape[1]))
right.imshow(vae.sample(36, rng=1).reshape(6, 6, side, side).transpose(0, 2, 1, 3).reshape(6 * side, 6 * side), cmap="gray_r")
right.set(title="digits that nobody wrote")
right.axis("off")
figure.tight_layout()
