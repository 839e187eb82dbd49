"""Names of the MQTT topics between gateway and hub, and who may use them."""

from typing import NamedTuple

ROOT = "smarthub/v1"


class GatewayTopics(NamedTuple):
    """The topics of one gateway; its broker user may write all but the receipts, and read only those."""

    alarm: str
    telemetry: str
    status: str
    receipt: str
    evidence: str
    evidence_receipt: str

    @classmethod
    def of(cls, site: str, gateway: str) -> "GatewayTopics":
        """Name the topics of `gateway` at `site`."""
        stem = f"{ROOT}/{site}/{gateway}"
        leaves = ("alarm", "telemetry", "status", "receipt", "evidence", "evidence-receipt")
        return cls(*(f"{stem}/{leaf}" for leaf in leaves))


def cases_topic(site: str) -> str:
    """Name the topic on which the hub announces changes of cases."""
    return f"{ROOT}/{site}/cases"


def parse(topic: str) -> tuple[str, str, str] | None:
    """Split `smarthub/v1/{site}/{gateway}/{leaf}` into its last three parts, or None."""
    parts = topic.split("/")
    if len(parts) == 5 and f"{parts[0]}/{parts[1]}" == ROOT:  # noqa: PLR2004 - counted above
        return parts[2], parts[3], parts[4]
    return None
