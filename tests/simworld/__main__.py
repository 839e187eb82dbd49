"""Lives many lives, or one of them in detail: `python -m tests.simworld 300-2000`, `… 17 --shrink`."""

import argparse
import sys
from collections import Counter

from .script import STEPS, as_code, script
from .shrink import broken_by, shrink
from .test_simworld import told


def main() -> int:
    """Live the seeds that were asked for; the exit code is 1 when a promise broke."""
    asked = argparse.ArgumentParser(description="Deterministic simulation of a whole site")
    asked.add_argument("seeds", help="a seed, or a range: 300-2000 (its end excluded)")
    asked.add_argument("--steps", type=int, default=STEPS, help="how many things happen in a life")
    asked.add_argument("--shrink", action="store_true", help="print the shortest life that breaks")
    given = asked.parse_args()
    first, _, last = given.seeds.partition("-")
    seeds = range(int(first), int(last or int(first) + 1))
    found: Counter[str] = Counter()
    for seed in seeds:
        life = script(seed, given.steps)
        broken = broken_by(life)
        if broken is None:
            continue
        found[broken.promise] += 1
        say(told(broken, life))
        if given.shrink:
            say(as_code(shrink(life)))
    say(f"{len(seeds)} lives, {found.total()} broke a promise {dict(found) or ''}")
    return 1 if found else 0


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
