"""The gateway: outbox, group commit, uplink."""
