"""The durable log on one machine: segment files of SQLite, positions without gaps."""
