"""Names of the MQTT topics between gateway and hub, and who may use them."""

from typing import NamedTuple

ROOT = "smarthub/v1"


class GatewayTopics(NamedTuple):
    """The topics of one gateway; its broker user may write all but the receipt, and read only that."""

    alarm: str
    telemetry: str
    status: str
    receipt: str

    @classmethod
    def of(cls, site: str, gateway: str) -> "GatewayTopics":
        """Name the topics of `gateway` at `site`."""
        stem = f"{ROOT}/{site}/{gateway}"
        return cls(f"{stem}/alarm", f"{stem}/telemetry", f"{stem}/status", f"{stem}/receipt")


def cases_topic(site: str) -> str:
    """Name the topic on which the hub announces changes of cases."""
    return f"{ROOT}/{site}/cases"


def parse(topic: str) -> tuple[str, str, str] | None:
    """Split `smarthub/v1/{site}/{gateway}/{leaf}` into its last three parts, or None."""
    parts = topic.split("/")
    if len(parts) == 5 and f"{parts[0]}/{parts[1]}" == ROOT:  # noqa: PLR2004 - counted above
        return parts[2], parts[3], parts[4]
    return None
