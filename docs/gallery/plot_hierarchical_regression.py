"""
A hierarchical regression, and whether to believe it
====================================================

Slopes of ten groups, with a common mean. The report's k-hat shows whether the approximation can be trusted.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait import plot
from plait.infer import HalfNormal, Normal, bbvi

rng = np.random.default_rng(11)
groups, each = 10, 8
true = rng.normal(1.5, 0.6, groups)
group = np.repeat(np.arange(groups), each)
x = rng.normal(size=groups * each)
y = true[group] * x + 0.8 * rng.normal(size=groups * each)


def model(m):
    """y = slope of its group times x, plus noise."""
    centre, spread = m.latent("centre", Normal(0, 3)), m.latent("spread", HalfNormal(2))
    slope = m.latent("slope", Normal(centre, spread), shape=groups)
    noise = m.latent("noise", HalfNormal(2))
    m.observe(Normal(slope[group] * x, noise), y)


posterior = bbvi(model, family="full_rank", progress=False, rng=0)
print(posterior.summary())

# %%
# Shrinkage: the least-squares slope of each group alone, and its posterior given all groups.

alone = np.array([(x[group == g] * y[group == g]).sum() / (x[group == g] ** 2).sum() for g in range(groups)])
mean, sd = posterior.mean("slope"), posterior.std("slope", correction="linear_response")
figure, (axes, others) = plt.subplots(1, 2, figsize=(11, 3.2), width_ratios=[2, 1])
plot.posterior(posterior, ["centre", "spread", "noise"], others)
axes.plot(alone, "x", color="C1", label="least squares, group by group")
axes.errorbar(range(groups), mean, 1.64 * sd, fmt="o", ms=4, color="C0", label="posterior, 90 %")
axes.plot(true, "_", color="k", ms=12, label="true")
axes.set(xlabel="group", ylabel="slope")
axes.legend(frameon=False, fontsize=8)
figure.tight_layout()
