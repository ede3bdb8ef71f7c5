"""
8. Believing a posterior
========================

One model, two variational families. The ELBO shows which is closer; k-hat shows whether it is close. If the family contains the posterior, as the
full-rank normal does here, all importance ratios are equal, and k-hat is minus infinity.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.infer import Normal, bbvi

rng = np.random.default_rng(0)
x = 5 + rng.normal(size=40)  # far from zero: intercept and slope are correlated
y = 1 + 0.5 * x + 0.5 * rng.normal(size=40)


def line(m):
    """y = intercept + slope x + noise of known size."""
    intercept, slope = m.latent("intercept", Normal(0, 5)), m.latent("slope", Normal(0, 5))
    m.observe(Normal(intercept + slope * x, 0.5), y)


# %%

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True, sharey=True)
design = np.column_stack([np.ones(40), x])
exact = np.linalg.inv(design.T @ design / 0.25 + np.eye(2) / 25)
for axis, family in zip(axes, ("mean_field", "full_rank"), strict=True):
    posterior = bbvi(line, family=family, progress=False, rng=0)
    draws = posterior.sample(2000, rng=1)
    axis.plot(draws["intercept"], draws["slope"], ".", ms=1.5, alpha=0.5)
    axis.set(title=f"{family}: ELBO {posterior.elbo:.2f}, k-hat {posterior.khat:.2f}", xlabel="intercept", ylabel="slope")
    print(family, "sd of the slope", posterior.std("slope"), "exact", np.sqrt(exact[1, 1]))
figure.tight_layout()
