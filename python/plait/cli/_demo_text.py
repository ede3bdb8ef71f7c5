"""The texts of ``plait demo`` for each chapter of its page, and the code that makes it. A test runs all code."""

from __future__ import annotations

from .. import report

VAE = (
    "A variational autoencoder",
    """A network encodes each picture of a handwritten digit, 64 grey values, into 8 latent numbers and decodes it again. It is trained for
    a small reconstruction error while the latent numbers follow a normal distribution, so that new digits can be decoded from new draws.

    The loss is written as a graph of nodes; its gradient is built on the graph; both are compiled into one flat program, which trains
    without Python.""",
    """
import plait

data = plait.datasets.digits()
vae = plait.nn.VAE(64, hidden=(128,), latent=8, rng=0)
vae.fit(data.train_images, epochs=300, batch_size=64, optimizer=plait.optim.Adam(1e-3), rng=0)
print(vae.elbo(data.test_images, samples=10, rng=0))    # the bound, for held-out pictures
new = vae.sample(64, rng=0)                             # new digits
""",
)
SEQUENCE = (
    "Going on with a series",
    """A recurrent network is trained on 200 points on a circle. Given five true points, it then generates the series: each output is
    its next input. If errors accumulated, the curves would drift apart within a few rounds.""",
    """
angles = 0.3 * np.arange(200)
circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
model = plait.nn.SequenceRegressor(2, 15, 2, activation="tanh", rng=0)
model.fit(circle, window=5, ahead=20, epochs=200, optimizer=plait.optim.Adam(1e-2), rng=0)
following = model.generate(circle[:5], 100)
""",
)
GESTURES = (
    "Gestures, aligned",
    """Two movements of one kind are never equally fast. Dynamic time warping links each moment of one to the best matching moments of the
    other, and the remaining distance distinguishes kinds of gestures.""",
    """
data = plait.datasets.gestures(rng=0)
x, y = data.test_series[:2]
found = plait.align.DTW().align(x, y)                   # found.score, found.path
clf = plait.align.TimeSeriesKNN().fit(data.train_series, data.train_labels)
print(clf.score(data.test_series, data.test_labels))
""",
)
TREES = (
    "Decision trees",
    """C4.5 splits by the test on one column with the highest gain ratio, and goes on in the parts. The result can be read and used
    elsewhere: as a picture, as text, as SQL or C.""",
    """
data = plait.datasets.iris()
species = np.array(data.classes)
clf = plait.tree.C45Classifier().fit(data.train_points, species[data.train_labels])
print(clf.score(data.test_points, species[data.test_labels]))
print(clf.export_text(data.columns))
""",
)
COUNTS = (
    "Counting a million amounts",
    """Amounts spread over several powers of ten, so the bins have equal ratios instead of equal widths. Counts made elsewhere add up to the same
    histogram, and quantiles can be read from it without keeping the values.""",
    """
amounts = np.random.default_rng(0).lognormal(7, 0.8, 1_000_000)
h = plait.Histogram(plait.histogram.Axis.logarithmic(120, 10, 1e6)).fill(amounts)
print(h.quantile([0.01, 0.5, 0.99]))
sketch = plait.QuantileSketch(200, 0)                  # a few hundred numbers for any amount of data
sketch.update(amounts)
""",
)
INFERENCE = (
    "Inference, with its diagnostics",
    """Eight schools tried coaching; each measured an effect with an error. How much of the differences is real? A model states the prior
    and the likelihood, and variational inference fits a posterior: here the schools' effects, shrunk towards each other as far as the data
    suggest.

    Below the result are its diagnostics, then a series with its forecast.""",
    """
from plait.infer import HalfCauchy, Normal, bbvi

effects = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
errors = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])

def schools(m):
    z = m.latent("z", Normal(0, 1), shape=8)
    mu, tau = m.latent("mu", Normal(0, 5)), m.latent("tau", HalfCauchy(5))
    m.observe(Normal(mu + tau * z, errors), effects)

print(bbvi(schools, rng=0, progress=False).summary())
""",
)
MONEY = (
    "Portfolios",
    """Eight synthetic assets with two common factors. Each point of the curve is the portfolio of least risk for its return, found with
    exact gradients under constraints.""",
    """
rng = np.random.default_rng(0)
prices = {name: 100 * np.exp(np.cumsum(rng.normal(3e-4, 0.01, 1000))) for name in "ABCDEFGH"}
portfolio = plait.portfolio.Portfolio.from_prices(prices)
best = portfolio.max_sharpe()
print(best.weights, best.expected_return, best.risk, best.sharpe)
""",
)
MACHINE = ("The machine", "Where this page was made: times above are of this machine.", "")
CHAPTERS = (VAE, SEQUENCE, GESTURES, TREES, COUNTS, INFERENCE, MONEY)


def chapter(texts: tuple[str, str, str]) -> report.Section:
    """The beginning of a chapter."""
    title, what, code = texts
    return report.chapter(title, "\n\n".join(" ".join(part.split()) for part in what.split("\n\n")), code)
