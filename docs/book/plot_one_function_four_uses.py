"""
One function, four uses
=======================

A single traced function, ``bump(x, centre, width)``, in training, inference, optimisation and alignment.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait
from plait.align import Aligner
from plait.infer import HalfNormal, Normal, bbvi


def bump(x, centre, width):
    """The one function."""
    return np.exp(-(((x - centre) / width) ** 2))


rng = np.random.default_rng(0)
x = np.linspace(-3, 3, 60)
y = bump(x, 0.7, 0.9) + 0.08 * rng.normal(size=60)

# %%
# **Training**: centre and width are parameters, fitted by gradient descent.

centre, width = plait.parameter(-0.5, name="centre"), plait.parameter(1.5, name="width")
loss = ((bump(plait.constant(x), centre, width) - plait.constant(y)) ** 2).mean()
step = plait.compile([loss], updates=plait.optim.Adam(0.05).updates(loss, [centre, width]))
course = [float(step()[0]) for _ in range(150)]
print("trained:", float(centre.value), float(width.value))

# %%
# **Inference**: centre and width are latent variables, with a posterior.


def model(m):
    """The function inside a likelihood."""
    centre, width, noise = m.latent("centre", Normal(0, 2)), m.latent("width", HalfNormal(2)), m.latent("noise", HalfNormal(1))
    m.observe(Normal(bump(x, centre, width), noise), y)


posterior = bbvi(model, progress=False, rng=0)
draws = posterior.sample(60, rng=1)
print("inferred:", posterior.mean("centre"), "±", posterior.std("centre"))

# %%
# **Optimisation**: the widest bump that is below a bound at two points.

found = plait.optimize.minimize(
    lambda p: -(p[1] ** 2), [0.0, 0.5], bounds=[(-3, 3), (0.1, 5)], constraints={"type": "ineq", "fun": lambda p: 0.1 - bump(np.array([-1.0, 2.0]), p[0], p[1])}
)
print("optimised:", found.x, found.message)

# %%
# **Alignment**: as the cost of a mismatch in a custom recursion.


def rank(insertion, match, deletion, a, b):
    """Least of three neighbours, plus what the function says of the difference."""
    return plait.minimum(plait.minimum(insertion, match), deletion) + 1 - bump(a - b, 0.0, 0.3)


aligner = Aligner(lambda i, j: 0.0 if i == j == 0 else np.inf, rank)
shifted = bump(x, -0.4, 0.9)
alignment = aligner.align(y, shifted)
print("aligned:", alignment.score)

# %%
# All four in one picture.

figure, axes = plt.subplots(2, 2, figsize=(9, 6))
axes[0, 0].plot(course)
axes[0, 0].set(title="trained", yscale="log", xlabel="step", ylabel="loss")
axes[0, 1].plot(x, y, ".", color="0.6")
for k in range(60):
    axes[0, 1].plot(x, bump(x, draws["centre"][k], draws["width"][k]), color="C0", alpha=0.08)
axes[0, 1].set(title="inferred")
axes[1, 0].plot(x, bump(x, *found.x))
axes[1, 0].plot([-1, 2], [0.1, 0.1], "v", color="C1")
axes[1, 0].set(title="optimised: the widest below two points")
axes[1, 1].plot(x, y, x, shifted)
for i, j in alignment.path[::4]:
    axes[1, 1].plot([x[i], x[j]], [y[i], shifted[j]], color="0.7", lw=0.6)
axes[1, 1].set(title="aligned")
figure.tight_layout()
