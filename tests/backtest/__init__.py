"""Backtests: rules tried on what was recorded."""
