"""Turns records into JSON answers without copying them into other models first."""

import msgspec
from starlette.responses import Response

_encoder = msgspec.json.Encoder()


def encode(body: object) -> bytes:
    """Return JSON in UTF-8; records are written as on the wire."""
    return _encoder.encode(body)


def answer(body: object, *, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(encode(body), status_code=status, media_type="application/json")
