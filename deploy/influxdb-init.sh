#!/bin/sh
# Runs once, when the InfluxDB container makes its bucket: an account for Grafana that may only read.
# It is one of InfluxDB's 1.x-compatible accounts, because InfluxQL is asked with user and password.
set -eu
influx v1 auth create \
  --username grafana --password "$(cat /run/secrets/influxdb-grafana)" \
  --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --org "$DOCKER_INFLUXDB_INIT_ORG"
