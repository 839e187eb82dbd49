"""Reads names out of MQTT topics, and tells which subscription a topic belongs to."""

import re
from typing import NamedTuple

from model.errors import FrameError

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
MAX_TOPIC = 65_535


class TopicPattern(NamedTuple):
    """A topic with named levels, compiled: `iot/{compound}/nb/{imei}/up`."""

    text: str
    filter: str  # the same as a subscription: iot/+/nb/+/up
    names: tuple[str, ...]
    regex: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> "TopicPattern":
        """Compile a pattern; raises ValueError with what to correct."""
        levels = text.split("/")
        names = tuple(match[1] for level in levels if (match := _PLACEHOLDER.fullmatch(level)))
        if len(set(names)) != len(names):
            raise ValueError(f"the topic {text!r} names a level twice")
        plain = [level for level in levels if not _PLACEHOLDER.fullmatch(level)]
        if not text or any(char in level for level in plain for char in "{}+#\0"):
            raise ValueError(
                f"the topic {text!r} is wrong: write whole levels as {{name}}, without + and #"
            )
        parts = [_PLACEHOLDER.sub(r"(?P<\1>[^/]+)", part) for part in map(_escaped, levels)]
        return cls(
            text,
            "/".join("+" if _PLACEHOLDER.fullmatch(level) else level for level in levels),
            names,
            re.compile("/".join(parts)),
        )

    def match(self, topic: str) -> dict[str, str]:
        """Return the named levels of a topic; raises FrameError `topic`."""
        found = self.regex.fullmatch(topic)
        if found is None:
            raise FrameError("topic", f"is not of the form {self.text}")
        return found.groupdict()


def _escaped(level: str) -> str:
    return level if _PLACEHOLDER.fullmatch(level) else re.escape(level)


def check_filter(text: str) -> str:
    """Return a subscription filter, or raise ValueError (MQTT 3.1.1, 4.7.1)."""
    levels = text.split("/")
    if not text or "\0" in text or len(text.encode()) > MAX_TOPIC:
        raise ValueError("a topic filter has 1 to 65,535 bytes and no zero character")
    if any("#" in level and level != "#" for level in levels) or "#" in levels[:-1]:
        raise ValueError(f"in the topic filter {text!r}, # may only be the last level")
    if any("+" in level and level != "+" for level in levels):
        raise ValueError(f"in the topic filter {text!r}, + must be a whole level")
    return text


def filter_regex(text: str) -> re.Pattern[str]:
    """Compile a subscription filter (MQTT 3.1.1, 4.7): `#` also matches its parent level."""
    levels = check_filter(text).split("/")
    # 4.7.2: wildcards in the first level do not match the broker's own $SYS topics.
    first = r"(?!\$)" if levels[0] in ("+", "#") else ""
    if levels == ["#"]:
        return re.compile(first + ".*", re.DOTALL)
    tail = "(?:/.*)?" if levels[-1] == "#" else ""
    plain = levels[:-1] if tail else levels
    body = "/".join("[^/]*" if level == "+" else re.escape(level) for level in plain)
    return re.compile(first + body + tail, re.DOTALL)
