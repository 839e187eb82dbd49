"""Hears Zigbee smoke detectors and door contacts through a Zigbee2MQTT bridge."""

from .adapter import Zigbee2Mqtt

ADAPTER = Zigbee2Mqtt

__all__ = ["ADAPTER"]
