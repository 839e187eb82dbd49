"""Runs `baseline` and `window` over the recorded series and compares with our labels: `python -m benchmarks.river`.

The labels (tests/rules/river_labels.yaml) were written before any rule saw the data. A labelled stretch
is found if an anomaly overlaps it; an anomaly is right if it overlaps a stretch. Stretches that are not
`certain` are neither (main figures), or count as anomalous (strict figures).
"""

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from model.anomaly import Phase
from model.place import Registry
from model.reading import Lane, Reading
from rules.engine import Engine
from rules.rulefile import load_rules

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "tests" / "rules" / "river_labels.yaml"
HOUR = 3_600_000

RULE = """\
schema: 1
rules:
  - id: river
    kind: {kind}
    title: {{zh: 序列, en: Series}}
    category: flow_unusual
    severity: minor
    quantity: value
    lateness: 0s
    {settings}
"""

FLOW_WINDOW = "aggregate: mean\n    span: 2h\n    at_least: 1\n    below: 50"
CO2_WINDOW = "aggregate: mean\n    span: 1h\n    at_least: 2\n    above: 1000"

FLOW_DEFAULT = "every: 1h\n    band: {min_band: 2, accept_after: 7d}"
FLOW = (
    "every: 1h\n    learn: 3d\n    min_samples: 4\n"
    "    band: {min_band: 3, accept_after: 7d, season: day}"
)
CO2 = (
    "every: 30m\n    learn: 2d\n    min_samples: 4\n    direction: above\n    for: 30m\n"
    "    band: {min_band: 300, accept_after: 7d, season: day, around: 1}"
)


class Stretch(NamedTuple):
    """A labelled stretch, or an anomaly; ms."""

    begin: int
    until: int
    certain: bool = True

    def overlaps(self, other: "Stretch") -> bool:
        """Return whether both have a moment in common."""
        return self.begin < other.until and other.begin < self.until


class Series(NamedTuple):
    """A recorded series: its values, our labels, its zone."""

    name: str
    values: list[tuple[int, float]]
    stretches: list[Stretch]
    zone: str


class Figures(NamedTuple):
    """How an outcome compares with the labels."""

    found: int
    stretches: int
    right: int
    anomalies: int
    delay_h: float  # mean, of the found stretches

    @property
    def recall(self) -> float:
        """Return the share of the stretches that were found."""
        return self.found / self.stretches if self.stretches else 1.0

    @property
    def precision(self) -> float:
        """Return the share of the anomalies that are right."""
        return self.right / self.anomalies if self.anomalies else 1.0


def shared_folder() -> Path:
    """Return where the recorded series lie."""
    root = Path(os.environ.get("SMARTHUB_SHARED", ROOT.parent / "shared"))
    return root / "data" / "datasets" / "river"


def load(folder: Path) -> dict[str, Series]:
    """Read the series with their labels; raises OSError."""
    labels = YAML(typ="safe", pure=True).load(LABELS.read_text(encoding="utf-8"))
    return {text["file"]: _series(folder, text) for text in labels["series"]}


def by_baseline(series: Series, settings: str) -> list[Stretch]:
    """Return the anomalies of a `baseline` rule, by the clock of the series."""
    return by_rule(series, "baseline", f"timezone: {series.zone}\n    {settings}")


def by_rule(series: Series, kind: str, settings: str) -> list[Stretch]:
    """Return the anomalies of a rule; what is still open ends with the series."""
    text = RULE.format(kind=kind, settings=settings)
    engine = Engine(Registry(), load_rules({"river.yaml": text}))
    begun: dict[str, int] = {}
    found = []
    for order, (at, value) in enumerate(series.values, start=1):
        reading = Reading("d", "meter", at, order=order, seq=order, values={"value": value})
        for anomaly in engine.observe([reading], Lane.TELEMETRY, at):
            if anomaly.phase is Phase.STARTED:
                begun[anomaly.key] = anomaly.started_at
            else:
                found.append(Stretch(begun.pop(anomaly.key), anomaly.ended_at or at))
    if engine.failures:
        raise RuntimeError(engine.last_failure)
    found += [Stretch(begin, series.values[-1][0] + HOUR) for begin in begun.values()]
    return sorted(found)


def by_limits(series: Series, unusual: Callable[[float], bool]) -> list[Stretch]:
    """Return the stretches in which values are beyond fixed limits: what people do without learning."""
    found: list[Stretch] = []
    begin = None
    for at, value in series.values:
        if unusual(value) and begin is None:
            begin = at
        elif not unusual(value) and begin is not None:
            found.append(Stretch(begin, at))
            begin = None
    if begin is not None:
        found.append(Stretch(begin, series.values[-1][0] + HOUR))
    return found


def three_sigma(series: Series, *, days: int) -> Callable[[float], bool]:
    """Return limits of mean ± 3 standard deviations over the first days: the naive comparison."""
    until = series.values[0][0] + days * 24 * HOUR
    early = [value for at, value in series.values if at < until]
    middle, off = mean(early), 3 * stdev(early)
    return lambda value: abs(value - middle) > off


def compared(series: Series, anomalies: Sequence[Stretch], *, strict: bool) -> Figures:
    """Compare anomalies with the labels."""
    labels = [s for s in series.stretches if s.certain or strict]
    doubtful = [s for s in series.stretches if not s.certain and not strict]
    right = [a for a in anomalies if any(map(a.overlaps, labels))]
    judged = [a for a in anomalies if a in right or not any(map(a.overlaps, doubtful))]
    hits = [(s, [a for a in anomalies if a.overlaps(s)]) for s in labels]
    delays = [max(0, min(a.begin for a in by) - s.begin) / HOUR for s, by in hits if by]
    return Figures(
        found=len(delays),
        stretches=len(labels),
        right=len(right),
        anomalies=len(judged),
        delay_h=mean(delays) if delays else 0.0,
    )


def main() -> None:
    """Print the table of docs/rules/baseline.md."""
    both = load(shared_folder())
    flow, room = both["water-flow.csv"], both["occupancy.csv"]
    print("| series | by | recall | precision | strict recall | strict precision | delay |")
    print("|---|---|---|---|---|---|---|")
    _row(flow, "`baseline`, defaults (week, 14 days of learning)", by_baseline(flow, FLOW_DEFAULT))
    _row(flow, "`baseline`, chosen settings", by_baseline(flow, FLOW))
    _row(flow, "`window`, mean of 2 h below 50 l/s", by_rule(flow, "window", FLOW_WINDOW))
    _row(flow, "mean ± 3σ of the first 3 days", by_limits(flow, three_sigma(flow, days=3)))
    _row(flow, "fixed limit 50 l/s, in hindsight", by_limits(flow, lambda value: value < 50))
    _row(room, "`baseline`, chosen settings", by_baseline(room, CO2))
    _row(room, "`window`, mean of 1 h above 1,000 ppm", by_rule(room, "window", CO2_WINDOW))
    _row(room, "mean ± 3σ of the first 2 days", by_limits(room, three_sigma(room, days=2)))
    _row(room, "fixed limit 1,000 ppm", by_limits(room, lambda value: value > 1000))


def _row(series: Series, name: str, anomalies: Sequence[Stretch]) -> None:
    plain = compared(series, anomalies, strict=False)
    strict = compared(series, anomalies, strict=True)
    cells = [series.name, name]
    for figures in (plain, strict):
        cells.append(f"{figures.recall:.2f} ({figures.found}/{figures.stretches})")
        cells.append(f"{figures.precision:.2f} ({figures.right}/{figures.anomalies})")
    print(f"| {' | '.join([*cells, f'{plain.delay_h:.1f} h'])} |")


def _series(folder: Path, text: dict[str, object]) -> Series:
    zone = ZoneInfo(str(text["zone"]))
    with (folder / str(text["file"])).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    column = str(text["column"])
    values = [(_ms(next(iter(row.values())), zone), float(row[column])) for row in rows]
    labels: Iterable[dict[str, object]] = text["stretches"]  # type: ignore[assignment]
    stretches = [
        Stretch(_ms(item["from"], zone), _ms(item["until"], zone), bool(item["certain"]))
        for item in labels
    ]
    return Series(str(text["file"]).removesuffix(".csv"), values, stretches, str(text["zone"]))


def _ms(text: object, zone: ZoneInfo) -> int:
    moment = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


if __name__ == "__main__":
    main()
