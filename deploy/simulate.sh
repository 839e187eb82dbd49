#!/bin/sh
# Starts the simulated devices, but only beside a gateway that marks what it hears as simulated: a
# planted fire must never look like a real one.
set -eu
if [ "${SMARTHUB_MODE:-real}" != simulated ]; then
  echo "SMARTHUB_MODE in .env is not simulated: make a demo in a folder of its own, with" \
    "smarthub deploy init --demo" >&2
  exit 2
fi
secrets="${SMARTHUB_SECRETS:-/run/secrets}"
SMARTHUB_BRIDGE_PASSWORD="$(cat "$secrets/mqtt-bridge")"
export SMARTHUB_BRIDGE_PASSWORD
exec smarthub simulate --mqtt-password-file "$secrets/mqtt-device" "$@"
