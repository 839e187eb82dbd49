"""Tells what devices' "normal" is worth right now, without holding up the desk."""

from collections.abc import Iterable

from cases.closing import Item, checklist
from model.case import Case, Health
from model.entry import Action

from .desk_reader import DeskReader

BATCH = 200  # devices looked at in one go: alarms wait for this, and for no more


def closing_parts(desk: DeskReader, case: Case, actor: str, *, now: int) -> tuple[Item, ...]:
    """Return the proof that a closing by somebody needs, judged as the desk itself would."""
    known = _Known(desk, {member.subject for member in case.members})
    action = Action(case=case.id, name="close", actor=actor)
    return checklist(case, action, now, known, policy=desk.core.desk.policy)


class _Known:
    """The health of some devices, copied a few at a time."""

    def __init__(self, desk: DeskReader, devices: Iterable[str]) -> None:
        self._found: dict[str, Health] = {}
        names = list(devices)
        for begin in range(0, len(names), BATCH):
            with desk.guard:
                health = desk.core.engine.health
                self._found |= {name: health(name) for name in names[begin : begin + BATCH]}

    def health(self, device: str) -> Health:
        """Return what is known of a device."""
        return self._found[device]
