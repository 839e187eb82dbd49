"""Reads the YAML that people write and says every mistake with file, line and key."""

import re
from collections.abc import Sequence
from io import StringIO
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

from .errors import ConfigError
from .mistakes import mistakes

DEEPEST = 100
_BRACKET = re.compile(r"[\[\]{}]")
# The beginnings of what the parser says, and what somebody who never read YAML's standard can do.
_PARSER_SAYS = (
    (r"found character '\\t'", "a tab stands where only spaces may; indent with spaces"),
    (r"found character ('.')", r"a text that begins with \1 needs quotes around it"),
    (
        r"mapping values are not allowed",
        "no key may stand here; align it with those before, or put a text that holds `: ` in quotes",
    ),
    (r"could not find expected ':'", "the line before lacks `: ` after its key"),
    (r"expected <block end>", "is indented unlike the lines before it; align it with them"),
    (r"found unexpected end of stream", "a text in quotes has no end; close its quotes"),
    (r"found duplicate key (\S+)", r"the key \1 stands twice; remove one"),
)
Model = TypeVar("Model", bound=BaseModel)


class ConfigErrors(ConfigError):  # noqa: N818 - the plural of ConfigError
    """Every problem of one file at once; `problems` holds them one by one."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class YamlText:
    """A parsed YAML text that remembers the line of every key."""

    def __init__(self, text: str, name: str, *, nodes_max: int | None = None) -> None:
        """Parse `text`; `name` is the file's name in errors. Raises ConfigError.

        With `nodes_max` the text is a stranger's: neither anchors nor aliases, of which a few lines
        stand for billions of values, and no more values than that.
        """
        self.name = name
        _refuse_depth(text, name)
        try:
            if nodes_max is not None:
                _refuse_bombs(text, name, nodes_max)
            yaml = YAML(typ="rt", pure=True)
            yaml.Constructor = _PlainConstructor
            self.data = yaml.load(StringIO(text))
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            said = _in_words(error.problem or "")
            raise ConfigError(f"not YAML: {said}", file=name, line=line) from error
        except (YAMLError, RecursionError, ValueError) as error:
            raise ConfigError(f"not YAML: {error}", file=name) from error

    def line(self, path: Sequence[int | str]) -> int:
        """Return the line (from 1) of the deepest part of `path` that the text has."""
        node, line = self.data, 1
        for part in path:
            try:
                if isinstance(node, CommentedMap) and part in node:
                    line = node.lc.key(part)[0] + 1
                    node = node[part]
                elif isinstance(node, CommentedSeq) and isinstance(part, int):
                    line = node.lc.item(part)[0] + 1
                    node = node[part]
            except (KeyError, IndexError, TypeError, AttributeError):
                break
        return line

    def plain(self) -> object:
        """Return the data in plain lists, mappings and scalars."""
        return _plain(self.data)

    def check(self, model: type[Model]) -> Model:
        """Return the data as `model`, or raise ConfigErrors naming file, line and key of each problem."""
        try:
            return model.model_validate(self.plain())
        except ValidationError as error:
            raise ConfigErrors(self.problems(error, model=model)) from error

    def problems(
        self,
        error: ValidationError,
        prefix: tuple[int | str, ...] = (),
        *,
        model: type[BaseModel] | None = None,
        others: Sequence[str] = (),
    ) -> list[ConfigError]:
        """Turn pydantic's findings about what stands at `prefix` into ours, with lines.

        `others` are keys that may stand there beside those of `model`.
        """
        found = mistakes(error, model, others=others)
        return [self._problem(prefix + path, said) for path, said in found]

    def _problem(self, path: tuple[int | str, ...], message: str) -> ConfigError:
        key = ".".join(str(part) for part in path)
        return ConfigError(message, file=self.name, line=self.line(path), key=key)


def _in_words(problem: str) -> str:
    """Return what the parser says with a remedy, where we know one."""
    for begin, said in _PARSER_SAYS:
        if found := re.match(begin, problem):
            return found.expand(said)
    return problem


class _PlainConstructor(RoundTripConstructor):
    """Makes values of a text, and says the line of what YAML allows but no file of ours can mean."""

    def construct_document(self, node: Node) -> object:
        _refuse_odd(node, frozenset(), set())
        return super().construct_document(node)

    def construct_object(self, node: Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - ruamel's
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, TypeError) as error:  # `!!int x`, the 99th of a month
            raise ConstructorError(
                None, None, f"cannot be read ({error}); put it in quotes", node.start_mark
            ) from error


def _refuse_odd(node: Node, around: frozenset[int], seen: set[int]) -> None:
    """Raise on keys that are lists or mappings, and on values that hold themselves (`&a [*a]`)."""
    if not isinstance(node, CollectionNode):
        return
    if id(node) in around:
        raise ConstructorError(
            None,
            None,
            "holds itself by an alias (*); write out what it stands for",
            node.start_mark,
        )
    if id(node) in seen:
        return
    seen.add(id(node))
    around |= {id(node)}
    for part in node.value:
        key, value = part if isinstance(node, MappingNode) else (None, part)
        if isinstance(key, CollectionNode):
            raise ConstructorError(
                None,
                None,
                "a list or mapping stands where a key belongs; write a name",
                key.start_mark,
            )
        _refuse_odd(value, around, seen)


def _refuse_depth(text: str, name: str) -> None:
    """Raise ConfigError on brackets in brackets beyond sense: the parser takes minutes for them."""
    depth = 0
    for sign in _BRACKET.finditer(text):
        depth += 1 if sign.group() in "[{" else -1
        if depth > DEEPEST:
            line = text.count("\n", 0, sign.start()) + 1
            raise ConfigError(
                f"not YAML: more than {DEEPEST} brackets are open; close them",
                file=name,
                line=line,
            )
        depth = max(depth, 0)


def _refuse_bombs(text: str, name: str, nodes_max: int) -> None:
    """Raise ConfigError on anchors, aliases, and too many or too deep values; reads events only."""
    depth = nodes = 0
    for event in YAML(typ="rt", pure=True).parse(StringIO(text)):
        problem = ""
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            problem = "holds an anchor or alias (& or *); write out what it stands for"
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        nodes += isinstance(event, NodeEvent)
        if depth > DEEPEST:
            problem = f"more than {DEEPEST} values lie within each other"
        if nodes > nodes_max:
            problem = f"more than {nodes_max} values; remove some"
        if problem:
            raise ConfigError(problem, file=name, line=event.start_mark.line + 1)


def _plain(node: object) -> object:
    """Copy ruamel's containers and scalars into plain ones."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    for plain in (int, float, str):
        if isinstance(node, plain):
            return plain(node)
    return node
