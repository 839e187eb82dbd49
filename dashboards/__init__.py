"""Grafana as code: nothing here yet (see the README table)."""
