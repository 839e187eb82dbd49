"""Hears NB-IoT smoke detectors, and any device whose vendor sends one JSON object a message."""

from .adapter import NbIot

ADAPTER = NbIot

__all__ = ["ADAPTER"]
