"""What people look at live pictures for: the purposes of looks at evidence, and the duty officer's round."""

from enum import StrEnum

from .looking import PURPOSES, Purpose


class LivePurpose(StrEnum):
    """Why somebody looks at a camera now; nothing else is accepted."""

    DUTY = "duty_watch"
    VERIFY = Purpose.VERIFY.value
    HANDLE = Purpose.HANDLE.value
    TECHNICAL = Purpose.TECHNICAL.value
    RESIDENT = Purpose.RESIDENT.value
    AUTHORITY = Purpose.AUTHORITY.value
    REVIEW = Purpose.REVIEW.value


DUTY_WORDS = ("值班巡看", "duty watch")
LIVE_PURPOSES = {
    purpose: DUTY_WORDS if purpose is LivePurpose.DUTY else PURPOSES[Purpose(purpose.value)]
    for purpose in LivePurpose
}
