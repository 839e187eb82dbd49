"""The figures a site may change: how long alarms join, how long people have, what counts as proof."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from model.case import EventClass

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Limits(msgspec.Struct, frozen=True):
    """How long people have from the opening of a case, in ms of clock time; None: no such limit."""

    acknowledge: int | None = None
    confirm: int | None = None
    accept: int | None = None
    resolve: int | None = None


LIMITS: Mapping[EventClass, Limits] = MappingProxyType(
    {
        EventClass.EMERGENCY: Limits(2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 4 * HOUR),
        EventClass.IMPAIRMENT: Limits(15 * MINUTE, None, HOUR, DAY),
        EventClass.DUTY: Limits(10 * MINUTE, None, 30 * MINUTE, 4 * HOUR),
        EventClass.MAINTENANCE: Limits(None, None, DAY, 7 * DAY),
        EventClass.REPORT: Limits(None, None, DAY, 7 * DAY),
    }
)
"""Our assumption, in clock hours: the numbers of GB/T 30428.8-2020 are not in open text, and the
handbooks of cities differ (from 4 working hours to 15 days for one kind of matter)."""


class Policy(msgspec.Struct, frozen=True):
    """What a site may tune; every default is our assumption unless the design names it. Times in ms."""

    join: int = 10 * MINUTE  # a new alarm joins an emergency this long after its last member ended
    normal: int = 10 * MINUTE  # "normal" must have lasted this long to prove anything
    limits: Mapping[EventClass, Limits] = LIMITS
    burst_window: int = MINUTE  # starts of one device within this time are one burst
    burst_starts: int = 5  # as many starts in a burst are chattering
    renotice: int = 10 * MINUTE  # an alarm that comes again is told at most this often …
    renotice_after_reset: int = 30 * SECOND  # … but after a reset it is a new alarm
    rearm: int = 30 * SECOND  # so long one device more leaves who just acknowledged in peace
    silence_grace: int = 10 * MINUTE  # after a gateway is back its devices have this long to report
    fire_doors: int = HOUR  # so long after its newest alarm a fire explains what its doors say
    storm_window: int = MINUTE  # a grid gets so many cases in this time, emergencies not counted …
    storm_cases: int = 30  # … and beyond it they gather in one
    alike_cases: int = (
        4  # a gateway's cameras get so many of one cause in this time, and one for the rest
    )
    storm_members: int = 1_000  # so many are listed in one such case; then the next is opened
    lines_per_member: int = 3  # later comings and goings of a member are counted, not written down
    evidence: int = 32  # references kept in the case: the first half and the newest half
    attempts: int = 3  # a reporter not reached this often counts as asked
    suspend: int = 30 * DAY  # the longest suspension
    remembered: int = DAY  # closed cases are kept in mind this long
    remembered_actions: int = 256  # ids of a case's newest actions

    @property
    def longest_look(self) -> int:
        """Return how far off (ms) the hub's next look at a case may lie."""
        return max(self.silence_grace, self.normal)

    @property
    def normal_minutes(self) -> int:
        """Return how many minutes "normal" must have lasted, as the refusal names it."""
        return max(1, round(self.normal / MINUTE))
