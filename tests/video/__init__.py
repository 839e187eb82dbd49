"""Cameras: from pictures to Readings."""
