"""
Two weeks ahead, with what is known of them
===========================================

Daily demand with a weekly season and planned promotions: a recurrent network forecasts 14 days at once, with intervals calibrated on held-out
weeks.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

rng = np.random.default_rng(4)
days = np.arange(900)
week = 2 * np.pi * days / 7
promotion = (rng.random(900) < 0.12).astype(float)
demand = 120 + 0.03 * days + 18 * np.sin(week) + 7 * np.cos(2 * week) + 40 * promotion + 6 * rng.normal(size=900)
known = np.stack([np.sin(week), np.cos(week), promotion], axis=1)  # of every day, future ones included

model = plait.nn.SequenceRegressor(
    hidden=24, horizon=14, window=42, future=3, distribution="normal", epochs=60, optimizer=plait.optim.Adam(5e-3), early_stopping=8, rng=0
)
model.fit(demand[:760], future=known[:760])
print(f"trained {model.n_iter_} epochs, the best was epoch {model.best_epoch_}")

# %%
# Its accuracy: forecasts from every day of the last months, compared with repeating the last week.

test = model.backtest(demand, future=known, start=760)
print(f"mean absolute error {test.mae:.1f}; of last week repeated {np.abs(test.naive(7) - test.truth).mean():.1f}: MASE {test.mase(7):.2f}")
print(f"90 % intervals hold {test.coverage:.0%} of what came")

# %%

at = 860
low, high = model.interval(demand[:at], 0.9, future=known[: at + 14])
said = model.predict(demand[:at], future=known[: at + 14])
ahead = np.arange(at, at + 14)
figure, axes = plt.subplots(figsize=(9, 3.2))
axes.plot(days[at - 50 : at + 14], demand[at - 50 : at + 14], color="0.5", lw=1, label="demand")
axes.plot(ahead, said[:, 0], color="C0", label="forecast")
axes.fill_between(ahead, low[:, 0], high[:, 0], color="C0", alpha=0.2, label="90 %")
axes.plot(days[promotion > 0], np.full(int(promotion.sum()), 85.0), "^", color="C1", ms=4, label="promotion")
axes.set(xlim=(at - 50, at + 14), xlabel="day")
axes.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))
figure.tight_layout()
