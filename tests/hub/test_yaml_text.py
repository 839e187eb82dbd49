"""Texts that YAML allows and no file of ours can mean are refused with file, line and remedy."""

import pytest

from model.errors import ConfigError
from model.yamlfile import YamlText

REFUSED = [
    ("a: 1\nzones: { [[0, 0], [1, 0]]}\n", 2, "write a name"),
    ("a: 1\n? [1, 2]\n: 3\n", 2, "write a name"),
    ("a: 1\n? {b: 1}\n: 3\n", 2, "write a name"),
    ("a:\n  - !!set {? [[1]]}\n", 2, "write a name"),
    ("- 1\n- &a [*a]\n", 2, "holds itself"),
    ("&a {b: [*a]}\n", 1, "holds itself"),
    ("a: 1\nb: &b\n  c: {d: *b}\n", 2, "holds itself"),
    ("a: 1\nb: 2001-99-99\n", 2, "put it in quotes"),
    ("a: 1\nb: !!int x\n", 2, "put it in quotes"),
    ("a: 1\nb: !!bool x\n", 2, "put it in quotes"),
    ("a: 1\n\tb: 2\n", 2, "not YAML: a tab stands where only spaces may; indent with spaces"),
    ("a: 1\nb: @x\n", 2, "not YAML: a text that begins with '@' needs quotes around it"),
    ("a: b: c\n", 1, "put a text that holds `: ` in quotes"),
    ("a: 1\nb\nc: 2\n", 3, "the line before lacks `: ` after its key"),
    ("a:\n  - 1\n - 2\n", 3, "align it with them"),
    ("a: 1\nb: 'x\n", 3, "close its quotes"),
    ('a: 1\na: "s3cret"\n', 2, 'not YAML: the key "a" stands twice; remove one'),
]


@pytest.mark.parametrize(("text", "line", "remedy"), REFUSED)
def test_what_no_file_can_mean_is_refused_with_its_line(text: str, line: int, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        YamlText(text, "f.yaml")
    assert str(caught.value).startswith(f"f.yaml:{line}:")
    assert remedy in str(caught.value)


def test_aliases_of_finished_values_and_merges_are_read() -> None:
    text = "base: &base {a: 1}\nb: *base\nc: [*base, *base]\nd: {<<: *base, e: 2}\n"
    base = {"a": 1}
    expected = {"base": base, "b": base, "c": [base, base], "d": {"a": 1, "e": 2}}
    assert YamlText(text, "f.yaml").plain() == expected
