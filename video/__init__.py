"""Cameras as sensors: nothing here yet (see the README table)."""
