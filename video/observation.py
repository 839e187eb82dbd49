"""What an observation is: one thing that a camera can notice, in a module of its own."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from .contract import ObservationSettings, Sighting, Zones
from .view import View


class Observation(Protocol):
    """One thing a camera can notice. It may remember earlier frames; it never reads a clock."""

    name: ClassVar[str]  # also the boolean state in the Reading: covered, intrusion …
    settings: ClassVar[type[ObservationSettings]]
    needs_objects: ClassVar[bool]  # asks for the detector where something moved
    needs_detector: ClassVar[bool]  # is blind without one, and says so
    always: ClassVar[bool]  # on unless switched off: the camera's own health
    quantities: ClassVar[frozenset[str]]  # keys its sightings may carry in `values`
    measures: ClassVar[frozenset[str]]  # of the quantities, those told regularly, episode or not
    # What it sees at first is the usual scene, whatever it is: its "not seen" proves nothing of what was before.
    learns: ClassVar[bool]
    title: ClassVar[tuple[str, str]]  # zh, en
    limits: ClassVar[tuple[str, str]]  # zh, en: what it cannot see, one sentence

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take checked settings and the zones they name."""

    def look(self, view: View) -> Sequence[Sighting]:
        """Return one Sighting for each of its zones; raises nothing on any picture."""
