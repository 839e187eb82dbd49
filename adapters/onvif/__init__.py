"""Hears cameras, contacts and door controllers that speak ONVIF: motion, tamper, fire contacts, doors."""

from .adapter import Onvif

ADAPTER = Onvif

__all__ = ["ADAPTER"]
