"""One rule's text is changed among the rules in force: the others stay, and so do the tests that it carries."""

from collections.abc import Callable

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


FILE = """\
schema: 1
rules:
  - id: one
    kind: threshold
    title: {zh: 一, en: One}
    category: flow_unusual
    severity: minor
    quantity: flow
# a remark at the very left
    above: 60

    for: 10s
  # about the next one
  - id: two
    kind: threshold
    title: {zh: 二, en: Two}
    category: flow_unusual
    severity: minor
    quantity: flow
    above: 70
"""


def test_a_remark_at_the_left_ends_no_rule() -> None:
    """What the page shows is the whole rule, and what is tried is what was typed."""
    rules = versioned({"my.yaml": FILE})
    shown = written(FILE, "one", load_rules(rules.documents))
    assert "for: 10s" in shown
    assert "about the next" not in shown
    changed = with_text(rules, "one", shown.replace("    for: 10s", "").replace("  for: 10s", ""))
    one, two = load_rules(changed.documents).specs
    assert (one.above, one.hold) == (60, 0)  # type: ignore[union-attr]
    assert two.hash == load_rules(rules.documents).specs[1].hash
    assert "about the next one" in changed.documents["my.yaml"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "".join(f"    {row}\n" for row in text.splitlines()),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: f"\n\n{text}\n\n",
    ],
)
def test_a_text_may_be_pasted_as_it_comes(change: Callable[[str], str]) -> None:
    """Indented, with the line ends of another system, with empty lines around it."""
    rules = versioned({"my.yaml": FILE})
    shown = written(FILE, "one", load_rules(rules.documents))
    again = load_rules(with_text(rules, "one", change(shown)).documents)
    assert [spec.hash for spec in again.specs] == [
        spec.hash for spec in load_rules(rules.documents).specs
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- id: one\n  a: &a [1]\n  b: *a", "anchor"),
        ("- id: one\n  a: " + "[" * 120 + "]" * 120, "brackets"),
        ("- id: one\n  a: [" + "1, " * 3_000 + "]", "values"),
        ("TEXT\n  tests: [{name: x, steps: [{at: 0s, gateway: online}], expect: none}]", "tests"),
        ("TEXT\n  for: " + "9" * 400 + "d", "one:"),
    ],
    ids=["alias", "deep", "many", "tests", "time"],
)
def test_what_a_few_lines_can_be_made_to_stand_for_is_refused(text: str, said: str) -> None:
    """In words, at once, and without a path of the machine."""
    rules = versioned({"/srv/secret/rules.yaml": FILE.replace("    for: 10s\n", "")})
    loaded = load_rules(rules.documents)
    shown = written(rules.documents["/srv/secret/rules.yaml"], "one", loaded)
    with pytest.raises(ConfigError, match=said) as caught:
        with_text(rules, "one", text.replace("TEXT", shown))
    assert "/srv" not in str(caught.value)
