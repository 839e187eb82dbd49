"""One rule's text is changed among the rules in force: the others stay, and so do the tests that it carries."""

import pytest

from hub.documents import library_rules, versioned
from hub.rule_edit import TEXT_MAX, failing_tests, with_text
from hub.rule_texts import written
from model.entry import Versioned
from model.errors import ConfigError, HubError
from rules.rulefile import load_rules

LIBRARY = versioned(library_rules())
LOADED = load_rules(LIBRARY.documents)


def small(rule: str) -> Versioned:
    """Return the one file of a rule: the whole library takes a second to read."""
    file, _ = LOADED.lines[rule]
    return versioned({file: LIBRARY.documents[file]})


def text_of(rule: str) -> str:
    """Return a rule's text as its page shows it."""
    return written(LIBRARY.documents[LOADED.lines[rule][0]], rule, LOADED)


@pytest.mark.parametrize("file", sorted(LIBRARY.documents))
def test_the_text_that_a_page_shows_makes_the_rules_that_are_in_force(file: str) -> None:
    """First and last of each file, put back unchanged: the same rules with the same tests."""
    mine = [spec for spec in LOADED.specs if LOADED.lines[spec.id][0] == file]
    for spec in (*mine[:1], *mine[-1:]):
        changed = with_text(small(spec.id), spec.id, text_of(spec.id)).documents
        again = load_rules({file: changed[file]}).specs
        assert [one.hash for one in again] == [one.hash for one in mine]
        assert [one.tests for one in again] == [one.tests for one in mine]


def test_a_changed_limit_changes_that_rule_alone_and_its_own_tests_say_so() -> None:
    """The tests are run with the new text."""
    rule = next(
        spec.id
        for spec in LOADED.specs
        if spec.kind == "threshold" and "below: " in text_of(spec.id)
    )
    assert failing_tests(small(rule).documents, rule) == []
    changed = with_text(LIBRARY, rule, text_of(rule).replace("below: ", "below: -9"))
    again = load_rules(changed.documents)
    differing = {
        new.id for old, new in zip(LOADED.specs, again.specs, strict=True) if old.hash != new.hash
    }
    assert differing == {rule}
    assert failing_tests(changed.documents, rule) != []


def test_mistakes_are_named_with_the_line_of_the_typed_text() -> None:
    """The rule's file has hundreds of lines; whoever typed twelve sees the fifth."""
    lines = text_of("fire-alarm").splitlines()
    lines.insert(4, "  nonsense: 1")
    with pytest.raises(ConfigError, match=r"^fire-alarm:5: .*nonsense"):
        with_text(small("fire-alarm"), "fire-alarm", "\n".join(lines))
    with pytest.raises(ConfigError, match="fire-alarm"):
        with_text(small("fire-alarm"), "fire-alarm", "- [unclosed")


@pytest.mark.parametrize(
    "text",
    ["", "# nothing", "x: 1", "- id: fire-alarm", "x" * (TEXT_MAX + 1), "- a\n- b", "\x00", "!!python/object:os.system {}"],
)  # fmt: skip
def test_what_is_no_rule_is_refused(text: str) -> None:
    """In words, never with a trace."""
    with pytest.raises(HubError):
        with_text(small("fire-alarm"), "fire-alarm", text)


def test_another_rule_or_two_rules_are_refused() -> None:
    """The text is about the rule of the page."""
    both = f"{text_of('fire-alarm')}\n{text_of('gateway-lost')}"
    for text in (text_of("gateway-lost"), both):
        with pytest.raises(HubError, match="one rule fire-alarm"):
            with_text(small("fire-alarm"), "fire-alarm", text)
    with pytest.raises(HubError, match="no rule no-such"):
        with_text(small("fire-alarm"), "no-such", text_of("fire-alarm"))
