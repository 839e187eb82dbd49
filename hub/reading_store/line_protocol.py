"""Turns a Reading into a line of InfluxDB's line protocol, and names back into what they were.

Source: "Line protocol" in the InfluxDB v2 reference, and trials against influxd 1.8.10. Measurement
= kind; tags = site, compound, building, grid, device, and mode unless it is real; fields =
quantities, and `event`, `quality`, `order`, `observed_at`, `historical` where a Reading has them.
"""

import re
from collections.abc import Callable
from math import isfinite
from urllib.parse import unquote

from model.errors import Refused
from model.ports import Placed
from model.reading import Event, Mode, Reading, Value

NS_PER_MS = 1_000_000
EARLIEST_MS = -9_223_372_036_854
"""InfluxDB keeps times as signed 64-bit nanoseconds: 1677-09-21 to 2262-04-11."""
LATEST_MS = 9_223_372_036_853
NAME_BYTES_MAX = 16_384
"""Our assumption: no honest name is longer; InfluxDB refuses a series key over 65,535 bytes."""

META_FIELDS = frozenset({"event", "quality", "order", "observed_at", "historical"})
TAGS = frozenset({"site", "compound", "building", "grid", "device", "mode"})
_TAKEN = META_FIELDS | TAGS | {"time"}
_ESCAPE = "value_"

# Control characters and separators cannot stand in a name; a backslash before a delimiter would
# swallow it, a leading '#' would make the whole line a comment that InfluxDB drops unsaid, and a
# quote in a name is read differently by its versions' parsers.
_UNSAFE = re.compile(r"[%\\#\"\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DELIMITER = re.compile(r"[,= ]")
_TEXT = re.compile(r'[\\"]')
_CACHE_MAX = 65_536


def safe_name(text: str) -> str:
    """Make a name inert and reversible: what line protocol cannot hold becomes `%0A` and the like."""
    return _UNSAFE.sub(lambda found: "".join(f"%{b:02X}" for b in found[0].encode()), text)


def plain_name(text: str) -> str:
    """Return the name that `safe_name` was given."""
    return unquote(text) if "%" in text else text


def field_name(quantity: str) -> str:
    """Return the field of a quantity; one whose name is taken or reserved is prefixed `value_`."""
    if not quantity or quantity in _TAKEN or quantity[0] == "_" or quantity.startswith(_ESCAPE):
        quantity = _ESCAPE + quantity
    return safe_name(quantity)


def quantity_name(field: str) -> str:
    """Return the quantity that `field_name` was given."""
    return plain_name(field).removeprefix(_ESCAPE)


def point_time(reading: Reading) -> int:
    """Return a Reading's time in InfluxDB, ns: no two Readings of a device merge, a replay does."""
    return reading.received_at * NS_PER_MS + reading.order % NS_PER_MS


class LineEncoder:
    """Writes Readings as lines of text, with the tags of every device prepared once.

    About 3.5 µs a Reading with four numbers on the machine it was written on (`python -m
    benchmarks`).
    """

    def __init__(self, registry: Callable[[], Placed], site: str) -> None:
        """Take what returns the registry in force, and the site that stands in every line."""
        self._registry = registry
        self._placed = registry()
        self._site = safe_name(site)
        self._prefixes: dict[tuple[str, str, Mode, str], str] = {}
        self._names: dict[str, str] = {}

    def refresh(self) -> None:
        """Look every place up again if the registry has changed; once a batch is enough."""
        current = self._registry()
        if current is not self._placed:
            self._placed = current
            self._prefixes.clear()

    def line(self, reading: Reading) -> str:
        """Return the line of a Reading, without a newline at its end.

        Numbers are always float, so that 21 and then 21.5 never conflict; NaN and infinity are left
        out, the rest of the Reading is kept. Raises Refused with the reason when it has no line.
        """
        key = (reading.device, reading.kind, reading.mode, reading.compound)
        prefix = self._prefixes.get(key) or self._prepare(key)
        if not EARLIEST_MS <= reading.received_at <= LATEST_MS:
            raise Refused(f"time outside InfluxDB's range: received_at={reading.received_at}")
        names = self._names
        fields = []
        for quantity, value in reading.values.items():
            name = names.get(quantity) or self._name(quantity)
            if value.__class__ is float:  # nearly always, so asked first
                if isfinite(value):
                    fields.append(f"{name}{value!r}")
            elif value is True:
                fields.append(f"{name}t")
            elif value is False:
                fields.append(f"{name}f")
            elif isinstance(value, str):
                fields.append(f"{name}{_quoted(value)}")
            else:
                fields.append(f"{name}{float(value)!r}")
        if reading.event:
            fields.append(f'event="{reading.event}"')
        if reading.order or not fields:
            fields.append(f"order={reading.order}")
        if reading.quality or reading.observed_at is not None or reading.historical:
            fields += _remarks(reading)
        time = reading.received_at * NS_PER_MS + reading.order % NS_PER_MS
        return f"{prefix} {','.join(fields)} {time}"

    def _prepare(self, key: tuple[str, str, Mode, str]) -> str:
        """Build and keep what stands before the fields: measurement and tags."""
        device, kind, mode, compound = key
        if not kind or not device:
            raise Refused("a Reading without kind or device has no place in InfluxDB")
        place = self._placed.place_of(device)
        tags = {
            "building": place.building if place else "",
            "compound": place.compound if place else compound,
            "device": device,
            "grid": place.grid if place else "",
            "mode": "" if mode is Mode.REAL else str(mode),
            "site": "",
        }
        written = {name: _tag(safe_name(text)) for name, text in tags.items() if text}
        if self._site:
            written["site"] = _tag(self._site)
        # In alphabetical order, as InfluxDB's guide to fast writes asks for.
        pairs = "".join(f",{name}={written[name]}" for name in sorted(written))
        prefix = f"{_tag(safe_name(kind))}{pairs}"
        if len(prefix.encode("utf-8", "replace")) > NAME_BYTES_MAX:
            raise Refused(f"names longer than {NAME_BYTES_MAX} bytes: {device[:60]}…")
        if len(self._prefixes) >= _CACHE_MAX:
            self._prefixes.clear()
        self._prefixes[key] = prefix
        return prefix

    def _name(self, quantity: str) -> str:
        if len(self._names) >= _CACHE_MAX:
            self._names.clear()
        name = self._names[quantity] = _tag(field_name(quantity)) + "="
        return name


def _tag(safe: str) -> str:
    return _DELIMITER.sub(r"\\\g<0>", safe)


def _quoted(text: str) -> str:
    return '"' + _TEXT.sub(r"\\\g<0>", text) + '"'


def _remarks(reading: Reading) -> list[str]:
    """Return the fields that few Readings have."""
    fields = []
    if reading.quality:
        fields.append("quality=" + _quoted(",".join(map(safe_name, reading.quality))))
    if reading.observed_at is not None:
        fields.append(f"observed_at={reading.observed_at}")
    if reading.historical:
        fields.append("historical=t")
    return fields


_events = {str(event): event for event in Event}
_modes = {str(mode): mode for mode in Mode}


def reading_of(
    kind: str, tags: dict[str, str], time: int, fields: dict[str, Value | None]
) -> Reading:
    """Build the Reading that a stored point stands for; `time` in ns, names as stored.

    What the store does not keep (seq, epoch, gateway, raw, source, compound) stays empty. Without an `order`
    field, `order` is what the time says of it: modulo 10^6. An event word that is not ours (another
    program wrote the point) reads as `vendor`.
    """
    order = fields.get("order")
    observed = fields.get("observed_at")
    quality = fields.get("quality") or ""
    return Reading(
        device=plain_name(tags.get("device", "")),
        kind=plain_name(kind),
        received_at=time // NS_PER_MS,
        order=int(order) if isinstance(order, float | int) else time % NS_PER_MS,
        values={
            quantity_name(name): float(value) if type(value) is int else value
            for name, value in fields.items()
            if value is not None and name not in META_FIELDS
        },
        event=_events.get(str(fields.get("event") or ""), Event.VENDOR),
        observed_at=int(observed) if isinstance(observed, float | int) else None,
        mode=_modes.get(tags.get("mode", ""), Mode.REAL),
        quality=tuple(plain_name(flag) for flag in str(quality).split(",") if flag),
        historical=bool(fields.get("historical")),
    )
