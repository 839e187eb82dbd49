"""Asks cameras themselves, by ONVIF, where their pictures are."""

from .stream import OnvifStream, stream_of

__all__ = ["OnvifStream", "stream_of"]
