"""The runner against every fault that devices have: a fire contact is heard once, and its end once."""

import asyncio

import pytest

from hub.simulation.onvif_answers import Note
from hub.simulation.onvif_faults import Faults
from model.reading import Event, Lane, lane_of

from .listening import PASSWORD, Listening, listening

FAULTS = {
    "none": Faults(),
    "relative address": Faults(relative_address=True),
    "reference parameters": Faults(reference_parameters=True, relative_address=True),
    "instant empty answers": Faults(instant_empty=True),
    "late answers": Faults(hold_longer_s=1.5),
    "addresses of another host": Faults(wrong_host=True),
    "clock two hours slow": Faults(clock_skew_s=-7200),
    "clock a year ahead": Faults(clock_skew_s=365 * 86_400),
    "no time": Faults(no_time=True),
    "events of year zero": Faults(zero_time=True),
    "other prefixes": Faults(odd_prefixes=True),
    "old firmware": Faults(old_firmware=True),
    "login by HTTP": Faults(http_digest=True),
}


async def a_fire_and_its_end(heard: Listening) -> None:
    """Close the fire contact and open it again."""
    heard.device.set_input("AlarmIn_1", active=True)
    await heard.until(lambda: heard.said(Event.FIRE_ALARM))
    heard.device.set_input("AlarmIn_1", active=False)
    await heard.until(lambda: heard.said(Event.FIRE_CLEARED))


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_a_fire_is_heard_once_whatever_is_wrong_with_the_device(fault: str) -> None:
    """One alarm, one end, from the right device, in the alarm lane."""
    async with listening(FAULTS[fault]) as heard:
        await heard.until_subscribed()
        await heard.until(lambda: False in heard.states("fire"))
        await a_fire_and_its_end(heard)
        [alarm], [cleared] = heard.said(Event.FIRE_ALARM), heard.said(Event.FIRE_CLEARED)
        assert (alarm.device, alarm.kind, alarm.source) == ("panel-1", "fire_system", "cam-1")
        assert lane_of(alarm, {}) is Lane.ALARM
        assert b"NotificationMessage" in bytes.fromhex(alarm.raw)
        assert cleared.values == {"fire": False}
        assert heard.states("online") == [True]
        assert heard.sink.rejected == []
        assert heard.sink.counters["onvif_subscriptions"] == 1


@pytest.mark.parametrize("skew_s", [-7200.0, 7200.0])
async def test_times_of_a_wrong_clock_are_put_right(skew_s: float) -> None:
    """The offset is measured, used for the login, and taken off each event's time."""
    async with listening(Faults(clock_skew_s=skew_s)) as heard:
        await heard.until_subscribed()
        await a_fire_and_its_end(heard)
        [alarm] = heard.said(Event.FIRE_ALARM)
        assert alarm.observed_at is not None
        assert abs(alarm.observed_at - alarm.received_at) < 3000
        assert alarm.quality == ("device_clock",)


async def test_a_device_that_answers_at_once_is_not_asked_without_pause() -> None:
    """At most about one pull a second."""
    async with listening(Faults(instant_empty=True)) as heard:
        await heard.until_subscribed()
        before = heard.device.asked.count("PullMessages")
        await asyncio.sleep(3)
        assert heard.device.asked.count("PullMessages") - before <= 4


async def test_a_reboot_loses_no_change_and_repeats_no_alarm() -> None:
    """A fire that burns on over a reboot is one alarm; its end during the next reboot is heard."""
    async with listening(Faults(down_s=0.5)) as heard:
        await heard.until_subscribed()
        heard.device.set_input("AlarmIn_1", active=True)
        await heard.until(lambda: heard.said(Event.FIRE_ALARM))
        await heard.device.reboot()
        await heard.until_subscribed(2)
        await heard.until(lambda: heard.states("fire").count(True) >= 2)
        assert len(heard.said(Event.FIRE_ALARM)) == 1
        await heard.device.stop()
        heard.device.set_input("AlarmIn_1", active=False)  # nobody can be told
        await heard.until(lambda: False in heard.states("online"))
        await heard.device.start()
        await heard.until(lambda: heard.said(Event.FIRE_CLEARED))
        assert len(heard.said(Event.FIRE_ALARM)) == 1
        assert heard.source.trouble == ""
        assert heard.states("online")[-1] is True


async def test_a_refused_renewal_makes_a_new_subscription_and_no_new_alarm() -> None:
    """What holds is repeated by the device after each, and is no news."""
    async with listening(Faults(refuse_renew=True), granted_s=4) as heard:
        heard.device.set_input("AlarmIn_1", active=True)
        await heard.until(lambda: heard.sink.counters["onvif_renew_refused"] >= 2)
        await heard.until_subscribed(3)
        await heard.until(lambda: heard.states("fire").count(True) >= 3)
        assert len(heard.said(Event.FIRE_ALARM)) == 1
        assert heard.states("online") == [True]
        await a_fire_and_its_end(heard)


async def test_a_subscription_is_renewed_before_it_ends() -> None:
    """A device that grants four seconds is held for longer with one subscription."""
    async with listening(granted_s=4) as heard:
        await heard.until_subscribed()
        await heard.until(lambda: heard.device.asked.count("Renew") >= 3)
        assert heard.sink.counters["onvif_subscriptions"] == 1
        await a_fire_and_its_end(heard)


async def test_a_subscription_that_died_silently_is_noticed() -> None:
    """It answers every pull with nothing; the change that it kept back is heard from the next one."""
    async with listening(Faults(silent_after_s=0.5), proof_s=1) as heard:
        await heard.until_subscribed()
        await asyncio.sleep(0.6)
        heard.device.set_input("AlarmIn_1", active=True)
        await heard.until(lambda: heard.said(Event.FIRE_ALARM))
        assert heard.sink.counters["onvif_silent_subscriptions"] >= 1
        assert "initialized" in heard.said(Event.FIRE_ALARM)[0].quality


async def test_a_quiet_device_that_is_alive_keeps_its_subscription() -> None:
    """Asked for its states, it repeats them: no second subscription, no event."""
    async with listening(proof_s=1) as heard:
        await heard.until_subscribed()
        await heard.until(lambda: heard.device.asked.count("SetSynchronizationPoint") >= 3)
        assert heard.sink.counters["onvif_subscriptions"] == 1
        assert {reading.event for reading in heard.sink.readings} == {Event.NONE, Event.HEARTBEAT}


async def test_forgotten_subscriptions_are_made_anew() -> None:
    """The device answers `ResourceUnknown`."""
    async with listening() as heard:
        await heard.until_subscribed()
        heard.device.forget_subscriptions()
        await heard.until(lambda: "dropped the subscription" in heard.source.trouble)
        await heard.until(lambda: heard.source.trouble == "")
        assert heard.sink.counters["onvif_subscriptions"] == 2
        await a_fire_and_its_end(heard)
        assert heard.states("online") == [True]


async def test_a_wrong_password_is_told_and_not_shown() -> None:
    """And tried rarely: devices lock out who guesses."""
    async with listening(password="wrong-guess") as heard:
        await heard.until(lambda: heard.source.trouble)
        trouble = heard.source.trouble
        assert "refuses user 'admin'" in trouble
        assert "cam-1 at 127.0.0.1" in trouble
        assert "wrong-guess" not in trouble
        assert PASSWORD not in trouble
        assert heard.states("online") == [False]
        await asyncio.sleep(2.5)
        assert heard.device.asked.count("CreatePullPointSubscription") == 1


async def test_what_no_table_knows_is_kept_and_what_is_broken_is_a_dead_letter() -> None:
    """Neither costs the messages beside it."""
    async with listening() as heard:
        await heard.until_subscribed()
        heard.device.tell(Note("tns1:Vendor/Odd", (), (("A", "1"),)))
        heard.device.tell(Note("", (), ()))
        heard.device.set_motion(seen=True)
        await heard.until(lambda: heard.states("motion")[-1:] == [True])
        [vendor] = heard.said(Event.VENDOR)
        assert vendor.values == {"topic": "tns1:Vendor/Odd", "items": "A=1"}
        assert heard.sink.counters["onvif_unknown_topics"] == 1
        [(source, reason, payload, _)] = heard.sink.rejected
        assert (source, reason) == ("onvif cam-1", "topic")
        assert b"NotificationMessage" in payload


async def test_closing_ends_the_subscription_at_the_device() -> None:
    """A device has room for few."""
    async with listening() as heard:
        await heard.until_subscribed()
        await heard.source.close()
        assert heard.device.pull_points == {}
