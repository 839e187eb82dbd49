"""What is acknowledged, when, and how often, without a network."""

import asyncio

from adapters.access_control.adapter import AccessControl, AccessControlSettings
from adapters.contract import Adapter
from adapters.nb_iot.adapter import NbIot, NbIotSettings
from adapters.runners.mqtt_intake import MqttIntake
from adapters.runners.mqtt_packets import CUT, DUP, RETAIN, Publish

from .memory_sink import MemorySink

TOPIC = b"iot/c1/nb/1/up"


def message(pid: int, smoke: int = 0, flags: int = 0) -> Publish:
    """Return a PUBLISH of QoS 1 as the reader hands it on."""
    payload = b'{"imei":"1","smoke":%d,"alarm":0}' % smoke
    return 0x32 | flags, pid.to_bytes(2, "big"), TOPIC, payload


class Wire:
    """An intake with a sink, and everything it acknowledged."""

    def __init__(self, *, answer: bool | None = None) -> None:
        self.sink = MemorySink(answer=answer)
        routes: list[tuple[list[str], Adapter]] = [
            (["iot/+/nb/+/up"], NbIot(NbIotSettings(), b"k" * 32)),
            (["iot/+/ac/+/event"], AccessControl(AccessControlSettings(), b"k" * 32)),
        ]
        self.intake = MqttIntake(routes, self.sink, lambda: None)
        self.acknowledged: list[int] = []
        self.intake.attach(self._write, session_present=False)

    def _write(self, data: bytes) -> None:
        assert data[::4] == b"\x40" * (len(data) // 4)
        self.acknowledged += [int.from_bytes(data[i : i + 2]) for i in range(2, len(data), 4)]

    def reconnect(self, *, session_present: bool) -> None:
        """Lose the connection and get another one."""
        self.intake.detach()
        self.intake.attach(self._write, session_present=session_present)

    async def answer(self, store: int, *, stored: bool) -> None:
        """Let the disk answer one store call."""
        self.sink.stores[store].set_result(stored)
        await asyncio.sleep(0)


async def test_nothing_is_acknowledged_before_the_disk_answers() -> None:
    """A read's messages are stored with one call and acknowledged together afterwards."""
    wire = Wire()
    wire.intake.take([message(1), message(2), message(3)])
    assert wire.acknowledged == []
    assert len(wire.sink.stores) == 1
    assert wire.intake.unstored == 3
    await wire.answer(0, stored=True)
    assert wire.acknowledged == [1, 2, 3]
    assert wire.intake.unstored == 0


async def test_acknowledgements_keep_the_order_of_arrival() -> None:
    """A later read whose commit returns first waits for the earlier one (MQTT 3.1.1, 4.6)."""
    wire = Wire()
    wire.intake.take([message(1)])
    wire.intake.take([message(2)])
    await wire.answer(1, stored=True)
    assert wire.acknowledged == []
    await wire.answer(0, stored=True)
    assert wire.acknowledged == [1, 2]


async def test_what_is_not_durable_is_not_acknowledged_and_is_taken_when_it_comes_again() -> None:
    """A full disk keeps the message at the broker; its redelivery is stored like a new one."""
    wire = Wire()
    wire.intake.take([message(1)])
    await wire.answer(0, stored=False)
    assert wire.acknowledged == []
    assert wire.intake.refused
    wire.reconnect(session_present=True)
    wire.intake.take([message(1, flags=DUP)])
    await wire.answer(1, stored=True)
    assert wire.acknowledged == [1]
    assert len(wire.sink.readings) == 2


async def test_a_message_delivered_again_while_it_is_being_stored_is_stored_once() -> None:
    """The redelivery is acknowledged on the new connection, when the first store returns."""
    wire = Wire()
    wire.intake.take([message(1), message(2)])
    wire.reconnect(session_present=True)
    wire.intake.take([message(1, flags=DUP), message(2, flags=DUP), message(3)])
    assert len(wire.sink.readings) == 3
    await wire.answer(1, stored=True)
    assert wire.acknowledged == []
    await wire.answer(0, stored=True)
    assert sorted(wire.acknowledged) == [1, 2, 3]
    assert wire.sink.counters["repeats"] == 2


async def test_a_redelivery_of_a_message_whose_store_then_fails_stays_unacknowledged() -> None:
    """Only the disk's yes counts, also for the copy."""
    wire = Wire()
    wire.intake.take([message(1)])
    wire.reconnect(session_present=True)
    wire.intake.take([message(1, flags=DUP)])
    await wire.answer(0, stored=False)
    assert wire.acknowledged == []
    assert wire.intake.refused


async def test_a_lost_acknowledgement_costs_no_second_reading() -> None:
    """Stored and acknowledged, but the broker never heard: it is only acknowledged again."""
    wire = Wire(answer=True)
    wire.intake.take([message(1)])
    await asyncio.sleep(0)
    wire.reconnect(session_present=True)
    wire.intake.take([message(1, flags=DUP)])
    assert len(wire.sink.readings) == 1
    assert wire.acknowledged == [1, 1]


async def test_the_same_packet_id_with_other_content_is_another_message() -> None:
    """Identifiers are used again; content decides."""
    wire = Wire(answer=True)
    wire.intake.take([message(1, smoke=1)])
    await asyncio.sleep(0)
    wire.intake.take([message(1, smoke=2, flags=DUP)])
    assert len(wire.sink.readings) == 2


async def test_without_the_duplicate_flag_nothing_is_taken_for_a_repeat() -> None:
    """A detector that sends the same twice said it twice."""
    wire = Wire(answer=True)
    wire.intake.take([message(1), message(1)])
    assert len(wire.sink.readings) == 2


async def test_a_new_session_starts_packet_ids_anew() -> None:
    """A broker that forgot the session numbers from the start; nothing of it is a repeat."""
    wire = Wire()
    wire.intake.take([message(1)])
    wire.reconnect(session_present=False)
    wire.intake.take([message(1, flags=DUP)])
    assert len(wire.sink.readings) == 2
    await wire.answer(0, stored=True)
    assert wire.acknowledged == []
    await wire.answer(1, stored=True)
    assert wire.acknowledged == [1]


async def test_a_message_that_cannot_be_understood_costs_only_itself() -> None:
    """Nine are stored, one is rejected with its reason, all ten are acknowledged."""
    wire = Wire(answer=True)
    bad = (0x32, b"\0\5", TOPIC, b"{broken")
    wire.intake.take([*(message(pid) for pid in range(10, 19)), bad])
    await asyncio.sleep(0)
    assert len(wire.sink.readings) == 9
    [(source, reason, payload, detail)] = wire.sink.rejected
    assert (source, reason, payload) == ("nb_iot", "json", b"{broken")
    assert detail.startswith("iot/c1/nb/1/up: ")
    assert 5 in wire.acknowledged
    assert len(wire.acknowledged) == 10


async def test_a_dead_letter_of_a_door_holds_no_card_number() -> None:
    """The canary is in the broken payload and nowhere in what is kept."""
    wire = Wire(answer=True)
    canary = b'{"door":"d1","card":"88442211","event":"opened"}'
    wire.intake.take([(0x30, b"", b"iot/c1/ac/d1/event", canary)])
    [(_, reason, payload, detail)] = wire.sink.rejected
    assert reason == "type"
    assert b"88442211" not in payload
    assert "88442211" not in detail


async def test_a_topic_of_a_forgotten_subscription_is_refused_without_its_payload() -> None:
    """Nobody knows what may be kept of it, and the broker must not keep it for ever."""
    wire = Wire(answer=True)
    wire.intake.take([(0x32, b"\0\1", b"old/topic", b"secret")])
    await asyncio.sleep(0)
    assert wire.sink.rejected == [
        ("mqtt", "topic", b"", "old/topic: no source is configured for it")
    ]
    assert wire.acknowledged == [1]


async def test_an_oversize_message_is_rejected_and_acknowledged() -> None:
    """It would come again for ever otherwise."""
    wire = Wire(answer=True)
    wire.intake.take([(0x32 | CUT, b"\0\1", TOPIC, b"x" * 1024)])
    assert [(row[1], len(row[2])) for row in wire.sink.rejected] == [("oversize", 1024)]
    assert wire.acknowledged == [1]


async def test_a_retained_message_is_historical() -> None:
    """It is state, not an event."""
    wire = Wire(answer=True)
    wire.intake.take([message(1, flags=RETAIN), message(2)])
    assert [reading.historical for reading in wire.sink.readings] == [True, False]


async def test_quality_of_service_0_is_stored_and_needs_no_acknowledgement() -> None:
    """There is nothing to acknowledge it by."""
    wire = Wire(answer=True)
    wire.intake.take([(0x30, b"", TOPIC, message(1)[3])])
    await asyncio.sleep(0)
    assert len(wire.sink.readings) == 1
    assert wire.acknowledged == []
