"""Benchmarks: one command, `python -m benchmarks`."""
