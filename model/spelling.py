"""Guesses the word that somebody meant, so that a message can name the remedy."""

from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.7
"""How alike two words must be, of 1; our assumption."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return “; did you mean …?”, or nothing when no known word is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=CUTOFF)
    return f"; did you mean {near[0]}?" if near and near[0] != word else ""


def none_of(word: str, known: Iterable[str]) -> str:
    """Say that `word` is none of the known ones, with what there is and what was meant."""
    there = list(known)
    return f"{word!r} is none of {', '.join(there)}{did_you_mean(word, there)}"
