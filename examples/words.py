"""Is it a name? Logistic regression on the letter groups of words: a graph with a sparse leaf.

python examples/words.py /usr/share/dict/american-english
"""

import sys
import time
from pathlib import Path

import numpy as np

import plait


def letter_groups(words, numbers, longest=4):
    """Rows of counts: how often each word has each group of up to `longest` letters. `numbers` maps groups to columns; empty, it is filled."""
    offsets, positions, grow = [0], [], not numbers
    for word in (f"^{word}$" for word in words):
        groups = [word[i : i + n] for n in range(1, longest + 1) for i in range(len(word) - n + 1)]
        found = [numbers.setdefault(g, len(numbers)) if grow else numbers.get(g, -1) for g in groups]
        positions += {column for column in found if column >= 0}
        offsets.append(len(positions))
    return plait.SparseRows.from_csr(offsets, np.array(positions, int), np.ones(len(positions), "float32"), len(numbers))


def read(path, seed=0):
    """Words in lower case and whether they are names, shuffled; four fifths of them for training."""
    words = [word for word in Path(path).read_text(encoding="utf-8").split() if word.isalpha()]
    order = np.random.default_rng(seed).permutation(len(words))
    texts, names = [words[i].lower() for i in order], np.array([words[i][0].isupper() for i in order])
    cut, numbers = len(words) * 4 // 5, {}
    train = letter_groups(texts[:cut], numbers)
    return train, names[:cut], letter_groups(texts[cut:], numbers), names[cut:]


def fit(rows, labels, epochs=6, batch_size=1024):
    """Logistic regression with scikit-learn's penalty, by Adam."""
    x, t = plait.sparse_input("x", (None, rows.shape[1])), plait.input("t", (None,))
    w, b = plait.parameter(np.zeros(rows.shape[1], "float32"), "w"), plait.parameter(np.float32(0), "b")
    score = x @ w + b
    loss = plait.losses.binary_cross_entropy_with_logits(score, t) + (0.5 / len(rows)) * (w * w).sum()
    plait.train(loss, {x: rows, t: labels}, optimizer=plait.optim.Adam(0.02), epochs=epochs, batch_size=batch_size, rng=0)
    return lambda rows: plait.evaluate(score, {x: rows}) > 0


def main(path):
    """Train and print the share of right answers on words not seen."""
    rows, labels, other_rows, other_labels = read(path)
    began = time.perf_counter()
    predict = fit(rows, labels)
    print(f"{rows}: trained in {time.perf_counter() - began:.2f} s, {(predict(other_rows) == other_labels).mean():.2%} right")


if __name__ == "__main__":
    main(sys.argv[1])
