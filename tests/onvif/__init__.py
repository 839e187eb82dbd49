"""ONVIF end to end: the gateway's runner, media and discovery against the simulated device."""
