"""Tests of the device families."""
