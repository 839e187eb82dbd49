"""Grafana as code: dashboards built from the registry, for Grafana 9.3 to 12 and InfluxQL."""
