"""Guesses the word that somebody meant, so that a message can name the remedy."""

from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.7
"""How alike two words must be, of 1; our assumption."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return “; did you mean …?”, or nothing when no known word is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=CUTOFF)
    return f"; did you mean {near[0]}?" if near and near[0] != word else ""


def near(word: str, known: Iterable[str]) -> str:
    """Return the known word that looks like this one, else one of the same beginning, or "".

    For a word of several parts such words come first: smoke_pct is rather smoke_db_m than smoke.
    """
    there = list(known)
    parted = [one for one in there if "_" in one] if "_" in word else there
    stem = word.partition("_")[0]
    found = get_close_matches(word, parted, n=1, cutoff=CUTOFF)
    found += [one for one in parted if one.partition("_")[0] == stem]
    found += get_close_matches(word, there, n=1, cutoff=CUTOFF)
    return found[0] if found else ""


def none_of(word: str, known: Iterable[str]) -> str:
    """Say that `word` is none of the known ones, with what there is and what was meant."""
    there = list(known)
    return f"{word!r} is none of {', '.join(there)}{did_you_mean(word, there)}"
