"""The hub's counters in Prometheus' text format."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .balance import of_hub

GAUGES = ("desk.lag", "recorder.lag", "log.end")


class _Counters(Collector):
    def __init__(self, counters: Mapping[str, int], *, ready: bool) -> None:
        self._counters = counters
        self._ready = ready

    def collect(self) -> Iterator[Metric]:
        """Yield one family for what counts up, and one gauge each for what goes both ways."""
        yield GaugeMetricFamily("smarthub_ready", "1 when alarms become cases", int(self._ready))
        hops = CounterMetricFamily("smarthub_hop", "What each hop counted", labels=["hop", "what"])
        for name, value in sorted(self._counters.items()):
            hop, _, what = name.partition(".")
            if name in GAUGES:
                yield GaugeMetricFamily(f"smarthub_{hop}_{what}", f"{hop} {what}", value)
            else:
                hops.add_metric([hop, what], value)
        yield hops
        balance = GaugeMetricFamily(
            "smarthub_in_hand", "Received and not accounted for yet", labels=["hop"]
        )
        for one in of_hub(self._counters):
            balance.add_metric([one.hop], one.in_hand)
        yield balance


def exposition(counters: Mapping[str, int], *, ready: bool) -> bytes:
    """Return the text that Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(_Counters(counters, ready=ready))
    return generate_latest(registry)
