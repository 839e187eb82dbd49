"""The hub: log, intake, desk reader, command line."""
