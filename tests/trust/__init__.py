"""Whole processes: killed, starved and reconciled."""
