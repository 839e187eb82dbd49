"""The edge process: adapters, outbox on disk, heartbeat, uplink."""
