"""Finds words of rules that nothing of ours ever says: such a rule is right as a text and never fires.

A JSON mapping in a gateway's file may say any kind and quantity, and so may an adapter that is not
ours; so these are warnings, and the files that are checked together with the rules count as known.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from adapters.discovery import adapters
from model.calendar import is_calendar
from model.errors import ConfigError
from model.reading import ALARM_STATES
from model.spelling import near
from model.yamlfile import YamlText
from rules.expression import Expression
from rules.rulefile import RuleFile
from video.discovery import observations

from .documents import library_rules
from .territory.rows import KINDS

Keys = tuple[int | str, ...]
_STATES = {"quantity", "states", "states_false"}
_NAMED = {"values", "released"}  # mappings whose keys are quantities


class Words(NamedTuple):
    """Kinds of devices, and quantities and states, that somebody says."""

    kinds: frozenset[str]
    quantities: frozenset[str]

    def joined(self, other: "Words") -> "Words":
        """Return both."""
        return Words(self.kinds | other.kinds, self.quantities | other.quantities)


class _Word(NamedTuple):
    keys: Keys
    word: str
    is_kind: bool


def our_words() -> Words:
    """Return what adapters, cameras and the ready-made rules speak of."""
    said = {name for adapter in adapters().values() for name in adapter.quantities} | ALARM_STATES
    for name, seen in observations().items():
        said |= {name, *seen.quantities}
    found = [word for text in _parsed(library_rules()) for word in _words(text[1], ())]
    kinds = {word.word for word in found if word.is_kind}
    said |= {word.word for word in found if not word.is_kind}
    return Words(frozenset(kinds | set(KINDS)), frozenset(said))


def doubtful(texts: Mapping[str, str], known: Words) -> list[ConfigError]:
    """Return a warning for each word of rule files that nothing known says, and for files without rules.

    `texts` maps names to texts that were checked before.
    """
    return [
        _at(text, keys, said)
        for text, file in _parsed(texts)
        for keys, said in _doubts(file, known)
    ]


def _doubts(file: RuleFile, known: Words) -> Iterator[tuple[Keys, str]]:
    if not file.rules:
        yield ("rules",), "no rule stands here, so nothing is watched by this file"
    for number, rule in enumerate(file.rules):
        for keys, word, is_kind in _words(rule, ("rules", number)):
            there = known.kinds if is_kind else known.quantities
            if word not in there:
                yield keys, _doubt(word, is_kind=is_kind, known=there)


def _doubt(word: str, *, is_kind: bool, known: Iterable[str]) -> str:
    what, guess = ("kind" if is_kind else "quantity"), near(word, sorted(known))
    unit = "" if is_kind else " (mind its unit)"
    meant = f" Did you mean {guess}{unit}?" if guess else ""
    return (
        f"no adapter, camera or ready-made rule of ours knows the {what} {word!r}, so this may never hold."
        f"{meant} If a mapping of yours says it, check both together to be sure:"
        " `smarthub check gateway.yaml RULES.yaml`"
    )


def _parsed(texts: Mapping[str, str]) -> Iterator[tuple[YamlText, RuleFile]]:
    for name in sorted(texts):
        if not is_calendar(name):
            text = YamlText(texts[name], name)
            yield text, text.check(RuleFile)


def _words(part: object, keys: Keys) -> Iterator[_Word]:
    """Yield every kind, quantity and state that a part of a rule asks for, with the keys where it stands."""
    last = keys[-1] if keys else ""
    if isinstance(part, Expression):
        yield from (_Word(keys, name, is_kind=False) for name in sorted(part.names))
    elif isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            if name != "tests":
                yield from _words(getattr(part, name), (*keys, field.alias or name))
    elif isinstance(part, dict):
        for key, value in part.items():
            if last == "silent_after" or last in _NAMED:
                yield _Word((*keys, key), key, is_kind=last == "silent_after")
            yield from _words(value, (*keys, key))
    elif isinstance(part, tuple):
        for number, value in enumerate(part):
            if last == "kinds" or last in _STATES:
                yield _Word((*keys, number), str(value), is_kind=last == "kinds")
            else:
                yield from _words(value, (*keys, number))
    elif last == "quantity" and part:
        yield _Word(keys, str(part), is_kind=False)


def _at(text: YamlText, keys: Keys, said: str) -> ConfigError:
    return ConfigError(said, file=text.name, line=text.line(keys), key=".".join(map(str, keys)))
