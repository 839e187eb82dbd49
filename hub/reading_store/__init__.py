"""Where Readings are kept for dashboards and pages: InfluxDB, or an embedded store."""
