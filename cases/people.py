"""Compares the names of people."""

import unicodedata


def named(person: str) -> str:
    """Compare names as people see them: `Wang Wei `, full width or with a hidden sign, is `wang wei`."""
    seen = "".join(sign for sign in person if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).casefold().split())
