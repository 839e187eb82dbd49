"""Cameras as honest sensors: frames in, Readings out (see docs/video/)."""
