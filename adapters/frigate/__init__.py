"""Hears what Frigate has seen, so that a site that runs it keeps it."""

from .adapter import Frigate

ADAPTER = Frigate

__all__ = ["ADAPTER"]
