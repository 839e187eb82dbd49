"""Devices that do not exist, speaking the real protocols: simulate, replay and capture."""
