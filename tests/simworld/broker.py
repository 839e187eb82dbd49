"""A broker that promises nothing: it loses, repeats, delays and reorders, and forgets when it dies."""

from random import Random

from .script import Weather

Packet = tuple[str, bytes]


class SimBroker:
    """What is on its way, by direction; `away` until a time in seconds."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.away_until_s = 0.0
        self._up: list[Packet] = []
        self._down: list[Packet] = []

    def here(self, now_s: float) -> bool:
        """Return whether it can be reached."""
        return now_s >= self.away_until_s

    def leave(self, until_s: float) -> None:
        """Die and come back empty."""
        self.away_until_s = until_s
        self.forget()

    def forget(self) -> None:
        """Lose all that is on its way."""
        self._up.clear()
        self._down.clear()

    def publish(self, packet: Packet, *, to_hub: bool) -> None:
        """Take a message."""
        (self._up if to_hub else self._down).append(packet)

    def deliver(self, chance: Random, *, to_hub: bool) -> list[Packet]:
        """Return what arrives now."""
        weather = self.weather
        on_way = self._up if to_hub else self._down
        lose = weather.lose if to_hub else weather.lose_receipts
        arrived: list[Packet] = []
        later: list[Packet] = []
        for packet in on_way:
            if chance.random() * 100 < lose:
                continue
            if chance.random() * 100 < weather.delay:
                later.append(packet)
                continue
            arrived.append(packet)
            if chance.random() * 100 < weather.repeat:
                later.append(packet)
        if weather.reorder:
            chance.shuffle(arrived)
        on_way[:] = later
        return arrived
