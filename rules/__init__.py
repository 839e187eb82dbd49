"""Readings and time in, Anomalies out; one file per rule kind."""
