"""What `smarthub check` sees beside a file's own text: files that it names, and the other files' words."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from gateway.config import GatewayConfig
from hub.config import HubFile
from hub.rule_words import Words, doubtful, our_words
from hub.territory.registry_files import load_registry, read_documents
from model.errors import ConfigError, HubError
from model.place import Registry
from model.spelling import did_you_mean
from model.yamlfile import YamlText

Path_ = tuple[int | str, ...]
_FOLDERS = {"registry", "rules"}
HUB_YAML = "hub.yaml"


class HubSeen(NamedTuple):
    """A hub's file that was read, with its text for lines."""

    text: YamlText
    file: HubFile


class GatewaySeen(NamedTuple):
    """A gateway's file that was read, with its text for lines."""

    text: YamlText
    config: GatewayConfig

    def parts(self) -> Iterator[tuple[Path_, BaseModel]]:
        """Yield the checked parts that name files or compounds, with the keys where each begins."""
        yield ("uplink",), self.config.file.uplink
        for number, source in enumerate(self.config.sources):
            yield ("sources", number), source.settings
            if source.broker is not None and source.broker is not self.config.file.uplink:
                yield ("sources", number, "broker"), source.broker
        if self.config.video is not None:
            yield ("video",), self.config.video

    def words(self) -> Words:
        """Return the kinds and quantities that its mappings say."""
        values = [
            (path, str(value))
            for prefix, part in self.parts()
            for path, value in _values(part, prefix)
        ]
        return Words(
            frozenset(value for path, value in values if path[-1] == "kind"),
            frozenset(
                value
                for path, value in values
                if path[-1] == "to" or (path[-1] == "name" and "user_analogues" in path)
            ),
        )


class RulesSeen(NamedTuple):
    """A file of rules that was read."""

    name: str
    text: str


class RegistrySeen(NamedTuple):
    """A registry's folder that was read."""

    registry: Registry


def unsaid_words(seen: Sequence[object]) -> list[ConfigError]:
    """Return a warning for each kind and quantity of rules that nothing of ours, or given here, says."""
    texts = {one.name: one.text for one in seen if isinstance(one, RulesSeen)}
    if not texts:
        return []
    known = our_words()
    for one in seen:
        if isinstance(one, GatewaySeen):
            known = known.joined(one.words())
        registry = one.registry if isinstance(one, RegistrySeen) else None
        if isinstance(one, HubSeen):
            registry = _registry(one.file)
        if registry is not None:
            kinds = frozenset(device.kind for device in registry.devices.values())
            known = known.joined(Words(kinds, frozenset()))
    return doubtful(texts, known)


def not_there(seen: HubSeen | GatewaySeen) -> list[ConfigError]:
    """Return a warning for each file and folder that is named and not there; `data` is made at the start."""
    parts = seen.parts() if isinstance(seen, GatewaySeen) else [((), seen.file)]
    return [
        _at(seen.text, path, f"{value} is not there{_remedy(value)}")
        for prefix, part in parts
        for path, value in _values(part, prefix)
        if isinstance(value, Path) and not _found(str(path[-1]), value)
    ]


def _found(key: str, value: Path) -> bool:
    if key in _FOLDERS:
        return value.is_dir()
    return value.is_file() or not key.endswith("_file")


def _remedy(value: Path) -> str:
    where = "" if value.is_absolute() else f" (from {Path.cwd()}, where this was started)"
    return (
        f"{where}; correct the path, or check again on the machine and as the user that will run it"
    )


def other_site(gateway: GatewaySeen, hubs: Sequence[HubSeen]) -> list[ConfigError]:
    """Return what is said of a gateway whose site is that of none of the hubs it is checked with."""
    site = gateway.config.file.site
    if not hubs or any(hub.file.site == site for hub in hubs):
        return []
    hub = hubs[0]
    where = f"{hub.text.name}:{hub.text.line(('site',))}"
    said = (
        f"{site!r} is not the hub's site {hub.file.site!r} ({where}): nothing that this gateway sends"
        " would arrive there; write one name in both, or check it with its own hub's file"
    )
    return [_at(gateway.text, ("site",), said)]


def unknown_compounds(gateway: GatewaySeen, hubs: Sequence[HubSeen]) -> list[ConfigError]:
    """Return a warning for each compound of a gateway that no registry of the hubs has."""
    registries = [registry for hub in hubs if (registry := _registry(hub.file))]
    known = sorted({name for registry in registries for name in registry.compounds})
    if not known:
        return []
    return [
        _at(
            gateway.text,
            path,
            f"the registry has no compound {value!r}{did_you_mean(str(value), known)}; what is heard there"
            " has no place: correct it, or add the compound",
        )
        for prefix, part in gateway.parts()
        for path, value in _values(part, prefix)
        if (path[-1] == "compound" or "compounds" in path[-2:-1]) and value and value not in known
    ]


def _registry(hub: HubFile) -> Registry | None:
    """Return a hub's registry; one that cannot be read is told where it is checked."""
    if hub.registry is None:
        return None
    try:
        return load_registry(read_documents(hub.registry))
    except (HubError, OSError):
        return None


def _values(part: object, path: Path_) -> Iterator[tuple[Path_, object]]:
    """Yield every value inside a checked part, with its keys."""
    if isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            yield from _values(getattr(part, name), (*path, field.alias or name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _values(value, (*path, str(key)))
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from _values(value, (*path, number))
    else:
        yield path, part


def _at(text: YamlText, path: Path_, said: str) -> ConfigError:
    key = ".".join(str(part) for part in path)
    return ConfigError(said, file=text.name, line=text.line(path), key=key)
