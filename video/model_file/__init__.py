"""Makes the detector's model file once, from a published package: `make model`."""
