"""Tests of the hub's API."""
