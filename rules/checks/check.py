"""What every check of the kind `baseline` is: it learns from values and says what is unusual."""

from typing import NamedTuple, Protocol, TypeVar

Memory = TypeVar("Memory")


class Verdict(NamedTuple):
    """What a check says of a value; between `outside` and `inside` lies the hysteresis."""

    outside: bool  # unusual enough to start
    inside: bool  # usual enough to end


class Check(Protocol[Memory]):
    """One way to learn; `Memory` is what it keeps of a device, part of the rule's row."""

    def begin(self) -> Memory:
        """Return the memory of a device that was never heard."""

    def judge(self, device: str, memory: Memory, at: int, value: float) -> Verdict | None:
        """Say whether a value is usual; None while there is too little to judge by."""

    def learn(self, device: str, memory: Memory, at: int, *, value: float, open_: bool) -> None:
        """Learn a value that was judged; `open_` while an anomaly is open."""

    def accept(self, device: str, memory: Memory) -> None:
        """Take what lasts for the new normal."""

    def says(self, memory: Memory, at: int, value: float) -> str:
        """Say what was expected and how that was learned."""

    def forget(self, device: str) -> None:
        """Give up what is kept of a device beside its memory."""

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows that a check keeps beside its memory."""

    def restore(self, subject: str, state: bytes) -> bool:
        """Put such a row back; False: it is not one."""

    def subjects(self) -> set[str]:
        """Return the names of such rows."""


class AllInMemory:
    """A check that keeps no rows beside its memory."""

    def forget(self, device: str) -> None:
        """Nothing is kept elsewhere."""

    def snapshot(self) -> dict[str, bytes]:
        """Return nothing."""
        return {}

    def restore(self, subject: str, state: bytes) -> bool:
        """Say that the row is not one of these."""
        del subject, state
        return False

    def subjects(self) -> set[str]:
        """Return nothing."""
        return set()
