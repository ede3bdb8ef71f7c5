"""
5. A variational autoencoder on clothes
=======================================

Images of clothes, encoded by two numbers. These are the coordinates of a map, and the decoder makes an image of every point of it.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

try:
    data = plait.datasets.fashion_mnist(progress=False)  # from PLAIT_DATA, the cache, Debian's package or the network
except FileNotFoundError:
    data = plait.datasets.digits()  # small ones that scikit-learn brings
images = data.train_images[:6000].astype("float32")
images /= images.max()
side = int(np.sqrt(images.shape[1]))

vae = plait.nn.VAE(images.shape[1], hidden=(128, 64), latent=2, rng=0)
vae.fit(images, epochs=25, batch_size=64, optimizer=plait.optim.Adam(2e-3))
mean, _ = vae.encode(images)
print(f"{len(images)} images of {side} × {side}, loss {vae.loss[0]:.1f} → {vae.loss[-1]:.1f}")

# %%
# Left, the code of each image, coloured by its class; right, the decoder's images of a grid over the same region.

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.2))
dots = left.scatter(*mean.T, c=data.train_labels[: len(images)], s=3, cmap="tab10")
figure.colorbar(dots, ax=left)
left.set(xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), title="where each image lies")
places = np.stack(np.meshgrid(np.linspace(-2, 2, 10), np.linspace(2, -2, 10)), axis=-1).reshape(-1, 2)
drawn = np.pad(vae.decode(places.astype("float32")).reshape(10, 10, side, side), ((0, 0), (0, 0), (1, 1), (1, 1)))
right.imshow(drawn.transpose(0, 2, 1, 3).reshape(10 * (side + 2), -1), cmap="gray_r")
right.set(title="what lies at each place")
right.axis("off")
figure.tight_layout()
