"""Files for Grafana's provisioning; this package exists so that they are installed."""
