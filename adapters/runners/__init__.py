"""Transports: they wait on sockets and brokers, hand payloads to adapters, and answer."""
