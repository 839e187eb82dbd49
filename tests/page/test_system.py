"""The system page: what is wrong, the balances, dead letters; in a browser and without one."""

import subprocess

import pytest

from hub.balance import IN_HAND_MAX, Balance, of_gateway, of_hub
from tests.brokers import mosquitto_pub_path
from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, shot


@pytest.mark.parametrize(
    ("received", "stored", "holds"),
    [(10, 10, True), (10, 8, True), (8, 10, False), (IN_HAND_MAX + 11, 10, False)],
)
def test_a_balance_holds_while_nothing_vanished(received: int, stored: int, *, holds: bool) -> None:
    """What is on its way is no loss; what came from nowhere, or is too much, is."""
    assert Balance("x", received, {"stored": stored}).holds is holds


def test_what_a_gateway_gave_up_is_accounted_for_by_its_reason() -> None:
    """Expired and unreadable Readings are no loss, they are counted."""
    counters = {
        "readings_received": 100, "readings_stored": 90, "rejected.encode": 1,
        "readings_expired.disk_full": 9,
    }  # fmt: skip
    balance = of_gateway("gw-01", counters)
    assert (balance.in_hand, balance.holds) == (0, True)
    assert balance.went == {"stored": 90, "rejected.encode": 1, "expired.disk_full": 9}


def test_the_hubs_rows_are_logged_repeated_or_refused() -> None:
    """Both lanes together."""
    counters = {
        "intake.rows_received.alarm": 5, "intake.rows_received.telemetry": 7,
        "intake.rows_logged": 9, "intake.rows_repeated": 2, "log.end": 40, "desk.lag": 3,
        "recorder.lag": 0,
    }  # fmt: skip
    intake, desk, recorder = of_hub(counters)
    assert (intake.received, intake.in_hand) == (12, 1)
    assert (desk.in_hand, recorder.in_hand) == (3, 0)


def test_the_system_page_says_what_is_wrong_and_keeps_garbage_inert(opens: Opens, up: Up) -> None:
    """A message that nobody understands stands there with reason and bytes, and runs nothing."""
    password = (up.folder / "device.password").read_text()
    subprocess.run(
        [
            mosquitto_pub_path(), "-p", str(up.ports.mqtt), "-u", "device", "-P", password, "-q", "1",
            "-t", "iot/hbw-01/nb/1/up", "-m", "<script>document.title='gone'</script>",
        ],
        check=True, timeout=20,
    )  # fmt: skip
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for lang in ("zh", "en"):
            screen = opens(size).sign_in(lang=lang)
            page = screen.go("/system")
            page.wait_for_selector("text=<script>document", timeout=15_000)
            assert page.title() != "gone"
            assert "gw-01" in page.inner_text("main")
            text = page.inner_text("main")
            assert ("无法理解" if lang == "zh" else "were not understood") in text
            assert ("磁盘剩余" if lang == "zh" else "disk free") in text
            page.select_option("#letters-reason", label="all (1)" if lang == "en" else "全部（1）")
            assert screen.violations() == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
            shot(screen, up.folder, f"system-{name}-{lang}")


def test_a_street_does_not_see_the_machine_of_the_district(opens: Opens, up: Up) -> None:
    """Gateways and channels belong to no territory, as in the API."""
    made = up.post("/api/v1/users", {"name": "st", "role": "dispatch", "grid": "150302001000"})
    text = opens().sign_in("st", made["password"], lang="en").go("/system").inner_text("main")
    assert "whole district only" in text
    assert "gw-01" not in text
