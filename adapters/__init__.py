"""One package per device family: bytes in, Readings out; transports are in `runners`."""
