"""
A forecast with intervals
=========================

Monthly data with a season: a seasonal ARIMA by maximum likelihood, and intervals for the next two years.
"""

import matplotlib.pyplot as plt
import numpy as np

from plait.infer.timeseries import ARIMA

rng = np.random.default_rng(6)
months = np.arange(144)
series = np.exp(0.008 * months + 0.2 * np.sin(2 * np.pi * months / 12) + 0.03 * rng.normal(size=144).cumsum() * 0.3) * 120
train, held = np.log(series[:120]), series[120:]

result = ARIMA(0, 1, 1, seasonal=(0, 1, 1, 12)).fit(train, method="mle")
forecast = result.predict(24, level=0.9)
print(result.summary())

# %%

future = np.arange(120, 144)
figure, axes = plt.subplots(figsize=(9, 3.2))
axes.plot(months, series, color="0.3", lw=1, label="observed")
axes.plot(future, np.exp(forecast.mean), color="C0", label="forecast")
axes.fill_between(future, np.exp(forecast.lower), np.exp(forecast.upper), color="C0", alpha=0.2, label="90 %")
axes.set(xlabel="month")
axes.legend(frameon=False)
figure.tight_layout()
