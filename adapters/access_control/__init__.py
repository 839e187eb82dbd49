"""Hears door controllers: who was let in or refused, and what happened to the door."""

from .adapter import AccessControl

ADAPTER = AccessControl

__all__ = ["ADAPTER"]
