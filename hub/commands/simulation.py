"""`smarthub simulate`, `replay` and `capture`: devices that do not exist, on the real protocols."""

import asyncio
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.territory.demo_plan import DETECTORS, DOORS, PANELS
from model.errors import HubError

from .simulate_onvif import simulate_onvif

if TYPE_CHECKING:
    from hub.simulation.mqtt_devices import Broker
    from hub.simulation.run import Plan

_WRONG = 2  # exit code: what people wrote is wrong
_UNEXPECTED = 1  # exit code: it ran, and an answer was not the expected one
_PASSWORD_VARIABLE = "SMARTHUB_DEVICE_PASSWORD"  # noqa: S105 - the variable's name
_BRIDGE_VARIABLE = "SMARTHUB_BRIDGE_PASSWORD"

FireHost = Annotated[str, typer.Option("--fire-host", help="Where GB/T 26875.3 is received.")]
FirePort = Annotated[int, typer.Option("--fire-port", min=1, max=65535)]
MqttHost = Annotated[str, typer.Option("--mqtt-host")]
MqttPort = Annotated[int, typer.Option("--mqtt-port", min=1, max=65535)]
MqttUser = Annotated[str, typer.Option("--mqtt-user")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--mqtt-password-file", help=f"Holds the password; else {_PASSWORD_VARIABLE} does."
    ),
]

BridgeUser = Annotated[
    str, typer.Option(help=f"The Zigbee bridge's own user, if {_BRIDGE_VARIABLE} is set.")
]
LedgerFile = Annotated[
    Path | None, typer.Option(help="Append alarms sent and acknowledged, as JSON lines.")
]
OrdersFolder = Annotated[
    Path | None, typer.Option(help="Plant the incidents that the page orders in this folder.")
]
ListenPort = Annotated[
    int, typer.Option(min=0, max=65535, help="Devices connect here instead; 0: no TCP.")
]
Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="MQTT topic filter; may be repeated.")
]


def mount(app: typer.Typer) -> None:
    """Add simulate, replay and capture to the command line."""
    simulate = typer.Typer(invoke_without_command=True)
    simulate.callback()(simulate_command)
    simulate.command("onvif")(simulate_onvif)
    app.add_typer(simulate, name="simulate")
    app.command("replay")(replay_command)
    app.command("capture")(capture_command)


def simulate_command(
    context: typer.Context,
    *,
    fire_host: FireHost = "127.0.0.1",
    fire_port: FirePort = 26875,
    mqtt_host: MqttHost = "127.0.0.1",
    mqtt_port: MqttPort = 1883,
    mqtt_user: MqttUser = "device",
    mqtt_password_file: PasswordFile = None,
    bridge_user: BridgeUser = "bridge",
    seed: Annotated[int, typer.Option(help="The same seed lives the same life.")] = 1,
    speed: Annotated[float, typer.Option(min=0.01, max=1000, help="2: twice as fast.")] = 1.0,
    detectors: Annotated[int, typer.Option(min=0, max=100_000)] = DETECTORS,
    panels: Annotated[int, typer.Option(min=0, max=1_000)] = PANELS,
    doors: Annotated[int, typer.Option(min=0, max=10_000)] = DOORS,
    incidents: Annotated[bool, typer.Option(help="Plant fires, forced doors, faults.")] = True,
    duration: Annotated[float | None, typer.Option(min=0, help="Stop after so many s.")] = None,
    ledger: LedgerFile = None,
    orders: OrdersFolder = None,
) -> None:
    """Simulate the demo territory: 2,000 detectors, 20 panels, 100 doors, and incidents. 模拟设备。"""
    if context.invoked_subcommand:
        return
    from hub.simulation.fire_panel import Centre
    from hub.simulation.orders import Orders
    from hub.simulation.run import Plan
    from hub.territory.demo_territory import demo_territory

    broker = _broker(mqtt_host, mqtt_port, mqtt_user, password_file=mqtt_password_file)
    territory = demo_territory(detectors=detectors, panels=panels, doors=doors)
    plan = Plan(
        territory=territory,
        centre=Centre(host=fire_host, port=fire_port),
        broker=broker,
        zigbee=_bridge(broker, bridge_user),
        seed=seed,
        speed=speed,
        incidents=incidents,
        duration_s=duration,
        ledger=ledger,
        orders=Orders(orders) if orders else None,
    )
    _live(plan)


def _live(plan: "Plan") -> None:
    """Run a simulation to its end or to Ctrl-C, and say what came of it."""
    from hub.simulation.run import simulate

    territory = plan.territory
    typer.echo(
        f"simulating {len(territory.detectors):,} detectors, {len(territory.panels)} panels and "
        f"{len(territory.doors)} doors, seed {plan.seed}"
    )
    try:
        outcome = asyncio.run(simulate(plan, say=typer.echo))
    except KeyboardInterrupt:
        return
    except (HubError, OSError) as error:
        raise _refusal(error) from error
    typer.echo(outcome.line())


def replay_command(
    file: Annotated[Path, typer.Argument(help="Shared frames (.json) or a capture (.jsonl).")],
    *,
    fire_host: FireHost = "127.0.0.1",
    fire_port: FirePort = 26875,
    mqtt_host: MqttHost = "127.0.0.1",
    mqtt_port: MqttPort = 1883,
    mqtt_user: MqttUser = "device",
    mqtt_password_file: PasswordFile = None,
    speed: Annotated[float, typer.Option(min=0.01, max=10_000)] = 1.0,
    fast: Annotated[bool, typer.Option("--fast", help="Do not wait between records.")] = False,
) -> None:
    """Send recorded frames over real TCP and MQTT; exit 1 when an answer is not as expected. 回放。"""
    from rich.console import Console

    from hub.simulation.fire_panel import Centre
    from hub.simulation.recording import read_recording
    from hub.simulation.replay import Target, replay
    from hub.simulation.replay_table import table_of

    try:
        records = read_recording(file)
        uses_mqtt = any(record.via == "mqtt" for record in records)
        target = Target(
            centre=Centre(host=fire_host, port=fire_port),
            broker=_broker(mqtt_host, mqtt_port, mqtt_user, password_file=mqtt_password_file)
            if uses_mqtt
            else None,
            speed=None if fast else speed,
        )
        results = asyncio.run(replay(records, target))
    except (HubError, OSError) as error:
        raise _refusal(error) from error
    Console().print(table_of(results))
    wrong = sum(1 for result in results if not result.as_expected)
    typer.echo(f"{len(results)} records, {wrong} not answered as expected")
    if wrong:
        raise typer.Exit(_UNEXPECTED)


def capture_command(
    *,
    out: Annotated[Path, typer.Option("--out", help="JSON lines are appended to it.")],
    listen_port: ListenPort = 0,
    listen_host: Annotated[str, typer.Option()] = "127.0.0.1",
    fire_host: FireHost = "127.0.0.1",
    fire_port: FirePort = 26875,
    topic: Topics = None,
    mqtt_host: MqttHost = "127.0.0.1",
    mqtt_port: MqttPort = 1883,
    mqtt_user: MqttUser = "capture",
    mqtt_password_file: PasswordFile = None,
    duration: Annotated[float | None, typer.Option(min=0, help="Stop after so many s.")] = None,
) -> None:
    """Record what devices send: TCP through a proxy port, MQTT by subscription. 采集。"""
    from hub.simulation.capture import Capture, capture
    from hub.simulation.fire_panel import Centre

    topics = tuple(topic or ())
    if not topics and not listen_port:
        raise _refusal("nothing to capture: give --listen-port, --topic or both")
    broker = None
    if topics:
        broker = _broker(mqtt_host, mqtt_port, mqtt_user, password_file=mqtt_password_file)
    order = Capture(
        out=out,
        centre=Centre(host=fire_host, port=fire_port),
        listen=(listen_host, listen_port) if listen_port else None,
        broker=broker,
        topics=topics,
        duration_s=duration,
    )
    try:
        count = asyncio.run(capture(order, say=typer.echo))
    except KeyboardInterrupt:
        return
    except (HubError, OSError) as error:
        raise _refusal(error) from error
    typer.echo(f"{count} records in {out}")


def _broker(host: str, port: int, user: str, *, password_file: Path | None) -> "Broker":
    from hub.simulation.mqtt_devices import Broker

    password = os.environ.get(_PASSWORD_VARIABLE, "")
    if password_file is not None:
        try:
            password = password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise _refusal(f"{password_file}: {error.strerror}") from error
    if not password:
        raise _refusal(f"no password for {user}: set {_PASSWORD_VARIABLE} or --mqtt-password-file")
    return Broker(host=host, port=port, user=user, password=password)


def _bridge(broker: "Broker", user: str) -> "Broker | None":
    """Return the Zigbee bridge's account; without a password of its own it speaks as the devices."""
    password = os.environ.get(_BRIDGE_VARIABLE, "")
    if not password:
        return None
    return dataclasses.replace(
        broker, user=user, password=password, client_id=f"{broker.client_id}-bridge"
    )


def _refusal(error: Exception | str) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(_WRONG)
