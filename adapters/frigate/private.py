"""Keeps names of people and number plates, which Frigate writes beside objects, out of what is stored."""

import re

_NAMING = re.compile(
    rb"sub_label|plate|face|-verified|description|title|scene|recogni", re.IGNORECASE
)
"""After the first of these anything may be a name; keys with escapes (`\\u0073ub`) hide as well."""

_LETTER = re.compile(rb"[^\s{}\[\]:,]")


def without_names(payload: bytes) -> bytes:
    """Return the payload, of the same length, with everything starred that may name somebody."""
    found = _NAMING.search(payload)
    escaped = payload.find(b"\\u")
    starts = [at for at in (found.start() if found else -1, escaped) if at >= 0]
    if not starts:
        return payload
    begin = min(starts)
    return payload[:begin] + _LETTER.sub(b"*", payload[begin:])
