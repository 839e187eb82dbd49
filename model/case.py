"""A Case is what a person works on; it ends only with proof."""

from enum import StrEnum

import msgspec

from .anomaly import Evidence, Severity
from .place import Level
from .reading import Mode, Value


class EventClass(StrEnum):
    """What kind of work a case is; only emergencies sound."""

    EMERGENCY = "emergency"  # 紧急: fire, water flow, gas, duress, panic button, forced door
    IMPAIRMENT = "impairment"  # 失效: isolation, pump, low pressure, panel or line down
    DUTY = "duty"  # 值守: inspection call unanswered
    MAINTENANCE = "maintenance"  # 维护: fault, battery, dirty, silent
    REPORT = "report"  # 上报: a matter that a person reported


class State(StrEnum):
    """The life of a case (案件状态); `escalated` is a level, not a state."""

    FILED = "filed"  # 立案
    DISPATCHED = "dispatched"  # 派遣
    ACCEPTED = "accepted"  # 接收
    HANDLING = "handling"  # 处置中
    SUSPENDED = "suspended"  # 挂起
    RESOLVED = "resolved"  # 已处置
    VERIFYING = "verifying"  # 核查中
    CLOSED = "closed"  # 结案
    REWORK = "rework"  # 返工


ENDED_STATES = frozenset({State.RESOLVED, State.VERIFYING, State.CLOSED})
"""States after which a new alarm of the same device is a new case."""


class Verification(StrEnum):
    """How sure we are: a device said so, two devices did, or a person did (待确认, 机器印证, 确认)."""

    NONE = ""  # does not apply: nobody needs to confirm a low battery
    UNCONFIRMED = "unconfirmed"
    MACHINE_CORROBORATED = "machine_corroborated"
    CONFIRMED = "confirmed"
    FALSE = "false"
    UNREACHABLE = "unreachable"


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """An anomaly inside a case; a later statement about the same anomaly replaces it."""

    anomaly: str  # the anomaly's key
    rule: str
    rule_hash: str
    subject: str
    started_at: int
    last_at: int
    scope: str = "component"  # an Anomaly's, or `report`: a person said so, no sensor did
    ended_at: int | None = None
    ended_by: str = ""
    manual: bool = False
    explanation: str = ""
    joined_at: int = 0  # hub time
    category: str = ""
    severity: Severity = Severity.WARNING
    source: str = ""  # the device that fronts the subject
    corroborates: bool = False
    reading: str = ""  # id of the newest Reading that says so: the raw alarm behind this line
    count: int = 1  # anomalies of this rule and subject so far; only the newest is kept
    burst_at: int = 0  # data time at which the present burst of starts began
    burst: int = 1  # starts in that burst: what tells chattering
    held_by: str = ""  # the lost device or gateway that explains it, or `fire`: no job of its own


class HistoryItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a case's history; `hash` covers the line and the hash before it."""

    case: str
    number: int  # from 1
    at: int
    actor: str  # a person, or `hub`
    action: str
    detail: dict[str, Value | list[str] | None] = {}
    previous: str = ""
    hash: str = ""


class Case(msgspec.Struct, frozen=True, omit_defaults=True, rename={"cls": "class"}):
    """A grid case (网格事件). Times are ms since the epoch, hub clock, unless said otherwise."""

    id: str  # short, speakable: derived from the key
    key: str  # hash(place, cause, ordinal): the same in a replay
    cls: EventClass
    category: str
    severity: Severity
    state: State
    level: Level
    mode: Mode
    grid: str  # the code it was born with
    place: str
    subject: str
    rule: str
    opened_at: int
    place_name: str = ""
    compound: str = ""
    source: str = ""
    cause: str = ""
    ordinal: int = 1
    started_at: int = 0  # data time of the first anomaly
    due: int | None = None
    owner: str = ""  # role that answers for it now: fire_control_room, contractor, grid_worker …
    assignee: str | None = None
    handler: str | None = None  # who worked on it; never its verifier
    verification: Verification = Verification.NONE
    acknowledged_by: str | None = None
    acknowledged_at: int | None = None
    alarmed_at: int | None = None  # from then on it sounds again: news since somebody acknowledged
    heard_at: int | None = None  # when somebody acknowledged such news last
    flags: tuple[str, ...] = ()  # late, chattering, reset_before_check, isolated_during_fire …
    members: tuple[Member, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    proof: dict[str, int | Value | list[str] | None] = {}  # int: a time read back is no float
    closing: str = ""  # the closing profile that holds
    text: str = ""
    reporter: str = ""
    reporter_contact: str = ""  # personal: never in outgoing events
    suspended_until: int | None = None
    resolved_at: int | None = None
    closed_at: int | None = None
    updated_at: int = 0
    sequence: int = 0  # of outgoing events, per case
    notices: int = 0
    external_ref: str = ""
    history_length: int = 0
    history_hash: str = ""
    birthplace: str = ""  # `place` when it was opened: with cause and ordinal it makes the key
    birth_grid: str | None = None  # `grid` when it was opened; None: opened before it was kept
    group: str = ""  # what anomalies join it by: its place, or a device, source or gateway
    located: bool = (
        False  # its place is a component's, not only that of the panel or source above it
    )
    predecessor: str = ""  # id of the ended case of the same group that alarmed again
    active: int = 0  # members that have not ended
    handlers: tuple[str, ...] = ()  # everyone who worked on it: none of them may verify
    acknowledge_due: int | None = None
    confirm_due: int | None = None
    accept_due: int | None = None
    resolve_due: int | None = None
    missed: tuple[str, ...] = ()  # deadlines that have escalated already, once each
    escalations: int = 0  # counted apart from `notices`, which alarms cause
    suspended_at: int | None = None
    check_at: int | None = (
        None  # when the hub next looks whether it may verify, or split, by itself
    )
    renoticed_at: int | None = None  # when an alarm that came again was last told
    attachments: tuple[str, ...] = ()  # kind:reference of pictures, work orders …
    applied: tuple[str, ...] = ()  # ids of the newest actions, so that a repeat changes nothing


class ChangeKind(StrEnum):
    """What an outgoing event says about a case."""

    CREATE = "create"
    UPDATE = "update"
    CANCEL = "cancel"  # found false, or withdrawn: stop what you started


class Change(msgspec.Struct, frozen=True):
    """What the desk did: the case as it is now, the new history, and whether people are told.

    A change without history is bookkeeping: it is stored, and nothing is sent.
    `notice` is empty when nobody is to be disturbed, else a word for why: opened, new_alarm,
    corroborated, escalated, cancelled, assigned … `quiet_at_compound` (duress) tells
    every channel that reaches the compound to stay silent.
    """

    kind: ChangeKind
    case: Case
    history: tuple[HistoryItem, ...]
    notice: str = ""
    quiet_at_compound: bool = False


class Health(msgspec.Struct, frozen=True):
    """What we know of a device when someone claims that it is normal again."""

    heard: bool  # has reported within its contract
    isolated: bool = False
    removed: bool = False
    testing: bool = False
    tampered: bool = False
    faulty: bool = False
    offline: bool = False  # says so itself, or its camera does: it sees nothing now

    @property
    def proves(self) -> bool:
        """Return whether "normal" from this device is worth anything."""
        nothing = self.isolated or self.removed or self.testing or self.tampered or self.offline
        return self.heard and not nothing
