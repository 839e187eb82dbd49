"""Tests of the dashboards as Grafana would use them."""
