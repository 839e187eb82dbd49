"""Topic filters match as MQTT 3.1.1 says (4.7)."""

import pytest

from adapters.topic_pattern import TopicPattern, filter_regex


@pytest.mark.parametrize(
    ("text", "topic", "matches"),
    [
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("+", "a", True),
        ("+", "a/b", False),
        ("+/+", "/a", True),
        ("a/+/c", "a//c", True),
        ("a.b/+", "aXb/c", False),
        ("海勃湾/+", "海勃湾/1", True),
        ("a/#", "a/b\nc", True),
    ],
)
def test_a_filter_matches_as_the_standard_says(text: str, topic: str, *, matches: bool) -> None:
    """The examples of 4.7.1.2, 4.7.1.3 and 4.7.2, and a few traps."""
    assert (filter_regex(text).fullmatch(topic) is not None) is matches


@pytest.mark.parametrize("text", ["", "a/#/b", "a#", "a+/b", "a\0"])
def test_a_wrong_filter_is_an_error(text: str) -> None:
    """It would be refused by the broker, or match nothing."""
    with pytest.raises(ValueError, match="filter"):
        filter_regex(text)


def test_a_pattern_is_also_its_subscription() -> None:
    """Named levels become +, and the names come back."""
    pattern = TopicPattern.of("iot/{compound}/nb/{imei}/up")
    assert pattern.filter == "iot/+/nb/+/up"
    assert pattern.match("iot/c.1/nb/海/up") == {"compound": "c.1", "imei": "海"}
