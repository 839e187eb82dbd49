"""Anomalies and reports in, Cases out: who works on what, until when, and what proves it done."""
