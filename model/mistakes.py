"""Says in plain words what is wrong with a value that somebody wrote, and what to do about it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .spelling import did_you_mean, none_of

Path = tuple[int | str, ...]
_QUOTED = re.compile(r"'([^']*)'")
_SHOWN_CHARS = 40

_LENGTH = re.compile(r"\{\d+,(\d+)\}")
# Patterns of ours without their lengths, as one would say them.
_FORMS: Mapping[str, str] = {
    r"^[a-z0-9][a-z0-9-]$": "small letters, digits and hyphens, as in haibowan-2",
    r"^[a-z0-9-]$": "small letters, digits and hyphens, as in nb-",
    r"^[a-z][a-z0-9-]$": "a small letter, then small letters, digits and hyphens, as in smoke-high",
    r"^[a-z][a-z0-9_]$": "a small letter, then small letters, digits and _, as in temperature_c",
    r"^[0-9]$": "digits",
    r"^[^/\s]+$": "a name without spaces and slashes",
    r"^[0-9a-f]{64}$": "64 of 0-9 and a-f, as sha256sum prints them",
}


class Mistake(NamedTuple):
    """What is wrong, and at which keys from where the check began."""

    path: Path
    message: str


class Within(ValueError):  # noqa: N818 - reads as a word at the raise
    """Raised by a check of a whole for what is wrong at keys inside it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(
            "; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in mistakes)
        )


def mistakes(
    error: ValidationError, model: object = None, *, others: Sequence[str] = ()
) -> Iterator[Mistake]:
    """Say each of pydantic's findings; with the `model` that was checked, spelling is helped.

    `others` are keys that may stand beside those of the model, which somebody else reads.
    """
    for item in error.errors(include_url=False):
        path = tuple(item["loc"])
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, Within):
            yield from (Mistake(path + inner.path, inner.message) for inner in cause.mistakes)
        elif not _echo(item):
            yield _mistake(item, path, model, others)


def _echo(item: ErrorDetails) -> bool:
    """Tell whether a list lacks items only because those that were written are wrong."""
    given = item["input"]
    return (
        item["type"] == "too_short"
        and isinstance(given, list | tuple | dict)
        and len(given) >= item["ctx"]["min_length"]
    )


def _mistake(item: ErrorDetails, path: Path, model: object, others: Sequence[str]) -> Mistake:
    if item["type"] == "extra_forbidden":
        known = [*_keys(model, path[:-1]), *(others if len(path) == 1 else ())]
        return Mistake(path, _unknown_key(str(path[-1]), known))
    if item["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        context = item["ctx"]
        path = (*path, str(context["discriminator"]).strip("'"))
        known = _keys(model, path[:-1], tags=path[-1])
        if "tag" in context:
            return Mistake(path, none_of(str(context["tag"]), known or _expected(context)))
        return Mistake(path, f"is missing; write one of {', '.join(known)}")
    return Mistake(path, in_words(item))


def in_words(item: ErrorDetails) -> str:
    """Say one of pydantic's findings about a value, whatever key it stands at."""
    words = _WORDS.get(item["type"])
    return words(item) if words else _plain(item["msg"])


def _unknown_key(key: str, known: Sequence[str]) -> str:
    if not known:
        return "unknown key; remove it or correct its spelling"
    return f"unknown key{did_you_mean(key, known) or '; known: ' + ', '.join(known)}"


def _plain(message: str) -> str:
    """Return a message of ours as it is, and one of pydantic's in the tone of ours."""
    if message.startswith("Value error, "):
        return message.removeprefix("Value error, ")
    message = re.sub(r"^(Input|Value|String|Number|Tuple|List) should ", "must ", message)
    return message[:1].lower() + message[1:]


def _shown(item: ErrorDetails) -> str:
    """Return `, not 'abc'` where the value is short enough to say; an empty one is said as such."""
    given = item["input"]
    if given is None or given == "":
        return "; nothing stands there"
    text = repr(given)
    scalar = isinstance(given, str | int | float)
    return f", not {text}" if scalar and len(text) <= _SHOWN_CHARS else ""


def _must(words: str) -> Callable[[ErrorDetails], str]:
    return lambda item: f"must be {words}{_shown(item)}"


def _limit(words: str, key: str) -> Callable[[ErrorDetails], str]:
    return lambda item: f"must be {words} {_number(item['ctx'][key])}{_shown(item)}"


def _number(limit: float) -> str:
    return str(int(limit) if isinstance(limit, float) and limit.is_integer() else limit)


def _text(item: ErrorDetails) -> str:
    given = item["input"]
    if given is None:
        return "nothing stands there; write a text, or remove the key"
    if isinstance(given, int | float):
        return f'must be a text; put it in quotes: "{given}"'
    return "must be one text"


def _choice(item: ErrorDetails) -> str:
    given = item["input"]
    word = str(given) if isinstance(given, str | int | float) else type(given).__name__
    return none_of(word, _expected(item["ctx"]))


def _expected(context: Mapping[str, Any]) -> list[str]:
    expected = str(context.get("expected", context.get("expected_tags", "")))
    return _QUOTED.findall(expected) or re.split(r", | or ", expected)


def _pattern(item: ErrorDetails) -> str:
    pattern = str(item["ctx"]["pattern"])
    skeleton = _LENGTH.sub("", pattern)
    if skeleton not in _FORMS:
        return f"must match {pattern}"
    length = _LENGTH.search(pattern)
    # Each class before the repeated one is a character more.
    most = f"; at most {int(length[1]) + skeleton.count('[') - 1} characters" if length else ""
    return f"must be {_FORMS[skeleton]}{most}"


def _short(item: ErrorDetails) -> str:
    least = item["ctx"]["min_length"]
    return "is empty; write it" if least == 1 else f"must have at least {least}"


def _long(item: ErrorDetails) -> str:
    return f"must have at most {item['ctx']['max_length']}; shorten it"


_NUMBER = _must("a number")
_WHOLE = _must("a whole number")
_BOOL = _must("true or false")
_KEYS = _must("keys with values, indented below it")
_LIST = _must("a list: each item on a line of its own after `- `")
_WORDS: Mapping[str, Callable[[ErrorDetails], str]] = {
    "missing": lambda _: "is missing; write it",
    "int_parsing": _WHOLE, "int_type": _WHOLE, "int_from_float": _WHOLE, "int_parsing_size": _WHOLE,
    "float_parsing": _NUMBER, "float_type": _NUMBER, "finite_number": _must("a finite number"),
    "bool_parsing": _BOOL, "bool_type": _BOOL,
    "string_type": _text, "path_type": _text,
    "dict_type": _KEYS, "model_type": _KEYS, "model_attributes_type": _KEYS,
    "list_type": _LIST, "tuple_type": _LIST,
    "literal_error": _choice, "enum": _choice,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _short, "too_short": _short, "string_too_long": _long, "too_long": _long,
    "greater_than": _limit("more than", "gt"), "greater_than_equal": _limit("at least", "ge"),
    "less_than": _limit("less than", "lt"), "less_than_equal": _limit("at most", "le"),
}  # fmt: skip


def _keys(model: object, path: Path, *, tags: int | str | None = None) -> list[str]:
    """Return the keys that `model` may have at `path`, or the values of the key `tags` that choose it."""
    places = [model]
    for part in path:
        places = [inner for place in places for inner in _inner(place, part)]
    models = [one for place in places for one in _models(place)]
    if tags is not None:
        return [word for one in models for word in _tags(one, str(tags))]
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _models(place: object) -> Iterator[type[BaseModel]]:
    """Yield the models that a type stands for, those of a union one by one."""
    if isinstance(place, type) and issubclass(place, BaseModel):
        yield place
    elif get_origin(place) is Annotated:
        yield from _models(get_args(place)[0])
    elif get_origin(place) not in {tuple, list, dict, Literal, None}:
        for one in get_args(place):
            yield from _models(one)


def _inner(place: object, part: int | str) -> Iterator[object]:
    """Yield the types that may stand at `part` of a type: a key, a number, or the tag of a union."""
    origin, given = get_origin(place), get_args(place)
    if isinstance(place, type) and issubclass(place, BaseModel):
        for name, field in place.model_fields.items():
            if part in (name, field.alias):
                yield field.annotation
    elif origin in {tuple, list}:
        yield given[0]
    elif origin is dict:
        yield given[1]
    elif origin is Annotated:
        yield from _inner(given[0], part)
    elif chosen := [one for one in _models(place) if part in _names(one)]:
        yield from chosen
    else:
        for one in given:
            yield from _inner(one, part)


def _names(model: type[BaseModel]) -> Iterator[object]:
    """Yield what pydantic calls a model of a union: its name, or a word that chooses it."""
    yield model.__name__
    for name in model.model_fields:
        yield from _tags(model, name)


def _tags(model: type[BaseModel], key: str) -> tuple[Any, ...]:
    field = model.model_fields.get(key)
    literal = field is not None and get_origin(field.annotation) is Literal
    return get_args(field.annotation) if field is not None and literal else ()
