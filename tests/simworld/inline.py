"""Small parts that make asynchronous product code run step by step: executor, death, caches."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import msgspec
import structlog

from hub.territory.registry_files import load_registry
from model.place import Registry
from rules.rulefile import RuleSet, load_rules


class Died(BaseException):
    """A process is gone at this point, as after `kill -9`: no handler of the product sees it."""


class Inline(Executor):
    """Runs what is submitted at once, so that a disk is neither early nor late."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run now; what it raises is in the future."""
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future carries it to who waits
            done.set_exception(error)
        return done


class Fuse:
    """A crash point that is armed for one name, and counts."""

    def __init__(self) -> None:
        self.name = ""
        self.left = 0

    def arm(self, name: str, count: int) -> None:
        """Die when `name` is passed for the `count`th time."""
        self.name, self.left = name, count

    def __call__(self, passed: str) -> None:
        """Pass a point."""
        if passed != self.name:
            return
        self.left -= 1
        if self.left <= 0:
            self.name = ""
            raise Died(passed)


@cache
def _rules(texts: bytes) -> RuleSet:
    return load_rules(msgspec.json.decode(texts, type=dict[str, str]))


@cache
def _registry(texts: bytes) -> Registry:
    return load_registry(msgspec.json.decode(texts, type=dict[str, str]))


@contextmanager
def quick() -> Iterator[None]:
    """Read each version of the texts once, never wait on the real clock, and log nothing.

    The tables of repeats are kept so small that the log is asked now and then, as in a long life.
    """
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with (
        mock.patch("hub.core.load_rules", lambda texts: _rules(msgspec.json.encode(texts))),
        mock.patch("hub.core.load_registry", lambda texts: _registry(msgspec.json.encode(texts))),
        mock.patch("hub.intake.FULL_DISK_PAUSE_S", 0),
        mock.patch("hub.intake.ROWS_KEPT", 24),
        mock.patch("hub.intake.SEEN_KEPT", 3),
        mock.patch("hub.desk_reader.RETRY_S", 0),
    ):
        try:
            yield
        finally:
            structlog.configure(**before)
