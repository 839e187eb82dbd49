"""Tests of the events that others are told."""
