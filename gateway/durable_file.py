"""Writes a small file so that a power cut or a full disk leaves the old one or the new one whole."""

# The camera processes need it, too, and import nothing of the gateway.
from video.durable_file import sync_folder, write_durably

__all__ = ["sync_folder", "write_durably"]
