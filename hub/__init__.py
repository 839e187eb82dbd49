"""The shell: broker, log, stores, API, command line, wiring, clock."""
