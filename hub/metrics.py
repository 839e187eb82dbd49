"""The hub's counters in Prometheus' text format."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .balance import Balance

GAUGES = ("desk.lag", "recorder.lag", "log.end")


class _Counters(Collector):
    def __init__(
        self, counters: Mapping[str, int], *, ready: bool, balances: Sequence[Balance]
    ) -> None:
        self._balances = balances
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
        holds = GaugeMetricFamily(
            "smarthub_balance_holds", "1 when nothing vanished at the hop", labels=["hop"]
        )
        for one in self._balances:
            balance.add_metric([one.hop], one.in_hand)
            holds.add_metric([one.hop], int(one.holds))
        yield balance
        yield holds


def exposition(
    counters: Mapping[str, int], *, ready: bool, balances: Sequence[Balance] = ()
) -> bytes:
    """Return the text that Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(_Counters(counters, ready=ready, balances=balances))
    return generate_latest(registry)
