"""The wall 态势: what is open, where, and whether anybody has it."""

from .view import register

__all__ = ["register"]
