"""How well cameras notice things, and what it costs: `python -m benchmarks.video [--quick] [--only NAME]`.

Trials (clips with their truth) come from `benchmarks/trials/`. A negative weighs as much as a positive.
Exit code 1 when an aim is missed (a cost counts only in a run of everything), 2 when the clips are not there.
"""

import argparse
import sys

import cv2
from rich.console import Console
from rich.table import Table

from .trial import Trial, found
from .video_cost import MOST_MS, Cost, measured
from .video_judge import Judge, Score

LEAST_RECALL = {"flame": 0.9}  # others 0.95, the aims
WITHOUT_AIM = {"smoke"}  # only ever a hint beside a sensor: measured and shown, not judged


def main() -> int:
    """Run the trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the quick trials")
    parser.add_argument(
        "--only", default="", help="an observation's or a trial's name, or a part of it"
    )
    parser.add_argument("--notes", action="store_true", help="say what went wrong in each trial")
    asked = parser.parse_args()
    console = Console(width=140)
    judge = Judge()
    cv2.setNumThreads(1)  # one core is the measure
    try:
        for trial in found():
            if _wanted(trial, only=asked.only, quick=asked.quick):
                console.print(f"[dim]{trial.name}[/dim]")
                judge.run(trial)
    except FileNotFoundError as error:
        console.print(f"[red]{error}[/red]")
        return 2
    console.print(_table(judge))
    for name, score in judge.scores.items():
        for note in score.notes if asked.notes else ():
            console.print(f"{name}: {note}")
    missed = any(not met(name, score) for name, score in judge.scores.items())
    if not asked.only:
        cost = measured(quick=asked.quick)
        console.print(_costs(cost))
        missed |= cost.chain > MOST_MS
    return int(missed)


def met(name: str, score: Score) -> bool:
    """Return whether an observation reached its aims."""
    recall = score.recall
    return name in WITHOUT_AIM or (
        (recall is None or recall >= LEAST_RECALL.get(name, 0.95))
        and score.false == 0
        and score.honest == score.unknown
    )


def _wanted(trial: Trial, *, only: str, quick: bool) -> bool:
    if quick and not trial.quick:
        return False
    return only in trial.name or only in trial.judged()


def _table(judge: Judge) -> Table:
    table = Table(title="what cameras notice")
    for column in (
        "observation", "recall", "precision", "delay s", "false episodes", "negatives clean",
        "unknown said", "split",
    ):  # fmt: skip
        table.add_column(column)
    for name, score in sorted(judge.scores.items()):
        colour = "[green]" if met(name, score) else "[red]"
        table.add_row(
            colour + name,
            _share(score.recall, score.found, score.spans),
            "–" if score.precision is None else f"{score.precision:.2f}",
            "–" if score.delay_s is None else f"{score.delay_s:.1f}",
            str(score.false),
            f"{score.clean}/{score.negatives}",
            f"{score.honest}/{score.unknown}",
            str(score.split),
        )
    return table


def _costs(cost: Cost) -> Table:
    table = Table(title="CPU of a frame at 640x360, one core, without a detector")
    for column in ("part", "ms", "aim"):
        table.add_column(column)
    colour = "[green]" if cost.chain <= MOST_MS else "[red]"
    table.add_row("whole chain", f"{colour}{cost.chain:.2f}", f"≤ {MOST_MS:.0f}")
    table.add_row("of it the motion gate", f"{cost.gate:.2f}", "≤ 1.5")
    table.add_row("yardstick: MOG2 at 320x180", f"{cost.yardstick:.2f}", "")
    table.add_row("decoding, beside either", f"{cost.decode:.2f}", "")
    return table


def _share(part: float | None, found_: int, of: int) -> str:
    return "–" if part is None else f"{part:.2f} ({found_}/{of})"


if __name__ == "__main__":
    sys.exit(main())
