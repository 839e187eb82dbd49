"""Fire panels over TCP, after GB/T 26875.3-2011; see page.md beside this file."""

from .adapter import FirePanels

ADAPTER = FirePanels
