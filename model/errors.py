"""The few ways in which things go wrong, named so that callers know what to do."""


class HubError(Exception):
    """Every error of ours; its text says what, which, where and what to do."""


class ConfigError(HubError):
    """A file that people wrote is wrong; stops the start and names file, line and key."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, key: str = "") -> None:
        where = ":".join(part for part in (file, str(line) if line else "") if part)
        super().__init__(": ".join(part for part in (where, key, message) if part))
        self.message = message
        self.file = file
        self.line = line
        self.key = key


class FrameError(HubError):
    """Bytes from a device that cannot be understood; `reason` is a short counted word."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Transient(HubError):  # noqa: N818 - reads as a word at the raise: Transient("broker away")
    """Try again later: the other side is away, slow or busy."""


class Refused(HubError):  # noqa: N818 - reads as a word at the raise
    """Do not try again: the request itself is not allowed; `missing` names what it lacks."""

    def __init__(self, message: str, *, missing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing
