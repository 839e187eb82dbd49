"""Names of the MQTT topics between gateway and hub, and who may use them."""

from typing import NamedTuple
from urllib.parse import quote, unquote

ROOT = "smarthub/v1"


class GatewayTopics(NamedTuple):
    """The topics of one gateway; its broker user may write all but receipts and `ask`, and read only those."""

    alarm: str
    telemetry: str
    status: str
    receipt: str
    evidence: str
    evidence_receipt: str
    ask: str

    @classmethod
    def of(cls, site: str, gateway: str) -> "GatewayTopics":
        """Name the topics of `gateway` at `site`."""
        stem = f"{ROOT}/{site}/{gateway}"
        leaves = ("alarm", "telemetry", "status", "receipt", "evidence", "evidence-receipt", "ask")
        return cls(*(f"{stem}/{leaf}" for leaf in leaves))


class CameraTopics(NamedTuple):
    """Where a gateway shows its cameras, each under its coded name, and hears at which people look.

    Its broker user may write all but `looked`, and read only that.
    """

    picture: str
    seen: str
    settings: str
    looked: str

    @classmethod
    def of(cls, site: str, gateway: str, camera: str) -> "CameraTopics":
        """Name the topics of one camera; `+` stands for every gateway or camera."""
        stem = f"{ROOT}/{site}/{gateway}"
        name = camera if camera == "+" else coded(camera)
        return cls(
            f"{stem}/picture/{name}",
            f"{stem}/seen/{name}",
            f"{stem}/camera/{name}",
            f"{stem}/looked",
        )


def coded(name: str) -> str:
    """Return a name of any characters as one level of a topic: letters, digits, `-`, `_`, `~`, `%`."""
    # NATS separates its subjects by dots.
    return quote(name, safe="").replace(".", "%2E")


def cases_topic(site: str) -> str:
    """Name the topic on which the hub announces changes of cases."""
    return f"{ROOT}/{site}/cases"


def parse(topic: str) -> tuple[str, str, str] | None:
    """Split `smarthub/v1/{site}/{gateway}/{leaf}` into its last three parts, or None."""
    parts = topic.split("/")
    if len(parts) == 5 and f"{parts[0]}/{parts[1]}" == ROOT:  # noqa: PLR2004 - counted above
        return parts[2], parts[3], parts[4]
    return None


def parse_camera(topic: str) -> tuple[str, str, str] | None:
    """Split `smarthub/v1/{site}/{gateway}/{leaf}/{camera}` into gateway, leaf and camera, or None."""
    parts = topic.split("/")
    if len(parts) != 6 or f"{parts[0]}/{parts[1]}" != ROOT:  # noqa: PLR2004 - counted above
        return None
    return parts[3], parts[4], unquote(parts[5])
