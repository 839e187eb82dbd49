"""Keeps cases, their history and everything that must survive with them in one SQL database."""

from .accounts import Accounts, Token, User
from .filters import BadCursor, CaseFilter
from .letters import DeadLetter
from .outbox import OutgoingEvent
from .store import CaseStore

__all__ = [
    "Accounts",
    "BadCursor",
    "CaseFilter",
    "CaseStore",
    "DeadLetter",
    "OutgoingEvent",
    "Token",
    "User",
]
