"""A trial's process that is killed within its last line, or says one without end."""

import sys

orders = sys.stdin.readline()
sys.stdout.write('{"done": 0.5}\n{"result": {"a": ' + ("x" * (5 << 20) if "long" in orders else ""))
