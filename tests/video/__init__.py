"""Cameras: sources against real servers, and everything behind them on real clips."""
