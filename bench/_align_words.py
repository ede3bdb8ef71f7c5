"""Words within a cutoff beside rapidfuzz, dictionaries beside symspellpy; every row on random letters, English text, and DNA reads in families."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from _align import DATA, Work, present
from _align_edit import edited, text, words

Contestants = Callable[[], dict[str, Callable[[], Any]]]


def letters(count: int, length: int, seed: int) -> list[str]:
    return [text(length, 26, 1000 * seed + k) for k in range(count)]


def english(count: int, length: int, seed: int) -> list[str]:
    """Words, or pieces of text of about that length."""
    rng = random.Random(seed)
    known = words(5000, seed)
    if length <= 12:
        return rng.choices(known, k=count)
    return [" ".join(rng.choices(known, k=length // 4))[: length - rng.randrange(length // 8)] for _ in range(count)]


def reads(count: int, length: int, seed: int) -> list[str]:
    """DNA, ten of each family up to three edits from its base."""
    bases = [text(length, 4, 1000 * seed + k) for k in range(max(1, count // 10))]
    rng = random.Random(seed)
    return [edited(rng.choice(bases), rng.randrange(4), 4) or "a" for _ in range(count)]


def matrix(X: list[str], Y: list[str], cutoff: int) -> Contestants:
    def contestants() -> dict[str, Callable[[], Any]]:
        from rapidfuzz.distance import Levenshtein

        def peer(m: Any) -> Any:
            found = m.cdist(X, Y, scorer=Levenshtein.distance, score_cutoff=cutoff)
            return found, cutoff

        return present(
            {
                "plait.align": lambda plait: partial(plait.Levenshtein().pairwise, X, Y, cutoff=cutoff, threads=1),
                "rapidfuzz.process": lambda m: partial(peer, m),
            }
        )

    return contestants


def same_within(ours: Any, theirs: Any) -> bool:
    """rapidfuzz gives what is beyond the cutoff as cutoff + 1, ours as inf; of short words it gives the distances all the same."""
    found, cutoff = theirs
    return bool(np.array_equal(np.minimum(ours, cutoff + 1), np.minimum(found, cutoff + 1)))


def nearest(query: str, references: list[str], cutoff: int) -> Contestants:
    def contestants() -> dict[str, Callable[[], Any]]:
        from rapidfuzz.distance import Levenshtein

        def ours(aligner: Any) -> float:
            return sum(aligner.nearest(query, references, cutoff=cutoff)[1].tolist())  # none, or one

        def peer(m: Any) -> float:
            found = m.extractOne(query, references, scorer=Levenshtein.distance, score_cutoff=cutoff)
            return 0.0 if found is None else float(found[1])

        return present({"plait.align": lambda plait: partial(ours, plait.Levenshtein()), "rapidfuzz.process": lambda m: partial(peer, m)})

    return contestants


def misspelled(known: list[str], count: int) -> list[str]:
    rng = random.Random(7)
    return [edited(rng.choice(known), rng.randrange(3), 26) for _ in range(count)]


def dictionary(known: list[str], queries: list[str]) -> Contestants:
    """All words within two edits of each query, after building; optimal string alignment, which is symspellpy's distance."""

    def contestants() -> dict[str, Callable[[], Any]]:
        def ours(plait: Any) -> Callable[[], Any]:
            index = plait.WordIndex(known, 2, plait.Levenshtein(transposition="osa"))
            print(f"  index of {len(known)} words: {index.nbytes / 1e6:.0f} MB")
            return lambda: sum(len(index.within(query)) for query in queries)

        def symspell(m: Any) -> Callable[[], Any]:
            spelling = m.SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
            for word in known:
                spelling.create_dictionary_entry(word, 1)
            return lambda: sum(len(spelling.lookup(query, m.Verbosity.ALL, 2)) for query in queries)

        def every(m: Any) -> Callable[[], Any]:
            from rapidfuzz.distance import OSA

            return lambda: sum(len(m.extract(query, known, scorer=OSA.distance, score_cutoff=2, limit=None)) for query in queries)

        return present({"plait.align": ours, "symspellpy": symspell, "rapidfuzz.process": every})

    return contestants


def all_known() -> list[str]:
    path = DATA / "words" / "american-english"
    return sorted(set(path.read_text(encoding="utf-8").split())) if path.exists() else letters(100_000, 9, 5)


def nearly_all(ours: float, theirs: float) -> bool:
    """symspellpy leaves a few of the shortest words out; rapidfuzz has as many as the index."""
    return 0.99 * ours <= theirs <= ours


KINDS = {"letters": letters, "english": english, "reads": reads}
LENGTHS, CUTOFFS = (4, 12, 30, 200, 1000), (1, 2, 5, 10)
KNOWN = all_known()
NAMES = [word for word in KNOWN if word[:1].isupper()]
WORKS = [
    *(
        Work(
            f"300 x 300 {kind} of {length} within {cutoff}",
            1.5,
            9e4 * length * length,
            matrix(make(300, length, 1), make(300, length, 2) if kind != "reads" else make(300, length, 1), cutoff),
            same_within,
        )
        for kind, make in KINDS.items()
        for length in LENGTHS
        for cutoff in CUTOFFS
    ),
    *(
        Work(
            f"nearest of 5000 {kind} of {length} within {cutoff}",
            1.5,
            5e3 * length * length,
            nearest(make(1, length, 4)[0], make(5000, length, 3), cutoff),
        )
        for kind, make in KINDS.items()
        for length in LENGTHS
        for cutoff in CUTOFFS
    ),
    Work("dictionary, 20 queries within 2", 10.0, len(KNOWN) * 20 * 81.0, dictionary(KNOWN, misspelled(KNOWN, 20)), nearly_all),
    Work("dictionary of names, 20 queries within 2", 10.0, len(NAMES) * 20 * 64.0, dictionary(NAMES, misspelled(NAMES, 20)), nearly_all),
]
