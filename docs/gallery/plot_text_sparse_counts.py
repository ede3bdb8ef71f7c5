"""
Text classification on sparse counts
====================================

Word counts are sparse: a thousand columns, about a dozen of them nonzero in a row. A sparse input feeds them to a graph without densifying them.
"""

import matplotlib.pyplot as plt
import numpy as np

import plait

rng = np.random.default_rng(5)
topics = {
    "sea": "ship wave harbour sail tide anchor storm coast gull rope".split(),
    "kitchen": "bread salt oven knife flour butter pan stove herb spoon".split(),
    "money": "price share bond yield risk market fund rate bank loan".split(),
}
common = "the a of and to in it is was for on with as at by from".split()
words = sorted({*common, *(w for topic in topics.values() for w in topic)})
place = {word: k for k, word in enumerate(words)}


def note(topic):
    """Twelve words, four of them about the topic; as in every language, some words are said much more often than others."""
    return [*rng.choice(common, 8, p=often(len(common))), *rng.choice(topics[topic], 4, p=often(10))]


def often(n):
    """Zipf's law."""
    return (1 / np.arange(1, n + 1)) / (1 / np.arange(1, n + 1)).sum()


names = list(topics)
labels = rng.integers(0, 3, 600)
dense = np.zeros((600, len(words)))
for row, label in enumerate(labels):
    for word in note(names[label]):
        dense[row, place[word]] += 1
counts = plait.SparseRows.from_dense(dense)

# %%
# A linear model of the sparse input, trained by a compiled step.

x = plait.sparse_input("x", (None, len(words)))
y = plait.input("y", (None,), dtype="int64")
w, b = plait.parameter(np.zeros((len(words), 3), "float32"), name="w"), plait.parameter(np.zeros(3, "float32"), name="b")
logits = x @ w + b
loss = plait.losses.cross_entropy_with_logits(logits, y)
step = plait.compile([loss], updates=plait.optim.SGD(0.5).updates(loss, [w, b]))
losses = [float(step({x: counts[:400], y: labels[:400]})[0]) for _ in range(150)]
guess = plait.compile([logits])({x: counts[400:]})[0].argmax(axis=1)
print("right on new notes:", (guess == labels[400:]).mean())

# %%
# The words with the largest weights for each topic.

figure, axes = plt.subplots(1, 3, figsize=(9, 3))
for k, axis in enumerate(axes):
    top = np.argsort(w.value[:, k])[-8:]
    axis.barh([words[i] for i in top], w.value[top, k], color=f"C{k}")
    axis.set(title=names[k], xlabel="weight")
figure.tight_layout()
