"""Logs what people ask for, and waits for what the desk makes of it."""

import asyncio
import secrets
from collections.abc import Callable

import msgspec

from model.case import Case, Change
from model.entry import Action, Draft, EntryKind, Report
from model.errors import HubError, Refused
from model.silence import SilenceOrder
from model.walk_test import WalkTestOrder

from .case_store import CaseStore
from .desk_reader import DeskReader
from .intake import HubIntake

ANSWER_S = 10.0


class DeskRequests:
    """The way of a person's request: through the log to the desk, and the answer back.

    A request carries an id; sent twice, it is done once and answered twice.
    """

    def __init__(
        self,
        intake: HubIntake,
        store: CaseStore,
        *,
        desk: Callable[[], DeskReader],
        clock: Callable[[], int],
    ) -> None:
        """Take what logs, what keeps cases, the desk as it is at that moment, and the hub's clock."""
        self._intake = intake
        self._store = store
        self._desk = desk
        self._clock = clock

    async def submit(self, action: Action) -> Case:
        """Log an action and return the case as it is afterwards; raises Refused or LookupError."""
        action = msgspec.structs.replace(
            action, id=action.id or secrets.token_hex(8), at=self._clock()
        )
        if await asyncio.to_thread(self._store.get, action.case) is None:
            raise LookupError(action.case)
        changes = await self._ask(EntryKind.ACTION, action.id, msgspec.json.encode(action))
        if changes:
            return changes[-1].case
        case = await asyncio.to_thread(self._store.get, action.case)
        if case is None:
            raise LookupError(action.case)
        return case

    async def submit_report(self, report: Report) -> Case:
        """Log a report of a person and return the case it became; raises Refused."""
        report = msgspec.structs.replace(
            report, id=report.id or secrets.token_hex(8), at=self._clock()
        )
        changes = await self._ask(EntryKind.REPORT, report.id, msgspec.json.encode(report))
        if not changes:
            raise Refused(f"report {report.id} was taken before")
        return changes[0].case

    async def order_walk_test(self, order: WalkTestOrder) -> None:
        """Log the start or stop of a walk test; raises Refused."""
        await self._ask(EntryKind.WALK_TEST, order.request, msgspec.json.encode(order))

    async def order_silence(self, order: SilenceOrder) -> None:
        """Log the creation, approval or end of a silence; raises Refused."""
        await self._ask(EntryKind.SILENCE, order.request, msgspec.json.encode(order))

    async def _ask(self, kind: EntryKind, request: str, payload: bytes) -> list[Change]:
        desk = self._desk()
        waiting = desk.answer_to(request)
        try:
            await self._intake.append(Draft(kind, payload))
            async with asyncio.timeout(ANSWER_S):
                answer = await waiting
        except TimeoutError as error:
            raise HubError("the desk did not answer in time; the request is logged") from error
        except OSError as error:
            raise HubError(f"the hub cannot log requests now: {error}") from error
        finally:
            desk.forget(request, waiting)
        if answer.refused is not None:
            raise answer.refused
        return answer.changes
