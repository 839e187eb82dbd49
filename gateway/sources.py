"""Starts what a gateway listens to: TCP ports, one subscription per broker, and ONVIF devices."""

import asyncio
from typing import Any, Protocol, cast

from adapters.contract import Adapter
from adapters.onvif.adapter import Onvif
from adapters.runners.mqtt import MqttSource, subscribe_mqtt
from adapters.runners.onvif import OnvifSource
from adapters.runners.tcp import TcpAdapter, TcpSource, serve_tcp
from model.errors import ConfigError

from .config import Broker, GatewayConfig, Source
from .intake import Intake
from .secret import given_secret, hmac_key


class Subscribes(Protocol):
    """An adapter that hears devices through a broker."""

    def topics(self) -> list[str]:
        """Return the topic filters it wants."""


class Listens(Protocol):
    """Settings of an adapter that devices connect to."""

    @property
    def host(self) -> str:
        """The address to listen on."""

    @property
    def port(self) -> int:
        """The port to listen on."""


class Sources:
    """Everything a gateway hears devices through."""

    def __init__(self) -> None:
        self.listening: list[TcpSource[Any]] = []
        self.subscribed: list[MqttSource] = []
        self.pulled: list[OnvifSource] = []

    async def start(self, config: GatewayConfig, intake: Intake) -> None:
        """Start all; raises ConfigError when a port cannot be had or a password is not there."""
        key = hmac_key(config.file.data)
        brokers: dict[Broker, list[tuple[list[str], Adapter]]] = {}
        for source in config.sources:
            adapter = source.adapter(source.settings, key)
            if isinstance(adapter, Onvif):
                self.pulled.append(_pull(adapter, intake))
            elif source.broker is None:
                self.listening.append(await _listen(source, adapter, intake))
            else:
                filters = cast("Subscribes", adapter).topics()
                brokers.setdefault(source.broker, []).append((filters, adapter))
        for number, (broker, routes) in enumerate(brokers.items()):
            subscription = await subscribe_mqtt(
                routes,
                intake,
                host=broker.host,
                port=broker.port,
                user=broker.user,
                password=broker.password(),
                # Fixed: the broker keeps this session's messages while the gateway is away.
                client_id=f"gw-{config.file.gateway}-intake-{number}",
            )
            self.subscribed.append(subscription)

    async def refused(self) -> None:
        """Raise ConfigError if a broker says that it will never grant a subscription."""
        await asyncio.gather(*(source.ready() for source in self.subscribed))
        await asyncio.Event().wait()

    def warnings(self) -> list[str]:
        """Say which brokers and devices cannot be heard, and why."""
        heard: list[MqttSource | OnvifSource] = [*self.subscribed, *self.pulled]
        return [source.trouble for source in heard if source.trouble]

    async def close(self) -> None:
        """Stop hearing; what is stored is still acknowledged."""
        every: list[TcpSource[Any] | MqttSource] = [*self.listening, *self.subscribed]
        await asyncio.gather(*(source.close() for source in self.pulled))
        for source in every:
            await source.close()


def _pull(adapter: Onvif, intake: Intake) -> OnvifSource:
    login = adapter.source.login
    password = given_secret(
        env=login.password_env, file=login.password_file, key="sources.login.password"
    )
    return OnvifSource(adapter, intake, password=password)


async def _listen(source: Source, adapter: Adapter, intake: Intake) -> TcpSource[Any]:
    settings = cast("Listens", source.settings)
    try:
        speaks = cast("TcpAdapter[Any]", adapter)
        return await serve_tcp(speaks, intake, host=settings.host, port=settings.port)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {settings.host}:{settings.port} for {adapter.name}:"
            f" {error.strerror or error}; stop what uses the port or change `listen`"
        ) from error
